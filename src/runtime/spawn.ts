/** Starting greenlets. */
import { functionOf, isRun } from './body.js';
import type { Fn, Returned } from './body-types.js';
import { children } from './call.js';
import { checkFn, checkMs, checkOptions, mismatch } from './check.js';
import { contexts, freshContext } from './context.js';
import { engine, ready } from './engine.js';
import { greenlet } from './greenlet.js';
import { hub } from './hub.js';
import { linkSpawner } from './link-callbacks.js';
import type { Operation } from './operation.js';
import { Greenlet } from './scheduled-greenlet.js';
import type { Signal } from './types.js';
import { START } from './waiter.js';

const HINT = '; pass the function, and its arguments after it';

export interface SpawnOptions {
  /** Shown in reports. */
  readonly name?: string | undefined;
  /** Kills the greenlet when it is aborted. */
  readonly signal?: Signal | undefined;
  /** Neither what it waits for nor its turns hold the process: when only daemons are left, they are killed. */
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
export function spawn<T>(operation: Operation<T>): Greenlet<T>;
export function spawn<T>(options: SpawnOptions, operation: Operation<T>): Greenlet<T>;
export function spawn(first: unknown, ...rest: unknown[]): Greenlet<unknown> {
  if (typeof first === 'function') {
    // The usual case by itself: as long as `rest` is only read and spread, the array of it is never made.
    const made = new Greenlet(first);
    if (rest.length === 1) made._argument(rest[0]);
    else if (rest.length > 1) keepArguments(made, ...rest);
    made.start();
    return made;
  }
  const made = makeGreenlet(first, rest);
  made.start();
  return made;
}

function keepArguments(made: Greenlet<unknown>, ...args: unknown[]): void {
  made._arguments(args);
}

/** A greenlet by the arguments of `spawn`, not started. */
export function makeGreenlet(first: unknown, rest: readonly unknown[]): Greenlet<unknown> {
  if (typeof first === 'function') {
    const made = new Greenlet(first);
    made._arguments(rest);
    return made;
  }
  if (isRun(first)) return new Greenlet(first);
  if (typeof first !== 'object' || first === null || rest.length === 0) checkFn(first, 'fn', HINT);
  const [fn, ...args] = rest;
  const options = first as SpawnOptions;
  checkSpawnOptions(options);
  const made = new Greenlet(fn);
  made._arguments(args);
  if (options.name !== undefined) made.name = options.name;
  if (options.daemon) made.unref();
  if (options.context === 'fresh') freshContext(made);
  if (options.signal !== undefined) made.killOn(options.signal);
  return made;
}

function checkSpawnOptions(options: SpawnOptions): void {
  checkOptions(options, 'spawn', "{ name: 'worker' }");
  const { context } = options;
  if (context !== undefined && context !== 'inherit' && context !== 'fresh')
    throw mismatch('context', "'inherit' or 'fresh'", context);
}

/** Refuses what `makeGreenlet` would, for those that make it later. */
export function checkWork(first: unknown, rest: readonly unknown[]): void {
  if (typeof first === 'function' || isRun(first)) return;
  const fn = typeof first === 'object' && first !== null && rest.length > 0 ? rest[0] : first;
  if (!isRun(fn)) checkFn(fn, 'fn', HINT);
  if (fn !== first) checkSpawnOptions(first as SpawnOptions);
}

/** Like `spawn`, and first runs after `ms`. Mirrors `gevent.spawn_later`. */
export function spawnLater<A extends unknown[], R>(
  ms: number,
  fn: Fn<A, R>,
  ...args: A
): Greenlet<Returned<R>>;
export function spawnLater<T>(ms: number, operation: Operation<T>): Greenlet<T>;
export function spawnLater(ms: number, fn: unknown, ...args: unknown[]): Greenlet<unknown> {
  checkMs(ms);
  const later = new Greenlet<unknown>(fn, ...args);
  later.startLater(ms);
  return later;
}

/**
 * Starts `fn(...args)` in a raw greenlet of the hub: no result, no links, no join. Its error goes to `hub.onError`. Mirrors
 * `gevent.spawn_raw`.
 */
export function spawnRaw<A extends unknown[], R>(fn: Fn<A, R>, ...args: A): greenlet<Returned<R>>;
export function spawnRaw<T>(operation: Operation<T>): greenlet<T>;
export function spawnRaw(fn: unknown, ...args: unknown[]): greenlet<unknown> {
  const raw = new greenlet<unknown>(functionOf(fn, HINT), hub);
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
