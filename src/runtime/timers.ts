/**
 * Deadlines in order. Most programs wait for a few spans of time again and again, and what is set later for the same span is
 * due later: such timers make a list, each appended in O(1) behind the last of about its span. Only the first of each list is
 * in a heap (4-ary), so setting, cancelling and firing cost O(log lists), whatever the number of timers; where every span is
 * another, each timer is a list by itself and it is a plain heap. Equal deadlines fire in the order in which they were set.
 *
 *      #heap     [ a   d ]       a timer is a place in the arrays, and keeps it until it is taken out: `entry._timer`
 *                  b   e         links are places too: storing a number costs nothing, storing a young object in an
 *                  c             old one does, and nothing is allocated for a timer
 */
import type { Timed } from './waiter.js';

const FIRST_SIZE = 64;
/** How many spans are told apart; those that share a number only make shorter lists. */
const SPANS = 1024;
/** `#next` of the last of a list. */
const LAST = -1;
/** `#next` of a free place is this less the next free one (or less LAST): it is like nothing of a list. */
const FREE = -3;

export class TimerHeap {
  /** By place: */
  #entries: (Timed | null)[] = [];
  #deadlines = new Float64Array(FIRST_SIZE);
  /** When it was set, counted; the numbers wrap around, and only differences count. */
  #order = new Int32Array(FIRST_SIZE);
  #next = new Int32Array(FIRST_SIZE);
  /** The one before it in its list; the complement of its index in the heap when it is the first. */
  #before = new Int32Array(FIRST_SIZE);
  #holds = new Uint8Array(FIRST_SIZE);
  /** The places of the first of each list, and their deadlines once more, side by side to be compared. */
  readonly #heap: number[] = [];
  readonly #due: number[] = [];
  /** By span: where the last timer of that span was put. It may be gone by now, or the place be another's. */
  readonly #last = new Int32Array(SPANS);
  #free = LAST;
  #size = 0;
  #held = 0;
  #sequence = 0;

  get size(): number {
    return this.#size;
  }

  /** How many entries keep the process alive. */
  get held(): number {
    return this.#held;
  }

  /** The earliest deadline, `Infinity` when there is none. */
  get earliest(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#due[0] as number);
  }

  /** Adds `entry`; `hold`: it keeps the process alive. It is found the sooner the more entries have the same `span`, in ms. */
  set(entry: Timed, deadline: number, hold: boolean, span = deadline): void {
    const at = this.#takePlace();
    entry._timer = at;
    this.#entries[at] = entry;
    this.#deadlines[at] = deadline;
    this.#order[at] = this.#sequence = (this.#sequence + 1) | 0;
    this.#next[at] = LAST;
    this.#holds[at] = hold ? 1 : 0;
    if (hold) this.#held++;
    this.#size++;
    const number = span & (SPANS - 1);
    const last = this.#last[number] as number;
    this.#last[number] = at;
    if (last !== at && this.#next[last] === LAST && (this.#deadlines[last] as number) <= deadline) {
      this.#next[last] = at;
      this.#before[at] = last;
    } else {
      this.#heap.push(at);
      this.#due.push(deadline);
      this.#up(this.#heap.length - 1, at, deadline);
    }
  }

