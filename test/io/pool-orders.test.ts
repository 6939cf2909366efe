/** Long random histories of a pool: whatever happens to its workers, each job has one outcome, and is begun once at most. */
import { describe, expect, it } from 'vitest';
import type { Job } from '../../src/io/workers/pool-job.js';
import { type BoardKind, FakePool, type FakeWorker, turn } from '../support/fake-worker.js';

/** A sequence of numbers from 0 to 1 that depends on `seed` alone (mulberry32). */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class History {
  readonly #draw: () => number;
  readonly #kind: BoardKind;
  readonly #pool: FakePool;
  readonly #jobs: Job[] = [];
  readonly begun = new Set<unknown>();
  readonly finished = new Map<unknown, unknown>();
  readonly cancelled = new Set<unknown>();
  readonly died = new Set<unknown>();

  constructor(kind: BoardKind, seed: number) {
    this.#draw = draws(seed);
    this.#kind = kind;
    this.#pool = new FakePool(kind, 1 + Math.floor(this.#draw() * 3));
  }

  #below(count: number): number {
    return Math.floor(this.#draw() * count);
  }

  #alive(): FakeWorker[] {
    return this.#pool.workers.filter((worker) => worker.exitCode === null);
  }

  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      const worker = this.#alive()[this.#below(this.#alive().length)];
      const what = this.#draw();
      if (what < 0.25) this.#submit();
      else if (what < 0.3) this.#cancel();
      else if (worker !== undefined) this.#happen(worker, what);
      if (this.#draw() < 0.3) await turn();
    }
    for (let rounds = 0; this.#pool.outcomes.size < this.#jobs.length; rounds++) {
      expect(rounds).toBeLessThan(1000);
      await turn();
      for (const worker of this.#alive()) this.#goOn(worker);
    }
  }

  #submit(): void {
    for (let count = this.#below(6); count >= 0; count--) {
      this.#jobs.push(this.#pool.submit(this.#jobs.length));
    }
  }

  #cancel(): void {
    const name = this.#below(this.#jobs.length);
    if (this.#jobs[name]?.over === false) {
      this.#jobs[name]?.cancel();
      this.cancelled.add(name);
    }
  }

  #happen(worker: FakeWorker, what: number): void {
    if (what < 0.32) this.#die(worker);
    else if (what < 0.38) worker.ready();
    else if (what < 0.5) worker.tell();
    else this.#step(worker);
  }

  #step(worker: FakeWorker): void {
    if (worker.running === null) {
      const name = worker.begin();
      if (name === undefined) return;
      expect(this.begun.has(name), `${name} is begun again`).toBe(false);
      this.begun.add(name);
    } else {
      const { name } = worker.running;
      const value = this.#draw() < 0.3 ? `text ${name}` : name;
      this.finished.set(name, value);
      worker.finish(value, this.#draw() < 0.5 ? 0.01 : 3);
      // A real worker writes the end of a job with the beginning of the next, or at once when there is none.
      if (this.#kind === 'file') worker.tell();
    }
  }

  #die(worker: FakeWorker): void {
    if (worker.running !== null) this.died.add(worker.running.name);
    worker.die();
  }

  /** Until all is done. One that is being ended does nothing more. */
  #goOn(worker: FakeWorker): void {
    if (worker.isKilled) this.#die(worker);
    else {
      worker.ready();
      this.#step(worker);
      worker.tell();
    }
  }

  check(): void {
    for (const [name] of this.#jobs.entries()) {
      const outcome = this.#pool.outcomes.get(name);
      const isError = typeof outcome === 'string' && /^(WorkerDied|ProcessError)/.test(outcome);
      if (!isError) expect(outcome).toBe(this.finished.get(name));
      else if (outcome.startsWith('ProcessError')) expect(this.cancelled).toContain(name);
      else if (outcome.includes('while it ran')) expect(this.died).toContain(name);
      // Given up: workers that begin nothing died in a row.
      else expect([outcome.includes('before it ran'), this.begun.has(name)]).toEqual([true, false]);
    }
    const { running, queued } = this.#pool.core.statistics();
    for (const worker of this.#pool.workers) if (worker.exitCode !== null) expect(worker.isHeld).toBe(false);
    expect([queued, running]).toEqual([0, 0]);
  }
}

describe.each<BoardKind>(['shared', 'file'])('any history of a pool (%s)', (kind) => {
  it.each(Array.from({ length: 25 }, (_, seed) => seed))(
    'loses no job and begins none twice, seed %i',
    async (seed) => {
      const history = new History(kind, seed);
      await history.run(600);
      history.check();
    },
  );
});
