/** Waiting for one job, without anything in between. */
import { wake } from '../../runtime/engine.js';
import { done, Operation, park } from '../../runtime/operation.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import type { PoolCore } from './pool-core.js';
import type { Job, JobOptions, Sink } from './pool-job.js';
import { makeOrder } from './pool-order.js';
import type { JobKind } from './pool-worker.js';

/** `fn(...args)` in a worker. Each run is a job of its own; interrupted, that is cancelled. */
export class PoolApply<T> extends Operation<T> {
  readonly #pool: object;
  readonly #core: PoolCore;
  readonly #fn: unknown;
  readonly #kind: JobKind;
  readonly #args: readonly unknown[];
  readonly #options: JobOptions;

  constructor(
    pool: object,
    core: PoolCore,
    fn: unknown,
    kind: JobKind,
    args: readonly unknown[],
    options: JobOptions,
  ) {
    super();
    this.#pool = pool;
    this.#core = core;
    this.#fn = fn;
    this.#kind = kind;
    this.#args = args;
    this.#options = options;
  }

  get _name(): string {
    return `${this.#pool.constructor.name}.apply`;
  }

  override get _object(): object {
    return this.#pool;
  }

  _start(waiter: Waiter): Started {
    const run = new Run(waiter);
    run.job = this.#core.submit(makeOrder(this.#fn, this.#kind, this.#args, this.#options), run);
    const { outcome } = run;
    if (outcome === null) {
      run.isParked = true;
      return park(waiter, this, run);
    }
    // It could not be sent.
    if (outcome.failed) throw outcome.value;
    return done(waiter, outcome.value);
  }

  override _undo(waiter: Waiter): void {
    const run = waiter._slot as Run;
    run.isParked = false;
    run.job?.cancel();
  }
}

class Run implements Sink {
  readonly #waiter: Waiter;
  job: Job | null = null;
  isParked = false;
  outcome: { readonly value: unknown; readonly failed: boolean } | null = null;

  constructor(waiter: Waiter) {
    this.#waiter = waiter;
  }

  _settled(value: unknown, failed: boolean): void {
    if (this.isParked) wake(this.#waiter, value, failed);
    else this.outcome = { value, failed };
  }
}
