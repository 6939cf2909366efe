import {
  attempt,
  call,
  type Green,
  GreenletExit,
  getcurrent,
  isExit,
  sleep,
  spawn,
  suspend,
  Timeout,
  type Waker,
  withTimeout,
} from 'greenlets';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';

watchHub();

describe('call', () => {
  it('runs fn in the calling greenlet, with its arguments, and gives its value', async () => {
    const g = spawn(function* () {
      const self = getcurrent();
      return yield* call(
        function* (a: number, b: number): Green<unknown> {
          yield* sleep(0);
          return [a + b, getcurrent() === self];
        },
        1,
        2,
      );
    });
    expect(await g.get()).toEqual([3, true]);
  });

  it('is lazy, and runs fn anew each time', async () => {
    let runs = 0;
    const operation = call(() => ++runs);
    expect(runs).toBe(0);
    const g = spawn(function* () {
      return [yield* operation, yield* operation];
    });
    expect(await g.get()).toEqual([1, 2]);
  });

  it('runs fn in a greenlet of its own outside of greenlets', async () => {
    const main = getcurrent();
    expect(await call(() => getcurrent() === main)).toBe(false);
    const error = new Error('no');
    await expect(
      call(function* () {
        yield* sleep(0);
        throw error;
      }),
    ).rejects.toBe(error);
  });

  it('awaited outside and interrupted kills that greenlet', async () => {
    const log: string[] = [];
    const controller = new AbortController();
    const promise = call(function* () {
      try {
        yield* suspend('for ever', () => {});
      } finally {
        log.push('killed');
      }
    }).promise({ signal: controller.signal });
    await pass();
    controller.abort(new Error('stop'));
    await expect(promise).rejects.toThrow('stop');
    await pass();
    expect(log).toEqual(['killed']);
  });

  it('recurses 100,000 deep, with a switch at each level on the way down and up', async () => {
    let switches = 0;
    function* depth(n: number): Green<number> {
      yield* sleep(0);
      switches++;
      if (n === 0) return 0;
      const below: number = yield* call(depth, n - 1);
      if (n % 100 === 0) yield* sleep(0);
      return below + 1;
    }
    expect(await spawn(depth, 100_000).get()).toBe(100_000);
    expect(switches).toBe(100_001);
  });

  it('takes an error up through 10,000 frames, and each can catch it', async () => {
    const error = new Error('deep');
    let seen = 0;
    function* depth(n: number): Green<void> {
      if (n === 0) {
        yield* sleep(0);
        throw error;
      }
      try {
        yield* call(depth, n - 1);
      } catch (e) {
        seen++;
        throw e;
      }
    }
    await expect(call(depth, 10_000)).rejects.toBe(error);
    expect(seen).toBe(10_000);
  });

  it('goes on below after a frame has caught the error of the one above', async () => {
    const log: unknown[] = [];
    const g = spawn(function* () {
      try {
        yield* call(function* (): Green<void> {
          log.push('in');
          yield* sleep(0);
          throw new Error('up');
        });
      } catch (e) {
        log.push((e as Error).message);
      }
      yield* sleep(0);
      log.push(yield* call(() => 'again'));
    });
    await g.get();
    expect(log).toEqual(['in', 'up', 'again']);
  });

  it('throws at the yield* what a plain fn throws, and what an operation of it throws', async () => {
    const error = new Error('plain');
    const g = spawn(function* () {
      const caught: unknown[] = [];
      for (const fn of [
        () => {
          throw error;
        },
        async () => {
          throw error;
        },
        () => suspend('failing', (wake) => wake.reject(error)),
      ]) {
        try {
          yield* call(fn as () => void);
        } catch (e) {
          caught.push(e);
        }
      }
      return caught;
    });
    expect(await g.get()).toEqual([error, error, error]);
  });

  it('runs finally blocks from the innermost frame outwards when the greenlet is killed, and they may block', async () => {
    const log: string[] = [];
    function* frame(n: number): Green<void> {
      try {
        if (n === 0) yield* suspend('for ever', () => {});
        else yield* call(frame, n - 1);
      } catch (e) {
        log.push(`catch ${n} ${e instanceof GreenletExit}`);
        throw e;
      } finally {
        yield* sleep(0);
        log.push(`finally ${n}`);
      }
    }
    const g = spawn(frame, 2);
    await pass();
    await g.kill();
    expect(log).toEqual([
      'catch 0 true',
      'finally 0',
      'catch 1 true',
      'finally 1',
      'catch 2 true',
      'finally 2',
    ]);
    expect(g.killed).toBe(true);
  });

  it('lets a frame further out catch a kill, and the greenlet goes on', async () => {
    const g = spawn(function* () {
      try {
        yield* call(function* (): Green<void> {
          yield* suspend('for ever', () => {});
        });
      } catch (e) {
        yield* sleep(0);
        return isExit(e);
      }
      return 'no kill';
    });
    await pass();
    await g.kill();
    expect(g.value).toBe(true);
  });

  it('is ended by a timeout of a frame below, whose own frame catches it', async () => {
    let undone = false;
    const g = spawn(function* () {
      try {
        yield* withTimeout(1, function* (): Green<void> {
          yield* call(function* (): Green<void> {
            yield* suspend('for ever', () => () => {
              undone = true;
            });
          });
        });
      } catch (e) {
        return e;
      }
      return undefined;
    });
    expect(await g.get()).toBeInstanceOf(Timeout);
    expect(undone).toBe(true);
  });

  it('mixes with yield* of generators at any depth', async () => {
    function* fib(n: number): Green<number> {
      if (n < 2) return n;
      const a = yield* fib(n - 1);
      const b: number = yield* call(fib, n - 2);
      yield* sleep(0);
      return a + b;
    }
    expect(await spawn(fib, 12).get()).toBe(144);
  });

  it('keeps two greenlets that are deep in frames apart', async () => {
    const log: string[] = [];
    function* down(name: string, n: number): Green<void> {
      if (n > 0) yield* call(down, name, n - 1);
      yield* sleep(0);
      log.push(`${name}${n}`);
    }
    const a = spawn(down, 'a', 2);
    const b = spawn(down, 'b', 2);
    await a.get();
    await b.get();
    expect(log).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
  });

  it('delivers a kill that came while a frame ended at the next suspension of the one below', async () => {
    const log: unknown[] = [];
    let wake: Waker<number> | undefined;
    const g = spawn(function* () {
      log.push(
        yield* call(function* (): Green<number> {
          return yield* suspend<number>('op', (waker) => {
            wake = waker;
          });
        }),
      );
      yield* sleep(0);
      log.push('not reached');
    });
    await pass();
    wake!.resolve(3);
    await g.kill();
    expect(log).toEqual([3]);
  });

  it('refuses what is no function, at once', () => {
    expect(() => call(5 as never)).toThrow(TypeError);
    expect(() => call(sleep(0) as never)).toThrow(TypeError);
  });

  it('passes this of a bound method', async () => {
    class Counter {
      n = 5;
      *next(by: number): Green<number> {
        yield* sleep(0);
        return this.n + by;
      }
    }
    const counter = new Counter();
    expect(await attempt(counter.next.bind(counter), 2)).toEqual({ ok: true, value: 7 });
  });
});
