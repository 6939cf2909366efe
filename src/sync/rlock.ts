/** Mutual exclusion that its holder may enter again. */
import { engine } from '../runtime/engine.js';
import { GreenletError } from '../runtime/errors.js';
import type { Waiter } from '../runtime/waiter.js';
import { OwnedLock } from './owned-lock.js';
import { nameOf } from './sync-object.js';

/**
 * A lock that its holder may take again, and releases as often. Only the holder may release it. Mirrors `threading.RLock`; fair, as
 * `Lock`.
 */
export class RLock extends OwnedLock {
  /** @internal */ _level = 0;

  _take(self: Waiter): boolean {
    if (this._owner === null) this._own(self);
    else if (this._owner !== self) return false;
    this._level++;
    return true;
  }

  /** Lets go of it once. Never switches. Errors: `GreenletError` when another greenlet holds it, or none. */
  release(): void {
    const self = engine.current._self;
    if (this._owner !== self) {
      throw new GreenletError(`cannot release ${this}: ${nameOf(self)} does not hold it`);
    }
    if (--this._level === 0) this.#next();
  }

  _isOwnedBy(self: Waiter): boolean {
    return this._owner === self;
  }

  _releaseAll(): number {
    const level = this._level;
    this._level = 0;
    this.#next();
    return level;
  }

  override _restore(level: number): void {
    // Handed over, it is at 0 still; taken, at 1, or more when others act in the same name (outside of greenlets).
    this._level = Math.max(this._level - 1, 0) + level;
  }

  #next(): void {
    this._passOn();
    // Who waited in a condition has restored its own level.
    if (this._owner !== null && this._level === 0) this._level = 1;
  }
}
