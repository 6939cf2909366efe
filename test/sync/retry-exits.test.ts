/** What retry must not try again: kills, `GreenletExit`, timeouts that began further out. */
import {
  attempt,
  type Green,
  GreenletExit,
  hub,
  race,
  retry,
  shield,
  sleep,
  spawn,
  Timeout,
  withTimeout,
} from 'greenlets';
import { sweepKills, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';

watchHub();

function* failAfter(ms: number, error: unknown): Green<never> {
  yield* sleep(ms);
  throw error;
}

describe('retry and exits', () => {
  it('is ended by a kill wherever it is parked: in fn, in when, between calls', async () => {
    let live = 0;
    const kills = await sweepKills(function* () {
      live = 0;
      function* failing(): Green<never> {
        live++;
        try {
          return yield* failAfter(5, new Error('oh'));
        } finally {
          live--;
        }
      }
      function* when(): Green<boolean> {
        live++;
        try {
          yield* sleep(5);
          return true;
        } finally {
          live--;
        }
      }
      try {
        yield* attempt(() => retry(failing, { tries: 2, when }));
      } finally {
        expect(live).toBe(0);
        expect(hub.stats().timers).toBeLessThanOrEqual(1); // the grace of the kill
      }
    });
    expect(kills).toBe(4);
  });

  it(
    'lets a kill pass, also one with an error of its own, and one that fn makes another error of',
    virtual(function* () {
      let calls = 0;
      function* plain(): Green<void> {
        calls++;
        yield* sleep(10);
      }
      function* wrapping(): Green<void> {
        calls++;
        try {
          yield* sleep(10);
        } catch {
          throw new Error('download failed');
        }
      }
      for (const fn of [plain, wrapping]) {
        for (const exception of [undefined, new Error('shut down')]) {
          calls = 0;
          const g = spawn(() => retry(fn, { tries: 9, delay: 1 }));
          yield* sleep(5);
          yield* g.kill({ exception });
          expect(calls).toBe(1);
          void g.error;
        }
      }
    }),
  );

  it(
    'goes on under a shield, which holds the kill up',
    virtual(function* (clock) {
      const times: number[] = [];
      const third = (n: number) => {
        times.push(clock.now());
        if (n < 3) throw new Error('not yet');
      };
      const g = spawn(() => shield(() => retry(third, { delay: 10 })));
      yield* sleep(5);
      yield* g.kill();
      expect(times).toEqual([0, 10, 30]);
      expect(g.killed).toBe(true);
    }),
  );

  it(
    'does not try again what threw GreenletExit',
    virtual(function* () {
      let calls = 0;
      const exit = new GreenletExit();
      const leaving = () => {
        calls++;
        throw exit;
      };
      const g = spawn(() => retry(leaving));
      yield* g.join();
      expect([g.value, calls]).toEqual([exit, 1]);
    }),
  );

  it(
    'tries again what took too long by a timeout of fn itself',
    virtual(function* (clock) {
      const times: number[] = [];
      const value = yield* retry(
        (n) => {
          times.push(clock.now());
          return withTimeout(50, sleep, n === 3 ? 1 : 1000);
        },
        { delay: 10, factor: 1 },
      );
      expect(value).toBeUndefined();
      expect(times).toEqual([0, 60, 120]);
      const { error } = yield* attempt(() => retry(() => withTimeout(5, sleep, 10), { tries: 2 }));
      expect(error).toBeInstanceOf(Timeout);
      expect((error as Timeout).ms).toBe(5);
    }),
  );

  it(
    'lets a timeout that began further out pass, also one that fn makes another error of',
    virtual(function* (clock) {
      let calls = 0;
      function* wrapping(): Green<void> {
        calls++;
        try {
          yield* sleep(1000);
        } catch (cause) {
          throw new Error('download failed', { cause });
        }
      }
      const late = yield* withTimeout(20, { timeoutValue: 'late' }, () => retry(sleep(1000)));
      expect([late, clock.now()]).toEqual(['late', 20]);
      const { error } = yield* attempt(() => withTimeout(20, () => retry(wrapping)));
      expect([String(error), calls, clock.now()]).toEqual(['Error: download failed', 1, 40]);
      const between = yield* attempt(() => withTimeout(20, () => retry(() => failAfter(1, new Error('oh')))));
      expect([(between.error as Timeout).ms, clock.now()]).toEqual([20, 60]);
    }),
  );

  it(
    'tries again what failed because somebody else was killed',
    virtual(function* () {
      const value = yield* retry((n) => {
        if (n === 1) throw new Error('the worker is gone', { cause: new GreenletExit() });
        return n;
      });
      expect(value).toBe(2);
    }),
  );

  it(
    'losing a race is over, dead and leaves no timer',
    virtual(function* (clock) {
      let live = 0;
      function* failing(): Green<never> {
        live++;
        try {
          return yield* failAfter(7, new Error('oh'));
        } finally {
          live--;
        }
      }
      for (const ms of [3, 7, 8, 20]) {
        yield* race([retry(failing, { delay: 5, tries: 99 }), sleep(ms)]);
        expect([live, hub.stats().timers]).toEqual([0, 0]);
      }
      expect(clock.now()).toBe(38);
    }),
  );
});
