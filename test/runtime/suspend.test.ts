import { GreenletExit, getcurrent, sleep, spawn, suspend, type Waker } from 'greenlets';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';

const watch = watchHub();

describe('suspend', () => {
  it('registers at each run and in the greenlet that runs it', async () => {
    const who: unknown[] = [];
    const operation = suspend<void>('op', (wake) => {
      who.push(getcurrent());
      wake.resolve();
    });
    expect(who).toEqual([]);
    const body = function* () {
      yield* operation;
      yield* operation;
    };
    const a = spawn(body);
    const b = spawn(body);
    await a.get();
    await b.get();
    expect(who).toEqual([a, a, b, b]);
  });

  it('gives the value of resolve, and throws that of reject', async () => {
    const error = new Error('no');
    expect(await suspend((wake: Waker<number>) => void setImmediate(() => wake.resolve(4)))).toBe(4);
    await expect(suspend((wake) => void setImmediate(() => wake.reject(error)))).rejects.toBe(error);
  });

  it('goes on without a switch when it is woken inside register', async () => {
    const order: string[] = [];
    const a = spawn(function* () {
      for (const i of [1, 2]) {
        yield* suspend<void>('early', (wake) => wake.resolve());
        order.push(`a${i}`);
      }
    });
    const b = spawn(() => void order.push('b'));
    await a.get();
    await b.get();
    expect(order).toEqual(['a1', 'a2', 'b']);
  });

  it('resumes woken greenlets in the order in which they were woken, never inside resolve', async () => {
    const order: unknown[] = [];
    const wakers: Waker<number>[] = [];
    const body = function* () {
      order.push(yield* suspend<number>('op', (wake) => void wakers.push(wake)));
    };
    const all = [spawn(body), spawn(body), spawn(body)];
    await pass();
    for (const i of [2, 0, 1]) wakers[i]!.resolve(i);
    expect(order).toEqual([]);
    for (const g of all) await g.get();
    expect(order).toEqual([2, 0, 1]);
  });

  it('takes only the first call of the waker, whenever it comes', async () => {
    const wakers: Waker<number>[] = [];
    const operation = suspend<number>('op', (wake) => void wakers.push(wake));
    const g = spawn(function* () {
      return [yield* operation, yield* operation];
    });
    await pass();
    wakers[0]!.resolve(1);
    wakers[0]!.resolve(2);
    wakers[0]!.reject(new Error('late'));
    await pass();
    wakers[0]!.resolve(3);
    await pass();
    expect(g.dead).toBe(false);
    wakers[1]!.resolve(4);
    expect(await g.get()).toEqual([1, 4]);
    const early = suspend<number>('op', (wake) => {
      wake.resolve(1);
      wake.resolve(2);
      wake.reject(new Error('late'));
    });
    expect(await early).toBe(1);
  });

  it('has a waker whose functions can be handed over by themselves', async () => {
    const callbacks: ((value: number) => void)[] = [];
    const g = spawn(function* () {
      return yield* suspend<number>('op', (wake) => void callbacks.push(wake.resolve));
    });
    await pass();
    callbacks[0]!(8);
    expect(await g.get()).toBe(8);
    const error = new Error('no');
    await expect(suspend('op', ({ reject }) => reject(error))).rejects.toBe(error);
    expect(
      await suspend<string>('op', ({ resolve, reject }) => void Promise.resolve('x').then(resolve, reject)),
    ).toBe('x');
  });

  it('calls the undo when the wait is interrupted, and not otherwise', async () => {
    const log: string[] = [];
    let wake: Waker<void> | undefined;
    const operation = suspend<void>('op', (waker) => {
      wake = waker;
      log.push('registered');
      return () => void log.push('undone');
    });
    const g = spawn(function* () {
      yield* operation;
      yield* operation;
    });
    await pass();
    wake!.resolve();
    await pass();
    expect(log).toEqual(['registered', 'registered']);
    await g.kill();
    expect(log).toEqual(['registered', 'registered', 'undone']);
    wake!.resolve();
    wake!.reject(new Error('late'));
    await pass();
    expect(g.value).toBeInstanceOf(GreenletExit);
  });

  it('is ended by a kill though its undo throws, which hub.onError is told of', async () => {
    const error = new Error('undo');
    const g = spawn(function* () {
      yield* suspend('op', () => () => {
        throw error;
      });
    });
    await pass();
    expect(await g.kill()).toBe(true);
    expect(watch.takeErrors()).toEqual([error]);
  });

  it('throws what register throws, at the yield*', async () => {
    const error = new Error('register');
    const operation = suspend('op', () => {
      throw error;
    });
    await expect(operation).rejects.toBe(error);
    const g = spawn(function* () {
      try {
        yield* operation;
      } catch (e) {
        yield* sleep(0);
        return e;
      }
      return undefined;
    });
    expect(await g.get()).toBe(error);
  });

  it('may be woken by another greenlet, a promise job or a timer', async () => {
    const wakers: Waker<string>[] = [];
    const g = spawn(function* () {
      const wait = suspend<string>('op', (wake) => void wakers.push(wake));
      return [yield* wait, yield* wait, yield* wait];
    });
    spawn(function* () {
      yield* sleep(0);
      wakers[0]!.resolve('greenlet');
    });
    await pass();
    queueMicrotask(() => wakers[1]!.resolve('job'));
    await pass();
    setTimeout(() => wakers[2]!.resolve('timer'), 0);
    expect(await g.get()).toEqual(['greenlet', 'job', 'timer']);
  });

  it('is named by its name, or that of register, in the error of a switch into it', async () => {
    for (const [operation, name] of [
      [suspend('tea', () => {}), 'tea'],
      [suspend(function coffee() {}), 'coffee'],
    ] as const) {
      const g = spawn(function* () {
        yield* operation;
      });
      await pass();
      expect(() => g.switch()).toThrow(name);
      await g.kill();
    }
  });

  it('refuses what is no function', () => {
    expect(() => suspend('op', 5 as never)).toThrow(TypeError);
    expect(() => suspend('op', undefined as never)).toThrow(TypeError);
    expect(watch.takeErrors()).toEqual([]);
  });
});
