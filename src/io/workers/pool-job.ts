/** A job of a pool, and who is told of its outcome. */
import type { Transferable } from 'node:worker_threads';
import { called } from './callbacks.js';
import type { Packed } from './codec.js';
import type { JobKind } from './pool-worker.js';
import type { Ref } from './references.js';

export interface JobOptions {
  /** ms that it may run. */
  readonly timeout?: number | undefined;
  /** Called with what the job reports, in order, in the async context of the call. What it waits for holds up nobody. */
  readonly onProgress?: ((value: never) => unknown) | undefined;
  /** What is moved to the worker instead of copied: threads only. */
  readonly transfer?: readonly Transferable[] | undefined;
}

/** What is to be done. */
export interface JobOrder {
  readonly fn: Ref;
  readonly kind: JobKind;
  readonly args: Packed;
  readonly options: JobOptions;
}

/** The pool of a job. */
export interface JobOwner {
  cancel(job: Job): void;
  giveUp(job: Job): void;
}

/** The worker that has it. */
export interface JobHolder {
  /** Has it back, unless it has begun. */
  takeBack(job: Job): boolean;
}

/** Who wants the outcome of a job. */
export interface Sink {
  /** Called once. @internal */
  _settled(value: unknown, failed: boolean, job: Job): void;
}

export class Job {
  /** Jobs in the order in which they were asked for. */
  readonly id: number;
  readonly fn: Ref;
  readonly kind: JobKind;
  readonly args: Packed;
  readonly options: JobOptions;
  /** Called with what it reports. */
  readonly progress: ((value: unknown) => unknown) | null;
  /** Of which part of the work of its sink it is. */
  readonly place: number;
  readonly #sink: Sink;
  readonly #owner: JobOwner;
  /** To whom it was given. */
  member: JobHolder | null = null;
  /** Where its state is, and what it is called there. */
  cell = -1;
  number = 0;
  over = false;

  constructor(owner: JobOwner, id: number, order: JobOrder, sink: Sink, place: number) {
    this.#owner = owner;
    this.id = id;
    this.fn = order.fn;
    this.kind = order.kind;
    this.args = order.args;
    this.options = order.options;
    const { onProgress } = order.options;
    this.progress = onProgress === undefined ? null : called(onProgress, 'onProgress');
    this.#sink = sink;
    this.place = place;
  }

  /** ms that it may run. */
  get limit(): number {
    return this.options.timeout ?? Number.POSITIVE_INFINITY;
  }

  /** What it is made of can be sent only once. */
  get isSingle(): boolean {
    return this.options.transfer !== undefined && this.options.transfer.length > 0;
  }

  /** Nobody wants its outcome any more. */
  cancel(): void {
    this.#owner.cancel(this);
  }

  /** The same, but if it has begun it goes on. */
  giveUp(): void {
    this.#owner.giveUp(this);
  }

  settle(value: unknown, failed: boolean): void {
    if (this.over) return;
    this.over = true;
    this.#sink._settled(value, failed, this);
  }
}

/** Jobs that wait for a worker, in the order in which they were asked for. */
export class JobQueue {
  #jobs: (Job | null)[] = [];
  #at = 0;
  /** Those that were taken back from workers, the first last; all are to go before the others that are younger. */
  #returned: Job[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(job: Job): void {
    this.#jobs.push(job);
    this.#length++;
  }

  /** Takes jobs back that have been given out. */
  restore(jobs: readonly Job[]): void {
    if (jobs.length === 0) return;
    for (const job of jobs) job.member = null;
    this.#returned.push(...jobs);
    this.#returned.sort((one, other) => other.id - one.id);
    this.#length += jobs.length;
  }

  /** One of them is over without having been given out. */
  dropped(): void {
    this.#length--;
  }

  /** The next, which stays. */
  peek(): Job | null {
    while (this.#jobs[this.#at]?.over) this.#skip();
    while (this.#returned.at(-1)?.over) this.#returned.pop();
    const first = this.#jobs[this.#at] ?? null;
    const returned = this.#returned.at(-1) ?? null;
    if (first === null || returned === null) return first ?? returned;
    return returned.id < first.id ? returned : first;
  }

  shift(): Job | null {
    const job = this.peek();
    if (job === null) return null;
    if (job === this.#returned.at(-1)) this.#returned.pop();
    else this.#skip();
    this.#length--;
    return job;
  }

  #skip(): void {
    this.#jobs[this.#at++] = null;
    if (this.#at < this.#jobs.length && (this.#at < 1024 || this.#at * 2 < this.#jobs.length)) return;
    this.#jobs = this.#jobs.slice(this.#at);
    this.#at = 0;
  }

  /** Takes all of them out. */
  clear(): Job[] {
    const all: Job[] = [];
    for (let job = this.shift(); job !== null; job = this.shift()) all.push(job);
    return all;
  }
}
