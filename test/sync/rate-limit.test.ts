import {
  type Green,
  type Greenlet,
  hub,
  RateLimit,
  type RateLimitOptions,
  race,
  sleep,
  spawn,
  wait,
  withTimeout,
} from 'greenlets';
import { explore, runVirtual, sweepKills, type TestClock, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';

watchHub();

/** Takes in greenlets of their own, and notes who got when what they wanted. */
class Takers {
  readonly log: string[] = [];
  readonly limit: RateLimit;
  readonly #clock: TestClock;

  constructor(clock: TestClock, options: RateLimitOptions) {
    this.#clock = clock;
    this.limit = new RateLimit(options);
  }

  spawn(name: string, n = 1, options?: { timeout?: number; block?: boolean }): Greenlet<boolean> {
    return spawn(() => this.#take(name, n, options));
  }

  *#take(name: string, n: number, options?: { timeout?: number; block?: boolean }): Green<boolean> {
    const taken = yield* this.limit.take(n, options);
    this.log.push(`${name}${taken ? '' : ' not'} ${this.#clock.now()}`);
    return taken;
  }
}

/** The times at which so many takes in a row come through. */
function* takeAll(clock: TestClock, limit: RateLimit, count: number): Green<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    expect(yield* limit.take()).toBe(true);
    times.push(clock.now());
  }
  return times;
}

