/** Locks in shared memory, as threads see them that are not their home: what can be done without asking it. See lock-word.ts. */
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { codeOf, THREAD, threadOf } from './lock-word.js';
import { type Address, tell } from './requests.js';
import { getStartMethod } from './state.js';

export abstract class ThreadLock {
  protected readonly thread: number;
  #isAsked = false;

  /** `thread`: the number of this one. */
  constructor(thread: number) {
    this.thread = thread;
  }

  /** Its memory has come. @internal */
  abstract _open(memory: SharedArrayBuffer): void;

  /** Takes it for the greenlet number `ident`. False: that is not known here, or it cannot be taken now. */
  abstract take(ident: number): boolean;

  /** Lets go of it. False: the home has to. */
  abstract give(ident: number): boolean;

  /** The home has let the greenlet number `ident` have it. */
  granted(_ident: number): void {}

  /** It is taken by somebody else, and so cannot be taken now. */
  abstract isTaken(): boolean;

  /** Asks the home for the memory, once. */
  find(address: Address): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    tell(address, 'attach', [process.pid, this.thread], (memory) => {
      if (memory instanceof SharedArrayBuffer) this._open(memory);
    });
  }
}

export class ThreadWord extends ThreadLock {
  #cells: BigInt64Array | null = null;

  _open(memory: SharedArrayBuffer): void {
    this.#cells = new BigInt64Array(memory);
  }

  protected _change(from: bigint, to: bigint): boolean {
    return this.#cells !== null && Atomics.compareExchange(this.#cells, 0, from, to) === from;
  }

  protected get _word(): bigint {
    return this.#cells === null ? 0n : Atomics.load(this.#cells, 0);
  }

  take(ident: number): boolean {
    return this._change(0n, codeOf(this.thread, ident));
  }

  /** Any greenlet may: it gives back what a greenlet of this thread has taken. */
  give(_ident: number): boolean {
    const word = this._word;
    return word > 0n && threadOf(word) === this.thread && this._change(word, 0n);
  }

  isTaken(): boolean {
    return this._word !== 0n;
  }
}

export class ThreadRWord extends ThreadWord {
  /** How often greenlets of this thread have taken it, that took it first without the home. */
  readonly #levels = new Map<number, number>();

  override take(ident: number): boolean {
    const level = this.#levels.get(ident);
    if (level === undefined && !super.take(ident)) return false;
    this.#levels.set(ident, (level ?? 0) + 1);
    return true;
  }

  override give(ident: number): boolean {
    const level = this.#levels.get(ident);
    if (level === undefined) return false;
    if (level > 1) {
      this.#levels.set(ident, level - 1);
      return true;
    }
    this.#levels.delete(ident);
    return this._change(codeOf(this.thread, ident), 0n);
  }

  /** It was given the word, too, if nobody else waits for it. */
  override granted(ident: number): void {
    if (this._word === codeOf(this.thread, ident)) this.#levels.set(ident, 1);
  }

  /** Only the home knows by whom. */
  override isTaken(): boolean {
    return false;
  }
}

export class ThreadPermits extends ThreadLock {
  #cells: Int32Array<ArrayBufferLike> = new Int32Array(0);

  _open(memory: SharedArrayBuffer): void {
    this.#cells = new Int32Array(memory);
  }

  #change(from: number, to: number): boolean {
    const cells = this.#cells;
    for (let index = 0; index < cells.length; index++)
      if (Atomics.compareExchange(cells, index, from, to) === from) return true;
    return false;
  }

  take(): boolean {
    return this.#change(0, this.thread);
  }

  give(): boolean {
    return this.#change(this.thread, 0);
  }

  /** There may be more than there are cells. */
  isTaken(): boolean {
    return false;
  }
}

const KINDS = { word: ThreadWord, rword: ThreadRWord, permits: ThreadPermits };

/** One for each lock, however many handles of it there are. */
const known = new Map<string, ThreadLock>();

/** What this thread knows of the lock at `address`; null where there are no threads. */
export function threadLock(kind: keyof typeof KINDS, address: Address): ThreadLock | null {
  if (isMainThread && getStartMethod() !== 'worker') return null;
  const key = `${address.home}#${address.id}`;
  let lock = known.get(key);
  if (lock === undefined) {
    lock = new KINDS[kind](THREAD);
    known.set(key, lock);
  }
  lock.find(address);
  return lock;
}
