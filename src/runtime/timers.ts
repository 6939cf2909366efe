/**
 * Deadlines in order: a 4-ary heap of entries that know their index, so that setting and cancelling cost O(log n),
 * and equal deadlines fire in the order in which they were set. Deadlines lie beside the entries in an array of
 * numbers, so that comparing them touches no entry.
 */
import type { Timed } from './waiter.js';

export class TimerHeap {
  readonly #deadlines: number[] = [];
  readonly #order: number[] = [];
  readonly #entries: Timed[] = [];
  readonly #holds: boolean[] = [];
  #held = 0;
  #sequence = 0;

  get size(): number {
    return this.#entries.length;
  }

  /** How many entries keep the process alive. */
  get held(): number {
    return this.#held;
  }

  /** The earliest deadline, `Infinity` when there is none. */
  get earliest(): number {
    return this.#entries.length === 0 ? Number.POSITIVE_INFINITY : (this.#deadlines[0] as number);
  }

  /** Adds `entry`; `hold`: it keeps the process alive. */
  set(entry: Timed, deadline: number, hold: boolean): void {
    const index = this.#entries.length;
    const order = this.#sequence++;
    this.#entries.push(entry);
    this.#deadlines.push(deadline);
    this.#order.push(order);
    this.#holds.push(hold);
    if (hold) this.#held++;
    this.#up(index, entry, deadline, order, hold);
  }

  /** Says anew whether `entry`, which must be in the heap, keeps the process alive. */
  hold(entry: Timed, hold: boolean): void {
    if (this.#holds[entry._timer] === hold) return;
    this.#holds[entry._timer] = hold;
    this.#held += hold ? 1 : -1;
  }

  /** Takes `entry`, which must be in the heap, out of it. */
  remove(entry: Timed): void {
    const index = entry._timer;
    entry._timer = -1;
    if (this.#holds[index]) this.#held--;
    const last = this.#entries.pop() as Timed;
    const deadline = this.#deadlines.pop() as number;
    const order = this.#order.pop() as number;
    const hold = this.#holds.pop() as boolean;
    if (last === entry) return;
    if (!this.#up(index, last, deadline, order, hold)) this.#down(index, last, deadline, order, hold);
  }

  /** Takes out the first entry if it is due at `now`, else gives null. */
  takeDue(now: number): Timed | null {
    if (this.#entries.length === 0 || (this.#deadlines[0] as number) > now) return null;
    const entry = this.#entries[0] as Timed;
    this.remove(entry);
    return entry;
  }

  *[Symbol.iterator](): Generator<Timed, void, undefined> {
    yield* this.#entries.slice();
  }

  deadlineOf(entry: Timed): number {
    return entry._timer === -1 ? Number.POSITIVE_INFINITY : (this.#deadlines[entry._timer] as number);
  }

  #place(index: number, entry: Timed, deadline: number, order: number, hold: boolean): void {
    this.#entries[index] = entry;
    this.#deadlines[index] = deadline;
    this.#order[index] = order;
    this.#holds[index] = hold;
    entry._timer = index;
  }

  #move(from: number, to: number): void {
    const entry = this.#entries[from] as Timed;
    this.#entries[to] = entry;
    this.#deadlines[to] = this.#deadlines[from] as number;
    this.#order[to] = this.#order[from] as number;
    this.#holds[to] = this.#holds[from] as boolean;
    entry._timer = to;
  }

  /** Moves the hole at `index` up to where the entry belongs; whether it moved. */
  #up(start: number, entry: Timed, deadline: number, order: number, hold: boolean): boolean {
    const deadlines = this.#deadlines;
    const orders = this.#order;
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 2;
      const above = deadlines[parent] as number;
      if (above < deadline || (above === deadline && (orders[parent] as number) < order)) break;
      this.#move(parent, index);
      index = parent;
    }
    this.#place(index, entry, deadline, order, hold);
    return index !== start;
  }

  #down(start: number, entry: Timed, deadline: number, order: number, hold: boolean): void {
    const deadlines = this.#deadlines;
    const orders = this.#order;
    const size = this.#entries.length;
    let index = start;
    for (;;) {
      const first = index * 4 + 1;
      if (first >= size) break;
      let least = first;
      const end = first + 4 < size ? first + 4 : size;
      for (let child = first + 1; child < end; child++) {
        const difference = (deadlines[child] as number) - (deadlines[least] as number);
        if (difference < 0 || (difference === 0 && (orders[child] as number) < (orders[least] as number))) {
          least = child;
        }
      }
      const below = deadlines[least] as number;
      if (deadline < below || (deadline === below && order < (orders[least] as number))) break;
      this.#move(least, index);
      index = least;
    }
    this.#place(index, entry, deadline, order, hold);
  }
}
