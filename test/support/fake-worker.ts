/** A worker of a pool that does what a test tells it: the pool's side is real, and so is the board. */
import { type Board, kindOf, NoBoard, type Seat } from '../../src/io/workers/board.js';
import { FileBoard, FileSeat } from '../../src/io/workers/file-board.js';
import { type CoreOptions, PoolCore } from '../../src/io/workers/pool-core.js';
import type { Job, JobOptions, Sink } from '../../src/io/workers/pool-job.js';
import { makeOrder } from '../../src/io/workers/pool-order.js';
import { ref } from '../../src/io/workers/references.js';
import { SharedBoard, SharedSeat } from '../../src/io/workers/shared-board.js';
import { Child } from '../../src/io/workers/start-child.js';

export type BoardKind = 'shared' | 'file' | 'none';

function makeBoard(kind: BoardKind): { board: Board; seat: Seat } {
  if (kind === 'none') return { board: new NoBoard(), seat: new NoBoard() };
  if (kind === 'shared') {
    const board = new SharedBoard();
    return { board, seat: new SharedSeat(board.handle) };
  }
  const board = FileBoard.open();
  if (board === null) throw new Error('no folder for the file of a board');
  return { board, seat: new FileSeat(board.handle) };
}

interface Task {
  readonly cell: number;
  readonly number: number;
  /** Its only argument. */
  readonly name: unknown;
}

export class FakeWorker extends Child {
  readonly kind = 'worker';
  readonly pid = process.pid;
  readonly seat: Seat;
  /** The messages about jobs: how many jobs each had. */
  readonly sizes: number[] = [];
  readonly inbox: Task[] = [];
  running: Task | null = null;
  isHeld = false;
  isKilled = false;
  /** What cannot be cloned. */
  refuses: (name: unknown) => boolean = () => false;

  constructor(kind: BoardKind) {
    const { board, seat } = makeBoard(kind);
    super(board);
    this.seat = seat;
  }

  protected _post(messages: readonly (readonly [string, unknown])[]): void {
    for (const [topic, payload] of messages) {
      if (topic !== 'jobs') continue;
      const fields = payload as unknown[];
      const tasks: Task[] = [];
      for (let at = 0; at < fields.length; at += 4) {
        const [cell, number, , name] = fields.slice(at, at + 4);
        if (this.refuses(name)) throw new Error('cannot be cloned');
        tasks.push({ cell: cell as number, number: number as number, name });
      }
      this.sizes.push(tasks.length);
      this.inbox.push(...tasks);
    }
  }

  protected _hold(on: boolean): void {
    this.isHeld = on;
  }

  kill(): void {
    this.isKilled = true;
  }

  ready(): this {
    this._received([['ready', null]]);
    return this;
  }

  /** Begins the next job that it may; gives its argument, undefined when there is none. */
  begin(time = 1): unknown {
    for (let task = this.inbox.shift(); task !== undefined; task = this.inbox.shift()) {
      if (this.seat.begin(task.cell, task.number, time)) {
        this.running = task;
        return task.name;
      }
    }
    return undefined;
  }

  /** Ends the job that runs. The pool is told by `tell()`. */
  finish(value: unknown = this.running?.name, took = 1): void {
    const { cell, number } = this.running as Task;
    this.running = null;
    const kind = this.board.ahead ? kindOf(value) : 0;
    if (kind !== 0) this.seat.finish(cell, number, kind, value, took);
    else {
      this._received([['result', { number, took, value: { value, marked: false } }]]);
      this.seat.sent(cell, number);
    }
  }

  /** Wakes the pool if that is due. */
  tell(): void {
    if (this.seat.due()) this._received([['wake', true]]);
  }

  /** Does the next job; gives its argument. */
  work(took = 1): unknown {
    const done = this.begin();
    if (done !== undefined) this.finish(done, took);
    this.tell();
    return done;
  }

  die(code = 1): void {
    this.exitCode = code;
    this._gone();
  }
}

/** A pool of fake workers, and what has become of its jobs. */
export class FakePool {
  readonly workers: FakeWorker[] = [];
  readonly core: PoolCore;
  /** The outcomes by the arguments of the jobs: values, and the texts of errors. */
  readonly outcomes = new Map<unknown, unknown>();
  /** In which order they came. */
  readonly order: unknown[] = [];

  constructor(kind: BoardKind, size: number, options: Partial<CoreOptions> = {}) {
    const start = () => {
      const worker = new FakeWorker(kind);
      this.workers.push(worker);
      return worker;
    };
    this.core = new PoolCore({ size, start, idle: Number.POSITIVE_INFINITY, name: 'Fake', ...options });
  }

  worker(index: number): FakeWorker {
    return this.workers[index] as FakeWorker;
  }

  submit(name: unknown, options: JobOptions = {}): Job {
    const sink: Sink = {
      _settled: (value, failed) => {
        if (this.outcomes.has(name)) throw new Error(`${name} has two outcomes`);
        this.outcomes.set(name, failed ? String(value) : value);
        this.order.push(name);
      },
    };
    return this.core.submit(makeOrder(WORK, 'call', [name], options), sink);
  }

  /** Submits all in one turn, and lets it end. */
  async submitAll(names: Iterable<unknown>): Promise<Job[]> {
    const jobs = [...names].map((name) => this.submit(name));
    await turn();
    return jobs;
  }
}

const WORK = ref('file:///work.js', 'work');

/** What is due at the end of this turn is done. */
export async function turn(): Promise<void> {
  await null;
  await null;
}
