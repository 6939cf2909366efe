/**
 * What every queue has in common. Those who get wait in one fair queue, those who put in another; an item goes to whoever has waited
 * longest, in the step in which it comes, so that no one who comes later can take it.
 */
import { blockTimeout, checkOptions, timeoutOf } from '../runtime/check.js';
import { engine } from '../runtime/engine.js';
import { GreenletError } from '../runtime/errors.js';
import { done, type Operation } from '../runtime/operation.js';
import type { Results } from '../runtime/results.js';
import { WaitQueue } from '../runtime/wait-queue.js';
import type { Blocking, Started, Waiter } from '../runtime/waiter.js';
import { Empty, Full, ShutDown } from './errors.js';
import { QueueItems } from './queue-items.js';
import { Acted, Get, Join, Peek, Put, type Store, type Taking, UntilItem } from './queue-operations.js';
import { SyncObject, waitingText } from './sync-object.js';
import { failWith, handToAll } from './wait-operation.js';

export interface BlockOptions {
  /** False: it does not wait; the same as `timeout: 0`. */
  readonly block?: boolean | undefined;
  /** ms to wait at most. */
  readonly timeout?: number | undefined;
}

export interface QueueStatistics {
  /** Items in it. */
  readonly level: number;
  readonly maxsize: number;
  /** All that wait, for whatever. */
  readonly waiters: number;
  readonly getters: number;
  readonly putters: number;
  readonly joiners: number;
  readonly unfinishedTasks: number;
  readonly isShutdown: boolean;
}

export abstract class QueueLike<T> extends SyncObject implements AsyncIterable<T>, Store<T> {
  /** Those who get, and those who only want to see. @internal */
  readonly _getters = new WaitQueue();
  /** Those who put; the slot of each is its item. @internal */
  readonly _putters = new WaitQueue();
  readonly #joiners = new WaitQueue();
  #unfinished = 0;
  #isShutdown = false;
  #get: Get<T> | null = null;

  /** `waiter` can be given an item now. @internal */
  abstract _hasItem(waiter: Waiter | null): boolean;

  /** The next item, for `waiter`; there is one. @internal */
  abstract _take(waiter: Waiter | null): T;

  /** The next item for `waiter`, which stays; there is one. @internal */
  abstract _look(waiter: Waiter | null): T;

  /** An item can be put now. @internal */
  abstract _hasRoom(waiter: Waiter | null): boolean;

  /** Puts `item`; there is room. @internal */
  abstract _accept(item: T, waiter: Waiter | null): void;

  /** Somebody waits in `_putters` from now on. @internal */
  _offered(): void {}

  /** Whoever can go on, after an item or a place has come, does. @internal */
  _serve(): void {}

  /** How `put` goes on when it has put: it, and whoever can by that. @internal */
  _afterPut(waiter: Waiter, _put: Blocking): Started {
    return done(waiter, undefined);
  }

  /** The same for `taking`, which has taken and gives `value`. @internal */
  _afterTake(waiter: Waiter, _taking: Blocking, value: unknown): Started {
    return done(waiter, value);
  }

  /** Drops all items. @internal */
  abstract _drop(): void;

  /** How many items are in it. Never switches. */
  abstract qsize(): number;

  /** A `getNowait` would have to wait. */
  empty(): boolean {
    return this.qsize() === 0;
  }

  /** A `putNowait` would have to wait. */
  abstract full(): boolean;

  /** How many items it holds at most. */
  abstract get maxsize(): number;

  /** The same as `qsize()`. */
  get length(): number {
    return this.qsize();
  }

  /**
   * Puts `item`, waiting for room: first come, first served. Errors: `Full` when `timeout` ms pass first, or at once with
   * `block: false`; `ShutDown` when it is shut down, or comes to be. Interrupted, nothing has been put. Switches only if it
   * has to wait (on a `Channel` always).
   */
  put(item: T, options?: BlockOptions): Operation<void> {
    return new Put(this, timeoutFor(options, this, 'put'), item);
  }

  /**
   * Gives the next item, waiting for one: first come, first served. Errors: `Empty` when `timeout` ms pass first, or at once with
   * `block: false`; `ShutDown` when it is shut down and drained. Interrupted, nothing has been taken. Switches only if it
   * has to wait.
   */
  get(options?: BlockOptions): Operation<T> {
    if (options === undefined && engine.watch === null) {
      this.#get ??= new Get(this, Number.POSITIVE_INFINITY);
      return this.#get;
    }
    return new Get(this, timeoutFor(options, this, 'get'));
  }

  /** Like `get`, but the item stays. An item that is handed to a getter ahead is not seen. */
  peek(options?: BlockOptions): Operation<T> {
    return new Peek(this, timeoutFor(options, this, 'peek'));
  }

  /** Puts at once. Never switches. Errors: `Full`, `ShutDown`. */
  putNowait(item: T): void {
    this._checkOpen();
    if (!this._hasRoom(null)) throw new Full(`${this} is full`);
    this._accept(item, null);
    this._serve();
  }

