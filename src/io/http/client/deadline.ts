/** A time that a part of an exchange may take. */
import { clearTimer, setTimer } from '../../../runtime/engine.js';
import type { Timed } from '../../../runtime/waiter.js';

export class Deadline implements Timed {
  _timer = -1;
  readonly ms: number;
  readonly #late: (deadline: Deadline) => void;
  /** Whether it holds the process. */
  readonly #holds: boolean;

  constructor(ms: number, holds: boolean, late: (deadline: Deadline) => void) {
    this.ms = ms;
    this.#holds = holds;
    this.#late = late;
  }

  /** Counts from now. */
  start(): void {
    clearTimer(this);
    setTimer(this, this.ms, this.#holds);
  }

  stop(): void {
    clearTimer(this);
  }

  _expired(): void {
    this.#late(this);
  }
}
