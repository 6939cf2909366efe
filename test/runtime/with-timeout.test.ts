import { attempt, type Green, hub, sleep, spawn, suspend, Timeout, withTimeout } from 'greenlets';
import { virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { keepHubSettings } from '../support/hub.js';

keepHubSettings();

describe('withTimeout', () => {
  it(
    'gives the value of a function that ends in time, with its arguments, and leaves no timer',
    virtual(function* (clock) {
      function* sum(a: number, b: number): Green<number> {
        yield* sleep(5);
        return a + b;
      }
      expect(yield* withTimeout(10, sum, 1, 2)).toBe(3);
      expect(yield* withTimeout(10, (x: number) => x, 4)).toBe(4);
      expect(yield* withTimeout(10, async () => 5)).toBe(5);
      expect(hub.stats().timers).toBe(0);
      yield* sleep(20);
      expect(clock.now()).toBe(25);
    }),
  );

  it(
    'throws a Timeout that says how long and where',
    virtual(function* (clock) {
      const { error } = yield* attempt(() => withTimeout(10, sleep, 1000));
      expect(error).toBeInstanceOf(Timeout);
      expect((error as Timeout).ms).toBe(10);
      expect((error as Error).message).toContain('10 ms');
      expect((error as Error).message).toContain('sleep');
      expect(clock.now()).toBe(10);
    }),
  );

  it(
    'takes an operation',
    virtual(function* (clock) {
      let undone = 0;
      const never = suspend<void>('never', () => () => void undone++);
      expect((yield* attempt(() => withTimeout(10, never))).error).toBeInstanceOf(Timeout);
      expect(undone).toBe(1);
      expect(yield* withTimeout(10, sleep(5))).toBeUndefined();
      expect(clock.now()).toBe(15);
    }),
  );

  it(
    'gives timeoutValue instead, also undefined, false and null',
    virtual(function* () {
      for (const timeoutValue of ['late', undefined, false, null, 0]) {
        expect(yield* withTimeout(1, { timeoutValue }, sleep, 100)).toBe(timeoutValue);
        expect(yield* withTimeout(1, { timeoutValue }, sleep(100))).toBe(timeoutValue);
      }
      expect(yield* withTimeout(10, { timeoutValue: 'late' }, (x: string) => x, 'in time')).toBe('in time');
    }),
  );

  it(
    'gives timeoutValue only for its own timeout: an outer one passes through',
    virtual(function* (clock) {
      const outer = yield* attempt(() =>
        withTimeout(10, function* (): Green<string> {
          return (yield* withTimeout(20, { timeoutValue: 'inner' }, sleep, 1000)) ?? 'slept';
        }),
      );
      expect(outer.ok).toBe(false);
      expect((outer.error as Timeout).ms).toBe(10);
      expect(clock.now()).toBe(10);
    }),
  );

  it(
    'passes an error of the function through, also a Timeout that is not its own',
    virtual(function* () {
      const own = new Error('own');
      const foreign = new Timeout(1);
      for (const error of [own, foreign]) {
        const result = yield* attempt(() =>
          withTimeout(10, { timeoutValue: 'x' }, () => {
            throw error;
          }),
        );
        expect(result.error).toBe(error);
      }
    }),
  );

  it(
    'of several due in one turn the outermost wins',
    virtual(function* () {
      const trace: string[] = [];
      const result = yield* withTimeout(10, { timeoutValue: 'outer' }, function* (): Green<string> {
        const middle = yield* withTimeout(10, { timeoutValue: 'middle' }, function* (): Green<string> {
          const inner = yield* withTimeout(10, { timeoutValue: 'inner' }, sleep, 1000);
          trace.push(String(inner));
          return 'x';
        });
        trace.push(middle);
        return 'y';
      });
      expect(result).toBe('outer');
      expect(trace).toEqual([]);
    }),
  );

  it(
    'ends fn as a kill does: finally blocks run, and may block, before it gives anything',
    virtual(function* (clock) {
      const trace: string[] = [];
      const result = yield* withTimeout(10, { timeoutValue: 'late' }, function* (): Green<void> {
        try {
          yield* sleep(1000);
        } finally {
          yield* sleep(5);
          trace.push('cleaned');
        }
        trace.push('never');
      });
      expect(result).toBe('late');
      expect(trace).toEqual(['cleaned']);
      expect(clock.now()).toBe(15);
    }),
  );

  it(
    'of a body that swallows the timeout and returns gives its value',
    virtual(function* () {
      const result = yield* withTimeout(10, { timeoutValue: 'late' }, function* (): Green<string> {
        try {
          yield* sleep(1000);
        } catch {
          return 'swallowed';
        }
        return 'slept';
      });
      expect(result).toBe('swallowed');
    }),
  );

  it(
    'runs fn in the calling greenlet',
    virtual(function* () {
      const before = hub.stats().greenlets;
      expect(yield* withTimeout(10, () => hub.stats().greenlets)).toBe(before);
    }),
  );

  it(
    'a kill while it waits leaves no timer',
    virtual(function* () {
      const g = spawn(() => withTimeout(1000, sleep, 500));
      yield* sleep(1);
      yield* g.kill();
      expect(hub.stats().timers).toBe(0);
      expect(g.killed).toBe(true);
    }),
  );

  it(
    'with 0 gives the value of what is over at once, and times out for what waits',
    virtual(function* () {
      expect(yield* withTimeout(0, () => 5)).toBe(5);
      expect(yield* withTimeout(0, { timeoutValue: 'late' }, sleep, 5)).toBe('late');
    }),
  );

  it(
    'with Infinity never fires',
    virtual(function* (clock) {
      yield* withTimeout(Number.POSITIVE_INFINITY, sleep, 2 ** 35);
      expect(clock.now()).toBe(2 ** 35);
    }),
  );

  it('is awaited outside of greenlets: fn gets a greenlet of its own', async () => {
    expect(await withTimeout(100_000, (a: number) => a + 1, 1)).toBe(2);
    await expect(withTimeout(0, sleep, 100_000).promise()).rejects.toBeInstanceOf(Timeout);
    expect(await withTimeout(0, { timeoutValue: 'late' }, sleep, 100_000)).toBe('late');
  });

  it('refuses at the call what is no time and no function', () => {
    expect(() => withTimeout(-1, () => 1)).toThrow(RangeError);
    expect(() => withTimeout('1' as never, () => 1)).toThrow(TypeError);
    expect(() => withTimeout(1, 5 as never)).toThrow(TypeError);
    expect(() => withTimeout(1, { timeoutValue: 1 }, 5 as never)).toThrow(TypeError);
  });
});
