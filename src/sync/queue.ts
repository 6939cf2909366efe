/** First in, first out. */
import { checkCount, showValue } from '../runtime/check.js';
import { wake } from '../runtime/engine.js';
import { done, park } from '../runtime/operation.js';
import type { Blocking, Started, Waiter } from '../runtime/waiter.js';
import { QueueLike } from './queue-like.js';
import type { SyncOptions } from './sync-object.js';
import { handTo, type WaitOperation } from './wait-operation.js';

export interface QueueOptions<T> extends SyncOptions {
  /** What it holds from the beginning, also above `maxsize`. */
  readonly items?: Iterable<T> | undefined;
}

const FIRST_SIZE = 16;
/** A ring of more places is not kept when it is empty. */
const LARGE = 1024;

/** `maxsize` as it is kept: 0 means no bound, as in Python. */
function boundOf(maxsize: number): number {
  checkCount(maxsize, 'maxsize');
  return maxsize === 0 ? Number.POSITIVE_INFINITY : maxsize;
}

/** What a queue holds from the beginning. */
export function itemsOf<T>(items: Iterable<T> | undefined): Iterable<T> {
  if (items === undefined) return [];
  if (
    typeof items !== 'string' &&
    (typeof items !== 'object' || items === null || !(Symbol.iterator in items))
  )
    throw new TypeError(`items must be an iterable, got ${showValue(items)}`);
  return items;
}

export class Queue<T = unknown> extends QueueLike<T> {
  #maxsize: number;
  /** A ring; its length is a power of two. */
  #ring: (T | undefined)[] = [];
  #head = 0;
  #size = 0;

  /**
   * A queue of at most `maxsize` items; unbounded unless given (or with 0). Errors: `RangeError` / `TypeError`. Mirrors
   * `gevent.queue.Queue` and `JoinableQueue`, but is fair. Subclasses may override `_init`, `_put`, `_get`, `_peek` and `_qsize`;
   * an error of theirs reaches whoever puts or gets.
   *
   * @example const jobs = new Queue<string>(100); yield* jobs.put('a'); const job = yield* jobs.get();
   */
  constructor(maxsize: number = Number.POSITIVE_INFINITY, options: QueueOptions<T> = {}) {
    super(options);
    this.#maxsize = boundOf(maxsize);
    this._init();
    for (const item of itemsOf(options.items)) {
      this._put(item);
      this._counted();
    }
  }

  /** Makes the storage; called by the constructor, before subclasses have their fields. */
  protected _init(): void {
    this.#ring = new Array(FIRST_SIZE);
  }

  protected _put(item: T): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#size++) & (this.#ring.length - 1)] = item;
  }

  /** Takes out the next item; there is one. */
  protected _get(): T {
    const item = this.#ring[this.#head] as T;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    // There were many, and there may never be again.
    if (--this.#size === 0 && this.#ring.length > LARGE) {
      this.#ring = new Array(FIRST_SIZE);
      this.#head = 0;
    }
    return item;
  }

  /** What the next `_get` will give. */
  protected _peek(): T {
    return this.#ring[this.#head] as T;
  }

  protected _qsize(): number {
    return this.#size;
  }

  #grow(): void {
    const ring = this.#ring;
    const size = ring.length;
    const larger: (T | undefined)[] = new Array(Math.max(FIRST_SIZE, size * 2));
    for (let i = 0; i < size; i++) larger[i] = ring[(this.#head + i) & (size - 1)];
    this.#ring = larger;
    this.#head = 0;
  }

  qsize(): number {
    return this._qsize();
  }

  full(): boolean {
    return this._qsize() >= this.#maxsize;
  }

  /**
   * How many items it holds at most; `Infinity`: no bound. Raising it lets those in that wait to put, in order; lowering it loses
   * nothing. Errors: `RangeError` / `TypeError`.
   */
  get maxsize(): number {
    return this.#maxsize;
  }

  set maxsize(maxsize: number) {
    this.#maxsize = boundOf(maxsize);
    this._serve();
  }

  _hasItem(): boolean {
    return this._qsize() > 0;
  }

  _hasRoom(): boolean {
    return this._qsize() < this.#maxsize;
  }

  _look(): T {
    return this._peek();
  }

  _accept(item: T): void {
    this._put(item);
    this._counted();
  }

  _take(): T {
    return this._get();
  }

  override _afterPut(waiter: Waiter, put: Blocking): Started {
    return this._getters.length === 0 ? done(waiter, undefined) : this.#goOn(waiter, put, undefined);
  }

  override _afterTake(waiter: Waiter, taking: Blocking, value: unknown): Started {
    return this._putters.length === 0 ? done(waiter, value) : this.#goOn(waiter, taking, value);
  }

  /** `operation` has happened, and others may go on by it: an operand tells first, so that those that it excludes are gone. */
  #goOn(waiter: Waiter, operation: Blocking, value: unknown): Started {
    if (waiter._self === waiter) {
      this._serve();
      return done(waiter, value);
    }
    const started = park(waiter, operation);
    wake(waiter, value);
    this._serve();
    return started;
  }

  _drop(): void {
    for (let left = this._qsize(); left > 0; left--) this._get();
  }

  /** Gives what is there to those who wait, and lets in those who wait to put. */
  override _serve(): void {
    if (this._getters.length > 0) this.#give();
    if (this._putters.length > 0) this.#admit();
  }

  // The first is looked for anew each time: with one that goes on others may go away.

  #give(): void {
    for (let next = this._getters.first; next !== null && this._qsize() > 0; next = this._getters.first) {
      this._getters.remove(next);
      try {
        handTo(next, (next._op as WaitOperation<T>)._looks ? this._peek() : this._get());
      } catch (error) {
        wake(next, error, true);
      }
    }
  }

  #admit(): void {
    for (let next = this._putters.first; next !== null && this._hasRoom(); next = this._putters.first) {
      this._putters.remove(next);
      try {
        this._put(next._slot as T);
      } catch (error) {
        wake(next, error, true);
        continue;
      }
      this._counted();
      wake(next, undefined);
    }
  }
}
