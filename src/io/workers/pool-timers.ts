/** The time that the first job of each worker may still run, and the time that a worker without jobs may still live. */
import { clock, RUNNING } from './board.js';
import type { Job } from './pool-job.js';
import type { PoolMember } from './pool-member.js';

/** The longest time that the host's timers know. */
const LONGEST = 2 ** 31 - 1;

interface Entry {
  readonly timer: NodeJS.Timeout;
  /** `clock()` when it fires. */
  readonly at: number;
}

export interface TimersOptions {
  /** ms after which `onIdle` is called. */
  readonly idle: number;
  readonly onIdle: (member: PoolMember) => void;
  /** `job` has run for longer than it may. */
  readonly onLate: (member: PoolMember, job: Job) => void;
}

export class PoolTimers {
  readonly #options: TimersOptions;
  readonly #limits = new Map<PoolMember, Entry>();
  readonly #idle = new Map<PoolMember, NodeJS.Timeout>();

  constructor(options: TimersOptions) {
    this.#options = options;
  }

  /** Another job is now the first of `member`, or it has none any more. */
  watch(member: PoolMember): void {
    const [first] = member.jobs;
    if (first === undefined) this.#watchIdle(member);
    else {
      this.#stopIdle(member);
      if (first.limit !== Number.POSITIVE_INFINITY) this.#look(member, first.limit);
    }
  }

  /** `member` is gone. */
  forget(member: PoolMember): void {
    this.#stopIdle(member);
    clearTimeout(this.#limits.get(member)?.timer);
    this.#limits.delete(member);
  }

  #watchIdle(member: PoolMember): void {
    const { idle, onIdle } = this.#options;
    if (idle === Number.POSITIVE_INFINITY || this.#idle.has(member)) return;
    const end = () => {
      this.#idle.delete(member);
      onIdle(member);
    };
    this.#idle.set(member, setTimeout(end, Math.min(idle, LONGEST)).unref());
  }

  #stopIdle(member: PoolMember): void {
    clearTimeout(this.#idle.get(member));
    this.#idle.delete(member);
  }

  /** Looks at the first job in `ms`, or earlier. One timer serves many short jobs: what it finds running may be another one. */
  #look(member: PoolMember, ms: number): void {
    const at = clock() + ms;
    const known = this.#limits.get(member);
    if (known !== undefined) {
      if (known.at <= at) return;
      clearTimeout(known.timer);
    }
    // What runs holds the process; a timer that is left over must not.
    const timer = setTimeout(() => this.#looked(member), Math.min(ms, LONGEST)).unref();
    this.#limits.set(member, { timer, at });
  }

  #looked(member: PoolMember): void {
    this.#limits.delete(member);
    const [first] = member.jobs;
    if (first === undefined || first.limit === Number.POSITIVE_INFINITY) return;
    member.board.look();
    const left = timeLeft(member, first);
    if (left > 0) this.#look(member, Math.ceil(left));
    else this.#options.onLate(member, first);
  }
}

/** How long `job`, the first of `member`, may still run. */
function timeLeft(member: PoolMember, job: Job): number {
  if (member.stateOf(job) !== RUNNING || member.readyAt === 0) return job.limit;
  const since = member.board.timeOf(job.cell);
  if (since === 0) return job.limit;
  return Math.max(since, member.readyAt) + job.limit - clock();
}
