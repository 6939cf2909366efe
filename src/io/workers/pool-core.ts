/**
 * A pool of workers: who works on what.
 *
 * Several jobs may be on their way to a worker when they are short, so that it never waits for the next. The first of them is the one that runs: each
 * result is sent before the next job begins. A worker that has to be ended, or dies, takes only that one with it; those behind
 * go to others.
 */
import type { Transferable } from 'node:worker_threads';
import { report } from '../../runtime/hub.js';
import { AsyncResult } from '../../sync/async-result.js';
import { Event } from '../../sync/event.js';
import { type Packed, unpack } from './codec.js';
import { ProcessError, TimeoutError, WorkerDied } from './errors.js';
import { type PackedFailure, unpackFailure } from './failure.js';
import type { JobKind } from './pool-worker.js';
import type { Ref } from './references.js';
import type { Child } from './start-child.js';

/** ms of work that may be on its way to a worker. */
const AHEAD = 5;
const MOST_AHEAD = 64;
/** ms for a job that nobody wants any more to be dropped by its worker. */
const DROP = 200;

export interface JobOptions {
  /** ms that it may run. */
  readonly timeout?: number | undefined;
  /** Called with what the job reports. */
  readonly onProgress?: ((value: never) => unknown) | undefined;
  /** What is moved to the worker instead of copied: threads only. */
  readonly transfer?: readonly Transferable[] | undefined;
}

export class Job {
  readonly id: number;
  readonly fn: Ref;
  readonly kind: JobKind;
  readonly args: Packed;
  readonly options: JobOptions;
  readonly result = new AsyncResult<unknown>();
  worker: PoolWorker | null = null;
  cancelled = false;

  constructor(id: number, fn: Ref, kind: JobKind, args: Packed, options: JobOptions) {
    this.id = id;
    this.fn = fn;
    this.kind = kind;
    this.args = args;
    this.options = options;
  }

  get over(): boolean {
    return this.result.ready();
  }

  fail(error: unknown): void {
    if (!this.over) this.result.setException(error);
  }
}

export class PoolWorker {
  readonly child: Child;
  readonly number: number;
  /** On their way; the first runs. */
  readonly jobs: Job[] = [];
  isReady = false;
  isEnding = false;
  timer: NodeJS.Timeout | null = null;

  constructor(child: Child, number: number) {
    this.child = child;
    this.number = number;
  }

  toString(): string {
    const { kind, pid } = this.child;
    return kind === 'process' ? `worker ${this.number} (pid ${pid})` : `worker ${this.number} (thread)`;
  }
}

export interface CoreOptions {
  readonly size: number;
  readonly start: (number: number) => Child;
  /** ms after which a worker without work ends. */
  readonly idle: number;
  /** What the pool is called in messages. */
  readonly name: string;
}

export class PoolCore {
  readonly ended = new Event();
  readonly #options: CoreOptions;
  readonly #workers = new Set<PoolWorker>();
  #queue: Job[] = [];
  #made = 0;
  #started = 0;
  /** ms that a job takes, lately. */
  #usual = Number.POSITIVE_INFINITY;
  #headSince = new WeakMap<Job, number>();
  state: 'open' | 'closed' | 'terminated' = 'open';

  constructor(options: CoreOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#options.size;
  }