  /** Says anew whether `entry`, which must be here, keeps the process alive. */
  hold(entry: Timed, hold: boolean): void {
    if ((this.#holds[entry._timer] === 1) === hold) return;
    this.#holds[entry._timer] = hold ? 1 : 0;
    this.#held += hold ? 1 : -1;
  }

  /** Takes out `entry`, which must be here. */
  remove(entry: Timed): void {
    const at = entry._timer;
    const next = this.#next[at] as number;
    const before = this.#before[at] as number;
    if (before >= 0) {
      this.#next[before] = next;
      if (next !== LAST) this.#before[next] = before;
    } else if (next !== LAST) {
      this.#down(~before, next, this.#deadlines[next] as number);
    } else {
      this.#drop(~before);
    }
    this.#freePlace(entry, at);
  }

  /** Takes out the first entry if it is due at `now`, else gives null. */
  takeDue(now: number): Timed | null {
    if (this.#size === 0 || (this.#due[0] as number) > now) return null;
    const entry = this.#entries[this.#heap[0] as number] as Timed;
    this.remove(entry);
    return entry;
  }

  *[Symbol.iterator](): Generator<Timed, void, undefined> {
    yield* this.#entries.filter((entry) => entry !== null);
  }

  deadlineOf(entry: Timed): number {
    return entry._timer === -1 ? Number.POSITIVE_INFINITY : (this.#deadlines[entry._timer] as number);
  }

  #takePlace(): number {
    const at = this.#free;
    if (at !== LAST) {
      this.#free = FREE - (this.#next[at] as number);
      return at;
    }
    const { length } = this.#entries;
    if (length === this.#next.length) this.#resize(length * 2);
    this.#entries.push(null);
    return length;
  }

  #freePlace(entry: Timed, at: number): void {
    entry._timer = -1;
    this.#entries[at] = null;
    this.#next[at] = FREE - this.#free;
    this.#free = at;
    if (this.#holds[at] === 1) this.#held--;
    if (--this.#size > 0 || this.#next.length === FIRST_SIZE) return;
    // There were many, and there may never be again.
    this.#entries = [];
    this.#free = LAST;
    this.#last.fill(0);
    this.#resize(FIRST_SIZE);
  }

  #resize(size: number): void {
    this.#deadlines = moved(this.#deadlines, new Float64Array(size));
    this.#order = moved(this.#order, new Int32Array(size));
    this.#next = moved(this.#next, new Int32Array(size));
    this.#before = moved(this.#before, new Int32Array(size));
    this.#holds = moved(this.#holds, new Uint8Array(size));
  }

  /** Takes the list at `index` out of the heap. */
  #drop(index: number): void {
    const last = this.#heap.pop() as number;
    const deadline = this.#due.pop() as number;
    if (index === this.#heap.length) return;
    if (!this.#up(index, last, deadline)) this.#down(index, last, deadline);
  }

  /** Whether the timer at `one`, due at `deadline`, comes before the first of the list at `index`. */
  #precedes(one: number, deadline: number, index: number): boolean {
    const difference = deadline - (this.#due[index] as number);
    if (difference !== 0) return difference < 0;
    return (((this.#order[one] as number) - (this.#order[this.#heap[index] as number] as number)) | 0) < 0;
  }

  #put(index: number, at: number, deadline: number): void {
    this.#heap[index] = at;
    this.#due[index] = deadline;
    this.#before[at] = ~index;
  }

  /** Moves the hole at `index` up to where the timer at `at` belongs; whether it moved. */
  #up(start: number, at: number, deadline: number): boolean {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 2;
      if (!this.#precedes(at, deadline, parent)) break;
      this.#put(index, this.#heap[parent] as number, this.#due[parent] as number);
      index = parent;
    }
    this.#put(index, at, deadline);
    return index !== start;
  }

  #down(start: number, at: number, deadline: number): void {
    const heap = this.#heap;
    const due = this.#due;
    const size = heap.length;
    let index = start;
    for (;;) {
      let least = index * 4 + 1;
      if (least >= size) break;
      const end = least + 4 < size ? least + 4 : size;
      for (let child = least + 1; child < end; child++) {
        if (this.#precedes(heap[child] as number, due[child] as number, least)) least = child;
      }
      if (this.#precedes(at, deadline, least)) break;
      this.#put(index, heap[least] as number, due[least] as number);
      index = least;
    }
    this.#put(index, at, deadline);
  }
}

/** `to`, with what is in `from` unless it is smaller. */
function moved<T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T {
  if (from.length <= to.length) to.set(from);
  return to;
}
