/**
 * A lock that worker threads take and let go of by themselves, in shared memory, as long as nobody has to wait for it.
 *
 * The lock has a word. 0: it is free. A number of a thread and a greenlet: that one holds it, and nobody waits. HOME: the thread in which the
 * lock lives keeps it, in the way of the sync floor. A thread goes from 0 to its own number and back in one step. One that finds it taken asks the
 * home, which then takes over: it notes who has it, and writes HOME, so that the holder finds its number gone and tells the home when it lets go.
 * The home hands over, first come, first served, and writes 0 when nobody is left, or the number of the last one that has waited.
 *
 * So whoever waits is in the home's queue, with its time limit, where it can be interrupted and deadlocks are seen, and nobody overtakes it:
 * while somebody waits no thread can take the lock by itself. Who holds it is in the word from the step on in which it is taken: when a thread
 * dies its home finds what it held.
 */
import process from 'node:process';
import { threadId } from 'node:worker_threads';
import type { Waiter } from '../runtime/waiter.js';
import { Lock } from '../sync/lock.js';
import type { OwnedLock } from '../sync/owned-lock.js';
import { RLock } from '../sync/rlock.js';
import { called } from './called.js';
import { farRoot } from './router.js';
import { actorOf, type Client, clientOf, currentClient, type Holder } from './server.js';

const FREE = 0n;
const HOME = -1n;
const BITS = 40n;

/** This thread among those of its process, from 1 on. */
export const THREAD: number = threadId + 1;

export function codeOf(thread: number, ident: number): bigint {
  return (BigInt(thread) << BITS) | BigInt(ident);
}

export function threadOf(code: bigint): number {
  return Number(code >> BITS);
}

/** Who asks, if it is a thread of this process. */
export function threadOfThis(pid: unknown): Client | null {
  const client = currentClient();
  return client !== null && pid === process.pid && farRoot(client.home) === null ? client : null;
}

/** The word, as its home sees it. */
export class Word {
  readonly #memory = new SharedArrayBuffer(8);
  readonly #cells = new BigInt64Array(this.#memory);
  readonly #threads = new Map<number, Client>();
  readonly #numbers = new Map<Client, number>();

  /** The thread of whoever asks may take it by itself. Gives the memory; null to one that shares none with this process. */
  attach(pid: unknown, thread: unknown): SharedArrayBuffer | null {
    const client = threadOfThis(pid);
    if (client === null) return null;
    this.#threads.set(thread as number, client);
    this.#numbers.set(client, thread as number);
    return this.#memory;
  }

  get isTaken(): boolean {
    return Atomics.load(this.#cells, 0) !== FREE;
  }

  /** The number of `self` in the word; null when it cannot let go of it by itself. */
  #codeOf(self: Waiter): bigint | null {
    const client = clientOf(self);
    const thread = client === null ? undefined : this.#numbers.get(client);
    return thread === undefined ? null : codeOf(thread, (self as Holder).key);
  }

  /** If it is free, and `self` a greenlet of a thread, it has it now, as if it had taken it by itself. */
  lend(self: Waiter): boolean {
    const code = this.#codeOf(self);
    return code !== null && Atomics.compareExchange(this.#cells, 0, FREE, code) === FREE;
  }

  /** What the home keeps is its own now, if `self` is a greenlet of a thread. */
  give(self: Waiter): boolean {
    const code = this.#codeOf(self);
    if (code !== null) Atomics.store(this.#cells, 0, code);
    return code !== null;
  }

  /** The home keeps it from now on. Gives the thread's greenlet that has it; null when it was free. */
  keep(): Holder | null {
    for (let seen = FREE; ; ) {
      const found = Atomics.compareExchange(this.#cells, 0, seen, HOME);
      if (found === seen) return seen === FREE ? null : this.#holder(seen);
      seen = found;
    }
  }

  /** The same, if a thread has it; else nothing is done. */
  keepTaken(): Holder | null {
    for (let seen = Atomics.load(this.#cells, 0); seen > FREE; ) {
      const found = Atomics.compareExchange(this.#cells, 0, seen, HOME);
      if (found === seen) return this.#holder(seen);
      seen = found;
    }
    return null;
  }

  #holder(code: bigint): Holder {
    const client = this.#threads.get(threadOf(code)) as Client;
    return actorOf(client, Number(code & ((1n << BITS) - 1n)));
  }

  /** The threads may take it again. */
  free(): void {
    Atomics.store(this.#cells, 0, FREE);
  }

  /** The thread of `client` has died. */
  gone(client: Client): void {
    const thread = this.#numbers.get(client);
    if (thread === undefined) return;
    this.#numbers.delete(client);
    this.#threads.delete(thread);
    const code = Atomics.load(this.#cells, 0);
    if (code > FREE && threadOf(code) === thread) Atomics.compareExchange(this.#cells, 0, code, FREE);
  }
}

/** A `Lock` with a word. */
export class WordLock extends Lock {
  static {
    called(WordLock, 'Lock');
  }

  readonly word: Word = new Word();

  attach(pid: unknown, thread: unknown): SharedArrayBuffer | null {
    return this.word.attach(pid, thread);
  }

  override _take(self: Waiter): boolean {
    if (this._owner === null) {
      if (this.word.lend(self)) return true;
      note(this, this.word.keep());
    }
    return super._take(self);
  }

  protected override _passOn(): void {
    super._passOn();
    pass(this);
  }

  override locked(): boolean {
    return this.word.isTaken;
  }

  override release(): void {
    note(this, this.word.keepTaken());
    super.release();
  }

  override _isOwnedBy(): boolean {
    note(this, this.word.keepTaken());
    return super._isOwnedBy();
  }
}

/** An `RLock` with a word. How often a thread has taken it by itself is that thread's own business: for the home that is once. */
export class WordRLock extends RLock {
  static {
    called(WordRLock, 'RLock');
  }

  readonly word: Word = new Word();

  attach(pid: unknown, thread: unknown): SharedArrayBuffer | null {
    return this.word.attach(pid, thread);
  }

  override _take(self: Waiter): boolean {
    if (this._owner === null) {
      if (this.word.lend(self)) return true;
      this.#note(this.word.keep());
    }
    return super._take(self);
  }

  protected override _passOn(): void {
    super._passOn();
    // Whoever has waited in a condition has its level back already, and is left to the home.
    if (this._level === 0) pass(this);
  }

  override locked(): boolean {
    return this.word.isTaken;
  }

  override release(): void {
    this.#note(this.word.keepTaken());
    super.release();
  }

  override _isOwnedBy(self: Waiter): boolean {
    this.#note(this.word.keepTaken());
    return super._isOwnedBy(self);
  }

  #note(holder: Holder | null): void {
    note(this, holder);
    if (holder !== null) this._level = 1;
  }
}

/** `lock` is held by `holder`, who has it without the home. */
function note(lock: OwnedLock, holder: Holder | null): void {
  if (holder === null) return;
  holder.held.add(lock);
  lock._owner = holder;
}

/** `lock` was let go of: it is free, or has passed to a thread that may let go of it by itself, as nobody else waits. */
function pass(lock: WordLock | WordRLock): void {
  const { _owner: owner } = lock;
  if (owner === null) lock.word.free();
  else if (lock._queue.length === 0 && lock.word.give(owner)) lock._owner = null;
}
