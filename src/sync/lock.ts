/** Mutual exclusion. */
import { GreenletError } from '../runtime/errors.js';
import type { Waiter } from '../runtime/waiter.js';
import { OwnedLock } from './owned-lock.js';

/**
 * A lock that one greenlet holds at a time; any greenlet may release it. Taking it twice waits for ever, and is told (`DEADLOCK`).
 * Mirrors `threading.Lock`, but is fair: who has waited longest gets it, and who comes later cannot.
 *
 * @example const lock = new Lock({ name: 'file' }); yield* lock.with(function* () { yield* write(); });
 */
export class Lock extends OwnedLock {
  get _level(): number {
    return this._owner === null ? 0 : 1;
  }

  _take(self: Waiter): boolean {
    if (this._owner !== null) return false;
    this._own(self);
    return true;
  }

  /** Lets go of it; any greenlet may. Never switches. Errors: `GreenletError` when it is not held. */
  release(): void {
    if (this._owner === null) {
      throw new GreenletError(`cannot release ${this}: it is not held`);
    }
    this._passOn();
  }

  _isOwnedBy(): boolean {
    return this._owner !== null;
  }

  _releaseAll(): number {
    this.release();
    return 1;
  }
}
