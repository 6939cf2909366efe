/** Starting greenlets. */
import { isGenerator } from './body.js';
import type { Fn, Returned } from './body-types.js';
import { type AnyFn, children } from './call.js';
import { checkFn, checkMs } from './check.js';
import { contexts, freshContext } from './context.js';
import { engine, ready } from './engine.js';
import { greenlet } from './greenlet.js';
import { hub } from './hub.js';
import { linkSpawner } from './link-callbacks.js';
import { Operation } from './operation.js';
import { Greenlet } from './scheduled-greenlet.js';
import type { Signal } from './types.js';
import { START } from './waiter.js';

export interface SpawnOptions {
  /** Shown in reports. */
  readonly name?: string | undefined;
  /** Kills the greenlet when it is aborted. */
  readonly signal?: Signal | undefined;
  /** What it waits for does not hold the process. */
  readonly daemon?: boolean | undefined;
  /** 'fresh': it sees no store of an `AsyncLocalStorage` that the spawner sees. Default 'inherit'. */
  readonly context?: 'inherit' | 'fresh' | undefined;
}

/**
 * Starts `fn(...args)` in a new greenlet, which first runs on the next turn; gives the greenlet. `fn` may be a generator
 * function, an async or a plain one, or give an operation (`spawn(sleep, 5)`). Never switches. Errors: `TypeError` at once
 * when `fn` is no function. Mirrors `gevent.spawn`.
 *
 * @example const page = spawn(download, url);
 */
export function spawn<A extends unknown[], R>(fn: Fn<A, R>, ...args: A): Greenlet<Returned<R>>;
export function spawn<A extends unknown[], R>(
  options: SpawnOptions,
  fn: Fn<A, R>,
  ...args: A
): Greenlet<Returned<R>>;
export function spawn(first: unknown, ...rest: unknown[]): Greenlet<unknown> {
  if (typeof first === 'function') {
    const started = new Greenlet(first);
    // Told apart here, so that the array of one argument need not be made.
    if (rest.length === 1) started._argument(rest[0]);
    else if (rest.length > 1) started._arguments(rest);
    started.start();
    return started;
  }
  const work = toFn(first);
  if (work !== null) return spawn(work as () => unknown);
  if (typeof first !== 'object' || first === null)
    checkFn(first, 'fn', '; pass the function, and its arguments after it');
  const [fn, ...args] = rest;
  const options = first as SpawnOptions;
  const started = new Greenlet(fn);
  started._arguments(args);
  if (options.name !== undefined) started.name = options.name;
  if (options.daemon) started.unref();
  if (options.context === 'fresh') freshContext(started);
  if (options.signal !== undefined) started.killOn(options.signal);
  started.start();
  return started;
}

/** An operation or a generator object, given instead of a function. */
function toFn(work: unknown): AnyFn | null {
  if (work instanceof Operation || isGenerator(work)) return () => work;
  return null;
}

/** Like `spawn`, and first runs after `ms`. Mirrors `gevent.spawn_later`. */
export function spawnLater<A extends unknown[], R>(
  ms: number,
  fn: Fn<A, R>,
  ...args: A
): Greenlet<Returned<R>> {
  checkMs(ms);
  const later = new Greenlet(fn, ...args);
  later.startLater(ms);
  return later;
}

/**
 * Starts `fn(...args)` in a raw greenlet of the hub: no result, no links, no join. Its error goes to `hub.onError`. Mirrors
 * `gevent.spawn_raw`.
 */
export function spawnRaw<A extends unknown[], R>(fn: Fn<A, R>, ...args: A): greenlet<Returned<R>> {
  checkFn(fn, 'fn', '; pass the function, and its arguments after it');
  const raw = new greenlet(fn, hub);
  raw._arguments(args);
  if (contexts.capture !== null) contexts.capture(raw);
  raw._mode = START;
  ready(raw);
  return raw;
}

/** The scheduled greenlet that runs, or null outside of them. Never switches. */
export function currentGreenlet(): Greenlet<unknown> | null {
  return engine.current instanceof Greenlet ? engine.current : null;
}

children.spawn = (fn, args, name) => {
  const child = new Greenlet(fn, ...args);
  if (name !== undefined) child.name = name;
  child.start();
  return child;
};

linkSpawner.spawn = (fn, dead) => {
  spawnRaw(fn as (dead: greenlet) => unknown, dead);
};
