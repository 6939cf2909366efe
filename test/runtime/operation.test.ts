import {
  all,
  attempt,
  call,
  type Green,
  GreenletError,
  getcurrent,
  greenlet,
  hub,
  type Operation,
  Queue,
  race,
  sleep,
  spawn,
  suspend,
  until,
  type Waker,
} from 'greenlets';
import { afterEach, describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';

const watch = watchHub();

/** Ends at once, or waits, and counts its runs. */
function counted(early = true) {
  const runs: Waker<number>[] = [];
  let undone = 0;
  const operation = suspend<number>('counted', (wake) => {
    runs.push(wake);
    if (early) wake.resolve(runs.length);
    return () => {
      undone++;
    };
  });
  return {
    operation,
    runs,
    get undone() {
      return undone;
    },
  };
}

/** The error that `fn` throws inside a greenlet. */
async function mistake(fn: () => unknown): Promise<Error> {
  const result = await attempt(fn as () => Green<unknown>);
  if (result.ok) throw new Error('it did not throw');
  return result.error as Error;
}

describe('an operation', () => {
  it('is lazy: building it does nothing', async () => {
    const { runs } = counted();
    await pass();
    expect(runs).toEqual([]);
  });

  it('can be run any number of times, by yield* and by await', async () => {
    const { operation } = counted();
    const values = await spawn(function* () {
      return [yield* operation, yield* operation];
    }).get();
    expect([...values, await operation, await operation.promise()]).toEqual([1, 2, 3, 4]);
  });

  it('can be run by several greenlets at the same time', async () => {
    const { operation, runs } = counted(false);
    const body = function* () {
      return yield* operation;
    };
    const both = [spawn(body), spawn(body)];
    await pass();
    runs[1]!.resolve(20);
    runs[0]!.resolve(10);
    expect(await all(both)).toEqual([10, 20]);
  });

  it('throws its error at the yield*, where it can be caught', async () => {
    const error = new Error('no');
    const failing = suspend('failing', (wake) => wake.reject(error));
    const g = spawn(function* () {
      try {
        yield* failing;
      } catch (e) {
        return e;
      }
      return undefined;
    });
    expect(await g.get()).toBe(error);
    await expect(failing).rejects.toBe(error);
  });

  it('is a PromiseLike: then runs it once and hands on values and errors', async () => {
    const { operation, runs } = counted();
    expect(await operation.then((n) => n * 10)).toBe(10);
    expect(await operation.then()).toBe(2);
    expect(runs).toHaveLength(2);
    const failing = suspend('failing', (wake) => wake.reject('bad'));
    expect(await failing.then(undefined, (e) => [e])).toEqual(['bad']);
  });

  it('gives a real promise', () => {
    const { operation } = counted();
    expect(operation.promise()).toBeInstanceOf(Promise);
  });

  it('begins at the await, synchronously', () => {
    const { operation, runs } = counted(false);
    void operation.promise();
    expect(runs).toHaveLength(1);
    runs[0]!.resolve(0);
  });

  it('awaited outside acts for the main greenlet', async () => {
    const main = getcurrent();
    let current: unknown;
    await suspend<void>('who', (wake) => {
      current = getcurrent();
      wake.resolve();
    });
    expect(current).toBe(main);
  });

  it('is interrupted by the signal of its promise, which rejects with the reason, and is undone', async () => {
    const waiting = counted(false);
    const controller = new AbortController();
    const promise = waiting.operation.promise({ signal: controller.signal });
    const reason = new Error('stop');
    controller.abort(reason);
    await expect(promise).rejects.toBe(reason);
    expect(waiting.undone).toBe(1);
    waiting.runs[0]!.resolve(1);
    await pass();
  });

  it('does not begin when the signal is aborted already', async () => {
    const { operation, runs } = counted();
    const reason = new Error('before');
    await expect(operation.promise({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(runs).toEqual([]);
  });

  it('that has been woken has happened: an abort that comes after does not take it back', async () => {
    const waiting = counted(false);
    const controller = new AbortController();
    const promise = waiting.operation.promise({ signal: controller.signal });
    waiting.runs[0]!.resolve(7);
    controller.abort();
    expect(await promise).toBe(7);
    expect(waiting.undone).toBe(0);
  });

  it('leaves no listener on the signal', async () => {
    let listeners = 0;
    const signal = {
      aborted: false,
      reason: undefined,
      addEventListener: () => void listeners++,
      removeEventListener: () => void listeners--,
    };
    const waiting = counted(false);
    const promise = waiting.operation.promise({ signal: signal as never });
    expect(listeners).toBe(1);
    waiting.runs[0]!.resolve(1);
    await promise;
    expect(listeners).toBe(0);
    await counted().operation.promise({ signal: signal as never });
    expect(listeners).toBe(0);
  });

  it('that is woken before a kill has happened: the kill comes at the next suspension', async () => {
    const waiting = counted(false);
    const log: unknown[] = [];
    const g = spawn(function* () {
      log.push(yield* waiting.operation);
      try {
        yield* sleep(0);
      } finally {
        log.push('killed');
      }
    });
    await pass();
    waiting.runs[0]!.resolve(5);
    await g.kill();
    expect(log).toEqual([5, 'killed']);
    expect(waiting.undone).toBe(0);
  });

  it('that is undone by a kill is undone once', async () => {
    const waiting = counted(false);
    const g = spawn(function* () {
      yield* waiting.operation;
    });
    await pass();
    await g.kill();
    expect(waiting.undone).toBe(1);
    waiting.runs[0]!.resolve(1);
    await pass();
  });

  it('may give a greenlet outside without a warning', async () => {
    const child = await call(() => spawn(() => 5));
    expect(await child.get()).toBe(5);
    expect(watch.takeWarnings().map(({ message }) => message)).toEqual([]);
  });
});

describe('the one rule for every function', () => {
  it('runs generators and operations, waits for promises, and takes anything else as the value', async () => {
    const op = suspend<string>('op', (wake) => wake.resolve('operation'));
    const fns: (() => unknown)[] = [
      function* () {
        yield* sleep(0);
        return 'generator';
      },
      () => op,
      async () => 'promise',
      () => 'value',
      () => undefined,
      () => null,
    ];
    const expected = ['generator', 'operation', 'promise', 'value', undefined, null];
    const spawned: unknown[] = [];
    const called: unknown[] = [];
    for (const fn of fns) {
      spawned.push(await spawn(fn).get());
      called.push(
        await spawn(function* () {
          return yield* call(fn as () => string);
        }).get(),
      );
    }
    expect(spawned).toEqual(expected);
    expect(called).toEqual(expected);
  });

  it('waits one level: an operation that a generator returns is its value', async () => {
    const op = sleep(0);
    const g = await attempt(function* () {
      return { op };
    });
    expect(g.ok && g.value.op).toBe(op);
  });

  it('passes arguments: spawn(sleep, 0), spawn(op), spawn(() => op)', async () => {
    const op: Operation<number> = suspend('op', (wake) => wake.resolve(3));
    expect(await spawn(sleep, 0).get()).toBe(undefined);
    expect(await spawn(op as never).get()).toBe(3);
    expect(await spawn(() => op).get()).toBe(3);
  });

  it('gives a Greenlet that a function returns as the value, without a warning', async () => {
    const inner = spawn(() => 1);
    const result = await spawn(function* () {
      return [yield* call(() => inner)];
    }).get();
    expect(result[0]).toBe(inner);
    expect(watch.takeWarnings().map(({ message }) => message)).toEqual([]);
  });
});

describe('mistakes', () => {
  it('a plain yield of a value throws at that yield: the star is missing', async () => {
    const caught: unknown[] = [];
    const g = spawn(function* (): Generator<never, string, unknown> {
      for (const wrong of [5, undefined, 'text', {}]) {
        try {
          yield wrong as never;
        } catch (e) {
          caught.push(e);
        }
      }
      return 'goes on';
    } as never);
    expect(await g.get()).toBe('goes on');
    expect(caught).toHaveLength(4);
    for (const error of caught) {
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toContain('write yield* (the star is missing)');
    }
  });

  it('a plain yield of a promise says: write yield* until(promise)', async () => {
    const error = await mistake(function* () {
      yield Promise.resolve(1) as never;
    } as never);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain('write yield* until(promise)');
  });

  it('a plain yield of an operation says that the star is missing', async () => {
    for (const make of [() => sleep(0), () => sleep(5), () => spawn(() => {}).get()]) {
      const error = await mistake(function* () {
        yield make() as never;
      } as never);
      expect(error.message).toContain('write yield* (the star is missing)');
    }
    const error = await mistake(function* () {
      yield new Queue<number>(0, { name: 'jobs' }).get() as never;
    } as never);
    expect(error.message).toBe(
      "Queue.get of <Queue 'jobs' 0> was yielded: write yield* (the star is missing)",
    );
  });

  it('a plain yield names the greenlet in place of frames of the runtime', async () => {
    const g = spawn({ name: 'g' }, function* forgetful(): Green<void> {
      yield 5 as never;
    } as never);
    await g.join();
    const { stack } = g.error as Error;
    const [first, second, ...more] = (stack as string).split('\n');
    expect(first).toMatch(/^TypeError: 5 \(number\) was yielded/);
    expect(second).toMatch(/^ {4}in <Greenlet 'g': forgetful .*>$/);
    expect(more).toEqual([]);
  });

  it('a plain yield of a generator or a Greenlet says that the star is missing, and warns of nothing', async () => {
    const g = spawn(() => {});
    for (const [wrong, kind] of [
      [(function* (): Green<void> {})(), 'Generator'],
      [g, 'Greenlet'],
    ]) {
      const error = await mistake(function* () {
        yield wrong as never;
      } as never);
      expect(error.message).toBe(`an instance of ${kind} was yielded: write yield* (the star is missing)`);
    }
    expect(watch.takeWarnings().map(({ message }) => message)).toEqual([]);
  });

  it('a plain yield is told inside nested yield* and call frames too', async () => {
    function* inner(): Green<void> {
      yield 1 as never;
    }
    for (const outer of [
      function* (): Green<void> {
        yield* inner();
      },
      function* (): Green<void> {
        yield* call(inner);
      },
    ]) {
      expect((await mistake(outer)).message).toContain('the star is missing');
    }
  });

  it('spread, destructuring, Array.from and for...of of an operation throw and name it', async () => {
    const { operation, runs } = counted();
    const iterable = operation as unknown as Iterable<unknown>;
    const mistakes: (() => unknown)[] = [
      () => [...iterable],
      () => {
        const [first] = iterable;
        return first;
      },
      () => Array.from(iterable),
      () => {
        for (const each of iterable) return each;
        return undefined;
      },
    ];
    for (const wrong of mistakes) {
      const inside = await mistake(wrong);
      expect(inside).toBeInstanceOf(TypeError);
      expect(inside.message).toContain('counted');
      expect(inside.message).toContain('yield*');
      expect(wrong).toThrow(/yield\*/);
    }
    expect(runs).toEqual([]);
  });

  it('goes on well after such a mistake was caught', async () => {
    const { operation } = counted();
    const g = spawn(function* () {
      try {
        void [...(operation as unknown as Iterable<unknown>)];
      } catch {
        return yield* operation;
      }
      return 0;
    });
    expect(await g.get()).toBe(1);
  });

  it('a for...of over a generator that blocks throws and names the frame', async () => {
    function* blocks(): Green<void> {
      yield* sleep(0);
      yield* sleep(0);
    }
    function drivesIt() {
      for (const _ of blocks());
    }
    const error = await mistake(drivesIt);
    expect(error).toBeInstanceOf(GreenletError);
    expect(error.message).toContain('sleep');
    expect(error.message).toContain('drivesIt');
  });

  it('a for...of over a generator that blocks once is told at the next suspension or the end', async () => {
    function* blocksOnce(): Green<void> {
      yield* sleep(0);
    }
    const parked = counted(false);
    function* parks(): Green<void> {
      yield* parked.operation;
    }
    const bodies: [() => unknown, string][] = [
      [
        () => {
          for (const _ of blocksOnce()) break;
        },
        'sleep',
      ],
      [
        function* () {
          for (const _ of blocksOnce()) break;
          yield* sleep(0);
        },
        'sleep',
      ],
      [
        () => {
          for (const _ of parks()) break;
        },
        'counted',
      ],
    ];
    for (const [body, name] of bodies) {
      const error = await spawn(body)
        .get()
        .promise()
        .catch((e: unknown) => e);
      expect(error).toBeInstanceOf(GreenletError);
      expect(String(error)).toContain(name);
    }
    expect(parked.undone).toBe(1);
  });

  it('a greenlet that was driven wrongly can go on after it caught that', async () => {
    const g = spawn(function* () {
      try {
        for (const _ of (function* (): Green<void> {
          yield* sleep(0);
          yield* sleep(0);
        })());
      } catch {
        yield* sleep(0);
        return 'fine';
      }
      return 'not told';
    });
    expect(await g.get()).toBe('fine');
  });

  it('yield* outside of a greenlet throws and says what to do', () => {
    function* body(): Green<void> {
      yield* sleep(0);
    }
    const gen = body();
    expect(() => gen.next()).toThrow(GreenletError);
    expect(() => body().next()).toThrow(/await it|spawn/);
  });

  it('a used generator object passed again: pass the function', async () => {
    function* body(): Green<number> {
      yield* sleep(0);
      return 1;
    }
    const gen = body();
    expect(await spawn(() => gen).get()).toBe(1);
    await expect(
      spawn(() => gen)
        .get()
        .promise(),
    ).rejects.toThrow(/pass the function/);
    await expect(call(() => gen)).rejects.toThrow(/pass the function/);
    const other = body();
    expect(await race([other])).toBe(1);
    await expect(race([other])).rejects.toThrow(/pass the function/);
  });

  it('await of a Greenlet warns with AWAITED_GREENLET and gives the Greenlet', async () => {
    const g = spawn(() => 5);
    expect(await g).toBe(g);
    const warnings = watch.takeWarnings();
    expect(warnings.map(({ code }) => code)).toEqual(['AWAITED_GREENLET']);
    expect(warnings[0]!.message).toContain('get()');
    expect(warnings[0]!.greenlet).toBe(g);
    expect(warnings[0]!.at).toContain('operation.test');
  });

  it('await of a Greenlet warns once for each place, and again when another handler is set', async () => {
    const g = spawn(() => 5);
    const here = async () => {
      for (let i = 0; i < 3; i++) await g;
    };
    const there = async () => {
      for (let i = 0; i < 3; i++) await Promise.all([g, spawn(() => 6)]);
    };
    await here();
    await there();
    await here();
    const places = watch.takeWarnings().map(({ at }) => at.replace(/ .*/, ''));
    expect(places).toEqual([expect.stringContaining('here'), expect.stringContaining('there')]);
    const { onWarning } = hub;
    hub.onWarning = onWarning;
    await here();
    expect(watch.takeWarnings().map(({ code }) => code)).toEqual(['AWAITED_GREENLET']);
  });
});

describe('hub.debug', () => {
  afterEach(() => {
    hub.debug = false;
  });

  it('tells of an operation that a greenlet built and never ran, with its name and the place', async () => {
    hub.debug = true;
    const g = spawn(function* forgetful() {
      sleep(5);
      yield* sleep(0);
    });
    await g.get();
    const warnings = watch.takeWarnings();
    expect(warnings.map(({ code }) => code)).toEqual(['NEVER_RUN']);
    expect(warnings[0]!.message).toContain('sleep');
    expect(warnings[0]!.message).toContain('yield*');
    expect(warnings[0]!.at).toContain('forgetful');
    expect(warnings[0]!.at).toContain('operation.test.ts');
    expect(warnings[0]!.greenlet).toBe(g);
  });

  it('tells of those of one place once', async () => {
    hub.debug = true;
    await spawn(function* () {
      for (let i = 0; i < 3; i++) {
        sleep(5);
        yield* sleep(0);
      }
      sleep(6);
    }).get();
    const told = watch.takeWarnings().map(({ message }) => message.replace(/ was built.*/, ''));
    expect(told).toEqual(['sleep of 5 ms', 'sleep of 6 ms']);
  });

  it('says nothing of operations that were run in any way', async () => {
    hub.debug = true;
    const g = spawn(function* () {
      yield* suspend<void>('op', (wake) => wake.resolve());
      yield* until(Promise.resolve());
      void sleep(1).promise();
      yield* call(() => suspend<void>('op', (wake) => wake.resolve()));
      yield* call(async () => {});
      yield* call(function* () {
        yield* until(Promise.resolve());
      });
      yield* attempt(() => {});
      yield* attempt(until(Promise.resolve()));
      yield* all([until(Promise.resolve()), spawn(() => 1), (function* (): Green<void> {})()]);
      yield* spawn(sleep, 1).get();
      new greenlet(() => {});
    });
    await g.get();
    expect(watch.takeWarnings().map(({ message }) => message)).toEqual([]);
  });

  it('says nothing of operands whose turn did not come', async () => {
    hub.debug = true;
    const g = spawn(function* () {
      const first = suspend<number>('first', (wake) => wake.resolve(1));
      return yield* race([first, suspend('second', () => {}), until(Promise.resolve()), call(() => {})]);
    });
    expect(await g.get()).toBe(1);
    expect(watch.takeWarnings().map(({ message }) => message)).toEqual([]);
  });

  it('says nothing of requests, which act at the call', async () => {
    hub.debug = true;
    const victim = spawn(function* () {
      yield* sleep(1000);
    });
    const g = spawn(function* () {
      yield* sleep(0);
      victim.kill();
    });
    await g.get();
    await victim.join();
    expect(watch.takeWarnings().map(({ message }) => message)).toEqual([]);
  });

  it('says nothing when it is off', async () => {
    await spawn(() => {
      sleep(5);
    }).get();
    expect(watch.takeWarnings().map(({ message }) => message)).toEqual([]);
    expect(() => {
      hub.debug = 1 as never;
    }).toThrow(TypeError);
  });
});