describe('RateLimit.take', () => {
  it(
    'spaces takes evenly unless told, rate of them every per ms; per is a second unless told',
    virtual(function* (clock) {
      expect(yield* takeAll(clock, new RateLimit({ rate: 4 }), 5)).toEqual([0, 250, 500, 750, 1000]);
      expect(yield* takeAll(clock, new RateLimit({ rate: 2, per: 60 }), 3)).toEqual([1000, 1030, 1060]);
      expect(yield* takeAll(clock, new RateLimit({ rate: 0.5 }), 2)).toEqual([1060, 3060]);
    }),
  );

  it(
    'gives burst at once after a rest, and no more however long the rest was',
    virtual(function* (clock) {
      const limit = new RateLimit({ rate: 10, burst: 3 });
      expect(yield* takeAll(clock, limit, 5)).toEqual([0, 0, 0, 100, 200]);
      yield* sleep(250);
      expect(yield* takeAll(clock, limit, 3)).toEqual([450, 450, 500]);
      yield* sleep(1e9);
      const later = 1e9 + 500;
      expect(yield* takeAll(clock, limit, 4)).toEqual([later, later, later, later + 100]);
    }),
  );

  it(
    'takes several together, when all of them are there',
    virtual(function* (clock) {
      const limit = new RateLimit({ rate: 10, burst: 5 });
      yield* limit.take(5);
      yield* limit.take(3);
      expect(clock.now()).toBe(300);
      yield* limit.take(2);
      expect(clock.now()).toBe(500);
    }),
  );

  it(
    'switches only if it has to wait',
    virtual(function* () {
      let others = 0;
      spawn(() => others++);
      const limit = new RateLimit({ rate: 1, burst: 2 });
      yield* limit.take();
      yield* limit.take();
      expect(others).toBe(0);
      yield* limit.take();
      expect(others).toBe(1);
    }),
  );

  it(
    'is exact: ten thousand takes end to the moment, though the interval cannot be written down',
    virtual(function* (clock) {
      const times = yield* takeAll(clock, new RateLimit({ rate: 3 }), 10_001);
      expect(times[10_000]).toBe((10_000 * 1000) / 3);
      expect(times.every((at, i) => at === (i * 1000) / 3)).toBe(true);
    }),
  );

  it(
    'serves first come, first served, also who wants little behind who wants much',
    virtual(function* (clock) {
      const takers = new Takers(clock, { rate: 10, burst: 4 });
      takers.spawn('a', 4);
      takers.spawn('b', 3);
      takers.spawn('c', 1);
      yield* sleep(250);
      takers.spawn('d', 2);
      takers.spawn('e', 1, { block: false });
      yield* sleep(1000);
      expect(takers.log).toEqual(['a 0', 'e not 250', 'b 300', 'c 400', 'd 600']);
    }),
  );

  it(
    'gives false when timeout ms pass first, at once with 0 or block: false, and has taken nothing',
    virtual(function* (clock) {
      const limit = new RateLimit({ rate: 10 });
      yield* limit.take();
      expect(yield* limit.take(1, { timeout: 99 })).toBe(false);
      expect(clock.now()).toBe(99);
      expect(yield* limit.take(1, { timeout: 0 })).toBe(false);
      expect(yield* limit.take(1, { block: false })).toBe(false);
      expect(yield* limit.take(1, { timeout: 50 })).toBe(true);
      expect(clock.now()).toBe(100);
      expect([limit.statistics().waiters, hub.stats().timers]).toEqual([0, 0]);
    }),
  );

  it(
    'is in time when the timeout and the take fall due together, also behind others',
    virtual(function* (clock) {
      const takers = new Takers(clock, { rate: 10 });
      for (const name of 'abcd') takers.spawn(name, 1, { timeout: 200 });
      yield* sleep(1000);
      expect(takers.log).toEqual(['a 0', 'b 100', 'd not 200', 'c 200'].sort());
    }),
  );

  it(
    'interrupted takes nothing, and those behind are served in time: by kill, timeout or a lost race',
    virtual(function* (clock) {
      const takers = new Takers(clock, { rate: 10, burst: 3 });
      const { limit } = takers;
      yield* limit.take(3);
      const big = takers.spawn('big', 3);
      const timed = spawn(() => withTimeout(120, { timeoutValue: 'late' }, limit.take(3)));
      takers.spawn('small');
      const racing = spawn(() => race([limit.take(2), sleep(130)]));
      takers.spawn('last', 2);
      yield* sleep(110);
      const before = limit.statistics();
      yield* big.kill();
      expect(limit.statistics()).toEqual({ ...before, waiters: 4 });
      yield* sleep(1000);
      // At 120 one has been there for 20 ms; the race is lost at 130, and the last two are there at 300.
      expect(takers.log).toEqual(['small 120', 'last 300']);
      expect([timed.value, racing.value]).toEqual(['late', undefined]);
      expect([limit.statistics().waiters, hub.stats().timers]).toEqual([0, 0]);
    }),
  );

  it(
    'that has been served stays so when a kill comes before it runs on',
    virtual(function* () {
      const limit = new RateLimit({ rate: 10 });
      yield* limit.take();
      const g = spawn(function* () {
        const taken = yield* limit.take();
        expect(taken).toBe(true);
        yield* sleep(1000);
      });
      yield* sleep(50);
      // Due with the timer of the limit, after it: the taker is woken and has not run.
      spawn(function* () {
        yield* sleep(50);
        yield* g.kill();
      });
      yield* g.join();
      expect(limit.statistics().free).toBe(0);
      yield* sleep(100);
      expect(limit.statistics().free).toBe(1);
    }),
  );

  it('is undone by a kill at any suspension, with the statistics as before', async () => {
    const kills = await sweepKills(function* () {
      const limit = new RateLimit({ rate: 10, burst: 2 });
      yield* limit.take(2);
      let taken = 2;
      try {
        for (const n of [1, 2, 1]) {
          yield* limit.take(n);
          taken += n;
        }
      } finally {
        expect(limit.statistics()).toEqual({ free: 0, pausedFor: 0, waiters: 0 });
        expect(taken).toBeLessThanOrEqual(6);
        // The grace of the kill; the limit has none of its own.
        expect(hub.stats().timers).toBeLessThanOrEqual(1);
      }
    });
    expect(kills).toBe(3);
  });

  it('hands out in the order in which they came, in every order', async () => {
    await explore(
      function* (clock) {
        const limit = new RateLimit({ rate: 10 });
        const came: string[] = [];
        const served: string[] = [];
        function* taker(name: string): Green<void> {
          yield* sleep(0);
          came.push(name);
          yield* limit.take();
          served.push(name);
          expect(clock.now()).toBe(100 * served.length);
        }
        yield* limit.take();
        for (const name of 'abcdef') spawn(taker, name);
        yield* sleep(1000);
        expect(served).toHaveLength(6);
        expect(served).toEqual(came);
      },
      { runs: 30 },
    );
  });

  it('can be awaited outside of greenlets', async () => {
    await runVirtual(async (clock) => {
      const limit = new RateLimit({ rate: 10 });
      await Promise.all([limit.take(), limit.take(), limit.take()]);
      expect(clock.now()).toBe(200);
      expect(await limit.take(1, { timeout: 5 })).toBe(false);
    });
  });

  it('refuses what could never be taken, and what is no number, at the call', () => {
    const limit = new RateLimit({ rate: 1, burst: 3, name: 'api' });
    expect(() => limit.take(4)).toThrow(
      "n must be at most 3, the burst of <RateLimit 'api' 1 per 1000 ms, 3 free>",
    );
    expect(() => limit.take(0)).toThrow('n must be a whole number of at least 1, got 0');
    expect(() => limit.take(1.5)).toThrow(RangeError);
    expect(() => limit.take({ timeout: 5 } as never)).toThrow('options come second: take(1, { timeout })');
    expect(() => limit.take(1, 5 as never)).toThrow('options must be an object such as { timeout: 1000 }');
    expect(() => limit.take(1, { timeout: -1 })).toThrow('timeout must be 0 or more milliseconds, got -1');
  });
});

