/** The board of a worker thread: shared memory. */
import {
  type Board,
  CELLS,
  DONE,
  numberFor,
  OFFERED,
  RUNNING,
  SENT,
  type Seat,
  TAKEN,
  valueFor,
} from './board.js';

/** A job's number as far as a mark has room for it: jobs of the same remainder are never on their way at once. */
const NUMBERS = 0x0fff_ffff;

/** `marks`: number and state, which change as one; the other fields are written before the mark that says so. */
class Cells {
  readonly handle: SharedArrayBuffer;
  readonly values: Float64Array;
  readonly times: Float64Array;
  readonly marks: Int32Array;
  readonly kinds: Int32Array;
  /** [0]: a 'wake' is on its way. */
  readonly waking: Int32Array;

  constructor(handle: SharedArrayBuffer) {
    this.handle = handle;
    this.values = new Float64Array(handle, 0, CELLS);
    this.times = new Float64Array(handle, CELLS * 8, CELLS);
    this.marks = new Int32Array(handle, CELLS * 16, CELLS);
    this.kinds = new Int32Array(handle, CELLS * 20, CELLS);
    this.waking = new Int32Array(handle, CELLS * 24, 1);
  }
}

const SIZE = CELLS * 24 + 8;

function mark(number: number, state: number): number {
  return ((number & NUMBERS) << 3) | state;
}

export class SharedBoard extends Cells implements Board {
  readonly ahead = true;

  constructor() {
    super(new SharedArrayBuffer(SIZE));
  }

  offer(cell: number, number: number): void {
    this.times[cell] = 0;
    Atomics.store(this.marks, cell, mark(number, OFFERED));
  }

  takeBack(cell: number, number: number): boolean {
    const offered = mark(number, OFFERED);
    return Atomics.compareExchange(this.marks, cell, offered, mark(number, TAKEN)) === offered;
  }

  woken(): void {
    Atomics.store(this.waking, 0, 0);
  }

  look(): void {}

  stateOf(cell: number, number: number): number {
    const found = Atomics.load(this.marks, cell);
    return found >>> 3 === (number & NUMBERS) ? found & 7 : OFFERED;
  }

  valueAt(cell: number): unknown {
    return valueFor(this.kinds[cell] as number, this.values[cell] as number);
  }

  timeOf(cell: number): number {
    return this.times[cell] as number;
  }

  close(): void {}
}

export class SharedSeat extends Cells implements Seat {
  #news = false;

  begin(cell: number, number: number, time: number): boolean {
    const offered = mark(number, OFFERED);
    if (Atomics.compareExchange(this.marks, cell, offered, mark(number, RUNNING)) !== offered) return false;
    if (time !== 0) this.times[cell] = time;
    return true;
  }

  called(cell: number, _number: number, time: number): void {
    this.times[cell] = time;
  }

  finish(cell: number, number: number, kind: number, value: unknown, took: number): void {
    this.kinds[cell] = kind;
    this.values[cell] = numberFor(kind, value);
    this.times[cell] = took;
    Atomics.store(this.marks, cell, mark(number, DONE));
    this.#news = true;
  }

  sent(cell: number, number: number): void {
    // The message may have come already, and the cell have been given to another job.
    Atomics.compareExchange(this.marks, cell, mark(number, RUNNING), mark(number, SENT));
  }

  due(): boolean {
    if (!this.#news) return false;
    this.#news = false;
    return Atomics.exchange(this.waking, 0, 1) === 0;
  }
}
