/** A number of permits. */
import { checkCount } from '../runtime/check.js';
import type { Waiter } from '../runtime/waiter.js';
import { Lockable } from './lockable.js';
import { type SyncOptions, waitingText } from './sync-object.js';
import { handTo, nextTaker } from './wait-operation.js';

export interface SemaphoreStatistics {
  /** Permits that are free. */
  readonly level: number;
  readonly waiters: number;
}

export class Semaphore extends Lockable {
  #free: number;

  /**
   * Creates a semaphore of `value` permits. Errors: `RangeError` / `TypeError`. Mirrors `gevent.lock.Semaphore`, but is fair: a
   * permit that falls free goes to whoever has waited longest.
   *
   * @example const slots = new Semaphore(10); yield* slots.with(() => download(url));
   */
  constructor(value = 1, options?: SyncOptions) {
    super(options);
    checkCount(value, 'value');
    this.#free = value;
  }

  /** How many permits are free. Never switches. */
  get counter(): number {
    return this.#free;
  }

  locked(): boolean {
    return this.#free === 0;
  }

  _take(_self?: Waiter): boolean {
    if (this.#free === 0) return false;
    this.#free--;
    return true;
  }

  /** Gives a permit back, or one more; gives how many are free then. Never switches. */
  release(): number {
    const next = nextTaker(this._queue, true);
    if (next === null) this.#free++;
    else handTo(next, true);
    return this.#free;
  }

  statistics(): SemaphoreStatistics {
    return Object.freeze({ level: this.#free, waiters: this._queue.length });
  }

  protected _stateText(): string {
    return `${this.#free} free${waitingText(this._queue.length)}`;
  }
}