describe('RateLimit.pause', () => {
  it(
    'gives nothing out for ms from the call, to those who wait and to those who come',
    virtual(function* (clock) {
      const takers = new Takers(clock, { rate: 10 });
      takers.spawn('a');
      takers.spawn('b');
      yield* sleep(50);
      takers.limit.pause(500);
      takers.spawn('c');
      takers.spawn('d', 1, { timeout: 100 });
      expect(takers.limit.statistics().pausedFor).toBe(500);
      yield* sleep(2000);
      expect(takers.log).toEqual(['a 0', 'd not 150', 'b 550', 'c 650']);
      expect(takers.limit.statistics().pausedFor).toBe(0);
    }),
  );

  it(
    'extends a pause and never shortens it',
    virtual(function* (clock) {
      const limit = new RateLimit({ rate: 10 });
      limit.pause(100);
      limit.pause(50);
      yield* limit.take();
      expect(clock.now()).toBe(100);
      limit.pause(200);
      yield* sleep(150);
      limit.pause(100);
      yield* limit.take();
      expect(clock.now()).toBe(350);
      limit.pause(0);
      yield* limit.take();
      expect(clock.now()).toBe(450);
    }),
  );

  it(
    'has the bucket fill meanwhile, up to burst',
    virtual(function* (clock) {
      const limit = new RateLimit({ rate: 10, burst: 2 });
      yield* limit.take(2);
      limit.pause(1000);
      expect(yield* takeAll(clock, limit, 3)).toEqual([1000, 1000, 1100]);
    }),
  );

  it('refuses what is no time', () => {
    expect(() => new RateLimit({ rate: 1 }).pause(-5)).toThrow('ms must be 0 or more milliseconds, got -5');
    expect(() => new RateLimit({ rate: 1 }).pause('5' as never)).toThrow(TypeError);
  });
});

