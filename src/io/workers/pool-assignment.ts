/** Which worker of a pool gets which job. */
import type { Job } from './pool-job.js';
import { JobQueue } from './pool-job.js';
import type { PoolMember } from './pool-member.js';

/** ms of work that is worth being taken over at once by a worker without any; others wait so long whether it is still there. */
const WORTH = 1;

export interface AssignmentOptions {
  readonly size: number;
  readonly start: () => PoolMember;
  /** `member` has got a first job. */
  readonly onFirst: (member: PoolMember) => void;
}

export class Assignment {
  readonly members = new Set<PoolMember>();
  readonly queue = new JobQueue();
  readonly #options: AssignmentOptions;
  /** Nobody has room for a job; only results change that. */
  #isFull = false;
  #later: NodeJS.Timeout | null = null;

  constructor(options: AssignmentOptions) {
    this.#options = options;
  }

  add(job: Job): void {
    this.queue.push(job);
    if (!this.#isFull) this.dispatch();
  }

  /** Gives out jobs, as long as somebody has room for them. */
  dispatch(): void {
    for (let job = this.queue.peek(); job !== null; job = this.queue.peek()) {
      const member = this.#pick(job);
      this.#isFull = member === null;
      if (member === null) return;
      this.queue.shift();
      this.#give(member, job);
    }
  }

  /** One without jobs, or a new one, or that with the fewest. */
  #pick(job: Job): PoolMember | null {
    let best: PoolMember | null = null;
    let alive = 0;
    for (const member of this.members) {
      if (member.isEnding) continue;
      const count = member.jobs.length;
      if (count === 0) return member;
      alive++;
      if (count < member.depth && (best === null || count < best.jobs.length)) best = member;
    }
    if (alive < this.#options.size) return this.#options.start();
    return job.isSingle ? null : best;
  }

  #give(member: PoolMember, job: Job): void {
    member.give(job);
    if (member.jobs.length === 1) this.#options.onFirst(member);
  }

  /** `member` has fewer jobs than before: it gets more once half of what it may have is done. */
  refill(member: PoolMember): void {
    const { depth, jobs } = member;
    if (this.queue.length > 0) this.#bringForward(depth);
    if (jobs.length * 2 <= depth) {
      this.#isFull = false;
      for (let job = this.queue.peek(); job !== null && jobs.length < depth; job = this.queue.peek()) {
        if (job.isSingle && jobs.length > 0) break;
        this.queue.shift();
        this.#give(member, job);
      }
      member.send();
      this.dispatch();
    }
    if (jobs.length === 0 && member.readyAt !== 0) this.#help(member, false);
  }

  /** Jobs that wait behind a long one while younger ones begin elsewhere are given out anew. */
  #bringForward(depth: number): void {
    const oldest = (this.queue.peek()?.id ?? 0) - 2 * depth * this.#options.size;
    for (const member of this.members) {
      if (member.waiting > 0 && (member.jobs[1] as Job).id < oldest)
        this.queue.restore(member.takeBackLast());
    }
  }

  /** `idle` has nothing to do, and nothing is queued: it takes over half of what waits behind the job of another. */
  #help(idle: PoolMember, isLate: boolean): void {
    let busiest: PoolMember | null = null;
    for (const member of this.members) {
      if (!member.isEnding && member.waiting > (busiest?.waiting ?? 0)) busiest = member;
    }
    if (busiest === null) return;
    const work = busiest.usual * busiest.waiting;
    if (!isLate && busiest.usual !== 0 && work < WORTH) {
      this.#helpLater();
      return;
    }
    const jobs = busiest.takeBackLast(Math.ceil(busiest.waiting / 2));
    for (const job of jobs.reverse()) this.#give(idle, job);
    idle.send();
    if (jobs.length === 0) this.#helpLater();
  }

  /** What waits is most likely done before it could be sent anew; unless something takes longer than usual. */
  #helpLater(): void {
    this.#later ??= setTimeout(() => {
      this.#later = null;
      for (const member of this.members) {
        if (member.jobs.length === 0 && member.readyAt !== 0 && !member.isEnding) this.#help(member, true);
      }
    }, WORTH).unref();
  }
}
