/**
 * `yield* promise`.
 *
 * A patched call that is made in a greenlet gives the very promise of the host, and leaves here what that promise stands for: how
 * to abort it. Of those who wait for it by `yield*`, the last one to be interrupted aborts it; whoever awaits it is not known, and
 * gets the host's `AbortError`.
 */
import type { Suspend } from '../../runtime/types.js';
import { until } from '../../runtime/until.js';
import { inGreenlet, isPatched } from './patches.js';
import { type Followed, PromiseWait, type Work } from './promise-wait.js';

const followed = new WeakMap<object, Followed>();

/** `[Symbol.iterator]` of a promise, in a greenlet. */
function iterate(this: PromiseLike<unknown>): Iterator<Suspend, unknown, unknown> {
  return PromiseWait.of(this, followed.get(this)) as unknown as Iterator<Suspend, unknown, unknown>;
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
  followed.set(promise, { promise, work, waiting: 0 });
  // With patchPromise all of them have it.
  if (!isPatched('Promise')) Object.defineProperty(promise, Symbol.iterator, ITERATOR);
  return promise;
}
