/** Time, and the only user of host timers. Milliseconds throughout. */
import { type HostTimer, host } from './host.js';

export interface Clock {
  /** Milliseconds that only ever grow. */
  now(): number;
  /** Calls `fire` once at `deadline` or soon after; replaces what was set before. `Infinity`: never. */
  set(deadline: number, fire: () => void): void;
  /** Whether the pending call keeps the process alive. */
  hold(hold: boolean): void;
}

/** Node's longest timer; a later deadline is reached in several steps. */
const LONGEST = 2 ** 31 - 1;

export class SystemClock implements Clock {
  #timer: HostTimer | undefined;
  #at = Number.POSITIVE_INFINITY;
  #hold = true;

  now(): number {
    return host.performance.now();
  }

  set(deadline: number, fire: () => void): void {
    // A host timer that comes too early does no harm: `fire` finds nothing due and sets the next one.
    if (deadline === Number.POSITIVE_INFINITY) return;
    if (this.#timer !== undefined) {
      if (deadline >= this.#at) return;
      host.clearTimeout(this.#timer);
    }
    this.#at = deadline;
    const delay = Math.min(Math.max(Math.ceil(deadline - this.now()), 0), LONGEST);
    this.#timer = host.setTimeout(() => {
      this.#timer = undefined;
      this.#at = Number.POSITIVE_INFINITY;
      fire();
    }, delay);
    if (!this.#hold) unref(this.#timer);
  }

  hold(hold: boolean): void {
    if (hold === this.#hold) return;
    this.#hold = hold;
    if (this.#timer === undefined || typeof this.#timer === 'number') return;
    if (hold) this.#timer.ref?.();
    else unref(this.#timer);
  }
}

function unref(timer: HostTimer): void {
  if (typeof timer !== 'number') timer.unref?.();
}
