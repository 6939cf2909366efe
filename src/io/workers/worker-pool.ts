/** What pools of processes and of threads have in common: the methods of Python's `multiprocessing.Pool`. */

import type { Returned } from '../../runtime/body-types.js';
import { Call } from '../../runtime/call.js';
import { checkCount, checkFn, checkTimeout, showValue } from '../../runtime/check.js';
import { each, type Source } from '../../runtime/each.js';
import { GreenletError } from '../../runtime/errors.js';
import { report } from '../../runtime/hub.js';
import type { Operation } from '../../runtime/operation.js';
import type { Results } from '../../runtime/results.js';
import { spawn } from '../../runtime/spawn.js';
import type { Green } from '../../runtime/types.js';
import { AsyncResult as SyncResult } from '../../sync/async-result.js';
import { Pool as GreenPool } from '../../sync/pool.js';
import { pack } from './codec.js';
import { type PackedFailure, unpackFailure } from './failure.js';
import { type Job, type JobOptions, PoolCore } from './pool-core.js';
import { AsyncResult } from './pool-results.js';
import type { JobKind } from './pool-worker.js';
import { type Ref, referenceTo } from './references.js';
import type { Child } from './start-child.js';

export interface ApplyAsyncOptions<T> extends JobOptions {
  /** Called with the value, in a greenlet of its own. */
  readonly callback?: ((value: T) => unknown) | undefined;
  readonly errorCallback?: ((error: unknown) => unknown) | undefined;
}

export interface MapOptions<T = unknown> extends ApplyAsyncOptions<T> {
  /** How many items are sent together; a quarter of a worker's share unless given (1 for `imap`). */
  readonly chunksize?: number | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: the parameters are inferred by each method
type Fn<A extends readonly any[], R> = ((...args: A) => R) | Ref;

interface Parts {
  readonly jobs: readonly Job[];
  readonly all: SyncResult<unknown>;
}

export abstract class WorkerPool implements Disposable, AsyncDisposable {
  readonly #core: PoolCore;

  constructor(size: number, idle: number, start: (number: number) => Child) {
    checkCount(size, 'size', 1);
    this.#core = new PoolCore({ size, idle, start, name: this.constructor.name });
  }

  /** How many workers it has at most; they are started when they are needed. */
  get size(): number {
    return this.#core.size;
  }

  #submit(fn: unknown, kind: JobKind, args: readonly unknown[], options: JobOptions): Job {
    checkTimeout(options.timeout);
    return this.#core.submit(referenceTo(fn), kind, pack(args, 'args'), options);
  }

  /** Runs `fn(...args)` in a worker and gives its value. Interrupted, or after `timeout` ms of running, its worker is ended and replaced. */
  apply<A extends readonly unknown[], R>(
    fn: Fn<A, R>,
    args?: A,
    options: JobOptions = {},
  ): Operation<Returned<R>> {
    referenceTo(fn);
    const begin = () => this.#one(fn, checkArgs(args), options);
    return new Call(awaited as never, [begin], `${this.constructor.name}.apply`);
  }

  #one(fn: unknown, args: readonly unknown[], options: JobOptions): AsyncResult<unknown> {
    const job = this.#submit(fn, 'call', args, options);
    return new AsyncResult(job.result, () => this.#core.cancel(job));
  }

  /** Has `fn(...args)` run in a worker; gives the result that will come. Never switches. Errors: for a closure, for what cannot be cloned. */
  applyAsync<A extends readonly unknown[], R>(
    fn: Fn<A, R>,
    args?: A,
    options: ApplyAsyncOptions<Returned<R>> = {},
  ): AsyncResult<Returned<R>> {
    const result = this.#one(fn, checkArgs(args), options);
    callBack(result, options as ApplyAsyncOptions<unknown>);
    return result as AsyncResult<Returned<R>>;
  }

  /** The values of `fn` for all items, in their order. The first error ends it. Interrupted, what runs of it is ended. */
  map<T, R>(fn: Fn<[T], R>, items: Iterable<T>, options: MapOptions = {}): Operation<Returned<R>[]> {
    return this.#mapped(fn, 'map', items, options) as Operation<Returned<R>[]>;
  }

