/**
 * A pool of workers, and what becomes of its jobs.
 *
 * Jobs are sent ahead, so that a worker never waits for the next: as many as it does in a few milliseconds, and at least one. Those that have not
 * begun can be taken back (board.ts), which happens
 *   - when they are cancelled,
 *   - when another worker has nothing to do, or would begin jobs that are younger (pool-assignment.ts),
 *   - when their worker is ended, because the job that it runs was cancelled or has run too long.
 * A worker that dies takes with it the job that it runs, and no other: results of earlier ones are on the board or have been sent,
 * and those that had not begun go to others.
 */
import { report } from '../../runtime/hub.js';
import { Event } from '../../sync/event.js';
import { clock, RUNNING, SENT } from './board.js';
import { type Packed, unpack } from './codec.js';
import { ProcessError, TimeoutError, WorkerDied } from './errors.js';
import { type PackedFailure, unpackFailure } from './failure.js';
import { Assignment } from './pool-assignment.js';
import { Job, type JobOrder, type JobOwner, type Sink } from './pool-job.js';
import { PoolMember } from './pool-member.js';
import { PoolTimers } from './pool-timers.js';
import type { Child } from './start-child.js';

/** ms after which the pool looks again at a worker that does not wake it at once again, because its jobs are short (pool-worker.ts). */
const LOOK_AGAIN = 2;
/** How many workers in a row may die without having begun a job, before a job is given up. */
const PATIENCE = 3;

export interface CoreOptions {
  readonly size: number;
  readonly start: (number: number) => Child;
  /** ms after which a worker without work ends. */
  readonly idle: number;
  /** What the pool is called in messages. */
  readonly name: string;
}

/** What a worker sends of a job, unless its result is on the board. */
export interface ResultMessage {
  readonly number: number;
  /** ms that it has run. */
  readonly took: number;
  readonly value?: Packed;
  readonly failure?: PackedFailure;
}

export interface PoolStatistics {
  readonly size: number;
  readonly workers: number;
  readonly queued: number;
  readonly running: number;
  readonly state: string;
}

export class PoolCore implements JobOwner {
  readonly ended = new Event();
  readonly #options: CoreOptions;
  readonly #assignment: Assignment;
  readonly #timers: PoolTimers;
  #made = 0;
  #started = 0;
  #stillborn = 0;
  #again: NodeJS.Timeout | null = null;
  state: 'open' | 'closed' | 'terminated' = 'open';

