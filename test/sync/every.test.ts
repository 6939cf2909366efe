import {
  attempt,
  every,
  type Green,
  getcurrent,
  hub,
  type Operation,
  race,
  sleep,
  spawn,
  Timeout,
  withTimeout,
} from 'greenlets';
import { explore, runVirtual, sweepKills, type TestClock, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';

watchHub();

/** Runs an `every` for so long. */
function* during(ms: number, repeated: Operation<never>): Green<void> {
  yield* withTimeout(ms, { timeoutValue: undefined }, repeated);
}

/** Notes when it begins, and takes as long as it is told, in turn. */
function recorder(clock: TestClock, ...lengths: number[]) {
  const begun: number[] = [];
  function* run(): Green<void> {
    begun.push(clock.now());
    const ms = lengths[begun.length - 1] ?? 0;
    if (ms > 0) yield* sleep(ms);
  }
  return { begun, run };
}

describe('every', () => {
  it(
    'runs at each multiple of ms from its start, first after ms',
    virtual(function* (clock) {
      yield* sleep(7);
      const { begun, run } = recorder(clock);
      yield* during(35, every(10, run));
      expect(begun).toEqual([17, 27, 37]);
    }),
  );

  it(
    'with immediate runs at once, too',
    virtual(function* (clock) {
      const { begun, run } = recorder(clock);
      yield* during(25, every(10, run, { immediate: true }));
      expect(begun).toEqual([0, 10, 20]);
    }),
  );

  it(
    'never overlaps: what takes too long leaves runs out, and the next is at the next multiple',
    virtual(function* (clock) {
      const { begun, run } = recorder(clock, 25, 9, 11, 0);
      yield* during(65, every(10, run));
      expect(begun).toEqual([10, 40, 50]);
      expect(clock.now()).toBe(65);
    }),
  );

  it(
    'takes a multiple that is just reached for one that is not over',
    virtual(function* (clock) {
      const { begun, run } = recorder(clock, 10, 20, 0);
      yield* during(55, every(10, run, { immediate: true }));
      expect(begun).toEqual([0, 10, 30, 40, 50]);
    }),
  );

  it(
    'does not drift, whatever the runs take',
    virtual(function* (clock) {
      const { begun, run } = recorder(clock, ...Array.from({ length: 300 }, (_, i) => (i % 7) / 3));
      yield* during(1000, every(10 / 3, run));
      expect(begun).toHaveLength(299);
      begun.forEach((at, i) => {
        expect(at).toBeCloseTo(((i + 1) * 10) / 3, 9);
      });
    }),
  );

  it(
    'runs plain, async and generator functions and operations, and drops what they give',
    virtual(function* (clock) {
      const seen: string[] = [];
      yield* during(
        15,
        every(10, () => seen.push('plain')),
      );
      yield* during(
        15,
        every(10, async () => seen.push('async')),
      );
      yield* during(15, every(10, sleep(1)));
      yield* during(
        25,
        every(10, () => sleep(6)),
      );
      expect(seen).toEqual(['plain', 'async']);
      expect(clock.now()).toBe(70);
    }),
  );

  it(
    'throws what fn throws, and runs no more',
    virtual(function* (clock) {
      const oh = new Error('oh');
      let runs = 0;
      const { error } = yield* attempt(() =>
        every(10, () => {
          if (++runs === 3) throw oh;
        }),
      );
      expect([error, runs, clock.now(), hub.stats().timers]).toEqual([oh, 3, 30, 0]);
    }),
  );

  it('is ended by a kill wherever it is parked, and leaves nothing', async () => {
    const kills = await sweepKills(function* (clock) {
      let live = 0;
      const run = function* (): Green<void> {
        live++;
        try {
          yield* sleep(4);
          if (clock.now() > 30) throw new Error('enough');
        } finally {
          live--;
        }
      };
      try {
        yield* attempt(() => every(10, run));
      } finally {
        expect(live).toBe(0);
        expect(hub.stats().timers).toBeLessThanOrEqual(1); // the grace of the kill
      }
    });
    expect(kills).toBe(6);
  });

  it(
    'lets a timeout pass, and is over when it loses a race',
    virtual(function* (clock) {
      const { begun, run } = recorder(clock, 5, 5);
      const { error } = yield* attempt(() => withTimeout(12, () => every(10, run)));
      expect(error).toBeInstanceOf(Timeout);
      yield* race([every(10, run), sleep(13)]);
      yield* race([every(10, run), sleep(3)]);
      expect(begun).toEqual([10, 22]);
      expect(hub.stats().timers).toBe(0);
      yield* sleep(100);
      expect(begun).toHaveLength(2);
    }),
  );

  it(
    'comes early by up to the share jitter of the interval, never twice for one multiple',
    virtual(
      function* (clock) {
        const { begun, run } = recorder(clock);
        yield* during(10_000, every(100, run, { jitter: 0.5 }));
        const early = begun.map((at, i) => (i + 1) * 100 - at);
        expect(Math.min(...early)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...early)).toBeLessThanOrEqual(50);
        expect(Math.max(...early) - Math.min(...early)).toBeGreaterThan(40);
        expect([99, 100]).toContain(begun.length);
      },
      { seed: 5 },
    ),
  );

  it('with jitter is replayed by the seed', async () => {
    const run = (seed: number) =>
      runVirtual(
        function* (clock): Green<number[]> {
          const { begun, run } = recorder(clock);
          yield* during(1000, every(100, run, { jitter: 1 }));
          return begun;
        },
        { seed },
      );
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  it(
    'gives way to others, however short the interval and whatever fn takes',
    virtual(function* (clock) {
      let runs = 0;
      const g = spawn(() =>
        every(5, function* () {
          runs++;
          yield* sleep(5);
        }),
      );
      yield* sleep(1000);
      expect([runs, clock.now()]).toEqual([199, 1000]);
      yield* g.kill();
      expect(g.killed).toBe(true);
    }),
  );

  it(
    'with Infinity never runs, but for the immediate run',
    virtual(function* (clock) {
      const { begun, run } = recorder(clock);
      const ms = Number.POSITIVE_INFINITY;
      yield* during(5, every(ms, run, { jitter: 1 }));
      yield* during(5, every(ms, run, { immediate: true, jitter: 1 }));
      expect(begun).toEqual([5]);
    }),
  );

  it(
    'can be awaited outside of greenlets, where it runs in a new one',
    virtual(async () => {
      const names: string[] = [];
      const repeated = every(10, () => {
        names.push(getcurrent().name);
        if (names.length === 2) throw new Error('enough');
      });
      await expect(repeated).rejects.toThrow('enough');
      expect(names).toEqual([expect.stringMatching(/^every/), expect.stringMatching(/^every/)]);
    }),
  );

  it('is the same in every order', async () => {
    await explore(
      function* (clock) {
        const recorders = [recorder(clock, 3, 12), recorder(clock, 0, 25)];
        const greenlets = recorders.map(({ run }) => spawn(() => every(10, run)));
        yield* sleep(55);
        for (const each of greenlets) yield* each.kill();
        expect(recorders.map(({ begun }) => begun)).toEqual([
          [10, 20, 40, 50],
          [10, 20, 50],
        ]);
      },
      { runs: 20 },
    );
  });

  it('refuses what is wrong at the call, and says how to mend it', () => {
    const run = () => {};
    expect(() => every(0, run)).toThrow('ms must be above 0, got 0; to run without a pause');
    expect(() => every(-1, run)).toThrow(RangeError);
    expect(() => every('5' as never, run)).toThrow('ms must be a number of milliseconds, got "5"');
    expect(() => every(5, 5 as never)).toThrow('fn must be a function, got 5 (number)');
    expect(() => every(5, run, true as never)).toThrow(
      'options must be an object such as { immediate: true }',
    );
    expect(() => every(5, run, { jitter: -1 })).toThrow('jitter must be a finite number from 0 to 1, got -1');
  });
});
