import { attempt, type Green, getcurrent, type Operation, retry, sleep, spawn } from 'greenlets';
import { explore, runVirtual, type TestClock, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';

watchHub();

/** Fails so many times, then gives the number of the call; notes when it was called. */
class Flaky {
  readonly calls: number[] = [];
  readonly errors: Error[] = [];
  readonly #failures: number;
  readonly #clock: TestClock;

  constructor(failures: number, clock: TestClock) {
    this.#failures = failures;
    this.#clock = clock;
  }

  readonly call = (): number => {
    this.calls.push(this.#clock.now());
    if (this.calls.length > this.#failures) return this.calls.length;
    const error = new Error(`failure ${this.calls.length}`);
    this.errors.push(error);
    throw error;
  };
}

function* failAfter(ms: number, error: unknown): Green<never> {
  yield* sleep(ms);
  throw error;
}

describe('retry', () => {
  it(
    'gives the value of the first call that has one, without switching when that is the very first',
    virtual(function* () {
      let others = 0;
      spawn(() => others++);
      const value: number = yield* retry(() => 5);
      expect([value, others]).toEqual([5, 0]);
    }),
  );

  it(
    'waits delay ms before the second call and factor times as long before each later one, up to maxDelay',
    virtual(function* (clock) {
      const flaky = new Flaky(5, clock);
      const value = yield* retry(flaky.call, { tries: 6, delay: 10, factor: 3, maxDelay: 100 });
      expect(value).toBe(6);
      expect(flaky.calls).toEqual([0, 10, 40, 130, 230, 330]);
    }),
  );

  it(
    'calls three times unless told, 100 and 200 ms apart',
    virtual(function* (clock) {
      const flaky = new Flaky(9, clock);
      yield* attempt(() => retry(flaky.call));
      expect(flaky.calls).toEqual([0, 100, 300]);
    }),
  );

  it(
    'has delays of 30 s at most, or of delay if that is longer, unless told',
    virtual(function* (clock) {
      const patient = new Flaky(3, clock);
      yield* retry(patient.call, { tries: 4, delay: 20_000 });
      expect(patient.calls).toEqual([0, 20_000, 50_000, 80_000]);
      const slow = new Flaky(2, clock);
      yield* retry(slow.call, { delay: 100_000 });
      expect(slow.calls).toEqual([80_000, 180_000, 280_000]);
    }),
  );

  it(
    'throws the error of the last call, the very one',
    virtual(function* (clock) {
      const flaky = new Flaky(9, clock);
      const { error } = yield* attempt(() => retry(flaky.call, { tries: 4, delay: 1 }));
      expect(flaky.errors).toHaveLength(4);
      expect(error).toBe(flaky.errors[3]);
      const odd = yield* attempt(() => retry(() => failAfter(1, 'no error'), { tries: 1 }));
      expect(odd.error).toBe('no error');
    }),
  );

  it(
    'runs plain, async and generator functions and operations, with the number of the call',
    virtual(function* () {
      const seen: number[] = [];
      const third = (attempt: number) => {
        seen.push(attempt);
        if (attempt < 3) throw new Error('not yet');
        return attempt;
      };
      function* green(attempt: number): Green<number> {
        yield* sleep(1);
        return third(attempt);
      }
      expect(yield* retry(third)).toBe(3);
      expect(yield* retry(async (attempt) => third(attempt))).toBe(3);
      expect(yield* retry(green)).toBe(3);
      expect(seen).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3]);
      const nap: Operation<void> = retry(sleep(5));
      yield* nap;
      const give: number = yield* retry(() => spawn(() => 7).get());
      expect(give).toBe(7);
    }),
  );

  it(
    'does nothing when it is built, and all of it at each run',
    virtual(function* () {
      const seen: number[] = [];
      const operation = retry((n) => void seen.push(n));
      expect(seen).toEqual([]);
      yield* operation;
      yield* operation;
      expect(seen).toEqual([1, 1]);
    }),
  );

  it(
    'asks when, which may be plain, async or a generator function, whether to try again',
    virtual(function* (clock) {
      const asked: unknown[] = [];
      const kinds = [
        (error: unknown, n: number) => asked.push(error, n) > 0,
        async (error: unknown, n: number) => asked.push(error, n) > 0,
        function* (error: unknown, n: number): Green<boolean> {
          yield* sleep(5);
          return asked.push(error, n) > 0;
        },
      ];
      for (const when of kinds) {
        asked.length = 0;
        const flaky = new Flaky(9, clock);
        yield* attempt(() => retry(flaky.call, { delay: 0, when }));
        // Not after the last call: there is nothing to decide.
        expect(asked).toEqual([flaky.errors[0], 1, flaky.errors[1], 2]);
      }
      expect(clock.now()).toBe(10);
    }),
  );

  it(
    'throws the error at once when the answer is no, and what when throws',
    virtual(function* (clock) {
      const flaky = new Flaky(9, clock);
      const refused = yield* attempt(() => retry(flaky.call, { when: (_error, n) => n < 2 }));
      expect(refused.error).toBe(flaky.errors[1]);
      expect(flaky.calls).toEqual([0, 100]);
      const broken = new Error('when is broken');
      const failed = yield* attempt(() => retry(flaky.call, { when: () => failAfter(1, broken) }));
      expect(failed.error).toBe(broken);
    }),
  );

  it(
    'takes off up to the share jitter of each delay, drawn by the clock of the test',
    virtual(
      function* (clock) {
        const flaky = new Flaky(50, clock);
        yield* retry(flaky.call, { tries: 51, delay: 100, factor: 1, jitter: 0.25 });
        const gaps = flaky.calls.slice(1).map((at, i) => at - (flaky.calls[i] as number));
        expect(Math.min(...gaps)).toBeGreaterThanOrEqual(75);
        expect(Math.max(...gaps)).toBeLessThanOrEqual(100);
        expect(Math.max(...gaps) - Math.min(...gaps)).toBeGreaterThan(20);
      },
      { seed: 3 },
    ),
  );

  it('with jitter is replayed by the seed', async () => {
    const run = (seed: number) =>
      runVirtual(
        function* (clock): Green<number[]> {
          const flaky = new Flaky(4, clock);
          yield* retry(flaky.call, { tries: 5, jitter: 1 });
          return flaky.calls;
        },
        { seed },
      );
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  it('gives way between calls even with no delay', async () => {
    await runVirtual(function* (clock) {
      const flaky = new Flaky(20_000, clock);
      const g = spawn(() => retry(flaky.call, { tries: Number.POSITIVE_INFINITY, delay: 0 }));
      yield* sleep(0);
      yield* sleep(0);
      expect(flaky.calls.length).toBeLessThan(5);
      yield* g.kill();
    });
  });

  it(
    'can be awaited outside of greenlets, where it runs in a new one',
    virtual(async () => {
      expect(await retry(() => getcurrent().name, { tries: 1 })).toMatch(/^retry/);
      await expect(retry(() => failAfter(1, new RangeError('oh')), { tries: 2 })).rejects.toThrow('oh');
      const controller = new AbortController();
      const promise = retry(() => sleep(1000)).promise({ signal: controller.signal });
      controller.abort(new Error('enough'));
      await expect(promise).rejects.toThrow('enough');
    }),
  );

  it('refuses what is wrong at the call, and says how to mend it', () => {
    function* body(): Green<void> {}
    expect(() => retry(body() as never)).toThrow('fn must be a function, got');
    expect(() => retry(body() as never)).toThrow('pass the function itself');
    expect(() => retry(Promise.resolve() as never)).toThrow(TypeError);
    const refused = (options: unknown) => () => retry(() => 1, options as never);
    expect(refused(3)).toThrow('options must be an object such as { tries: 3 }, got 3 (number)');
    expect(refused({ tries: 0 })).toThrow('tries must be a whole number of at least 1, got 0');
    expect(refused({ tries: 1.5 })).toThrow(RangeError);
    expect(refused({ delay: -1 })).toThrow('delay must be 0 or more milliseconds, got -1');
    expect(refused({ delay: '5' })).toThrow(TypeError);
    expect(refused({ factor: 0.5 })).toThrow('factor must be a finite number of at least 1, got 0.5');
    expect(refused({ maxDelay: Number.NaN })).toThrow(RangeError);
    expect(refused({ jitter: 2 })).toThrow('jitter must be a finite number from 0 to 1, got 2');
    expect(refused({ jitter: true })).toThrow('jitter must be a number, got true (boolean)');
    expect(refused({ when: 5 })).toThrow('when must be a function, got 5 (number)');
  });

  it('is the same in every order', async () => {
    await explore(
      function* (clock) {
        const all = [1, 2, 3].map((failures) => new Flaky(failures, clock));
        const greenlets = all.map((each) => spawn(() => retry(each.call, { tries: 4, delay: 10 })));
        for (const each of greenlets) yield* each.join();
        expect(all.map((each) => each.calls)).toEqual([
          [0, 10],
          [0, 10, 30],
          [0, 10, 30, 70],
        ]);
      },
      { runs: 20 },
    );
  });
});
