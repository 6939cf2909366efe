/** What pools of processes and of threads have in common: the methods of Python's `multiprocessing.Pool`. */

import type { Returned } from '../../runtime/body-types.js';
import { Call } from '../../runtime/call.js';
import { checkArgs, checkCount } from '../../runtime/check.js';
import { each, type Source } from '../../runtime/each.js';
import { GreenletError } from '../../runtime/errors.js';
import type { Operation } from '../../runtime/operation.js';
import type { Results } from '../../runtime/results.js';
import { SHOWN } from '../../runtime/shown.js';
import type { Green } from '../../runtime/types.js';
import { Pool as GreenPool } from '../../sync/pool.js';
import { type PackedFailure, unpackFailure } from './failure.js';
import { PoolApply } from './pool-apply.js';
import { PoolCore, type PoolStatistics } from './pool-core.js';
import type { JobOptions, JobOrder } from './pool-job.js';
import { PoolMap } from './pool-map.js';
import { checkItems, checkJob, makeOrder } from './pool-order.js';
import { type ApplyAsyncOptions, AsyncResult } from './pool-results.js';
import type { EachOutcome, JobKind } from './pool-worker.js';
import { type Ref, referenceTo } from './references.js';
import type { Child } from './start-child.js';

export type { ApplyAsyncOptions };

export interface MapOptions<T = unknown> extends ApplyAsyncOptions<T> {
  /** How many items are sent together; a quarter of a worker's share unless given (1 for `imap`). */
  readonly chunksize?: number | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: the parameters are inferred by each method
type Fn<A extends readonly any[], R> = ((...args: A) => R) | Ref;

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

  /** Runs `fn(...args)` in a worker and gives its value. Interrupted, or after `timeout` ms of running, its worker is ended and replaced. */
  apply<A extends readonly unknown[], R>(
    fn: Fn<A, R>,
    args?: A,
    options: JobOptions = {},
  ): Operation<Returned<R>> {
    referenceTo(fn);
    checkJob(options, this, 'apply');
    return new PoolApply(this, this.#core, fn, 'call', checkArgs(args), options);
  }

  /** Has `fn(...args)` run in a worker; gives the result that will come. Never switches. Errors: for a closure, for what cannot be cloned. */
  applyAsync<A extends readonly unknown[], R>(
    fn: Fn<A, R>,
    args?: A,
    options: ApplyAsyncOptions<Returned<R>> = {},
  ): AsyncResult<Returned<R>> {
    checkJob(options, this, 'applyAsync');
    const result = new AsyncResult<Returned<R>>(options);
    result._work = this.#core.submit(makeOrder(fn, 'call', checkArgs(args), options), result);
    return result;
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
    checkJob(options, this, kind === 'star' ? 'starmap' : 'map');
    checkItems(items, kind);
    const begin = () => this.#mapLater(fn, kind, items, options);
    return new Call(awaited as never, [begin], `${this.constructor.name}.map`);
  }

  #mapLater(fn: unknown, kind: JobKind, items: Iterable<unknown>, options: MapOptions): AsyncResult<unknown> {
    checkJob(options, this, kind === 'star' ? 'starmapAsync' : 'mapAsync');
    checkItems(items, kind);
    const list = Array.isArray(items) ? items : [...items];
    const size = options.chunksize ?? Math.max(1, Math.ceil(list.length / (this.size * 4)));
    checkCount(size, 'chunksize', 1);
    const result = new AsyncResult<unknown>(options);
    const orders: JobOrder[] = [];
    for (let at = 0; at < list.length; at += size)
      orders.push(makeOrder(fn, kind, list.slice(at, at + size), options));
    const map = new PoolMap(orders.length, result);
    result._work = map;
    for (const [place, order] of orders.entries()) map.add(this.#core.submit(order, map, place));
    map.begin();
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
    checkJob(options, this, ordered ? 'imap' : 'imapUnordered');
    const { chunksize = 1 } = options;
    checkCount(chunksize, 'chunksize', 1);
    const kind = chunksize === 1 ? 'call' : 'each';
    const apply = (chunk: unknown) =>
      new PoolApply(this, this.#core, fn, kind, chunksize === 1 ? [chunk] : (chunk as unknown[]), options);
    const most = this.size * 16;
    const places = new GreenPool(most);
    const source = chunksize === 1 ? items : chunksOf(items, chunksize);
    const results = ordered
      ? places.imap(apply as never, source as Source<never>, { maxPending: most * 2 })
      : places.imapUnordered(apply as never, source as Source<never>, { maxPending: most * 2 });
    return chunksize === 1 ? (results as Results<unknown>) : flattened(results as Results<unknown>);
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
  statistics(): PoolStatistics {
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

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }
}

/** Waits for what `begin` begins; interrupted, that is cancelled. */
function* awaited(begin: () => AsyncResult<unknown>): Green<unknown> {
  const result = begin();
  try {
    return yield* result.get();
  } finally {
    if (!result.ready()) result.cancel();
  }
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
  readonly value: unknown;
  readonly failure: PackedFailure | undefined;
}

/** The outcomes of all items, chunk by chunk. */
function itemsOf(chunks: Results<unknown>): AsyncIterable<ItemOutcome> {
  let chunk: EachOutcome = { values: [], failures: new Map() };
  let at = 0;
  const next = async (): Promise<IteratorResult<ItemOutcome, undefined>> => {
    while (at === chunk.values.length) {
      const step = await chunks.next();
      if (step.done) return { done: true, value: undefined };
      chunk = step.value as EachOutcome;
      at = 0;
    }
    const item = { value: chunk.values[at], failure: chunk.failures.get(at) };
    at++;
    return { done: false, value: item };
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