  constructor(options: CoreOptions) {
    this.#options = options;
    this.#timers = new PoolTimers({
      idle: options.idle,
      onIdle: (member) => this.#end(member),
      onLate: (member, job) => this.#late(member, job),
    });
    this.#assignment = new Assignment({
      size: options.size,
      start: () => this.#start(),
      onFirst: (member) => this.#timers.watch(member),
    });
  }

  get size(): number {
    return this.#options.size;
  }

  get #members(): Set<PoolMember> {
    return this.#assignment.members;
  }

  statistics(): PoolStatistics {
    let running = 0;
    let queued = this.#assignment.queue.length;
    for (const { jobs, waiting } of this.#members) {
      if (jobs.length > 0) running++;
      queued += waiting;
    }
    return { size: this.size, workers: this.#members.size, queued, running, state: this.state };
  }

  submit(order: JobOrder, sink: Sink, place = 0): Job {
    if (this.state !== 'open')
      throw new ProcessError(`${this.#options.name} is ${this.state} and takes no more jobs`);
    const job = new Job(this, ++this.#made, order, sink, place);
    this.#assignment.add(job);
    return job;
  }

  /** Nobody wants the outcome of `job` any more: it does not run, or its worker is ended. */
  cancel(job: Job, error: unknown = new ProcessError('the job was cancelled')): void {
    if (job.over) return;
    const member = job.member as PoolMember | null;
    if (member === null) this.#assignment.queue.dropped();
    else this.#withdraw(member, job);
    job.settle(error, true);
    this.#checkEnded();
  }

  /** Cancels `job` unless it has begun. */
  giveUp(job: Job): void {
    if (job.over) return;
    const member = job.member as PoolMember | null;
    if (member === null) this.#assignment.queue.dropped();
    else if (!member.takeBack(job)) return;
    job.settle(new ProcessError('the job was cancelled'), true);
    if (member !== null) this.#changed(member);
  }

  /** Has `job` back; when it has begun, its worker is ended and the others that it was given go elsewhere. */
  #withdraw(member: PoolMember, job: Job): void {
    if (!member.takeBack(job)) {
      this.#assignment.queue.restore(member.takeBackLast());
      // Nothing else can begin now; it may have ended.
      member.board.look();
      if (member.stateOf(job) === RUNNING) this.#end(member);
    }
    this.#changed(member);
  }

  #late(member: PoolMember, job: Job): void {
    const { fn, limit } = job;
    const error = new TimeoutError(`${fn.export} ran for more than ${limit} ms in ${member}`);
    if (!job.over) this.cancel(job, error);
  }

  #start(): PoolMember {
    const child = this.#options.start(++this.#started);
    const member = new PoolMember(child, this.#started);
    this.#members.add(member);
    child.on('ready', () => {
      member.readyAt = clock();
      this.#changed(member);
    });
    child.on<boolean>('wake', (isQuiet) => {
      member.board.woken();
      // The first look may be too early.
      member.looks = isQuiet ? 2 : 0;
      this.#settle(member);
      this.#changed(member);
      if (isQuiet && member.jobs.length > 0) this.#lookAgain();
    });
    child.on<ResultMessage>('result', (result) => this.#arrived(member, result));
    child.on<{ number: number; value: Packed }>('progress', ({ number, value }) => {
      const job = member.find(number);
      if (job !== null && !job.over) job.progress?.(unpack(value));
    });
    child.onClose(() => this.#died(member));
    return member;
  }

  /** What was done right after a wake, and before a job that takes long, is seen without another. */
  #lookAgain(): void {
    this.#again ??= setTimeout(() => {
      this.#again = null;
      for (const member of [...this.#members]) {
        if (member.looks === 0) continue;
        if (--member.looks > 0) this.#lookAgain();
        this.#collect(member);
      }
    }, LOOK_AGAIN).unref();
  }

  #arrived(member: PoolMember, { number, took, value, failure }: ResultMessage): void {
    const job = member.find(number);
    if (job !== null) {
      member.note(took);
      member.drop(job);
      try {
        if (failure !== undefined) job.settle(unpackFailure(failure), true);
        else job.settle(unpack(value as Packed), false);
      } catch (error) {
        job.settle(error, true);
      }
    }
    this.#collect(member);
  }

  #collect(member: PoolMember): void {
    member.board.look();
    this.#settle(member);
    this.#changed(member);
  }

  /** Sees which jobs of `member` are over. */
  #settle(member: PoolMember): void {
    const found = member.collect();
    if (found === null) return;
    const { done, values, skipped } = found;
    this.#assignment.queue.restore(skipped.filter((job) => !job.over));
    for (let at = 0; at < done.length; at++) done[at]?.settle(values[at], false);
  }

  /** `member` has fewer jobs than before, or is ready. */
  #changed(member: PoolMember): void {
    if (member.isEnding) this.#assignment.dispatch();
    else {
      this.#assignment.refill(member);
      this.#timers.watch(member);
    }
    this.#checkEnded();
  }

  #end(member: PoolMember): void {
    if (member.isEnding) return;
    member.isEnding = true;
    this.#timers.forget(member);
    member.child.hold(true);
    member.child.kill('SIGKILL');
  }

  #died(member: PoolMember): void {
    const { child } = member;
    this.#timers.forget(member);
    this.#members.delete(member);
    if (member.isEnding) child.hold(false);
    member.board.look();
    this.#settle(member);
    this.#mourn(member);
    member.board.close();
    try {
      this.#assignment.dispatch();
    } catch (error) {
      report(error, null);
    }
    this.#checkEnded();
  }

  /** Fails what has died with `member`; others are given out anew. */
  #mourn(member: PoolMember): void {
    const left: Job[] = [];
    let ran = member.hasBegun || member.isEnding;
    for (const job of [...member.jobs]) {
      const state = member.stateOf(job);
      const hasBegun = state === RUNNING || state === SENT;
      ran ||= hasBegun;
      member.drop(job);
      if (hasBegun || job.isSingle) job.settle(this.#deathOf(member, job, state), true);
      else if (!job.over) left.push(job);
    }
    this.#stillborn = ran ? 0 : this.#stillborn + 1;
    if (this.#stillborn === PATIENCE) {
      this.#stillborn = 0;
      const job = left.shift();
      job?.settle(this.#deathOf(member, job, 0), true);
    }
    this.#assignment.queue.restore(left);
  }

  #deathOf(member: PoolMember, job: Job, state: number): WorkerDied {
    const { exitCode } = member.child;
    const when =
      state === RUNNING
        ? 'while it ran'
        : state === SENT
          ? 'before it had told the result of'
          : 'before it ran';
    const error = new WorkerDied(
      `${member} of ${this.#options.name} died (exit code ${exitCode}) ${when} ${job.fn.export}`,
    );
    error.exitCode = exitCode;
    const { failure } = member.child as { failure?: unknown };
    if (failure !== undefined) error.cause = failure;
    return error;
  }

  close(): void {
    if (this.state === 'open') this.state = 'closed';
    this.#checkEnded();
  }

  terminate(): void {
    this.state = 'terminated';
    const error = () => new ProcessError(`${this.#options.name} was terminated`);
    const jobs = this.#assignment.queue.clear();
    for (const member of this.#members) {
      jobs.push(...member.jobs);
      this.#end(member);
    }
    for (const job of jobs) job.settle(error(), true);
    this.#checkEnded();
  }

  /** A closed pool without jobs lets its workers go. */
  #checkEnded(): void {
    if (this.state === 'open' || this.#assignment.queue.length > 0) return;
    for (const member of this.#members) if (member.jobs.length === 0) this.#end(member);
    if (this.#members.size === 0) this.ended.set();
  }
}
