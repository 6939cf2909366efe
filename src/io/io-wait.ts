/** Operations that end when the host says so. As long as one waits, virtual time does not pass. */
import { wake } from '../runtime/engine.js';
import { limitWait } from '../runtime/holds.js';
import { describe, Operation, park } from '../runtime/operation.js';
import { suspend, type Waker } from '../runtime/suspend.js';
import { timedOut } from '../runtime/timeout.js';
import { outside } from '../runtime/until.js';
import type { WaitQueue } from '../runtime/wait-queue.js';
import type { Started, Waiter } from '../runtime/waiter.js';
import type { Hold } from './hold.js';

export abstract class IoOperation<T> extends Operation<T> {
  /** ms; `Infinity`: for ever. @internal */
  readonly _timeout: number;

  constructor(timeout: number) {
    super();
    this._timeout = timeout;
  }

  /** The handle that it waits for, as far as that may hold the process. @internal */
  get _hold(): Hold | null {
    return null;
  }

  /** Waits; whoever has the outcome calls `endWait`. @internal */
  protected _wait(waiter: Waiter, slot?: unknown): Started {
    outside.waits++;
    this._hold?.begin(waiter);
    limitWait(waiter, this._timeout);
    return park(waiter, this, slot);
  }

  /** The wait of `waiter` is given up: nothing stays registered. @internal */
  protected abstract _forget(waiter: Waiter): void;

  override _undo(waiter: Waiter): void {
    outside.waits--;
    this._hold?.end(waiter);
    this._forget(waiter);
  }

  /** @internal */
  _holdChanges(waiter: Waiter, change: () => void): void {
    this._hold?.end(waiter);
    change();
    this._hold?.begin(waiter);
  }

  override _expire(waiter: Waiter): void {
    this._undo(waiter);
    wake(waiter, timedOut(describe(this), this._timeout, waiter), true);
  }
}

/** `waiter`, which waits in an `IoOperation`, goes on. */
export function endWait(waiter: Waiter, value: unknown, failed = false): void {
  outside.waits--;
  (waiter._op as IoOperation<unknown>)._hold?.end(waiter);
  wake(waiter, value, failed);
}

/** Waits in a queue of its object, first come, first served. */
export abstract class QueuedWait<T> extends IoOperation<T> {
  readonly #object: unknown;
  readonly #queue: WaitQueue;

  constructor(object: unknown, queue: WaitQueue, timeout = Number.POSITIVE_INFINITY) {
    super(timeout);
    this.#object = object;
    this.#queue = queue;
  }

  override get _object(): unknown {
    return this.#object;
  }

  protected override _wait(waiter: Waiter): Started {
    this.#queue.push(waiter);
    return super._wait(waiter);
  }

  protected _forget(waiter: Waiter): void {
    this.#queue.remove(waiter);
  }
}

/** Everyone in `queue` goes on with `value`, or fails. */
export function endAll(queue: WaitQueue, failure: { readonly error: unknown } | null, value?: unknown): void {
  for (let waiter = queue.shift(); waiter !== null; waiter = queue.shift()) {
    if (failure === null) endWait(waiter, value);
    else endWait(waiter, failure.error, true);
  }
}

/**
 * An operation of the host's, as `suspend` makes them: it counts as a wait for the world outside, as long as it is under way.
 */
export function hostWait<T>(
  name: string,
  register: (waker: Waker<T>) => (() => void) | undefined,
): Operation<T> {
  return suspend<T>(name, (waker) => {
    let over = false;
    const end = (settle: () => void) => {
      if (over) return;
      over = true;
      outside.waits--;
      settle();
    };
    outside.waits++;
    let undo: (() => void) | undefined;
    try {
      undo = register({
        resolve: (value) => end(() => waker.resolve(value)),
        reject: (error) => end(() => waker.reject(error)),
      });
    } catch (error) {
      end(() => waker.reject(error));
    }
    return () => end(() => undo?.());
  });
}
