/** A lock with one holder: what `Lock` and `RLock` have in common, and what a `Condition` needs of them. */
import { PlaceNotes } from '../runtime/place-notes.js';
import type { Blockers, Waiter } from '../runtime/waiter.js';
import { Lockable } from './lockable.js';
import { nameOf, waitingText } from './sync-object.js';
import { handTo, nextTaker } from './wait-operation.js';

export interface LockStatistics {
  /** The name of who holds it; null when it is free. */
  readonly holder: string | null;
  /** How often its holder has taken it. */
  readonly level: number;
  readonly waiters: number;
}

const places = new PlaceNotes('taken');

export abstract class OwnedLock extends Lockable {
  /** @internal */ _owner: Waiter | null = null;
  #place: Error | undefined;

  locked(): boolean {
    return this._owner !== null;
  }

  /** How often the holder has taken it. @internal */
  abstract get _level(): number;

  /** Whether a `Condition` may let go of it for `self`. @internal */
  abstract _isOwnedBy(self: Waiter): boolean;

  /** Lets go of it altogether; gives how often it was held. @internal */
  abstract _releaseAll(): number;

  /** It was taken back by whoever held it `level` times. @internal */
  _restore(_level: number): void {}

  /** @internal */
  protected _own(self: Waiter): void {
    this._owner = self;
    this.#place = places.note();
  }

  /** Hands it to whoever is first, or lets it be free. @internal */
  protected _passOn(): void {
    const next = nextTaker(this._queue, true);
    this.#place = undefined;
    if (next === null) {
      this._owner = null;
    } else {
      this._owner = next._self;
      handTo(next, true);
    }
  }

  override _holders(): Blockers | null {
    return this._owner === null ? null : { every: true, waiters: [this._owner] };
  }

  override _takenAt(): string {
    const place = places.text(this.#place);
    return place === '' ? '' : ` (taken at ${place})`;
  }

  statistics(): LockStatistics {
    const holder = this._owner === null ? null : nameOf(this._owner);
    return Object.freeze({ holder, level: this._level, waiters: this._queue.length });
  }

  protected _stateText(): string {
    const owner = this._owner;
    const level = this._level > 1 ? ` ${this._level} times` : '';
    return `${owner === null ? 'free' : `held by ${nameOf(owner)}${level}`}${waitingText(this._queue.length)}`;
  }
}
