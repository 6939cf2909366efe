/** Sources of many values: iterables, streams, queues. */
import type { Fn } from './body-types.js';
import { type AnyFn, Call } from './call.js';
import { checkFn, showValue } from './check.js';
import { wake } from './engine.js';
import { done, Operation, park } from './operation.js';
import { Results } from './results.js';
import type { Green } from './types.js';
import { outside } from './until.js';
import type { Started, Waiter } from './waiter.js';

/** A web stream, as far as it is read here. */
interface WebStream<T> {
  getReader(): {
    read(): Promise<{ done: boolean; value?: T }>;
    cancel(): Promise<void>;
    releaseLock(): void;
  };
}

/** Anything that `each` takes. */
export type Source<T> = Iterable<T> | AsyncIterable<T> | WebStream<T> | Results<T> | { items(): Results<T> };

class IterableResults<T> extends Results<T> {
  readonly #iterator: Iterator<T>;
  /** One for all pulls. */
  readonly #step = new Step(this);
  #ended = false;

  constructor(source: Iterable<T>) {
    super();
    this.#iterator = source[Symbol.iterator]();
  }

  protected _pull(): Operation<IteratorResult<T, undefined>> {
    return this.#step;
  }

  /** @internal */
  _next(): IteratorResult<T> {
    const result = this.#iterator.next();
    if (result.done) this.#ended = true;
    return result;
  }

  protected override _close(): void {
    if (!this.#ended) this.#iterator.return?.();
  }
}

/** The next value of an iterable, at once. */
class Step<T> extends Operation<IteratorResult<T, undefined>> {
  readonly _name = 'each';
  readonly #of: IterableResults<T>;

  constructor(of: IterableResults<T>) {
    super();
    this.#of = of;
  }

  _start(waiter: Waiter): Started {
    return done(waiter, this.#of._next());
  }
}

/** What has been pulled from an async iterator: on its way, or there. */
interface Pulled {
  readonly index: number;
  /** Who waits for it. */
  waiter: Waiter | null;
  outcome: { readonly value: unknown; readonly failed: boolean } | null;
}

/** An interrupted pull is kept for the next one: no value is lost, and none is given twice. */
class AsyncResults<T> extends Results<T> {
  readonly #iterator: AsyncIterator<T>;
  /** One for all pulls. */
  readonly #pull = new AsyncPull(this);
  /** Pulls that were interrupted, in the order of the source. */
  readonly #kept: Pulled[] = [];
  #pulls = 0;
  #ended = false;

  constructor(iterator: AsyncIterator<T>) {
    super();
    this.#iterator = iterator;
  }

  protected _pull(): Operation<IteratorResult<T, undefined>> {
    return this.#pull;
  }

  /** @internal */
  _next(): Pulled {
    return this.#kept.shift() ?? this.#begin();
  }

  #begin(): Pulled {
    const pulled: Pulled = { index: this.#pulls++, waiter: null, outcome: null };
    this.#iterator.next().then(
      (result) => {
        if (result.done) this.#ended = true;
        settle(pulled, result, false);
      },
      (error: unknown) => settle(pulled, error, true),
    );
    return pulled;
  }

  /** Nobody waits for `pulled` any more. @internal */
  _keepBack(pulled: Pulled): void {
    const after = this.#kept.findIndex(({ index }) => index > pulled.index);
    this.#kept.splice(after === -1 ? this.#kept.length : after, 0, pulled);
  }

  protected override _close(): void {
    if (!this.#ended) this.#iterator.return?.()?.then(undefined, () => {});
  }
}

function settle(pulled: Pulled, value: unknown, failed: boolean): void {
  pulled.outcome = { value, failed };
  const { waiter } = pulled;
  if (waiter === null) return;
  pulled.waiter = null;
  outside.waits--;
  wake(waiter, value, failed);
}

class AsyncPull<T> extends Operation<IteratorResult<T, undefined>> {
  readonly _name = 'each';
  readonly #of: AsyncResults<T>;

  constructor(of: AsyncResults<T>) {
    super();
    this.#of = of;
  }

  _start(waiter: Waiter): Started {
    const pulled = this.#of._next();
    if (pulled.outcome === null) {
      pulled.waiter = waiter;
      outside.waits++;
      return park(waiter, this, pulled);
    }
    const { value, failed } = pulled.outcome;
    if (failed) throw value;
    return done(waiter, value);
  }

  override _undo(waiter: Waiter): void {
    const pulled = waiter._slot as Pulled;
    pulled.waiter = null;
    outside.waits--;
    this.#of._keepBack(pulled);
  }
}

function isWebStream(source: object): source is WebStream<unknown> {
  return typeof (source as { getReader?: unknown }).getReader === 'function';
}

function webIterator<T>(stream: WebStream<T>): AsyncIterator<T> {
  const reader = stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      if (!done) return { done: false, value: value as T };
      reader.releaseLock();
      return { done: true, value: undefined };
    },
    return: async () => {
      await reader.cancel();
      reader.releaseLock();
      return { done: true, value: undefined };
    },
  };
}

/**
 * The values of an iterable, an async iterable, a `Readable`, a web stream, a queue, or `Results`. Errors: `TypeError` at the
 * call for anything else.
 *
 * @example const lines = each(createInterface({ input })); while (yield* lines.more()) console.log(lines.value);
 */
export function each<T>(source: Source<T>): Results<T> {
  if (source instanceof Results) return source;
  const any = source as unknown;
  if (typeof any === 'string') return new IterableResults(any as unknown as Iterable<T>);
  if (typeof any === 'object' && any !== null) {
    if ('items' in any && typeof any.items === 'function') return any.items() as Results<T>;
    if (isWebStream(any)) return new AsyncResults<T>(webIterator(any as WebStream<T>));
    if (Symbol.asyncIterator in any) {
      return new AsyncResults<T>((any as AsyncIterable<T>)[Symbol.asyncIterator]());
    }
    if (Symbol.iterator in any) return new IterableResults<T>(any as Iterable<T>);
  }
  throw noSource(any);
}

function noSource(source: unknown): TypeError {
  return new TypeError(`source must be an iterable, a stream, a queue or Results, got ${showValue(source)}`);
}

/** Refuses what `each` would, for those that read it later. */
export function checkSource(source: unknown): void {
  if (typeof source === 'string') return;
  if (typeof source !== 'object' || source === null) throw noSource(source);
  if (source instanceof Results || Symbol.asyncIterator in source || Symbol.iterator in source) return;
  if ('items' in source && typeof source.items === 'function') return;
  if (!isWebStream(source)) throw noSource(source);
}

function* forEachIn(source: Source<unknown>, fn: AnyFn): Green<void> {
  const results = each(source);
  try {
    while (yield* results.more()) yield* new Call(fn, [results.value]);
  } finally {
    results.close();
  }
}

/** Calls `fn` with each value of `source`, one after the other, and waits for what it gives; closes the source at the end. */
export function forEach<T, R>(source: Source<T>, fn: Fn<[T], R>): Operation<void> {
  checkSource(source);
  checkFn(fn);
  return new Call(forEachIn, [source, fn] as never, 'forEach');
}
