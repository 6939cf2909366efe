/** `yield*` of promises. */
import { showValue } from '../../runtime/check.js';
import { apply, replace } from './patches.js';
import { iteratorOf } from './work.js';

/** A class of promises that is not the host's: its objects have a `then`. */
export interface ThenableClass {
  readonly prototype: PromiseLike<unknown>;
}

/**
 * Makes every promise of the host `yield*`-able in greenlets, whatever library made it, and the thenables of further `classes` (a query
 * builder, another library's promises). Outside of greenlets they are as iterable as before: not at all. Twice is harmless. An
 * interrupted `yield*` leaves the promise alone, unless a patched call gave it. Errors: `TypeError` for a class without `then`.
 *
 * @example patchPromise(QueryBuilder); const rows = yield* builder.select();
 */
export function patchPromise(...classes: readonly ThenableClass[]): void {
  apply('Promise', () => replace('Promise', Promise.prototype, Symbol.iterator, iteratorOf('promise')));
  for (const each of classes) {
    const prototype = each?.prototype;
    if (typeof prototype?.then !== 'function') {
      throw new TypeError(`classes must have a then() in their prototype, got ${showValue(each)}`);
    }
    // Subclasses of Promise have it already.
    if (Symbol.iterator in prototype) continue;
    replace('Promise', prototype, Symbol.iterator, iteratorOf('thenable'));
  }
}
