import { callback, GreenletExit, sleep, spawn } from 'greenlets';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';

watchHub();

type Cb<T> = (error?: unknown, value?: T) => void;

describe('callback', () => {
  it('gives the value, or throws the error, of a Node-style callback', async () => {
    const error = new Error('no');
    expect(await callback<number>((cb) => void setImmediate(cb, null, 5))).toBe(5);
    await expect(callback((cb) => void setImmediate(cb, error))).rejects.toBe(error);
    expect(await callback<void>((cb) => void setImmediate(cb))).toBe(undefined);
  });

  it('may be called back at once', async () => {
    expect(await callback<string>((cb) => cb(null, 'now'))).toBe('now');
    await expect(callback((cb) => cb('bad'))).rejects.toBe('bad');
  });

  it('registers at each run', async () => {
    let runs = 0;
    const operation = callback<number>((cb) => cb(null, ++runs));
    expect(runs).toBe(0);
    expect(
      await spawn(function* () {
        return [yield* operation, yield* operation];
      }).get(),
    ).toEqual([1, 2]);
  });

  it('takes only the first call', async () => {
    const callbacks: Cb<number>[] = [];
    const operation = callback<number>((cb) => void callbacks.push(cb));
    const g = spawn(function* () {
      return [yield* operation, yield* operation];
    });
    await pass();
    callbacks[0]!(null, 1);
    callbacks[0]!(null, 2);
    callbacks[0]!(new Error('late'));
    await pass();
    callbacks[0]!(null, 3);
    await pass();
    expect(g.dead).toBe(false);
    callbacks[1]!(null, 4);
    expect(await g.get()).toEqual([1, 4]);
  });

  it('interrupted, aborts its signal and ignores the callback', async () => {
    let cb: Cb<number> | undefined;
    let signal: AbortSignal | undefined;
    const g = spawn(function* () {
      yield* callback<number>((done, s) => {
        cb = done;
        signal = s as AbortSignal;
      });
    });
    await pass();
    expect(signal!.aborted).toBe(false);
    await g.kill();
    expect(signal!.aborted).toBe(true);
    cb!(new Error('late'));
    await pass();
    expect(g.value).toBeInstanceOf(GreenletExit);
  });

  it('throws what the function throws', async () => {
    const error = new Error('register');
    const g = spawn(function* () {
      try {
        yield* callback(() => {
          throw error;
        });
      } catch (e) {
        yield* sleep(0);
        return e;
      }
      return undefined;
    });
    expect(await g.get()).toBe(error);
    expect(() => callback(5 as never)).toThrow(TypeError);
  });
});
