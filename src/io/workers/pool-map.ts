/** The jobs of a map as one piece of work. */
import type { Job, Sink } from './pool-job.js';
import { append } from './pool-lists.js';

interface Outcome {
  readonly value: unknown;
  readonly failed: boolean;
}

/** Gives `result` the values of all chunks in the order of the items, or the first error in that order; then what has not begun is cancelled. */
export class PoolMap implements Sink {
  readonly #result: Sink;
  readonly #jobs: Job[] = [];
  readonly #count: number;
  /** By the places of the jobs: those that came before their turn. */
  readonly #outcomes = new Map<number, Outcome>();
  readonly #values: unknown[] = [];
  /** Whose turn it is. */
  #at = 0;
  #isOver = false;

  constructor(count: number, result: Sink) {
    this.#count = count;
    this.#result = result;
  }

  add(job: Job): void {
    this.#jobs.push(job);
  }

  /** There are no items. */
  begin(): void {
    if (this.#count === 0) this.#end([], false);
  }

  cancel(): void {
    // The last first: none that has not begun may begin while others are ended.
    for (let at = this.#jobs.length - 1; at >= 0; at--) this.#jobs[at]?.cancel();
  }

  _settled(value: unknown, failed: boolean, job: Job): void {
    if (this.#isOver) return;
    this.#outcomes.set(job.place, { value, failed });
    for (;;) {
      const next = this.#outcomes.get(this.#at);
      if (next === undefined) return;
      this.#outcomes.delete(this.#at++);
      if (next.failed) {
        this.#end(next.value, true);
        for (let at = this.#jobs.length - 1; at >= 0; at--) this.#jobs[at]?.giveUp();
        return;
      }
      append(this.#values, next.value as ArrayLike<unknown>);
      if (this.#at === this.#count) this.#end(this.#values, false);
    }
  }

  #end(outcome: unknown, failed: boolean): void {
    this.#isOver = true;
    this.#result._settled(outcome, failed, this.#jobs[0] as Job);
  }
}