describe('RateLimit', () => {
  it(
    'is ready when one could be taken at once; waiting for it takes nothing',
    virtual(function* (clock) {
      const limit = new RateLimit({ rate: 10 });
      expect(limit.ready()).toBe(true);
      expect(yield* wait([limit])).toEqual([limit]);
      yield* limit.take();
      expect(limit.ready()).toBe(false);
      expect(yield* wait([limit], { timeout: 50 })).toEqual([]);
      expect([limit.statistics().waiters, hub.stats().timers]).toEqual([0, 0]);
      expect(yield* wait([limit])).toEqual([limit]);
      expect([clock.now(), limit.ready()]).toEqual([100, true]);
      limit.pause(100);
      expect(limit.ready()).toBe(false);
      expect((yield* race([limit as never, sleep(500)])) as unknown).toBe(limit);
      expect(clock.now()).toBe(200);
    }),
  );

  it(
    'tells whoever waits for it when those who came before have been served, and goes on to those behind',
    virtual(function* (clock) {
      const takers = new Takers(clock, { rate: 10 });
      const { limit } = takers;
      takers.spawn('a');
      takers.spawn('b');
      yield* sleep(0);
      const watcher = spawn(function* () {
        yield* wait([limit]);
        return clock.now();
      });
      yield* sleep(0);
      takers.spawn('c');
      expect(yield* watcher.get()).toBe(200);
      yield* sleep(0);
      expect(takers.log).toEqual(['a 0', 'b 100', 'c 200']);
    }),
  );

  it(
    'shows its state as plain, frozen data and as one line',
    virtual(function* () {
      const limit = new RateLimit({ rate: 5, per: 60_000, burst: 2, name: 'api' });
      expect([limit.rate, limit.per, limit.burst, limit.name]).toEqual([5, 60_000, 2, 'api']);
      expect(limit.statistics()).toEqual({ free: 2, pausedFor: 0, waiters: 0 });
      expect(Object.isFrozen(limit.statistics())).toBe(true);
      expect(String(limit)).toBe("<RateLimit 'api' 5 per 60000 ms, 2 free>");
      yield* limit.take();
      limit.pause(100);
      const g = spawn(() => limit.take(2));
      yield* sleep(0);
      expect(limit.statistics()).toEqual({ free: 1, pausedFor: 100, waiters: 1 });
      expect(String(limit)).toBe("<RateLimit 'api' 5 per 60000 ms, 1 free, paused for 100 ms, 1 waiting>");
      yield* g.kill();
      expect(String(new RateLimit({ rate: 0.5 }))).toBe('<RateLimit 0.5 per 1000 ms, 1 free>');
    }),
  );

  it('begins anew in the time of another test', async () => {
    const limit = new RateLimit({ rate: 1 });
    for (let run = 0; run < 2; run++) {
      await runVirtual(function* (clock) {
        limit.pause(500);
        expect(yield* takeAll(clock, limit, 3)).toEqual([500, 1500, 2500]);
        limit.pause(1e6);
      });
    }
  });

  it('refuses what is no rate, at construction, and says how to mend it', () => {
    const refused = (options: unknown) => () => new RateLimit(options as never);
    expect(refused(5)).toThrow('options must be an object such as { rate: 5, per: 1000 }, got 5 (number)');
    expect(refused(undefined)).toThrow(TypeError);
    expect(refused({})).toThrow('rate must be a number, got undefined');
    expect(refused({ rate: 0 })).toThrow('rate must be a finite number above 0, got 0');
    expect(refused({ rate: Number.POSITIVE_INFINITY })).toThrow(RangeError);
    expect(refused({ rate: 1, per: 0 })).toThrow(
      'per must be a finite number of milliseconds above 0, got 0',
    );
    expect(refused({ rate: 1, per: '1s' })).toThrow('per must be a number of milliseconds, got "1s"');
    expect(refused({ rate: 1, burst: 0 })).toThrow('burst must be a whole number of at least 1, got 0');
    expect(refused({ rate: 1, burst: Number.POSITIVE_INFINITY })).toThrow('burst must be finite');
    expect(refused({ rate: 1, name: 5 })).toThrow('name must be a string, got 5 (number)');
  });
});
