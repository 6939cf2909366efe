/**
 * The board of a child process: a file without a name that both sides have open, best in memory.
 *
 * Each side has a region that only it writes. A file has no compare-and-exchange, so each writes what it is about to do, and then reads what the
 * other has written (Dekker's way): of two that meet at a job at least one sees the other. The worker that sees that a job was
 * to be taken back skips it and says so; the pool that sees that a job has begun leaves it alone, and gets it back should it have been skipped.
 *
 *      pool    [0] how many times it was woken, [1] how many jobs it has taken back, [2 + cell] the highest number of those of a cell
 *      worker  a record a cell: mark (number and state), value, time, check
 *
 * A reader may see half of a record that is being written: `check` tells. The worker writes as seldom as it can: the end of a job
 * together with the beginning of the next.
 */
import { closeSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import {
  type Board,
  CELLS,
  DONE,
  numberFor,
  OFFERED,
  RUNNING,
  SENT,
  type Seat,
  SKIPPED,
  valueFor,
} from './board.js';

const RECORD = 32;
/** Where the pool's region begins. */
const POOL = CELLS * RECORD;
/** Where in that the numbers of its cells begin. */
const TAKEN = 16;
const SIZE = POOL + TAKEN + CELLS * 8;

let made = 0;

/** The worker's region, as one of the sides knows it. */
class Records {
  readonly bytes = Buffer.alloc(POOL);
  /** mark, value, time, check */
  readonly fields = new Float64Array(this.bytes.buffer, this.bytes.byteOffset, CELLS * 4);
  readonly #words = new Int32Array(this.bytes.buffer, this.bytes.byteOffset, CELLS * 8);

  write(cell: number, mark: number, value: number, time: number): void {
    const { fields } = this;
    fields[cell * 4] = mark;
    fields[cell * 4 + 1] = value;
    fields[cell * 4 + 2] = time;
    fields[cell * 4 + 3] = this.#check(cell);
  }

  /** Its mark: 0 when nothing was ever written there, -1 while it is being written. */
  mark(cell: number): number {
    return this.fields[cell * 4 + 3] === this.#check(cell) ? (this.fields[cell * 4] as number) : -1;
  }

  #check(cell: number): number {
    const words = this.#words;
    let sum = 0;
    for (let at = cell * 8; at < cell * 8 + 6; at++) sum = (Math.imul(sum, 31) + (words[at] as number)) | 0;
    return sum;
  }
}

/** Number, state and kind. */
function markOf(number: number, state: number, kind = 0): number {
  return number * 64 + state * 8 + kind;
}

function numberOf(mark: number): number {
  return Math.floor(mark / 64);
}

/** The pool's region. */
class Notes {
  readonly bytes = Buffer.alloc(TAKEN + CELLS * 8);
  readonly fields = new Float64Array(this.bytes.buffer, this.bytes.byteOffset, 2 + CELLS);

  write(handle: number, from: number, length: number): void {
    writeSync(handle, this.bytes, from, length, POOL + from);
  }

  read(handle: number, from: number, length: number): void {
    readSync(handle, this.bytes, from, length, POOL + from);
  }
}

export class FileBoard implements Board {
  readonly handle: number;
  readonly ahead = true;
  readonly #records = new Records();
  readonly #notes = new Notes();
  #isOpen = true;

  constructor(handle: number) {
    this.handle = handle;
  }

  /** Makes one; null when no file can be had in any of `folders`. */
  static open(folders: readonly string[] = ['/dev/shm', tmpdir()]): FileBoard | null {
    for (const folder of folders) {
      const path = join(folder, `greenlets-${process.pid}-${Date.now().toString(36)}-${++made}`);
      try {
        const handle = openSync(path, 'wx+', 0o600);
        unlinkSync(path);
        ftruncateSync(handle, SIZE);
        return new FileBoard(handle);
      } catch {
        // The next one.
      }
    }
    return null;
  }

  offer(): void {}

  takeBack(cell: number, number: number): boolean {
    const notes = this.#notes;
    notes.fields[2 + cell] = number;
    notes.write(this.handle, TAKEN + cell * 8, 8);
    // After that: the worker reads the numbers only when their count has changed.
    notes.fields[1] = (notes.fields[1] as number) + 1;
    notes.write(this.handle, 8, 8);
    const { bytes } = this.#records;
    readSync(this.handle, bytes, cell * RECORD, RECORD, cell * RECORD);
    const mark = this.#records.mark(cell);
    return mark !== -1 && numberOf(mark) < number;
  }

  woken(): void {
    const notes = this.#notes;
    notes.fields[0] = (notes.fields[0] as number) + 1;
    notes.write(this.handle, 0, 8);
    this.look();
  }

  look(): void {
    if (this.#isOpen) readSync(this.handle, this.#records.bytes, 0, POOL, 0);
  }

  stateOf(cell: number, number: number): number {
    const mark = this.#records.mark(cell);
    return numberOf(mark) === number ? (mark >>> 3) & 7 : OFFERED;
  }

  valueAt(cell: number): unknown {
    const { fields } = this.#records;
    return valueFor((fields[cell * 4] as number) % 8, fields[cell * 4 + 1] as number);
  }

  timeOf(cell: number): number {
    return this.#records.fields[cell * 4 + 2] as number;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.handle);
  }
}

export class FileSeat implements Seat {
  readonly #handle: number;
  readonly #records = new Records();
  readonly #notes = new Notes();
  /** The cells that are to be written. */
  #from = CELLS;
  #to = -1;
  #news = false;
  /** How many jobs were taken back when the numbers were last read. */
  #takes = 0;
  /** How many times the pool was woken. */
  #wakes = 0;

  constructor(handle: number) {
    this.#handle = handle;
  }

  #note(cell: number, mark: number, value: number, time: number): void {
    this.#records.write(cell, mark, value, time);
    if (cell < this.#from) this.#from = cell;
    if (cell > this.#to) this.#to = cell;
  }

  /** Has the pool see what is new, and sees what it has written. */
  #meet(): void {
    const from = this.#from * RECORD;
    writeSync(this.#handle, this.#records.bytes, from, (this.#to + 1) * RECORD - from, from);
    this.#from = CELLS;
    this.#to = -1;
    const notes = this.#notes;
    notes.read(this.#handle, 0, TAKEN);
    if (notes.fields[1] === this.#takes) return;
    this.#takes = notes.fields[1] as number;
    notes.read(this.#handle, TAKEN, CELLS * 8);
  }

  begin(cell: number, number: number, time: number): boolean {
    this.#note(cell, markOf(number, RUNNING), 0, time);
    this.#meet();
    if ((this.#notes.fields[2 + cell] as number) < number) return true;
    this.#note(cell, markOf(number, SKIPPED), 0, 0);
    this.#news = true;
    return false;
  }

  called(cell: number, number: number, time: number): void {
    this.#note(cell, markOf(number, RUNNING), 0, time);
    this.#meet();
  }

  finish(cell: number, number: number, kind: number, value: unknown, took: number): void {
    this.#note(cell, markOf(number, DONE, kind), numberFor(kind, value), took);
    this.#news = true;
  }

  sent(cell: number, number: number): void {
    this.#note(cell, markOf(number, SENT), 0, 0);
  }

  due(): boolean {
    if (this.#to !== -1) this.#meet();
    if (!this.#news) return false;
    this.#news = false;
    if (this.#notes.fields[0] !== this.#wakes) return false;
    this.#wakes++;
    return true;
  }
}