  statistics(): { size: number; workers: number; queued: number; running: number; state: string } {
    const running = [...this.#workers].filter((each) => each.jobs.length > 0).length;
    const queued =
      this.#queue.length +
      [...this.#workers].reduce((sum, { jobs }) => sum + Math.max(0, jobs.length - 1), 0);
    return { size: this.size, workers: this.#workers.size, queued, running, state: this.state };
  }

  submit(fn: Ref, kind: JobKind, args: Packed, options: JobOptions = {}): Job {
    if (this.state !== 'open')
      throw new ProcessError(`${this.#options.name} is ${this.state} and takes no more jobs`);
    const job = new Job(++this.#made, fn, kind, args, options);
    this.#queue.push(job);
    this.#dispatch();
    return job;
  }

  /** Nobody wants the outcome of `job` any more: it does not run, or its worker is ended. */
  cancel(job: Job, error: unknown = new ProcessError('the job was cancelled')): void {
    if (job.over) return;
    const { worker } = job;
    job.cancelled = true;
    if (worker === null) this.#queue.splice(this.#queue.indexOf(job), 1);
    else {
      worker.child.drain();
      if (job.over) return;
      if (worker.jobs[0] === job && worker.isReady) this.#end(worker);
      else worker.child.send('drop', job.id);
    }
    job.fail(error);
    this.#checkEnded();
  }

  #depth(): number {
    return Math.min(
      MOST_AHEAD,
      Math.max(this.#usual < 20 ? 2 : 1, Math.floor(AHEAD / Math.max(this.#usual, 0.01))),
    );
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const worker = this.#pick();
      if (worker === null) return;
      // Several at a time: they are sent as one message.
      const depth = worker.jobs.length === 0 ? 1 : this.#depth();
      do this.#give(worker, this.#queue.shift() as Job);
      while (this.#queue.length > 0 && worker.jobs.length < depth);
    }
  }

  #pick(): PoolWorker | null {
    let best: PoolWorker | null = null;
    for (const worker of this.#workers) {
      if (worker.isEnding) continue;
      if (best === null || worker.jobs.length < best.jobs.length) best = worker;
      if (best.jobs.length === 0) break;
    }
    if (best !== null && best.jobs.length === 0) return best;
    const alive = [...this.#workers].filter((each) => !each.isEnding).length;
    if (alive < this.size) return this.#start();
    return best !== null && best.jobs.length <= this.#depth() >> 1 ? best : null;
  }

  #start(): PoolWorker {
    const child = this.#options.start(++this.#started);
    const worker = new PoolWorker(child, this.#started);
    this.#workers.add(worker);
    child.on('ready', () => {
      worker.isReady = true;
      this.#begins(worker);
    });
    child.on<Result>('result', (result) => this.#done(worker, result));
    child.on<{ id: number; value: Packed }>('progress', ({ id, value }) => {
      const job = worker.jobs.find((each) => each.id === id);
      if (job !== undefined && !job.over) job.options.onProgress?.(unpack(value) as never);
    });
    child.onClose(() => this.#died(worker));
    return worker;
  }

  #give(worker: PoolWorker, job: Job): void {
    job.worker = worker;
    if (worker.jobs.push(job) === 1) {
      worker.child.hold(true);
      this.#begins(worker);
    }
    const { id, kind, args, options } = job;
    const fn = { url: job.fn.url, name: job.fn.export, text: job.fn._text };
    worker.child.send('job', { id, kind, fn, args }, options.transfer);
  }

  /** The first of the jobs of `worker` runs from now on, or is about to. */
  #begins(worker: PoolWorker): void {
    if (worker.timer !== null) clearTimeout(worker.timer);
    worker.timer = null;
    const [job] = worker.jobs;
    if (job === undefined) {
      if (this.#options.idle !== Number.POSITIVE_INFINITY) {
        worker.timer = setTimeout(() => this.#end(worker), this.#options.idle).unref();
      }
      return;
    }
    if (!worker.isReady) return;
    this.#headSince.set(job, performance.now());
    const limit = job.cancelled ? DROP : job.options.timeout;
    if (limit === undefined || limit === Number.POSITIVE_INFINITY) return;
    worker.timer = setTimeout(() => {
      worker.child.drain();
      if (worker.jobs[0] !== job) return;
      job.fail(new TimeoutError(`${job.fn.export} ran for more than ${limit} ms in ${worker}`));
      this.#end(worker);
    }, limit);
  }

  #done(worker: PoolWorker, { id, value, failure }: Result): void {
    const [job] = worker.jobs;
    if (job === undefined || job.id !== id) return;
    worker.jobs.shift();
    const took = performance.now() - (this.#headSince.get(job) ?? performance.now());
    this.#usual = this.#usual === Number.POSITIVE_INFINITY ? took : this.#usual * 0.8 + took * 0.2;
    if (worker.jobs.length === 0) worker.child.hold(false);
    this.#begins(worker);
    this.#dispatch();
    if (job.over) {
      this.#checkEnded();
      return;
    }
    try {
      if (failure !== undefined) job.fail(unpackFailure(failure));
      else job.result.set(value === undefined ? undefined : unpack(value));
    } catch (error) {
      job.fail(error);
    }
    this.#checkEnded();
  }

  #end(worker: PoolWorker): void {
    if (worker.isEnding) return;
    worker.isEnding = true;
    worker.child.hold(true);
    worker.child.kill('SIGKILL');
  }

  #died(worker: PoolWorker): void {
    if (worker.timer !== null) clearTimeout(worker.timer);
    this.#workers.delete(worker);
    if (worker.isEnding) worker.child.hold(false);
    const [first, ...others] = worker.jobs;
    if (first !== undefined) {
      worker.child.hold(false);
      const code = worker.child.exitCode;
      const error = new WorkerDied(
        `${worker} of ${this.#options.name} died (exit code ${code}) while it ran ${first.fn.export}`,
      );
      error.exitCode = code;
      const { failure } = worker.child as { failure?: unknown };
      if (failure !== undefined) error.cause = failure;
      first.fail(error);
    }
    const left = others.filter((each) => !each.over);
    for (const each of left) each.worker = null;
    this.#queue.unshift(...left);
    try {
      this.#dispatch();
    } catch (error) {
      report(error, null);
    }
    this.#checkEnded();
  }

  close(): void {
    if (this.state === 'open') this.state = 'closed';
    this.#checkEnded();
  }

  terminate(): void {
    this.state = 'terminated';
    const dropped = this.#queue;
    this.#queue = [];
    const error = () => new ProcessError(`${this.#options.name} was terminated`);
    for (const job of dropped) job.fail(error());
    for (const worker of this.#workers) {
      for (const job of worker.jobs) job.fail(error());
      this.#end(worker);
    }
    this.#checkEnded();
  }

  /** A closed pool without jobs lets its workers go. */
  #checkEnded(): void {
    if (this.state === 'open') return;
    if (this.#queue.length === 0) {
      for (const worker of this.#workers) if (worker.jobs.length === 0) this.#end(worker);
    }
    if (this.#workers.size === 0 && this.#queue.length === 0) this.ended.set();
  }
}

interface Result {
  readonly id: number;
  readonly value?: Packed;
  readonly failure?: PackedFailure;
  readonly dropped?: boolean;
}
