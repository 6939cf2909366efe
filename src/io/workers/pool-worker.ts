/** What runs in a worker of a pool: jobs, one after the other, as they come. */
import { Call } from '../../runtime/call.js';
import { Greenlet } from '../../runtime/scheduled-greenlet.js';
import type { Green } from '../../runtime/types.js';
import { clock, kindOf, NoBoard, type Seat } from './board.js';
import type { Channel } from './channel.js';
import { childInit } from './child-state.js';
import { pack, unpackAll } from './codec.js';
import { type PackedFailure, packFailure } from './failure.js';
import { FileSeat } from './file-board.js';
import { compact } from './pool-lists.js';
import { type AnyFunction, Ref, resolveRef } from './references.js';
import { SharedSeat } from './shared-board.js';

/**
 * One call, 'one' with a single argument that needs no list; or a call for each of a chunk of items, which are lists of arguments for 'star';
 * 'each' gives the outcome of every item.
 */
export type JobKind = 'call' | 'one' | 'map' | 'star' | 'each';

/** What the number of a call stands for, in messages about jobs. */
export interface CallMessage {
  readonly call: number;
  readonly kind: JobKind;
  readonly url: string;
  readonly name: string;
  readonly text: string;
  /** Its time is limited: it must be known when it began. */
  readonly isLimited: boolean;
  /** There are marks in its arguments (codec.ts). */
  readonly marked: boolean;
}

/** The outcome of a job of kind 'each'. */
export interface EachOutcome {
  readonly values: readonly unknown[] | Float64Array;
  /** By the places of their items. */
  readonly failures: ReadonlyMap<number, PackedFailure>;
}

type Fn = (...args: unknown[]) => unknown;

interface Callee extends CallMessage {
  fn: Fn | undefined;
}

/** ms that jobs may run before other messages are heard. */
const SLICE = 5;
/** ms after which the pool is woken again, when jobs are much shorter and there are more; it looks by itself a little later (pool-core.ts). */
const QUIET = 0.2;
const SHORT = QUIET / 4;
const functions = new Map<string, AnyFunction>();
let sendReport: ((value: unknown) => void) | null = null;

/**
 * Inside of a job: has `onProgress(value)` called where the job was asked for. Never switches. Does nothing elsewhere. Errors: `DataCloneError`.
 */
export function report(value: unknown): void {
  sendReport?.(value);
}

/** Called when a job has ended, before its result is sent: what it has changed elsewhere goes first. */
export const beforeResult: (() => void)[] = [];

/** Runs the jobs that come by `channel`. */
export function runJobs(channel: Channel): void {
  const board = childInit()?.board ?? null;
  const seat = board === null ? new NoBoard() : seatAt(board);
  new Runner(channel, seat).begin();
}

function seatAt(board: SharedArrayBuffer | number): Seat {
  return typeof board === 'number' ? new FileSeat(board) : new SharedSeat(board);
}

class Runner {
  readonly #channel: Channel;
  readonly #seat: Seat;
  /** Whether results may be written to the board. */
  readonly #writes: boolean;
  readonly #callees = new Map<number, Callee>();
  /** Four fields a job: cell, number, call, arguments. */
  #queue: unknown[] = [];
  #at = 0;
  #isBusy = false;
  /** The job that runs. */
  #cell = 0;
  #number = 0;
  #since = 0;
  /** How long the last one ran. */
  #last = 0;
  #wokeAt = 0;
  /** The pool knows that it is not woken for a while. */
  #isQuiet = false;
  #runs = false;
  /** It has reported something, which must arrive before its result. */
  #hasReported = false;
  /** What others had sent when it began; what they send since must arrive before its result, too. */
  #sends = 0;

  constructor(channel: Channel, seat: Seat) {
    this.#channel = channel;
    this.#seat = seat;
    this.#writes = !(seat instanceof NoBoard);
  }

