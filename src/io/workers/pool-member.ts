/** A worker of a pool, as the pool sees it: the jobs that are on their way to it, oldest first. */
import { type Board, CELLS, DONE, SENT, SKIPPED } from './board.js';
import type { Job, JobHolder } from './pool-job.js';
import type { CallMessage } from './pool-worker.js';
import type { Child } from './start-child.js';

/** ms of work that may be on its way to a worker. */
const AHEAD = 5;
const MOST_AHEAD = CELLS / 2;

/** The numbers of functions, by which all workers of all pools know them. */
const numbers = new Map<string, number>();
const KINDS = ['call', 'one', 'map', 'star', 'each'] as const;

export class PoolMember implements JobHolder {
  readonly child: Child;
  readonly number: number;
  readonly board: Board;
  readonly jobs: Job[] = [];
  /** `clock()` when it was ready to work; 0 before that. */
  readyAt = 0;
  /** How many times it is to be looked at without having woken the pool. */
  looks = 0;
  isEnding = false;
  /** It has begun a job in its life. */
  hasBegun = false;
  /** ms that a job takes, lately; 0 when that is not known. */
  usual = 0;
  #made = 0;
  #told = new Set<number>();
  /** The cells that are in use, and the last that was taken: they are taken in turn, so that jobs that follow one another lie together. */
  readonly #used = new Uint8Array(CELLS);
  #cell = 0;
  #outbox: Job[] = [];
  #isDue = false;

  constructor(child: Child, number: number) {
    this.child = child;
    this.number = number;
    this.board = child.board;
  }

  toString(): string {
    const { kind, pid } = this.child;
    return kind === 'process' ? `worker ${this.number} (pid ${pid})` : `worker ${this.number} (thread)`;
  }

  /** How many jobs it may have: enough for a few ms, and one that waits behind the one that runs. */
  get depth(): number {
    if (!this.board.ahead) return 1;
    return this.usual === 0 ? 2 : Math.max(2, Math.min(MOST_AHEAD, Math.floor(AHEAD / this.usual)));
  }

  /** Has it do `job`, after those that it has. It is sent at once to a worker that has none, else with others of this turn. */
  give(job: Job): void {
    const cell = this.#nextCell();
    job.member = this;
    job.cell = cell;
    job.number = ++this.#made;
    this.board.offer(cell, job.number);
    this.#outbox.push(job);
    if (this.jobs.push(job) === 1) {
      this.child.hold(true);
      this.send();
    } else if (this.#outbox.length * 2 >= this.depth || job.isSingle) this.send();
    else if (!this.#isDue) {
      this.#isDue = true;
      queueMicrotask(() => this.send());
    }
  }

  #nextCell(): number {
    do this.#cell = (this.#cell + 1) % CELLS;
    while (this.#used[this.#cell] === 1);
    this.#used[this.#cell] = 1;
    return this.#cell;
  }

  /** Sends what was given. What cannot be sent fails. */
  send(): void {
    this.#isDue = false;
    const jobs = this.#outbox;
    if (jobs.length === 0) return;
    this.#outbox = [];
    const single = jobs.length === 1 ? jobs[0]?.options.transfer : undefined;
    try {
      this.child.post('jobs', this.#message(jobs), single);
    } catch (error) {
      if (jobs.length === 1) this.#unsendable(jobs[0] as Job, error);
      else for (const job of jobs) this.#sendAgain(job);
    }
  }

  /** One of many cannot be sent: each by itself. */
  #sendAgain(job: Job): void {
    this.#outbox = [job];
    this.send();
  }

  #unsendable(job: Job, error: unknown): void {
    this.board.takeBack(job.cell, job.number);
    this.drop(job);
    job.settle(error, true);
  }

  /** Four fields a job: its cell, its number, what is called, with what. */
  #message(jobs: readonly Job[]): unknown[] {
    const message: unknown[] = [];
    for (const job of jobs) message.push(job.cell, job.number, this.#callOf(job), job.args.value);
    return message;
  }

