/**
 * `yield* promise`.
 *
 * A patched call that is made in a greenlet gives the very promise of the host, and leaves here what that promise stands for: how
 * to abort it. Of those who wait for it by `yield*`, the last one to be interrupted aborts it; whoever awaits it is not known, and
 * gets the host's `AbortError`.
 */
import { takeBack, wake } from '../../runtime/engine.js';
import { Operation, park } from '../../runtime/operation.js';
import type { Suspend } from '../../runtime/types.js';
import { outside, until } from '../../runtime/until.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import { inGreenlet, isPatched } from './patches.js';

/** What a patched call has under way. */
export interface Work {
  /** Shown in reports: 'fetch', 'fs.readFile'. */
  readonly name: string;
  /** Ends it: nobody waits any more. Does not throw. */
  readonly abort?: (() => void) | undefined;
  /** Lets go of what comes after that. Does not throw. */
  readonly late?: ((value: never) => unknown) | undefined;
}

interface Followed {
  readonly work: Work;
  /** How many wait for it by `yield*`. */
  waiting: number;
}

const followed = new WeakMap<object, Followed>();

/** `yield*` of a promise of the host's. */
class PromiseWait extends Operation<unknown> {
  readonly #promise: PromiseLike<unknown>;
  readonly #followed: Followed | undefined;

  constructor(promise: PromiseLike<unknown>) {
    super();
    this.#promise = promise;
    this.#followed = followed.get(promise);
  }

  get _name(): string {
    return this.#followed?.work.name ?? 'until';
  }

  _start(waiter: Waiter): Started {
    // The slot tells whether this run is still waited for: the function is its key.
    const fulfilled = (value: unknown) => {
      if (waiter._slot === fulfilled) this.#settled(waiter, value, false);
    };
    const rejected = (error: unknown) => {
      if (waiter._slot === fulfilled) this.#settled(waiter, error, true);
    };
    const mode = waiter._mode;
    // Parked first: the `then` of a subclass may call back at once.
    const started = park(waiter, this, fulfilled);
    outside.waits++;
    if (this.#followed !== undefined) this.#followed.waiting++;
    try {
      this.#promise.then(fulfilled, rejected);
    } catch (error) {
      takeBack(waiter);
      waiter._mode = mode;
      throw error;
    }
    return started;
  }

  #settled(waiter: Waiter, value: unknown, failed: boolean): void {
    outside.waits--;
    if (this.#followed !== undefined) this.#followed.waiting--;
    wake(waiter, value, failed);
  }

  override _undo(): void {
    outside.waits--;
    const entry = this.#followed;
    if (entry === undefined || --entry.waiting > 0) return;
    const { abort, late } = entry.work;
    if (late !== undefined) this.#promise.then(late as (value: unknown) => unknown, () => {});
    abort?.();
  }
}

/** `[Symbol.iterator]` of a promise, in a greenlet. */
function iterate(this: PromiseLike<unknown>): Iterator<Suspend, unknown, unknown> {
  return new PromiseWait(this)[Symbol.iterator]();
}

/** `[Symbol.iterator]` of another thenable, in a greenlet: its `then` may do anything, and is called as late as `await` calls it. */
function iterateThenable(this: PromiseLike<unknown>): Iterator<Suspend, unknown, unknown> {
  return until(Promise.resolve(this))[Symbol.iterator]();
}

Object.defineProperty(iterate, 'name', { value: '[Symbol.iterator]' });
Object.defineProperty(iterateThenable, 'name', { value: '[Symbol.iterator]' });

/** What `yield*` finds on a promise: nothing, unless a greenlet runs. Assigning makes a property of the object's own, as ever. */
export function iteratorOf(kind: 'promise' | 'thenable'): PropertyDescriptor {
  const method = kind === 'promise' ? iterate : iterateThenable;
  return {
    configurable: true,
    enumerable: false,
    get: () => (inGreenlet() ? method : undefined),
    set(value: unknown) {
      Object.defineProperty(this, Symbol.iterator, {
        value,
        configurable: true,
        enumerable: true,
        writable: true,
      });
    },
  };
}

const ITERATOR = iteratorOf('promise');

/** `promise`, which a patched call in a greenlet gives, stands for `work`. Gives the promise. */
export function follow<P>(promise: P, work: Work): P {
  if (!(promise instanceof Promise)) return promise;
  followed.set(promise, { work, waiting: 0 });
  // With patchPromise all of them have it.
  if (!isPatched('Promise')) Object.defineProperty(promise, Symbol.iterator, ITERATOR);
  return promise;
}
