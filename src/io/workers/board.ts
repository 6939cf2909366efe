/**
 * The board of a worker: what has become of each job that is on its way to it, where both sides see it without a message.
 *
 * A job is sent with the number of a cell of the board. Whoever is first has it: the worker begins it, or its pool takes it back and gives it to
 * another, and never both. A small result is written to the board, so that it is there when the worker dies in the next job; all others are
 * messages that are sent before that begins. One message wakes the pool for all results that are there when it looks.
 *
 *      the pool                                the worker
 *      offer(cell, number), message 'jobs'
 *                                              begin(cell, number)     false: taken back
 *      takeBack(cell, number)                                          false: it has begun
 *                                              finish(…), or message 'result' and sent(…)
 *                                              due()                   true: send 'wake'
 *      woken(), stateOf(cell, number), …
 *
 * Between threads it is shared memory (shared-board.ts), between processes a file (file-board.ts). Where neither can be had, nothing
 * is sent ahead (NoBoard).
 */
import process from 'node:process';

/** How many jobs have room on a board. */
export const CELLS = 1024;

// What has become of a job.
export const OFFERED = 1;
export const TAKEN = 2;
export const RUNNING = 3;
/** Its result is in a message that was sent before. */
export const SENT = 4;
/** Its result is on the board. */
export const DONE = 5;
/** The worker has not begun it, because it was to be taken back when it came to it: the pool, too, has thought that it was too late. */
export const SKIPPED = 6;

/** The side of the pool. */
export interface Board {
  /** What the worker is given to find it by: shared memory, the number of a file, or null. */
  readonly handle: SharedArrayBuffer | number | null;
  /** Whether jobs may be sent to a worker that is at work. */
  readonly ahead: boolean;
  /** The job `number` is about to be sent, for `cell`. */
  offer(cell: number, number: number): void;
  /** True: it has not begun and never will. False: it has, or else it will be SKIPPED. */
  takeBack(cell: number, number: number): boolean;
  /** A 'wake' has come. */
  woken(): void;
  /** Sees what is on the board now. */
  look(): void;
  /** As it was at the last look. */
  stateOf(cell: number, number: number): number;
  valueAt(cell: number): unknown;
  /** RUNNING: `clock()` when its function was called, 0 when it was not yet. DONE: how many ms it has run. */
  timeOf(cell: number): number;
  close(): void;
}

/** The side of the worker. */
export interface Seat {
  /** Whether the job is to be run. `time` is `clock()` when its function is called at once, else 0. */
  begin(cell: number, number: number, time: number): boolean;
  /** Its function is called now. */
  called(cell: number, number: number, time: number): void;
  /** Its result is `value`, of `kind`. It has run for `took` ms. */
  finish(cell: number, number: number, kind: number, value: unknown, took: number): void;
  /** Its result is in a message that has been sent. */
  sent(cell: number, number: number): void;
  /** Whether the pool must be woken to see what is new. */
  due(): boolean;
}

// The kinds of values that fit in a cell.
const UNDEFINED = 1;
const NULL = 2;
const FALSE = 3;
const TRUE = 4;
const NUMBER = 5;

/** The kind of `value`; 0: it does not fit in a cell. */
export function kindOf(value: unknown): number {
  if (typeof value === 'number') return NUMBER;
  if (value === undefined) return UNDEFINED;
  if (value === null) return NULL;
  if (typeof value === 'boolean') return value ? TRUE : FALSE;
  return 0;
}

/** The value of `kind`; `number` is that which was written, if it is one. */
export function valueFor(kind: number, number: number): unknown {
  if (kind === NUMBER) return number;
  if (kind === UNDEFINED) return undefined;
  return kind === NULL ? null : kind === TRUE;
}

/** What is written of `value`. */
export function numberFor(kind: number, value: unknown): number {
  return kind === NUMBER ? (value as number) : 0;
}

/** ms, on a clock that all threads and processes of this machine share. */
export function clock(): number {
  const [seconds, ns] = process.hrtime();
  return seconds * 1e3 + ns / 1e6;
}

/** Both sides where nothing is shared: one job at a time, from when it was sent to when its result comes. */
export class NoBoard implements Board, Seat {
  readonly handle = null;
  readonly ahead = false;
  #since = 0;

  offer(): void {
    this.#since = clock();
  }

  takeBack(): boolean {
    return false;
  }

  woken(): void {}
  look(): void {}

  stateOf(): number {
    return RUNNING;
  }

  valueAt(): unknown {
    return undefined;
  }

  timeOf(): number {
    return this.#since;
  }

  close(): void {}

  begin(): boolean {
    return true;
  }

  called(): void {}
  finish(): void {}
  sent(): void {}

  due(): boolean {
    return false;
  }
}
