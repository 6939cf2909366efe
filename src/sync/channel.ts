/** A rendezvous. */
import { wake } from '../runtime/engine.js';
import { park } from '../runtime/operation.js';
import type { WaitQueue } from '../runtime/wait-queue.js';
import type { Blocking, Started, Waiter } from '../runtime/waiter.js';
import { QueueLike } from './queue-like.js';
import type { SyncOptions } from './sync-object.js';
import { handTo, type WaitOperation } from './wait-operation.js';

const NOBODY: readonly Waiter[] = [];

export class Channel<T = unknown> extends QueueLike<T> {
  /**
   * A queue that holds nothing: `put` waits until somebody has got the item. `qsize()` is 0, and it is empty and full at once;
   * `putNowait` succeeds only if somebody waits to get, `getNowait` only if somebody waits to put. Mirrors
   * `gevent.queue.Channel`; after a `put` the getter runs first.
   *
   * @example const line = new Channel<string>(); spawn(function* () { yield* line.put('hello'); }); yield* line.get();
   */
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

  _look(waiter: Waiter | null): T {
    return partnerOf(waiter, this._putters)?._slot as T;
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
    const lookers = this.#lookers(taker);
    this._getters.remove(taker);
    this._counted();
    handTo(taker, item);
    for (const looker of lookers) if (!waiter?._excludes(looker)) this.#show(looker, item);
  }

  /** Nobody who waits takes: those who only want to see do so. */
  override _offered(): void {
    for (const looker of this.#lookers(null)) {
      if (this._hasItem(looker)) this.#show(looker, this._look(looker));
    }
  }

  /** Those ahead of `taker` that only want to see. */
  #lookers(taker: Waiter | null): readonly Waiter[] {
    if (this._getters.first === taker) return NOBODY;
    const lookers: Waiter[] = [];
    for (const getter of this._getters) {
      if (getter === taker) break;
      if ((getter._op as WaitOperation<unknown>)._looks) lookers.push(getter);
    }
    return lookers;
  }

  /** `looker` goes on, unless it has gone with one that went on before it. */
  #show(looker: Waiter, item: T): void {
    if (looker._op === null) return;
    this._getters.remove(looker);
    handTo(looker, item);
  }

  /** The getter has the item, and runs before whoever put it. */
  override _afterPut(waiter: Waiter, put: Blocking): Started {
    const started = park(waiter, put);
    wake(waiter, undefined);
    return started;
  }

  _drop(): void {}

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
