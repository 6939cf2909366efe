/** A rendezvous. */
import { wake } from '../runtime/engine.js';
import { type Operation, park } from '../runtime/operation.js';
import type { WaitQueue } from '../runtime/wait-queue.js';
import type { Started, Waiter } from '../runtime/waiter.js';
import { QueueLike } from './queue-like.js';
import type { SyncOptions } from './sync-object.js';
import { handTo, type WaitOperation } from './wait-operation.js';

export class Channel<T = unknown> extends QueueLike<T> {
  /**
   * A queue that holds nothing: `put` waits until somebody has got the item. `qsize()` is 0, and it is empty and full at once;
   * `putNowait` succeeds only if somebody waits to get, `getNowait` only if somebody waits to put. Mirrors
   * `gevent.queue.Channel`; after a `put` the getter runs first.
   *
   * @example const line = new Channel<string>(); spawn(function* () { yield* line.put('hello'); }); yield* line.get();
   */
  // biome-ignore lint/complexity/noUselessConstructor: it carries the documentation
  constructor(options?: SyncOptions) {
    super(options);
  }

  qsize(): number {
    return 0;
  }

  full(): boolean {
    return true;
  }

  get maxsize(): number {
    return 0;
  }

  /** How many more wait to put than to get. */
  get balance(): number {
    return this._putters.length - this._getters.length;
  }

  _hasItem(waiter: Waiter | null): boolean {
    return partnerOf(waiter, this._putters) !== null;
  }

  _look(): T {
    return this._putters.first?._slot as T;
  }

  _take(waiter: Waiter | null): T {
    const putter = partnerOf(waiter, this._putters) as Waiter;
    const item = putter._slot as T;
    this._putters.remove(putter);
    this._counted();
    wake(putter, undefined);
    return item;
  }

  _hasRoom(waiter: Waiter | null): boolean {
    return this.#taker(waiter) !== null;
  }

  _accept(item: T, waiter: Waiter | null): void {
    const taker = this.#taker(waiter) as Waiter;
    if (this._getters.first !== taker) this.#show(item, taker);
    this._getters.remove(taker);
    this._counted();
    handTo(taker, item);
  }

  /** Nobody who waits takes: those who only want to see do so. */
  override _offered(): void {
    if (this._getters.length > 0) this.#show(this._look(), null);
  }

  /** Those ahead of `taker` that only want to see go on. */
  #show(item: T, taker: Waiter | null): void {
    for (const getter of this._getters) {
      if (getter === taker) return;
      if (!(getter._op as WaitOperation<unknown>)._looks) continue;
      this._getters.remove(getter);
      handTo(getter, item);
    }
  }

  /** The getter has the item, and runs before whoever put it. */
  override _afterPut(waiter: Waiter, put: Operation<void>): Started {
    const started = park(waiter, put);
    wake(waiter, undefined);
    return started;
  }

  _drop(): number {
    return 0;
  }

  #taker(waiter: Waiter | null): Waiter | null {
    const { first } = this._getters;
    if (first === null || mayTake(first, waiter)) return first;
    for (const getter of this._getters) if (mayTake(getter, waiter)) return getter;
    return null;
  }
}

function mayTake(getter: Waiter, waiter: Waiter | null): boolean {
  return !(getter._op as WaitOperation<unknown>)._looks && !waiter?._excludes(getter);
}

/** The first of `queue` that may deal with `waiter`. */
function partnerOf(waiter: Waiter | null, queue: WaitQueue): Waiter | null {
  const { first } = queue;
  if (waiter === null || first === null || !waiter._excludes(first)) return first;
  for (const other of queue) if (!waiter._excludes(other)) return other;
  return null;
}
