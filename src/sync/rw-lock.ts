/**
 * Many readers or one writer. Both sides wait in one queue, first come, first served: a reader does not pass a waiting writer, so that
 * writers are not starved, and readers that stand together are let in together.
 */
import { engine } from '../runtime/engine.js';
import { GreenletError } from '../runtime/errors.js';
import type { Operation } from '../runtime/operation.js';
import { type HandsOut, waitUndone } from '../runtime/undoing.js';
import { WaitQueue } from '../runtime/wait-queue.js';
import type { Blockers, Waiter } from '../runtime/waiter.js';
import { Lockable } from './lockable.js';
import { nameOf, SyncObject, type SyncOptions, waitingText } from './sync-object.js';
import { handTo, UntilReady } from './wait-operation.js';

export interface RWLockStatistics {
  /** The name of the writer that holds it; null when none does. */
  readonly holder: string | null;
  /** How many readers hold it. */
  readonly level: number;
  readonly waiters: number;
}

/** What both sides share. */
class Shared implements HandsOut {
  readonly queue = new WaitQueue();
  /** Those that only wait to see a side ready, and hold up nobody. */
  readonly lookers = new WaitQueue();
  /** How often each reader has taken it. */
  readonly readers = new Map<Waiter, number>();
  count = 0;
  writer: Waiter | null = null;

  get holders(): Waiter[] {
    return this.writer === null ? [...this.readers.keys()] : [this.writer];
  }

  takeRead(self: Waiter): boolean {
    if (this.writer !== null || this.queue.length > 0) return false;
    this.admitReader(self);
    return true;
  }

  admitReader(self: Waiter): void {
    this.readers.set(self, (this.readers.get(self) ?? 0) + 1);
    this.count++;
  }

  takeWrite(self: Waiter): boolean {
    if (this.writer !== null || this.count > 0 || this.queue.length > 0) return false;
    this.writer = self;
    return true;
  }

  /** One of `self`'s, or, when it has none, of whoever came first. */
  leaveRead(self: Waiter): void {
    const [first] = this.readers.keys();
    const reader = this.readers.has(self) ? self : (first as Waiter);
    const times = this.readers.get(reader) as number;
    if (times === 1) this.readers.delete(reader);
    else this.readers.set(reader, times - 1);
    this.count--;
  }

  _handOut(): void {
    this.admit();
  }

  /** Lets in from the front of the queue whoever may come in now. */
  admit(): void {
    for (let next = this.queue.first; next !== null; next = this.queue.first) {
      if (next._op?._object instanceof WriteSide) {
        if (this.writer !== null || this.count > 0) break;
        this.writer = next._self;
      } else {
        if (this.writer !== null) break;
        this.admitReader(next._self);
      }
      this.queue.remove(next);
      handTo(next, true);
    }
    if (this.lookers.length > 0) this.tellLookers();
  }

  tellLookers(): void {
    for (const looker of [...this.lookers]) {
      const side = looker._op?._object;
      // Telling one may have taken back others: operands of one `race`.
      if (!(side instanceof SyncObject) || !side.ready()) continue;
      this.lookers.remove(looker);
      handTo(looker, true);
    }
  }

  /** The first writer before `waiter` that waits for as long as it takes. */
  writerAhead(waiter: Waiter): Waiter | null {
    for (const each of this.queue) {
      if (each === waiter) break;
      const stays = each._timer === -1 && each._self === each;
      if (stays && each._op?._object instanceof WriteSide) return each;
    }
    return null;
  }
}

abstract class Side extends Lockable {
  protected readonly shared: Shared;
  readonly #lock: RWLock;

  constructor(lock: RWLock, shared: Shared, options: SyncOptions) {
    super(options, shared.queue);
    this.#lock = lock;
    this.shared = shared;
  }

  override _whenReady(): Operation<this> {
    return new UntilReady<this>(this, this.shared.lookers);
  }

  override _left(): void {
    waitUndone(this.shared);
  }

  override _holders(_waiter: Waiter): Blockers | null {
    return { every: true, waiters: this.shared.holders };
  }

  statistics(): RWLockStatistics {
    return this.#lock.statistics();
  }

  protected _stateText(): string {
    return `of ${this.#lock}`;
  }

  /** @internal */
  protected _notHeld(): GreenletError {
    return new GreenletError(`cannot release ${this}: it is not held`);
  }
}

class ReadSide extends Side {
  /** A writer holds it, or waits: a reader would have to wait. */
  locked(): boolean {
    return this.shared.writer !== null || this.shared.queue.length > 0;
  }

  _take(self: Waiter): boolean {
    return this.shared.takeRead(self);
  }

  override _holders(waiter: Waiter): Blockers | null {
    if (this.shared.writer !== null) return super._holders(waiter);
    const ahead = this.shared.writerAhead(waiter);
    return ahead === null ? null : { every: true, waiters: [ahead] };
  }

  release(): void {
    if (this.shared.count === 0) throw this._notHeld();
    this.shared.leaveRead(engine.current._self);
    this.shared.admit();
  }
}
Object.defineProperty(ReadSide, 'name', { value: 'RWLock.read' });

class WriteSide extends Side {
  /** A reader or a writer holds it. */
  locked(): boolean {
    return this.shared.writer !== null || this.shared.count > 0;
  }

  _take(self: Waiter): boolean {
    return this.shared.takeWrite(self);
  }

  release(): void {
    if (this.shared.writer === null) throw this._notHeld();
    this.shared.writer = null;
    this.shared.admit();
  }
}
Object.defineProperty(WriteSide, 'name', { value: 'RWLock.write' });

export class RWLock extends SyncObject {
  /** For readers: any number hold it at once. A reader does not pass a writer that waits. */
  readonly read: Lockable;
  /** For writers: one holds it, alone. */
  readonly write: Lockable;
  readonly #shared = new Shared();

  /**
   * A lock of many readers or one writer; `read` and `write` are each lock-like. Reading inside of reading waits behind a writer that
   * came between, and taking `write` while holding `read` waits for oneself: both are told (`DEADLOCK`).
   *
   * @example yield* table.read.with(lookUp); yield* table.write.with(update);
   */
  constructor(options: SyncOptions = {}) {
    super(options);
    this.read = new ReadSide(this, this.#shared, options);
    this.write = new WriteSide(this, this.#shared, options);
  }

  /** Nobody holds it. */
  ready(): boolean {
    return !this.write.locked();
  }

  /** @internal */
  _whenReady(): Operation<this> {
    return new UntilReady<this>(this, this.#shared.lookers);
  }

  statistics(): RWLockStatistics {
    const { writer, count, queue } = this.#shared;
    return Object.freeze({
      holder: writer === null ? null : nameOf(writer),
      level: count,
      waiters: queue.length,
    });
  }

  protected _stateText(): string {
    const { writer, count, queue } = this.#shared;
    const state = writer !== null ? `written by ${nameOf(writer)}` : count > 0 ? `read by ${count}` : 'free';
    return `${state}${waitingText(queue.length)}`;
  }
}
