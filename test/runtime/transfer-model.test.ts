import {
  Condition,
  type Green,
  Greenlet,
  GreenletError,
  GreenletExit,
  greenlet,
  hub,
  Queue,
  select,
  sleep,
  spawn,
  spawnLater,
  Timeout,
} from 'greenlets';
import { runVirtual, type TestClock } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { keepHubSettings } from '../support/hub.js';

keepHubSettings();

class Boom extends Error {}

const isExpected = (error: unknown): boolean =>
  error instanceof Boom ||
  error instanceof GreenletError ||
  error instanceof GreenletExit ||
  error instanceof Timeout;

/** A random program of raw and scheduled greenlets that switch to, throw into, kill and adopt one another, parked or not. */
class Program {
  readonly #clock: TestClock;
  readonly #all: greenlet[] = [];
  readonly #queue = new Queue<number>();
  readonly #changed = new Condition();
  readonly #put: number[] = [];
  readonly #got: number[] = [];
  readonly wrong: unknown[] = [];
  #budget = 80;

  constructor(clock: TestClock) {
    this.#clock = clock;
    hub.onError = (error) => this.#check(error);
    for (let i = 0; i < 4; i++) this.#make();
  }

  #draw(below: number): number {
    return Math.floor(this.#clock.random() * below);
  }

  #pick(): greenlet {
    return this.#all[this.#draw(this.#all.length)] as greenlet;
  }

  #check(error: unknown): void {
    if (!isExpected(error)) this.wrong.push(error);
  }

  #make(): void {
    if (this.#all.length >= 10) return;
    const body = () => this.#body();
    const kind = this.#draw(3);
    if (kind === 0) this.#all.push(spawn(body));
    else if (kind === 1) this.#all.push(spawnLater(this.#draw(4), body));
    else this.#all.push(new greenlet(body));
  }

  *#body(): Green<void> {
    for (let steps = 2 + this.#draw(6); steps > 0 && this.#budget-- > 0; steps--) {
      const timeout = Timeout.startNew(this.#draw(9));
      try {
        yield* this.#step();
      } catch (error) {
        this.#check(error);
        if (error instanceof GreenletExit || this.#draw(8) === 0) throw error;
      } finally {
        timeout.cancel();
      }
    }
  }

  *#step(): Green<void> {
    const other = this.#pick();
    switch (this.#draw(10)) {
      case 0:
        return yield* sleep(this.#draw(4));
      case 1:
        return void this.#got.push(yield* this.#queue.get());
      case 2:
        this.#put.push(this.#put.length);
        return this.#queue.putNowait(this.#put.length - 1);
      case 3:
        return yield* other.switch(1);
      case 4:
        return yield* other.throw(this.#draw(2) === 0 ? new Boom() : undefined);
      case 5:
        if (other instanceof Greenlet) void other.kill();
        return;
      case 6:
        other.parent = this.#pick();
        return;
      case 7:
        return this.#make();
      case 8:
        yield* this.#changed.with(() => this.#changed.wait());
        return;
      default: {
        const first = yield* select({ item: this.#queue.get(), loser: slowToDie() });
        if (first.key === 'item') this.#got.push(first.value);
      }
    }
  }

  /** Ends all that has begun. */
  *end(): Green<void> {
    for (let tries = 0; tries < 30; tries++) {
      for (const each of this.#all) {
        if (each.dead || !each.started) continue;
        if (each instanceof Greenlet) void each.kill();
        else spawn(() => each.throw()).rawlink((thrower) => this.#check(thrower.error ?? new Boom()));
      }
      yield* sleep(10);
    }
    expect(this.#all.filter((each) => each.started)).toEqual([]);
    const left = Array.from({ length: this.#queue.qsize() }, () => this.#queue.getNowait());
    expect([...this.#got, ...left].sort((a, b) => a - b)).toEqual(this.#put);
    expect(this.#queue.statistics().waiters).toBe(0);
    expect(this.#changed.statistics()).toEqual({ holder: null, waiters: 0 });
    expect(this.wrong).toEqual([]);
    for (const each of this.#all) if (each instanceof Greenlet) each.successful();
  }
}

function* slowToDie(): Green<void> {
  try {
    yield* sleep(5);
  } finally {
    yield* sleep(2);
  }
}

describe('raw and scheduled greenlets that switch, throw, kill and adopt', () => {
  it('lose no item, wake-up or greenlet, in random programs', async () => {
    for (let seed = 1; seed <= 250; seed++) {
      const run = runVirtual(
        function* (clock): Green<void> {
          let program: Program | undefined;
          // What is thrown into the dead may come out here, in the parent of all.
          while (clock.now() < 60) {
            try {
              program ??= new Program(clock);
              yield* sleep(60 - clock.now());
            } catch (error) {
              if (!isExpected(error)) throw error;
            }
          }
          yield* spawn(() => program?.end()).get();
        },
        { seed },
      );
      await run.catch((cause: unknown) => {
        throw new Error(`seed ${seed}: ${cause}`, { cause });
      });
    }
  });
});
