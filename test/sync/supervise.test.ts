import {
  attempt,
  type Green,
  GreenletExit,
  getcurrent,
  hub,
  race,
  shield,
  sleep,
  spawn,
  supervise,
  Timeout,
  withTimeout,
} from 'greenlets';
import { explore, sweepKills, type TestClock, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';

watchHub();

/** Lives so long each time, in turn, and then fails; at the end of the list it gives the number of its runs. */
class Mortal {
  readonly begun: number[] = [];
  readonly errors: Error[] = [];
  readonly #clock: TestClock;
  readonly #lives: readonly number[];

  constructor(clock: TestClock, ...lives: number[]) {
    this.#clock = clock;
    this.#lives = lives;
  }

  readonly run = (): Green<number> => this.#live();

  *#live(): Green<number> {
    const ms = this.#lives[this.begun.length];
    this.begun.push(this.#clock.now());
    if (ms === undefined) return this.begun.length;
    if (ms > 0) yield* sleep(ms);
    const error = new Error(`death ${this.begun.length}`);
    this.errors.push(error);
    throw error;
  }
}

describe('supervise', () => {
  it(
    'gives the value of fn, and runs it again, at once, when it fails',
    virtual(function* (clock) {
      const mortal = new Mortal(clock, 10, 5, 0);
      const value: number = yield* supervise(mortal.run);
      expect(value).toBe(4);
      expect(mortal.begun).toEqual([0, 10, 15, 15]);
    }),
  );

  it(
    'throws the last error, the very one, after more than restarts restarts: three unless told',
    virtual(function* (clock) {
      const mortal = new Mortal(clock, 1, 1, 1, 1, 1);
      const { error } = yield* attempt(() => supervise(mortal.run));
      expect(mortal.begun).toHaveLength(4);
      expect(error).toBe(mortal.errors[3]);
      const fragile = new Mortal(clock, 1, 1);
      expect((yield* attempt(() => supervise(fragile.run, { restarts: 0 }))).error).toBe(fragile.errors[0]);
    }),
  );

  it(
    'forgets failures that are longer ago than within ms: a minute unless told',
    virtual(function* (clock) {
      const steady = new Mortal(clock, ...Array.from({ length: 50 }, () => 20_001));
      expect(yield* supervise(steady.run)).toBe(51);
      const hasty = new Mortal(clock, ...Array.from({ length: 50 }, () => 20_000));
      const { error } = yield* attempt(() => supervise(hasty.run));
      expect(error).toBe(hasty.errors[3]);
      const bursts = new Mortal(clock, 1, 1, 99, 1, 99, 1, 1);
      const told = yield* attempt(() => supervise(bursts.run, { restarts: 2, within: 50 }));
      expect(told.error).toBe(bursts.errors[6]);
    }),
  );

  it(
    'never gives up with restarts: Infinity; never forgets with within: Infinity',
    virtual(function* (clock) {
      const often = new Mortal(clock, ...Array.from({ length: 500 }, () => 0));
      expect(yield* supervise(often.run, { restarts: Number.POSITIVE_INFINITY })).toBe(501);
      const rarely = new Mortal(clock, 1e9, 1e9, 1e9);
      const options = { restarts: 2, within: Number.POSITIVE_INFINITY };
      expect((yield* attempt(() => supervise(rarely.run, options))).error).toBe(rarely.errors[2]);
    }),
  );

  it(
    'counts anew at each run of the operation',
    virtual(function* (clock) {
      const mortal = new Mortal(clock, 1, 1, 1, 1);
      const operation = supervise(mortal.run, { restarts: 1 });
      expect((yield* attempt(() => operation)).error).toBe(mortal.errors[1]);
      expect((yield* attempt(() => operation)).error).toBe(mortal.errors[3]);
      expect(yield* operation).toBe(5);
    }),
  );

  it(
    'waits delay ms before each restart, and gives way without one',
    virtual(function* (clock) {
      const mortal = new Mortal(clock, 1, 1);
      yield* supervise(mortal.run, { delay: 100 });
      expect(mortal.begun).toEqual([0, 101, 202]);
      const hasty = new Mortal(clock, ...Array.from({ length: 10_000 }, () => 0));
      const g = spawn(() => supervise(hasty.run, { restarts: Number.POSITIVE_INFINITY }));
      yield* sleep(0);
      yield* sleep(0);
      expect(hasty.begun.length).toBeLessThan(5);
      yield* g.kill();
    }),
  );

  it(
    'asks when, which may block, whether to start again, but not about the last failure',
    virtual(function* (clock) {
      const asked: unknown[] = [];
      const mortal = new Mortal(clock, 1, 1, 1);
      function* when(error: unknown, failures: number): Green<boolean> {
        yield* sleep(10);
        asked.push(error, failures);
        return true;
      }
      yield* attempt(() => supervise(mortal.run, { restarts: 2, when }));
      expect(asked).toEqual([mortal.errors[0], 1, mortal.errors[1], 2]);
      expect(mortal.begun).toEqual([0, 11, 22]);
      const refused = new Mortal(clock, 1, 1);
      const { error } = yield* attempt(() => supervise(refused.run, { when: async () => false }));
      expect(error).toBe(refused.errors[0]);
    }),
  );

  it(
    'runs plain and async functions and operations',
    virtual(function* () {
      let runs = 0;
      const twice = () => {
        if (++runs % 2 === 1) throw new Error('odd');
        return runs;
      };
      expect(yield* supervise(twice)).toBe(2);
      expect(yield* supervise(async () => twice())).toBe(4);
      expect(yield* supervise(sleep(1))).toBeUndefined();
    }),
  );

  it('is ended by a kill wherever it is parked, and leaves nothing', async () => {
    const kills = await sweepKills(function* (clock) {
      let live = 0;
      const mortal = new Mortal(clock, 5, 5, 5);
      function* run(): Green<number> {
        live++;
        try {
          return yield* mortal.run();
        } finally {
          live--;
        }
      }
      try {
        yield* supervise(run, { delay: 5 });
      } finally {
        expect(live).toBe(0);
        expect(hub.stats().timers).toBeLessThanOrEqual(1); // the grace of the kill
      }
    });
    expect(kills).toBe(6);
  });

  it(
    'lets every exit pass at once: kills, GreenletExit, timeouts from further out, also in another guise',
    virtual(function* (clock) {
      let runs = 0;
      function* wrapping(): Green<void> {
        runs++;
        try {
          yield* sleep(1000);
        } catch (cause) {
          throw new Error('lost', { cause });
        }
      }
      const g = spawn(() => supervise(wrapping));
      yield* sleep(1);
      yield* g.kill();
      expect([String(g.error), runs, clock.now()]).toEqual(['Error: lost', 1, 1]);
      const { error } = yield* attempt(() => withTimeout(10, () => supervise(wrapping)));
      expect([String(error), runs, clock.now()]).toEqual(['Error: lost', 2, 11]);
      const late = yield* withTimeout(10, { timeoutValue: 'late' }, () => supervise(sleep(1000)));
      expect([late, clock.now()]).toEqual(['late', 21]);
      const exit = new GreenletExit();
      const leaving = spawn(() =>
        supervise(() => {
          throw exit;
        }),
      );
      yield* leaving.join();
      expect(leaving.value).toBe(exit);
    }),
  );

  it(
    'restarts what its own timeout ended, and goes on under a shield',
    virtual(function* (clock) {
      const { error } = yield* attempt(() => supervise(() => withTimeout(5, sleep, 10), { restarts: 2 }));
      expect(error).toBeInstanceOf(Timeout);
      expect(clock.now()).toBe(15);
      const mortal = new Mortal(clock, 5, 5);
      const g = spawn(() => shield(() => supervise(mortal.run)));
      yield* sleep(1);
      yield* g.kill();
      expect([mortal.begun, g.killed]).toEqual([[15, 20, 25], true]);
    }),
  );

  it(
    'losing a race is over and leaves no timer; outside of greenlets it runs in a new one',
    virtual(async (clock) => {
      const mortal = new Mortal(clock, 10, 10, 10);
      await spawn(function* () {
        yield* race([supervise(mortal.run, { delay: 10 }), sleep(15)]);
        expect(hub.stats().timers).toBe(0);
        yield* sleep(100);
      }).get();
      expect(mortal.begun).toEqual([0]);
      expect(await supervise(() => getcurrent().name)).toMatch(/^supervise/);
      await expect(supervise(new Mortal(clock, 0, 0).run, { restarts: 1 })).rejects.toThrow('death 2');
    }),
  );

  it('is the same in every order', async () => {
    await explore(
      function* (clock) {
        const mortals = [new Mortal(clock, 5, 10), new Mortal(clock, 5, 5, 5)];
        const greenlets = mortals.map((each) => spawn(() => supervise(each.run)));
        for (const each of greenlets) yield* each.join();
        expect(mortals.map((each) => each.begun)).toEqual([
          [0, 5, 15],
          [0, 5, 10, 15],
        ]);
      },
      { runs: 20 },
    );
  });

  it('refuses what is wrong at the call, and says how to mend it', () => {
    const refused = (options: unknown) => () => supervise(() => 1, options as never);
    expect(() => supervise(5 as never)).toThrow(
      'fn must be a function, got 5 (number): pass the function itself',
    );
    expect(refused(3)).toThrow('options must be an object such as { restarts: 3, within: 60_000 }, got 3');
    expect(refused({ restarts: -1 })).toThrow('restarts must be a whole number of at least 0, got -1');
    expect(refused({ within: '1 min' })).toThrow('within must be a number of milliseconds, got "1 min"');
    expect(refused({ delay: Number.NaN })).toThrow(RangeError);
    expect(refused({ when: true })).toThrow('when must be a function');
  });
});
