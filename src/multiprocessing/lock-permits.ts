/**
 * A semaphore whose permits worker threads take and give back by themselves, in shared memory, as long as nobody has to wait.
 *
 * Each permit has a cell. 0: it is free. The number of a thread: that one has it. HOME: whoever has it has asked the home. A thread goes from 0 to
 * its number and back, in one step. When somebody has to wait, the home writes ~number where a number was: the thread then finds none of its
 * own, and tells the home when it gives one back, which hands it to whoever is first. When nobody waits any more, the home writes the numbers again.
 * As in lock-word.ts nobody is overtaken, and what a thread had when it died is found in the cells.
 */
import { GreenletError } from '../runtime/errors.js';
import type { Waiter } from '../runtime/waiter.js';
import { Semaphore } from '../sync/semaphore.js';
import { type SyncOptions, waitingText } from '../sync/sync-object.js';
import { handTo, nextTaker } from '../sync/wait-operation.js';
import { called } from './called.js';
import { threadOfThis } from './lock-word.js';
import { type Client, clientOf, currentClient } from './server.js';

const FREE = 0;
const HOME = -1;
const NO_CELL = -1;
/** Permits of the largest semaphore that has cells: a thread looks through them. */
export const MOST_CELLS = 256;

export class PermitSemaphore extends Semaphore {
  readonly #memory: SharedArrayBuffer;
  readonly #cells: Int32Array;
  readonly #threads = new Map<Client, number>();
  /** What those have that have asked the home: clients, by how many; null: this process. */
  readonly #given = new Map<Client | null, number>();
  readonly #bound: number;
  /** Somebody waits, or did until just now: threads tell the home what they give back. */
  #isKept = false;

  /** `value` permits; with `bounded` never more. */
  constructor(value: number, bounded: boolean, options?: SyncOptions) {
    super(0, options);
    this.#memory = new SharedArrayBuffer(value * 4);
    this.#cells = new Int32Array(this.#memory);
    this.#bound = bounded ? value : Number.POSITIVE_INFINITY;
  }

  static {
    called(PermitSemaphore, 'Semaphore');
  }

  attach(pid: unknown, thread: unknown): SharedArrayBuffer | null {
    const client = threadOfThis(pid);
    if (client === null) return null;
    this.#threads.set(client, thread as number);
    return this.#memory;
  }

  /** Those in cells, and those that were given back beyond the first ones. */
  override get counter(): number {
    let free = super.counter;
    for (let index = 0; index < this.#cells.length; index++) if (this.#at(index) === FREE) free++;
    return free;
  }

  override locked(): boolean {
    return this.counter === 0;
  }

  #at(index: number): number {
    return Atomics.load(this.#cells, index);
  }

  #change(index: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#cells, index, from, to) === from;
  }

  override _take(self: Waiter): boolean {
    const client = clientOf(self);
    if (super._take()) {
      this.#count(client, 1);
      return true;
    }
    const cell = this.#takeFree() ?? this.#keep();
    if (cell === null) return false;
    this.#assign(cell, client);
    this.#settle();
    return true;
  }

  /** The home keeps a cell that was free: gives which; null when none is. */
  #takeFree(): number | null {
    for (let index = 0; index < this.#cells.length; index++)
      if (this.#change(index, FREE, HOME)) return index;
    return null;
  }

  /** What is in `cell`, which the home keeps, is a permit of `client`: its own if it is a thread. */
  #assign(cell: number, client: Client | null): void {
    const thread = client === null ? undefined : this.#threads.get(client);
    if (thread === undefined || cell === NO_CELL) this.#count(client, 1);
    else this.#change(cell, HOME, this.#isKept ? ~thread : thread);
  }

  #count(client: Client | null, by: number): void {
    const given = (this.#given.get(client) ?? 0) + by;
    if (given === 0) this.#given.delete(client);
    else this.#given.set(client, given);
  }

  /** From now on threads tell what they give back. Gives a cell that was free after all, which the home keeps; null when there is none. */
  #keep(): number | null {
    this.#isKept = true;
    for (let index = 0; index < this.#cells.length; index++) {
      for (let seen = this.#at(index); seen >= FREE; seen = this.#at(index)) {
        if (seen === FREE && this.#change(index, FREE, HOME)) return index;
        if (seen !== FREE) this.#change(index, seen, ~seen);
      }
    }
    return null;
  }

  /** They need not any more, if nobody waits. */
  #settle(): void {
    if (!this.#isKept || this._queue.length > 0) return;
    this.#isKept = false;
    for (let index = 0; index < this.#cells.length; index++) {
      const seen = this.#at(index);
      if (seen < HOME) this.#change(index, seen, ~seen);
    }
  }

  override _left(): void {
    this.#settle();
  }

  override release(): number {
    if (this.counter >= this.#bound) {
      throw new GreenletError(`cannot release ${this}: all ${this.#bound} permits are free already`);
    }
    this.#pass(this.#takeAway(currentClient()) ?? this.#takeAwayAny() ?? NO_CELL);
    this.#settle();
    return this.counter;
  }

  /** Takes a permit away from `client`: gives its cell, NO_CELL if it has none, and null if `client` has no permit. */
  #takeAway(client: Client | null): number | null {
    const thread = client === null ? undefined : this.#threads.get(client);
    if (thread !== undefined) {
      for (let index = 0; index < this.#cells.length; index++)
        if (this.#change(index, thread, HOME) || this.#change(index, ~thread, HOME)) return index;
    }
    if (!this.#given.has(client)) return null;
    this.#count(client, -1);
    const index = this.#cells.findIndex((_, at) => this.#at(at) === HOME);
    return index === -1 ? NO_CELL : index;
  }

  /** Anybody's: whoever gives back need not be the one who has taken. */
  #takeAwayAny(): number | null {
    for (const client of [...this.#given.keys(), ...this.#threads.keys()]) {
      const cell = this.#takeAway(client);
      if (cell !== null) return cell;
    }
    return null;
  }

  /** A permit has been given back: whoever is first gets it, or it is free. */
  #pass(cell: number): void {
    const next = nextTaker(this._queue, true);
    if (next !== null) {
      this.#assign(cell, clientOf(next._self));
      handTo(next, true);
    } else if (cell === NO_CELL) super.release();
    else this.#change(cell, HOME, FREE);
  }

  /** `client` has died. */
  gone(client: Client): void {
    for (let cell = this.#takeAway(client); cell !== null; cell = this.#takeAway(client)) this.#pass(cell);
    this.#threads.delete(client);
    this.#settle();
  }

  protected override _stateText(): string {
    return `${this.counter} free${waitingText(this._queue.length)}`;
  }
}