  /** Takes at once. Never switches. Errors: `Empty`, `ShutDown` when it is shut down and drained. */
  getNowait(): T {
    this.#checkItem();
    const item = this._take(null);
    this._serve();
    return item;
  }

  /** Looks at once. Never switches. Errors: `Empty`, `ShutDown`. */
  peekNowait(): T {
    this.#checkItem();
    return this._look(null);
  }

  #checkItem(): void {
    if (this._hasItem(null)) return;
    throw this.#isShutdown ? new ShutDown(`${this} is shut down`) : new Empty(`${this} is empty`);
  }

  /** @internal */
  _checkOpen(): void {
    if (this.#isShutdown) throw new ShutDown(`${this} is shut down and takes nothing more`);
  }

  /** An item has been put: a task, until `taskDone`. @internal */
  _counted(): void {
    this.#unfinished++;
  }

  /** Items that were put and whose `taskDone` is still due. */
  get unfinishedTasks(): number {
    return this.#unfinished;
  }

  /** The work on an item that was got is done. Never switches. Errors: `GreenletError` when it is called too often. */
  taskDone(): void {
    if (this.#unfinished === 0)
      throw new GreenletError(`taskDone() of ${this} was called more often than put()`);
    this.#finish(1);
  }

  #finish(count: number): void {
    this.#unfinished -= count;
    if (this.#unfinished === 0) handToAll(this.#joiners, true);
  }

  /** Waits until every item has been got and `taskDone`: true; false when `timeout` ms pass first. */
  join(options?: { readonly timeout?: number | undefined }): Operation<boolean> {
    return new Join(this, this.#joiners, timeoutOf(options, `${this.constructor.name}.join`));
  }

  /**
   * Takes nothing more: whoever waits to put, and every later `put`, gets `ShutDown`; getters get what is left, and then `ShutDown`.
   * `immediate` drops what is left, and counts it as done. Acts at the call; may be called again. Mirrors
   * `queue.Queue.shutdown`.
   */
  shutdown(options: { readonly immediate?: boolean | undefined } = {}): Operation<void> {
    checkOptions(options, `${this.constructor.name}.shutdown`, '{ immediate: true }');
    this.#isShutdown = true;
    for (let waiter = this._putters.shift(); waiter !== null; waiter = this._putters.shift()) {
      failWith(waiter, ShutDown, `${this} was shut down`);
    }
    if (options.immediate === true) {
      const level = this.qsize();
      try {
        this._drop();
      } finally {
        // Some may have been called done while they were here.
        this.#finish(Math.min(level - this.qsize(), this.#unfinished));
      }
    }
    if (!this._hasItem(null)) {
      for (let waiter = this._getters.shift(); waiter !== null; waiter = this._getters.shift()) {
        (waiter._op as Taking<unknown, T>)._ended(waiter);
      }
    }
    return new Acted(`${this.constructor.name}.shutdown`);
  }

  /** `shutdown` was called. */
  get isShutdown(): boolean {
    return this.#isShutdown;
  }

  /**
   * Its items, taken one after the other as they come, until it is shut down and drained. `close()` leaves the rest. Inside a greenlet:
   * `while (yield* it.more()) use(it.value)`.
   */
  items(): Results<T> {
    return new QueueItems(this);
  }

  /** `for await (const item of queue)`, outside of greenlets. */
  [Symbol.asyncIterator](): AsyncIterator<T> {
    return this.items()[Symbol.asyncIterator]();
  }

  /** There is something to get, or it is shut down: a `get` does not wait. */
  ready(): boolean {
    return this._hasItem(null) || this.#isShutdown;
  }

  /** @internal */
  _whenReady(): Operation<this> {
    return new UntilItem<T, this>(this, Number.POSITIVE_INFINITY) as Operation<this>;
  }

  statistics(): QueueStatistics {
    const getters = this._getters.length;
    const putters = this._putters.length;
    const joiners = this.#joiners.length;
    return Object.freeze({
      level: this.qsize(),
      maxsize: this.maxsize,
      waiters: getters + putters + joiners,
      getters,
      putters,
      joiners,
      unfinishedTasks: this.#unfinished,
      isShutdown: this.#isShutdown,
    });
  }

  protected _stateText(): string {
    const bound = this.maxsize === Number.POSITIVE_INFINITY ? '' : `/${this.maxsize}`;
    const waiting =
      waitingText(this._getters.length, 'getting') +
      waitingText(this._putters.length, 'putting') +
      waitingText(this.#joiners.length, 'joining');
    return `${this.qsize()}${bound}${waiting}${this.#isShutdown ? ', shut down' : ''}`;
  }
}

function timeoutFor(options: BlockOptions | undefined, queue: object, name: string): number {
  if (options === undefined) return Number.POSITIVE_INFINITY;
  return blockTimeout(options, `${queue.constructor.name}.${name}`);
}
