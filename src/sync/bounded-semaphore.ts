/** A semaphore that notices when more is given back than was taken. */
import { GreenletError } from '../runtime/errors.js';
import { Semaphore } from './semaphore.js';
import type { SyncOptions } from './sync-object.js';

export class BoundedSemaphore extends Semaphore {
  readonly #bound: number;

  /** Creates a semaphore of `value` permits, and never more. Mirrors `gevent.lock.BoundedSemaphore`. */
  constructor(value = 1, options?: SyncOptions) {
    super(value, options);
    this.#bound = value;
  }

  /** Gives a permit back. Errors: `GreenletError` when none was taken; the semaphore stays as it was. */
  override release(): number {
    if (this.counter >= this.#bound && this.#bound !== Number.POSITIVE_INFINITY) {
      throw new GreenletError(`cannot release ${this}: all ${this.#bound} permits are free already`);
    }
    return super.release();
  }
}
