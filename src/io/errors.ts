/** Every error of the io floor, each with a `name` and a stable `code`. The name says who is at fault. */

/** The body of a response has been read already, or somebody else is reading it. */
export class BodyUsed extends TypeError {
  readonly code: string = 'BODY_USED';
}

/** The body of a response was let go before it was read: closed, or its greenlet has ended. */
export class BodyClosed extends TypeError {
  readonly code: string = 'BODY_CLOSED';
}

for (const type of [BodyUsed, BodyClosed]) {
  Object.defineProperty(type.prototype, 'name', { value: type.name, configurable: true, writable: true });
}

/** A failure of the platform, with the code that Node keeps in its causes lifted to `error.code`, and the request named. */
export function liftCode(failure: unknown, request: string): unknown {
  const error = failure as Failure;
  if (typeof error !== 'object' || error === null || typeof error.code === 'string') return failure;
  for (let cause = error.cause; typeof cause === 'object' && cause !== null; cause = cause.cause) {
    if (typeof cause.code !== 'string') continue;
    error.code = cause.code;
    error.message = `${error.message}: ${cause.message || cause.code} (${request})`;
    break;
  }
  return failure;
}

interface Failure {
  message: string;
  code?: unknown;
  readonly cause?: Failure | undefined;
}
