/** Operations that wait in a `WaitQueue`, at most for a given time. A primitive is its state, plus a few of these. */
import { wake } from '../runtime/engine.js';
import type { PlacedError } from '../runtime/errors.js';
import { limitWait } from '../runtime/holds.js';
import { withStackLimit } from '../runtime/host.js';
import { describe, done, Operation, park, placeError } from '../runtime/operation.js';
import type { WaitQueue } from '../runtime/wait-queue.js';
import type { Started, Waiter } from '../runtime/waiter.js';
import type { SyncObject } from './sync-object.js';

export abstract class WaitOperation<T, O = unknown> extends Operation<T> {
  /** What it is an operation of. @internal */
  readonly _of: O;
  /** Where a run of it waits. @internal */
  readonly _queue: WaitQueue;
  /** ms; null: for ever, for which `Infinity` would be a number on the heap for each. @internal */
  readonly _limit: number | null;

  constructor(object: O, queue: WaitQueue, timeout: number) {
    super();
    this._of = object;
    this._queue = queue;
    this._limit = timeout === Number.POSITIVE_INFINITY ? null : timeout;
  }

  /** ms; `Infinity`: for ever. @internal */
  get _timeout(): number {
    return this._limit ?? Number.POSITIVE_INFINITY;
  }

  override get _object(): O {
    return this._of;
  }

  /** It waits to see something and takes nothing: whoever hands out passes on to the next. @internal */
  get _looks(): boolean {
    return false;
  }

  /** Whoever hands out has `given` for `waiter`, which is out of the queue: it goes on. @internal */
  _receive(waiter: Waiter, given: unknown): void {
    wake(waiter, given);
  }

  /** @internal */
  protected _wait(waiter: Waiter, slot?: unknown): Started {
    this._queue.push(waiter);
    if (this._limit !== null) limitWait(waiter, this._limit);
    return park(waiter, this, slot);
  }

  override _undo(waiter: Waiter): void {
    this._queue.remove(waiter);
  }

  /** The time is over. @internal */
  protected abstract _late(waiter: Waiter): void;

  override _expire(waiter: Waiter): void {
    this._undo(waiter);
    this._late(waiter);
  }
}

/** Has `waiter`, which was taken out of its queue, go on with `given`. */
export function handTo(waiter: Waiter, given: unknown): void {
  (waiter._op as WaitOperation<unknown>)._receive(waiter, given);
}

/** Takes out the first who wants to have something. Those ahead of it that only want to see go on. */
export function nextTaker(queue: WaitQueue, seen: unknown): Waiter | null {
  for (;;) {
    const waiter = queue.shift();
    if (waiter === null) return null;
    if (!(waiter._op as WaitOperation<unknown>)._looks) return waiter;
    handTo(waiter, seen);
  }
}

/** Has everyone in `queue` go on, in order. */
export function handToAll(queue: WaitQueue, given: unknown): void {
  for (let waiter = queue.shift(); waiter !== null; waiter = queue.shift()) handTo(waiter, given);
}

/** Waits until `object.ready()`, in the queue of those who wait for that; gives the object. */
export class UntilReady<T extends SyncObject> extends WaitOperation<T, T> {
  readonly _name = 'wait';

  constructor(object: T, queue: WaitQueue) {
    super(object, queue, Number.POSITIVE_INFINITY);
  }

  override get _looks(): boolean {
    return true;
  }

  _start(waiter: Waiter): Started {
    return this._of.ready() ? done(waiter, this._of) : this._wait(waiter);
  }

  override _receive(waiter: Waiter): void {
    wake(waiter, this._of);
  }

  protected _late(): void {}
}

/** `error` for a waiter whose time is over: the message names operation, object and greenlet; the place follows. */
export function late<E extends PlacedError>(
  type: new (message: string) => E,
  operation: WaitOperation<unknown>,
  waiter: Waiter,
): E {
  const { _timeout: ms } = operation;
  const what = describe(operation);
  const message =
    ms === 0
      ? `${what} would have to wait (${waiter._self})`
      : `${what} timed out after ${ms} ms (${waiter._self})`;
  const error = withStackLimit(0, () => new type(message));
  error._unplaced = true;
  // Thrown at once, by the call itself.
  if (ms === 0) placeError(error);
  return error;
}

/** Has `waiter` go on by throwing an error made for it, which shows its own stack. */
export function failWith(waiter: Waiter, type: new (message: string) => PlacedError, message: string): void {
  const error = withStackLimit(0, () => new type(message));
  error._unplaced = true;
  wake(waiter, error, true);
}
