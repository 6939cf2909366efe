/** A value in an `AsyncLocalStorage` for a part of a greenlet. */
import type { Fn, Returned } from './body-types.js';
import { asOperation, Call } from './call.js';
import { mismatch } from './check.js';
import { startContexts } from './context.js';
import type { Operation } from './operation.js';
import { sleep } from './sleep.js';
import type { Green } from './types.js';

/** `AsyncLocalStorage`, as far as it is used here. */
export interface Storage<S> {
  getStore(): S | undefined;
  enterWith(store: S): void;
}

function* withStore(storage: Storage<unknown>, store: unknown, work: Operation<unknown>): Green<unknown> {
  // What is entered outside of a context of the greenlet's own stays with the host's callback, and what follows from that.
  if (startContexts()) yield* sleep(0);
  const before = storage.getStore();
  storage.enterWith(store);
  try {
    return yield* work;
  } finally {
    storage.enterWith(before);
  }
}

/**
 * Runs `fn` in the current greenlet with `store` in `storage`; afterwards the former store is back. What
 * `AsyncLocalStorage#run` is for plain functions. Itself it switches only where it is the program's first use of any storage.
 */
export function runWith<S, A extends unknown[], R>(
  storage: Storage<S>,
  store: S,
  fn: Fn<A, R>,
  ...args: A
): Operation<Returned<R>> {
  if (typeof storage?.getStore !== 'function' || typeof storage.enterWith !== 'function')
    throw mismatch('storage', 'an AsyncLocalStorage', storage);
  return new Call(withStore, [storage, store, asOperation(fn, args)], 'runWith');
}