  /** The number of a call, of which the worker has been told before. */
  #callOf({ fn, kind, args, limit }: Job): number {
    if (fn._number === 0) {
      const key = `${fn.url} ${fn.export} ${fn._text}`;
      fn._number = numbers.get(key) ?? numbers.size + 1;
      numbers.set(key, fn._number);
    }
    const isLimited = limit !== Number.POSITIVE_INFINITY;
    const call = fn._number * 32 + KINDS.indexOf(kind) * 4 + (isLimited ? 2 : 0) + (args.marked ? 1 : 0);
    if (this.#told.has(call)) return call;
    this.#told.add(call);
    const { url, export: name, _text: text } = fn;
    const message: CallMessage = { call, kind, url, name, text, isLimited, marked: args.marked };
    this.child.post('callee', message);
    return call;
  }

  stateOf(job: Job): number {
    return this.board.stateOf(job.cell, job.number);
  }

  /** Has `job` back, unless it has begun. */
  takeBack(job: Job): boolean {
    if (!this.board.takeBack(job.cell, job.number)) return false;
    this.drop(job);
    return true;
  }

  /** How many of its jobs wait. */
  get waiting(): number {
    return Math.max(0, this.jobs.length - 1);
  }

  /** Has up to `most` of the jobs back that have not begun, the last first. What cannot be sent again stays. */
  takeBackLast(most = Number.POSITIVE_INFINITY): Job[] {
    const taken: Job[] = [];
    for (let at = this.jobs.length - 1; at >= 0 && taken.length < most; at--) {
      const job = this.jobs[at] as Job;
      if (!job.isSingle && this.takeBack(job)) taken.push(job);
    }
    return taken;
  }

  /** Forgets `job`. */
  drop(job: Job): void {
    const unsent = this.#outbox.indexOf(job);
    if (unsent !== -1) this.#outbox.splice(unsent, 1);
    const at = this.jobs.indexOf(job);
    if (at === -1) return;
    this.jobs.splice(at, 1);
    this.#release([job]);
  }

  /** They are no jobs of its any more. */
  #release(jobs: readonly Job[]): void {
    for (const job of jobs) {
      this.#used[job.cell] = 0;
      job.member = null;
    }
    if (jobs.length > 0 && this.jobs.length === 0) this.child.hold(false);
  }

  /** The job that is called `number`. */
  find(number: number): Job | null {
    return this.jobs.find((each) => each.number === number) ?? null;
  }

  /**
   * A job has run for `took` ms. Shorter ones count for more: a machine that is busy makes some take long, and too much work ahead can be taken
   * back, where too little leaves the worker without any.
   */
  note(took: number): void {
    this.hasBegun = true;
    const { usual } = this;
    this.usual = usual === 0 ? took : usual + (took - usual) * (took < usual ? 0.3 : 0.03);
  }

  /**
   * Takes out the jobs whose results are on the board, and those that were skipped. What is done about them is done after that: it may
   * change what is here.
   */
  collect(): Collected | null {
    const { jobs } = this;
    let found: Collected | null = null;
    let at = 0;
    let kept = 0;
    // It does them one after the other.
    for (; at < jobs.length; at++) {
      const job = jobs[at] as Job;
      const state = this.stateOf(job);
      if (state === SENT) jobs[kept++] = job;
      else if (state === DONE || state === SKIPPED) {
        found ??= { done: [], values: [], skipped: [] };
        if (state === SKIPPED) found.skipped.push(job);
        else {
          this.note(this.board.timeOf(job.cell));
          found.done.push(job);
          found.values.push(this.board.valueAt(job.cell));
        }
      } else break;
    }
    if (found === null) return null;
    jobs.splice(kept, at - kept);
    this.#release([...found.done, ...found.skipped]);
    return found;
  }
}

/** What was found on a board. */
export interface Collected {
  readonly done: Job[];
  /** Of those. */
  readonly values: unknown[];
  readonly skipped: Job[];
}
