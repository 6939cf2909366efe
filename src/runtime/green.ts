/** A generator function as an ordinary async function, for whoever calls from outside. */
import type { Fn, Returned } from './body-types.js';
import { checkFn, checkOptions } from './check.js';
import { Greenlet } from './scheduled-greenlet.js';
import type { Signal } from './types.js';

export interface GreenOptions {
  /** The name of the greenlets; that of `fn` unless given. */
  readonly name?: string | undefined;
  /** Kills what runs when it is aborted. */
  readonly signal?: Signal | undefined;
}

/**
 * An async function that runs `fn` in a new greenlet at each call, with the same `this` and arguments: a request handler, a
 * listener, a test body. Its promise gives the value or rejects with the error; after an abort, with the signal's reason.
 */
export function green<A extends unknown[], R>(
  fn: Fn<A, R>,
  options: GreenOptions = {},
): (...args: A) => Promise<Returned<R>> {
  checkFn(fn);
  checkOptions(options, 'green', "{ name: 'handler' }");
  const name = options.name ?? fn.name;
  return function greened(this: unknown, ...args: A): Promise<Returned<R>> {
    const greenlet = new Greenlet<Returned<R>>(fn.bind(this) as typeof fn, ...args);
    if (name !== '') greenlet.name = name;
    if (options.signal !== undefined) greenlet.killOn(options.signal);
    greenlet.start();
    const run = greenlet.get().promise();
    const { signal } = options;
    if (signal === undefined) return run;
    return run.then((value) => {
      if (greenlet.killed && signal.aborted) throw signal.reason;
      return value;
    });
  };
}