  begin(): void {
    sendReport = (value) => this.#report(value);
    this.#channel.on<CallMessage>('callee', (message) => {
      this.#callees.set(message.call, { ...message, fn: undefined });
    });
    this.#channel.on<unknown[]>('jobs', (jobs) => {
      if (this.#at === this.#queue.length) {
        this.#queue = jobs;
        this.#at = 0;
      } else for (const field of jobs) this.#queue.push(field);
      if (!this.#isBusy) this.#next();
    });
    this.#channel.send('ready', null);
  }

  /** Runs what is there, until something blocks. */
  #next(): void {
    this.#isBusy = false;
    this.#since = performance.now();
    const end = this.#since + SLICE;
    while (this.#at < this.#queue.length) {
      const queue = this.#queue;
      const cell = queue[this.#at] as number;
      const number = queue[this.#at + 1] as number;
      const callee = this.#callees.get(queue[this.#at + 2] as number) as Callee;
      const args = queue[this.#at + 3];
      queue[this.#at + 3] = undefined;
      this.#at += 4;
      const { fn, isLimited } = callee;
      const goes = this.#seat.begin(cell, number, isLimited && fn !== undefined ? clock() : 0);
      if (!this.#isQuiet || this.#since - this.#wokeAt > QUIET) this.#wake();
      if (!goes) continue;
      this.#cell = cell;
      this.#number = number;
      this.#hasReported = false;
      this.#sends = this.#channel.sends;
      this.#runs = true;
      if (!this.#runNow(callee, args)) {
        this.#isBusy = true;
        return;
      }
      if (this.#since > end && this.#at < this.#queue.length) {
        // What was said meanwhile is heard.
        this.#isBusy = true;
        this.#wake();
        setImmediate(() => this.#next());
        return;
      }
    }
    this.#wake();
  }

  #wake(): void {
    if (!this.#seat.due()) return;
    this.#wokeAt = this.#since;
    this.#isQuiet = this.#last < SHORT;
    this.#channel.post('wake', this.#isQuiet);
  }

  /** The job is over: how long it has run. The next begins at once. */
  #took(): number {
    this.#runs = false;
    const now = performance.now();
    this.#last = now - this.#since;
    this.#since = now;
    return this.#last;
  }

  #succeed(value: unknown, kind: JobKind = 'call'): void {
    for (const before of beforeResult) before();
    const isFirst = !this.#hasReported && this.#channel.sends === this.#sends;
    const simple = this.#writes && isFirst ? kindOf(value) : 0;
    if (simple !== 0) {
      this.#seat.finish(this.#cell, this.#number, simple, value, this.#took());
      return;
    }
    try {
      const isList = kind === 'map' || kind === 'star';
      const packed = pack(isList ? compact(value as unknown[]) : value, 'the result', { atOnce: true });
      this.#send({ value: packed });
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    for (const before of beforeResult) before();
    this.#send({ failure: packFailure(error) });
  }

  /** At once: what follows may take long, or end the process. */
  #send(outcome: object): void {
    this.#channel.post('result', { number: this.#number, took: this.#took(), ...outcome });
    this.#seat.sent(this.#cell, this.#number);
  }

  #report(value: unknown): void {
    if (!this.#runs) return;
    this.#hasReported = true;
    this.#channel.post('progress', { number: this.#number, value: pack(value, 'value', { atOnce: true }) });
  }

  /** A plain call of a known function needs no greenlet: true when it is over. What blocks goes on in one, which begins the next job. */
  #runNow(callee: Callee, args: unknown): boolean {
    const { fn, kind, marked } = callee;
    const isOne = kind === 'one';
    if (fn === undefined || marked || !(isOne || kind === 'call')) {
      void this.#runLater(callee, args);
      return false;
    }
    let result: unknown;
    try {
      result = isOne ? fn(args) : fn(...(args as unknown[]));
    } catch (error) {
      this.#fail(error);
      return true;
    }
    if (typeof result === 'object' && result !== null && isWork(result)) {
      this.#spawn(() => result, kind);
      return false;
    }
    this.#succeed(result);
    return true;
  }

  async #runLater(callee: Callee, args: unknown): Promise<void> {
    try {
      const fn = await this.#resolve(callee);
      const given = (await unpackAll({ value: args, marked: callee.marked })) as unknown[];
      const { kind } = callee;
      if (kind === 'one') this.#spawn(() => fn(given), kind);
      else if (kind === 'call') this.#spawn(() => fn(...given), kind);
      else this.#spawn(() => chunk(fn, given, kind), kind);
    } catch (error) {
      this.#fail(error);
      this.#next();
    }
  }

  /** Its function, which is loaded when it is called for the first time; that is no part of the time that it runs. */
  async #resolve(callee: Callee): Promise<Fn> {
    if (callee.fn !== undefined) return callee.fn;
    const { url, name, text, isLimited } = callee;
    const key = `${url} ${name}`;
    const found = functions.get(key) ?? (await resolveRef(new Ref(url, name, text)));
    functions.set(key, found);
    callee.fn = found as Fn;
    this.#since = performance.now();
    if (isLimited) this.#seat.called(this.#cell, this.#number, clock());
    return callee.fn;
  }

  #spawn(body: () => unknown, kind: JobKind): void {
    const run = new Greenlet(body);
    run.name = `job ${this.#number}`;
    run.rawlink(() => {
      if (run.successful()) this.#succeed(run.value, kind);
      else this.#fail(run.error);
      this.#next();
    });
    run.start();
  }
}

function isWork(value: object): boolean {
  return 'then' in value || ('next' in value && 'throw' in value) || '_start' in value;
}

/** `items` may be a block of numbers. */
function* chunk(fn: Fn, items: ArrayLike<unknown>, kind: JobKind): Green<unknown[] | EachOutcome> {
  const values: unknown[] = [];
  const failures = new Map<number, PackedFailure>();
  for (let at = 0; at < items.length; at++) {
    try {
      const value = kind === 'star' ? fn(...(items[at] as unknown[])) : fn(items[at]);
      const isBlocking = typeof value === 'object' && value !== null && isWork(value);
      values.push(isBlocking ? yield* new Call(() => value, []) : value);
    } catch (error) {
      if (kind !== 'each') throw error;
      failures.set(at, packFailure(error));
      values.push(undefined);
    }
  }
  return kind === 'each' ? { values: compact(values), failures } : values;
}

/** The service of a pool of threads. */
export function serve(channel: Channel): void {
  runJobs(channel);
}
