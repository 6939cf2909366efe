/** RWLock against a naive model, in any order: after each step both are in the same state. */
import { Event, type Green, type Greenlet, RWLock, select, sleep, spawn } from 'greenlets';
import { explore, type TestClock } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { turns } from '../support/interruptions.js';

watchHub();

interface Ask {
  readonly id: number;
  readonly writes: boolean;
}

class Model {
  queue: Ask[] = [];
  readonly inside = new Map<number, Ask>();

  ask(ask: Ask): void {
    this.queue.push(ask);
    this.#admit();
  }

  /** Whether it was still waiting. */
  leave(id: number): boolean {
    const waited = this.queue.some((each) => each.id === id);
    this.queue = this.queue.filter((each) => each.id !== id);
    this.#admit();
    return waited;
  }

  release(id: number): void {
    expect(this.inside.delete(id)).toBe(true);
    this.#admit();
  }

  get writers(): number {
    return [...this.inside.values()].filter(({ writes }) => writes).length;
  }

  #admit(): void {
    for (let first = this.queue[0]; first !== undefined; first = this.queue[0]) {
      if (this.writers > 0 || (first.writes && this.inside.size > 0)) return;
      this.inside.set(first.id, first);
      this.queue.shift();
    }
  }
}

/** Greenlets that read and write, and are killed or change their mind while they wait. */
class Program {
  readonly lock = new RWLock();
  readonly model = new Model();
  readonly #clock: TestClock;
  #next = 0;

  constructor(clock: TestClock) {
    this.#clock = clock;
  }

  /** Both are in the same state. */
  check(): void {
    const { model, lock } = this;
    const { level, waiters, holder } = lock.statistics();
    expect([level, waiters, holder === null ? 0 : 1]).toEqual([
      model.inside.size - model.writers,
      model.queue.length,
      model.writers,
    ]);
    const free = model.inside.size === 0;
    expect([lock.ready(), lock.write.ready()]).toEqual([free, free]);
    expect(lock.read.ready()).toBe(model.writers === 0 && model.queue.length === 0);
  }

  /** Some way to take a side and let go of it. */
  *use(): Green<void> {
    const id = this.#next++;
    const writes = this.#clock.random() < 0.4;
    const side = writes ? this.lock.write : this.lock.read;
    const way = this.#clock.random();
    if (way < 0.3) yield* this.#unsure(id, writes, side);
    else if (way < 0.6) yield* this.#killed(id, writes, side);
    else yield* this.#ask(id, writes, side);
  }

  *#inside(id: number, side: RWLock['read']): Green<void> {
    expect(this.model.inside.has(id)).toBe(true);
    this.check();
    try {
      yield* turns(Math.floor(this.#clock.random() * 3));
    } finally {
      this.model.release(id);
      side.release();
      this.check();
    }
  }

  /** Waits in a select that somebody else may decide. */
  *#unsure(id: number, writes: boolean, side: RWLock['read']): Green<void> {
    this.model.ask({ id, writes });
    const stop = new Event();
    let stopped = false;
    const stopper = spawn(() => {
      stopped = this.model.leave(id);
      stop.set();
      this.check();
    });
    const { key } = yield* select({ side: side.acquire(), stop: stop.wait() });
    expect(key).toBe(stopped ? 'stop' : 'side');
    if (key === 'side') yield* this.#inside(id, side);
    yield* stopper.join();
  }

  /** In a greenlet that is killed at some time: while it waits, when it has been let in, or inside. */
  *#killed(id: number, writes: boolean, side: RWLock['read']): Green<void> {
    const taker = spawn(() => this.#ask(id, writes, side));
    const killer = spawn(
      { name: 'killer' },
      function* (model: Model, passes: number) {
        yield* turns(passes);
        model.leave(id);
        void taker.kill();
      },
      this.model,
      Math.floor(this.#clock.random() * 3),
    );
    yield* taker.join();
    yield* killer.join();
    this.check();
  }

  *#ask(id: number, writes: boolean, side: RWLock['read']): Green<void> {
    this.model.ask({ id, writes });
    yield* side.acquire();
    yield* this.#inside(id, side);
  }
}

describe('RWLock', () => {
  it('is at any time in the state of a naive model, in every order', async () => {
    await explore(
      function* (clock) {
        const program = new Program(clock);
        function* body(): Green<void> {
          for (let step = 0; step < 3; step++) {
            yield* program.use();
            if (clock.random() < 0.3) yield* sleep(0);
          }
        }
        const all: Greenlet<void>[] = Array.from({ length: 4 }, () => spawn(body));
        for (const each of all) yield* each.get();
        expect(program.lock.statistics()).toEqual({ holder: null, level: 0, waiters: 0 });
      },
      { runs: 1000 },
    );
  });
});
