import { currentGreenlet, type Green, getcurrent, green, sleep, spawn, suspend } from 'greenlets';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';

watchHub();

describe('green', () => {
  it('makes an async function of a generator function: its promise gives the value', async () => {
    const add = green(function* (a: number, b: number): Green<number> {
      yield* sleep(0);
      return a + b;
    });
    const promise = add(1, 2);
    expect(promise).toBeInstanceOf(Promise);
    expect(await promise).toBe(3);
  });

  it('rejects with the error, which is observed by that', async () => {
    const error = new Error('no');
    const fails = green(function* (): Green<void> {
      yield* sleep(0);
      throw error;
    });
    await expect(fails()).rejects.toBe(error);
  });

  it('runs each call in a new greenlet, on the next turn', async () => {
    const seen: unknown[] = [];
    const main = getcurrent();
    const note = green(() => {
      seen.push(getcurrent());
    });
    const both = [note(), note()];
    expect(seen).toEqual([]);
    await Promise.all(both);
    expect(new Set([main, ...seen]).size).toBe(3);
  });

  it('passes this', async () => {
    const object = {
      n: 5,
      get: green(function* (this: { n: number }, by: number): Green<number> {
        yield* sleep(0);
        return this.n + by;
      } as never) as (by: number) => Promise<number>,
    };
    expect(await object.get(1)).toBe(6);
  });

  it('can be called inside a greenlet, and takes plain and async functions', async () => {
    expect(await green(() => 1)()).toBe(1);
    expect(await green(async () => 2)()).toBe(2);
    expect(await green(() => suspend<number>('op', (wake) => wake.resolve(3)))()).toBe(3);
  });

  it('names its greenlets by fn or by the option', async () => {
    const named = green(function* handler(): Green<unknown> {
      return currentGreenlet()?.name;
    });
    expect(await named()).toBe('handler');
    const other = green(() => currentGreenlet()?.name, { name: 'request' });
    expect(await other()).toBe('request');
  });

  it('kills what runs when its signal is aborted', async () => {
    const controller = new AbortController();
    const log: string[] = [];
    const handler = green(
      function* (name: string): Green<void> {
        try {
          yield* suspend('for ever', () => {});
        } finally {
          log.push(name);
        }
      },
      { signal: controller.signal },
    );
    const calls = [handler('a'), handler('b')];
    await pass();
    controller.abort();
    const outcomes = await Promise.allSettled(calls);
    expect(log).toEqual(['a', 'b']);
    for (const outcome of outcomes) {
      expect(outcome).toEqual({ status: 'rejected', reason: controller.signal.reason });
    }
  });

  it(
    'serves as the body of a test',
    green(function* (): Green<void> {
      const g = spawn(function* () {
        yield* sleep(0);
        return 1;
      });
      expect(yield* g.get()).toBe(1);
    }),
  );

  it('refuses what is no function, at once', () => {
    expect(() => green(5 as never)).toThrow(TypeError);
  });
});