  mapAsync<T, R>(
    fn: Fn<[T], R>,
    items: Iterable<T>,
    options: MapOptions<Returned<R>[]> = {},
  ): AsyncResult<Returned<R>[]> {
    return this.#mapLater(fn, 'map', items, options as MapOptions) as AsyncResult<Returned<R>[]>;
  }

  /** Like `map`; each item is a list of arguments. */
  starmap<A extends readonly unknown[], R>(
    fn: Fn<A, R>,
    items: Iterable<A>,
    options: MapOptions = {},
  ): Operation<Returned<R>[]> {
    return this.#mapped(fn, 'star', items, options) as Operation<Returned<R>[]>;
  }

  starmapAsync<A extends readonly unknown[], R>(
    fn: Fn<A, R>,
    items: Iterable<A>,
    options: MapOptions<Returned<R>[]> = {},
  ): AsyncResult<Returned<R>[]> {
    return this.#mapLater(fn, 'star', items, options as MapOptions) as AsyncResult<Returned<R>[]>;
  }

  #mapped(fn: unknown, kind: JobKind, items: Iterable<unknown>, options: MapOptions): Operation<unknown> {
    referenceTo(fn);
    const begin = () => this.#mapLater(fn, kind, items, options);
    return new Call(awaited as never, [begin], `${this.constructor.name}.map`);
  }

  #mapLater(fn: unknown, kind: JobKind, items: Iterable<unknown>, options: MapOptions): AsyncResult<unknown> {
    const list = [...items];
    const size = options.chunksize ?? Math.max(1, Math.ceil(list.length / (this.size * 4)));
    checkCount(size, 'chunksize', 1);
    const jobs: Job[] = [];
    for (let at = 0; at < list.length; at += size)
      jobs.push(this.#submit(fn, kind, list.slice(at, at + size), options));
    const parts = { jobs, all: new SyncResult<unknown>() };
    spawn(
      { name: `${this.constructor.name}.map`, daemon: true },
      gather as never,
      parts as never,
      this.#core as never,
    );
    const result = new AsyncResult<unknown>(parts.all, () => {
      for (const job of jobs) this.#core.cancel(job);
    });
    callBack(result, options);
    return result;
  }

  /** The values in the order of the items, as they come. The error of an item is thrown at its place; `close()` ends what runs. */
  imap<T, R>(fn: Fn<[T], R>, items: Source<T>, options: MapOptions = {}): Results<Returned<R>> {
    return this.#imap(fn, items, options, true) as Results<Returned<R>>;
  }

  /** Like `imap`, with the values in the order in which they come. */
  imapUnordered<T, R>(fn: Fn<[T], R>, items: Source<T>, options: MapOptions = {}): Results<Returned<R>> {
    return this.#imap(fn, items, options, false) as Results<Returned<R>>;
  }

  #imap(fn: unknown, items: Source<unknown>, options: MapOptions, ordered: boolean): Results<unknown> {
    referenceTo(fn);
    const { chunksize = 1 } = options;
    checkCount(chunksize, 'chunksize', 1);
    const apply = (chunk: unknown) =>
      new Call(awaited as never, [() => this.#chunk(fn, chunk, chunksize, options)]);
    const most = this.size * 16;
    const places = new GreenPool(most);
    const source = chunksize === 1 ? items : chunksOf(items, chunksize);
    const results = ordered
      ? places.imap(apply as never, source as Source<never>, { maxPending: most * 2 })
      : places.imapUnordered(apply as never, source as Source<never>, { maxPending: most * 2 });
    return chunksize === 1 ? (results as Results<unknown>) : flattened(results as Results<unknown>);
  }

  #chunk(fn: unknown, chunk: unknown, size: number, options: MapOptions): AsyncResult<unknown> {
    const job =
      size === 1
        ? this.#submit(fn, 'call', [chunk], options)
        : this.#submit(fn, 'each', chunk as unknown[], options);
    return new AsyncResult(job.result, () => this.#core.cancel(job));
  }

  /** Takes no more jobs; when all are done the workers end. Acts at the call. */
  close(): void {
    this.#core.close();
  }

  /** Ends the workers at once; what was not done fails. Acts at the call. */
  terminate(): void {
    this.#core.terminate();
  }

  /** Waits until the workers have ended. Errors: `GreenletError` before `close()` or `terminate()`. */
  join(): Operation<boolean> {
    if (this.#core.state === 'open')
      throw new GreenletError(`${this} is open: close() or terminate() it before join()`);
    return this.#core.ended.wait();
  }

  /** Present counts. */
  statistics(): { size: number; workers: number; queued: number; running: number; state: string } {
    return this.#core.statistics();
  }

  /** Terminates it, as the end of Python's `with` does. */
  [Symbol.dispose](): void {
    this.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.terminate();
    await this.join();
  }

  toString(): string {
    const { size, running, queued, state } = this.statistics();
    return `<${this.constructor.name} ${state}, ${running} of ${size} at work, ${queued} queued>`;
  }
}

function checkArgs(args: readonly unknown[] | undefined): readonly unknown[] {
  if (args === undefined) return [];
  if (!Array.isArray(args)) throw new TypeError(`args must be an array, got ${showValue(args)}; write [arg]`);
  return args;
}

/** Waits for what `begin` begins; interrupted, that is cancelled. */
function* awaited(begin: () => AsyncResult<unknown>): Green<unknown> {
  const result = begin();
  try {
    return yield* result._result.get();
  } finally {
    if (!result.ready()) result.cancel();
  }
}

/** All chunks as one result. After an error, those that have not begun do not begin. */
function* gather({ jobs, all }: Parts, core: PoolCore): Green<void> {
  const values: unknown[] = [];
  try {
    for (const job of jobs) for (const value of (yield* job.result.get()) as unknown[]) values.push(value);
    all.set(values);
  } catch (error) {
    for (const job of jobs) if (job.worker === null) core.cancel(job);
    all.setException(error);
  }
}

function callBack(result: AsyncResult<unknown>, options: ApplyAsyncOptions<unknown>): void {
  const { callback, errorCallback } = options;
  if (callback !== undefined) checkFn(callback, 'callback');
  if (errorCallback !== undefined) checkFn(errorCallback, 'errorCallback');
  if (callback === undefined && errorCallback === undefined) return;
  result._result.rawlink((done) => {
    try {
      if (done.successful()) {
        if (callback !== undefined) spawn(callback as never, done.value as never);
      } else if (errorCallback !== undefined) spawn(errorCallback as never, done.exception as never);
    } catch (error) {
      report(error, null);
    }
  });
}

/** Lists of `size` items, as they come. */
function chunksOf(items: Source<unknown>, size: number): AsyncIterable<unknown[]> {
  const source = each(items)[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<unknown[], undefined>> => {
    const chunk: unknown[] = [];
    while (chunk.length < size) {
      const item = await source.next();
      if (item.done) break;
      chunk.push(item.value);
    }
    return chunk.length > 0 ? { done: false, value: chunk } : { done: true, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

interface ItemOutcome {
  readonly value?: unknown;
  readonly failure?: PackedFailure;
}

/** The outcomes of all items, chunk by chunk. */
function itemsOf(chunks: Results<unknown>): AsyncIterable<ItemOutcome> {
  let left: ItemOutcome[] = [];
  const next = async (): Promise<IteratorResult<ItemOutcome, undefined>> => {
    while (left.length === 0) {
      const chunk = await chunks.next();
      if (chunk.done) return { done: true, value: undefined };
      left = [...(chunk.value as ItemOutcome[])];
    }
    return { done: false, value: left.shift() as ItemOutcome };
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

function flattened(chunks: Results<unknown>): Results<unknown> {
  const places = new GreenPool(1);
  const give = ({ value, failure }: ItemOutcome) => {
    if (failure !== undefined) throw unpackFailure(failure);
    return value;
  };
  return places.imap(give as never, itemsOf(chunks) as Source<never>) as Results<unknown>;
}
