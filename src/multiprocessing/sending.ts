/** To whom something is being packed, while that is known. */

let receiver: string | null = null;

/** Runs `make`, whose handles go to the process at `home`. */
export function sendingTo<T>(home: string, make: () => T): T {
  receiver = home;
  try {
    return make();
  } finally {
    receiver = null;
  }
}

export function currentReceiver(): string | null {
  return receiver;
}
