import { setTimeout as hostSleep } from 'node:timers/promises';
import {
  callback,
  type Green,
  GreenletError,
  getcurrent,
  hub,
  joinall,
  LoopExit,
  shield,
  sleep,
  spawn,
  spawnLater,
  suspend,
  until,
  withTimeout,
} from 'greenlets';
import { explore, runVirtual, sweepKills, TestClock, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { collectWarnings, keepHubSettings } from '../support/hub.js';

keepHubSettings();

const never = () => suspend<void>('never', () => {});

function* fail(ms: number, error: unknown): Green<never> {
  yield* sleep(ms);
  throw error;
}

/** What `promise` rejects with. */
async function reason(promise: Promise<unknown>): Promise<Error> {
  const value = await promise.then(
    (given) => `no error, but ${given}`,
    (error: Error) => error,
  );
  if (typeof value === 'string') throw new Error(value);
  return value;
}

describe('a virtual run', () => {
  it('gives the value of its body, which runs in a greenlet named test and gets the clock', async () => {
    const value = await runVirtual(function* (clock): Green<unknown[]> {
      yield* sleep(1);
      return [getcurrent().name, clock instanceof TestClock, clock.now()];
    });
    expect(value).toEqual(['test', true, 1]);
  });

  it('takes plain and async functions, and functions that give an operation', async () => {
    expect(await runVirtual((clock) => clock.now())).toBe(0);
    expect(await runVirtual(() => sleep(5))).toBeUndefined();
    const value = await runVirtual(async (clock) => {
      await sleep(60_000);
      await Promise.all([sleep(1000), sleep(2000)]);
      return clock.now();
    });
    expect(value).toBe(62_000);
  });

  it('rejects with the error of its body, the very same one, and tells nobody else', async () => {
    const told: unknown[] = [];
    hub.onError = (error) => told.push(error);
    const error = new RangeError('of the body');
    expect(await reason(runVirtual(() => fail(5, error)))).toBe(error);
    const thrown = () => {
      throw error;
    };
    expect(await reason(runVirtual(thrown))).toBe(error);
    expect(await reason(runVirtual(() => Promise.reject(error)))).toBe(error);
    expect(told).toEqual([]);
  });

  it('refuses what is no function, and a clock that it does not know', async () => {
    expect(await reason(runVirtual(5 as never))).toBeInstanceOf(TypeError);
    expect(() => virtual(5 as never)).toThrow(TypeError);
    expect(String(await reason(runVirtual(() => 1, { clock: 'hand' as never })))).toMatch(
      /'auto' or 'manual'/,
    );
  });

  it('is a test body by virtual(), any number of times, with a clock of its own each time', async () => {
    const body = virtual((clock) =>
      sleep(5)
        .promise()
        .then(() => clock.now()),
    );
    expect([await body(), await body()]).toEqual([5, 5]);
  });

  it('in a greenlet is refused', async () => {
    const g = spawn(() => runVirtual(() => 1));
    expect(String(await reason(g.get().promise()))).toMatch(
      /GreenletError: runVirtual\(\) cannot be used inside a greenlet/,
    );
    const inside = runVirtual(function* (): Green<unknown> {
      return yield* until(runVirtual(() => 1));
    });
    expect(await reason(inside)).toBeInstanceOf(GreenletError);
  });

  it.each([
    ['runVirtual', () => runVirtual(() => 1)],
    ['explore', () => explore(() => 1)],
    ['sweepKills', () => sweepKills(() => 1)],
  ])(
    'in the async function of another run is refused at once, also behind an await: %s',
    async (name, nested) => {
      const run = runVirtual(async () => {
        await sleep(10);
        return await nested();
      });
      const error = String(await reason(run));
      expect(error).toContain(`${name}() cannot be used inside the function of another run`);
      const helped = runVirtual(async () => {
        const helper = async () => {
          await sleep(10);
          await nested();
        };
        return await reason(helper());
      });
      expect(await helped).toBeInstanceOf(GreenletError);
    },
  );

  it('that an async function leaves behind for later waits for its turn', async () => {
    let go = (): void => {};
    let later: Promise<number> | undefined;
    await runVirtual(async () => {
      const over = new Promise<void>((resolve) => {
        go = resolve;
      });
      later = over.then(() => runVirtual(() => 7));
    });
    go();
    expect(await later).toBe(7);
  });

  it('that overlaps another waits until that is over, also until one that fails', async () => {
    const trace: unknown[] = [];
    const body = (name: string) =>
      function* (clock: TestClock): Green<void> {
        for (let i = 0; i < 3; i++) {
          trace.push([name, clock.now()]);
          yield* sleep(10);
        }
        if (name === 'b') throw new Error('b');
      };
    const runs = await Promise.allSettled(['a', 'b', 'c'].map((name) => runVirtual(body(name))));
    expect(runs.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(trace).toEqual(['a', 'b', 'c'].flatMap((name) => [0, 10, 20].map((at) => [name, at])));
  });
});

describe('time', () => {
  it(
    'jumps to the next timer, however far, when all are blocked',
    virtual(function* (clock) {
      const trace: unknown[] = [];
      function* at(ms: number): Green<void> {
        yield* sleep(ms);
        trace.push([ms, clock.now()]);
      }
      yield* joinall([spawn(at, 3_600_000), spawn(at, 0.25), spawn(at, 1e12)]);
      expect(trace).toEqual([0.25, 3_600_000, 1e12].map((ms) => [ms, ms]));
      yield* withTimeout(7, { timeoutValue: null }, never);
      expect(clock.now()).toBe(1e12 + 7);
    }),
  );

  it(
    'stands still while a greenlet is ready, and while promise jobs run',
    virtual(function* (clock) {
      spawn(function* (): Green<void> {
        for (let i = 0; i < 1000; i++) yield* sleep(0);
        expect(clock.now()).toBe(0);
      });
      const late = spawnLater(1, () => clock.now());
      let promise = Promise.resolve(0);
      for (let i = 0; i < 1000; i++) promise = promise.then((n) => n + 1);
      expect(yield* until(promise)).toBe(1000);
      expect(clock.now()).toBe(0);
      expect(yield* late.get()).toBe(1);
    }),
  );

  it(
    'stands still while somebody waits for real io',
    virtual(function* (clock) {
      const g = spawn(function* (): Green<number> {
        yield* until(hostSleep(5));
        yield* callback<void>((done) => void setTimeout(done, 5));
        return clock.now();
      });
      const timer = spawn(sleep, 1);
      expect(yield* withTimeout(1000, () => g.get())).toBe(0);
      expect(timer.dead).toBe(false);
      yield* timer.join();
    }),
  );

  it('stands still for io that an async body awaits through a greenlet', async () => {
    await runVirtual(async (clock) => {
      const g = spawn(() => until(hostSleep(5, 'io')));
      expect(await withTimeout(1000, () => g.get())).toBe('io');
      expect(clock.now()).toBe(0);
    });
  });

  it('passes though somebody from before the run waits for the world outside', async () => {
    let end = () => {};
    const asked = new Promise<void>((resolve) => {
      end = resolve;
    });
    const server = spawn(() => until(asked));
    await sleep(0);
    expect(await runVirtual((clock) => tick(clock))).toBe(5);
    end();
    await server.get();

    function* tick(clock: TestClock): Green<number> {
      yield* sleep(5);
      return clock.now();
    }
  });
});

describe('a manual clock', () => {
  const manual = { clock: 'manual' } as const;

  it(
    'moves by advance alone, timer by timer, and advance returns when all is quiet',
    virtual(function* (clock) {
      const trace: unknown[] = [];
      function* tick(ms: number): Green<void> {
        for (;;) {
          yield* sleep(ms);
          trace.push([ms, clock.now()]);
          yield* sleep(0);
          yield* until(Promise.resolve());
          trace.push('quiet');
        }
      }
      const g = spawn(tick, 10);
      yield* clock.advance(9);
      expect([trace, clock.now()]).toEqual([[], 9]);
      yield* clock.advance(1);
      expect([trace, clock.now()]).toEqual([[[10, 10], 'quiet'], 10]);
      yield* clock.advance(25);
      expect([trace.length, clock.now()]).toEqual([6, 35]);
      yield* clock.advance(0);
      expect(clock.now()).toBe(35);
      yield* g.kill();
    }, manual),
  );

  it(
    'goes to the next timer by next, and stays when there is none',
    virtual(function* (clock) {
      const [a, b] = [spawn(sleep, 7), spawn(sleep, 30)];
      yield* clock.next();
      expect([clock.now(), a.dead, b.dead]).toEqual([7, true, false]);
      yield* clock.next();
      expect([clock.now(), b.dead]).toEqual([30, true]);
      yield* clock.next();
      expect(clock.now()).toBe(30);
    }, manual),
  );

  it(
    'advanced for ever goes on as long as there are timers',
    virtual(function* (clock) {
      const g = spawn(function* (): Green<void> {
        for (let i = 0; i < 3; i++) yield* sleep(10);
      });
      yield* clock.advance(Number.POSITIVE_INFINITY);
      expect([g.dead, clock.now()]).toEqual([true, 30]);
    }, manual),
  );

  it(
    'is moved by several greenlets at a time, each as far as it asked from where it asked',
    virtual(function* (clock) {
      const move = (ms: number) =>
        spawn(function* (): Green<number> {
          yield* clock.advance(ms);
          return clock.now();
        });
      const all = [move(5), move(20), move(20)];
      yield* joinall(all);
      expect(all.map(({ value }) => value)).toEqual([5, 20, 20]);
    }, manual),
  );

  it(
    'that is being advanced by a greenlet that is killed stays where it is',
    virtual(function* (clock) {
      const g = spawn(() => clock.advance(50));
      yield* sleep(0);
      yield* g.kill();
      yield* clock.advance(1);
      expect(clock.now()).toBe(1);
    }, manual),
  );

  it('refuses at the call what is no time', () => {
    const clock = new TestClock();
    expect(() => clock.advance(-1)).toThrow(RangeError);
    expect(() => clock.advance('1' as never)).toThrow(TypeError);
  });

  it('is moved from an async body too', async () => {
    const run = runVirtual(async (clock) => {
      const g = spawn(sleep, 100);
      await clock.advance(99);
      expect(g.dead).toBe(false);
      await clock.next();
      return [g.dead, clock.now()];
    }, manual);
    expect(await run).toEqual([true, 100]);
  });

  it('that nobody moves ends the run with a LoopExit', async () => {
    const error = await reason(runVirtual(() => sleep(5), manual));
    expect(error).toBeInstanceOf(LoopExit);
    expect(error.message).toMatch(/'test'.* in sleep of 5 ms/);
  });
});

describe('the seed', () => {
  const order = async (seed?: number): Promise<string> => {
    const trace: number[] = [];
    await runVirtual(
      function* (): Green<void> {
        function* f(n: number): Green<void> {
          for (let i = 0; i < 3; i++) {
            trace.push(n);
            yield* sleep(0);
          }
        }
        yield* joinall([0, 1, 2, 3].map((n) => spawn(f, n)));
      },
      { seed },
    );
    return trace.join('');
  };

  it('when there is none: the order is first in, first out', async () => {
    expect(await order()).toBe('012301230123');
  });

  it('draws the order: the same one each time, and others by others', async () => {
    const seeds = [1, 2, 3, 4, 5];
    const first: string[] = [];
    const second: string[] = [];
    for (const seed of seeds) first.push(await order(seed));
    for (const seed of seeds) second.push(await order(seed));
    expect(second).toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(3);
    for (const each of first) expect([...each].sort().join('')).toBe('000111222333');
  });

  it('leaves the order first in, first out afterwards', async () => {
    await order(1);
    expect(await order()).toBe('012301230123');
  });

  it('draws the same order whatever ran before: a slice ends after as many steps each time', async () => {
    const run = async (seed?: number): Promise<string> => {
      let trace = '';
      await runVirtual(
        function* (): Green<void> {
          void Promise.resolve().then(() => {
            trace += 'promise';
          });
          for (let i = 0; i < 200; i++) {
            yield* sleep(0);
            trace += '.';
          }
        },
        { seed },
      );
      return trace;
    };
    for (const seed of [undefined, 7]) {
      const traces = new Set<string>();
      for (let runs = 0; runs < 120; runs++) traces.add(await run(seed));
      expect(traces.size).toBe(1);
    }
  });

  it('of the clock is what random() draws from, from 0 up to 1', async () => {
    const draw = (seed?: number) =>
      runVirtual((clock) => [clock.seed, ...Array.from({ length: 50 }, () => clock.random())], { seed });
    const [one, again, two, none] = [await draw(1), await draw(1), await draw(2), await draw()];
    expect(one).toEqual(again);
    expect(one.slice(1)).not.toEqual(two.slice(1));
    expect([one[0], two[0], none[0]]).toEqual([1, 2, undefined]);
    for (const n of [...one, ...none].filter((each) => each !== undefined && each !== 1)) {
      expect(n).toBeGreaterThanOrEqual(0);
      expect(n).toBeLessThan(1);
    }
  });
});

describe('a run fails', () => {
  it('by an error that nobody observed', async () => {
    const error = new Error('nobody looks');
    expect(await reason(runVirtual(() => void spawn(fail, 0, error)))).toBe(error);
    const observed = runVirtual(function* (): Green<unknown> {
      const g = spawn(fail, 5, error);
      yield* g.join();
      return g.error;
    });
    expect(await observed).toBe(error);
  });

  it('by several of them with an AggregateError, that of the body first', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((text) => new Error(text)) as [Error, Error, Error];
    const error = await reason(
      runVirtual(function* (): Green<void> {
        spawn(fail, 1, a);
        spawn(fail, 2, b);
        yield* sleep(3);
        throw c;
      }),
    );
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors).toEqual([c, a, b]);
    expect(error.message).toBe('Error: c\nError: a\nError: b');
  });

  it('by greenlets that are left over: it names them, and kills them; their finally blocks run', async () => {
    const trace: string[] = [];
    const error = await reason(
      runVirtual(function* (): Green<void> {
        spawn({ name: 'forgotten' }, function* (): Green<void> {
          try {
            yield* sleep(1e6);
          } finally {
            yield* sleep(50);
            trace.push('cleaned');
          }
        });
        yield* sleep(0);
      }),
    );
    expect(error).toBeInstanceOf(GreenletError);
    expect(error.message).toMatch(
      /^1 greenlets were left over:\n.*'forgotten'.* in sleep of 1000000 ms at .*run-virtual\.test/,
    );
    expect(trace).toEqual(['cleaned']);
    expect(hub.stats().greenlets).toBe(0);
  });

  it('not by daemons that are left over, which are killed too', async () => {
    const trace: string[] = [];
    await runVirtual(function* (): Green<void> {
      spawn({ daemon: true }, function* (): Green<void> {
        try {
          yield* never();
        } finally {
          trace.push('killed');
        }
      });
      yield* sleep(0);
    });
    expect(trace).toEqual(['killed']);
  });

  it('not by greenlets of before', async () => {
    const g = spawn(never);
    await sleep(0);
    await runVirtual(() => sleep(5));
    expect(g.dead).toBe(false);
    await g.kill();
  });

  it('with a LoopExit when all but daemons are blocked for ever, though those tick', async () => {
    let ticks = 0;
    const run = runVirtual(function* () {
      spawn({ daemon: true }, function* (): Green<void> {
        for (;;) {
          yield* sleep(5);
          ticks++;
        }
      });
      yield* never();
    });
    await expect(run).rejects.toThrow(LoopExit);
    expect(ticks).toBe(10_000);
    const helped = runVirtual(function* () {
      let wake = () => {};
      spawn({ daemon: true }, function* (): Green<void> {
        for (let i = 0; i < 5000; i++) yield* sleep(5);
        wake();
      });
      yield* suspend<void>('help', (waker) => {
        wake = () => waker.resolve();
      });
      return 'helped';
    });
    expect(await helped).toBe('helped');
  });

  it('with a LoopExit when all are blocked for ever; finally blocks run', async () => {
    const trace: string[] = [];
    const error = await reason(
      runVirtual(function* (): Green<void> {
        const other = spawn({ name: 'other' }, never);
        try {
          yield* other.join();
        } finally {
          trace.push('cleaned');
          yield* other.kill();
        }
      }),
    );
    expect(error).toBeInstanceOf(LoopExit);
    expect(error.message).toMatch(
      /would block forever[\s\S]*'test'.* in Greenlet\.join of [\s\S]*'other'.* in never/,
    );
    expect(trace).toEqual(['cleaned']);
  });

  it('with a LoopExit thrown at the await of an async body that waits for ever', async () => {
    const run = runVirtual(async () => {
      try {
        await never();
      } catch (error) {
        return (error as Error).name;
      }
      return 'no error';
    });
    expect(await run).toBe('LoopExit');
  });

  it('no more when it handles its LoopExit', async () => {
    for (const clock of ['auto', 'manual'] as const) {
      const run = runVirtual(
        function* (clock): Green<unknown> {
          try {
            yield* never();
          } catch (error) {
            yield* clock.advance(5);
            return [(error as Error).name, clock.now()];
          }
          return 'no error';
        },
        { clock },
      );
      expect(await run).toEqual(['LoopExit', 5]);
    }
  });

  it.each(['auto', 'manual'] as const)(
    'by a LoopExit that its body swallows again and again (clock: %s)',
    async (clock) => {
      const warnings = collectWarnings();
      const body = function* (): Green<void> {
        for (;;) {
          try {
            yield* clock === 'auto' ? never() : sleep(5000);
          } catch {
            // Swallowed.
          }
        }
      };
      expect(await reason(runVirtual(body, { clock }))).toBeInstanceOf(LoopExit);
      expect(warnings.map(({ code }) => code)).toContain('KILL_SWALLOWED');
      expect(hub.stats().greenlets).toBe(0);
    },
  );

  it('by a LoopExit that an async body swallows again and again, or that a shield holds back', async () => {
    const swallowing = runVirtual(async () => {
      for (;;) await never().then(undefined, () => {});
    });
    expect((await reason(swallowing)).message).toMatch(/thrown 100 times/);
    let open = () => {};
    const gate = suspend<void>('gate', (waker) => {
      open = () => waker.resolve();
    });
    const shielded = runVirtual(() => shield(() => gate));
    expect(await reason(shielded)).toBeInstanceOf(LoopExit);
    open();
    await sleep(0);
    expect(hub.stats().greenlets).toBe(0);
  });
});

describe('patch', () => {
  const patch = { patch: true } as const;

  it(
    'has Date.now, performance.now, setTimeout and setInterval follow the clock',
    virtual(async (clock) => {
      const [date, start] = [Date.now(), performance.now()];
      const trace: unknown[] = [];
      const note = (...values: unknown[]) => trace.push([clock.now(), ...values]);
      setTimeout(note, 60_000, 'late', 1);
      const cleared = setTimeout(note, 30);
      const interval = setInterval(note, 25_000, 'again');
      clearTimeout(cleared);
      await sleep(70_000);
      clearInterval(interval);
      expect(trace).toEqual([
        [25_000, 'again'],
        [50_000, 'again'],
        [60_000, 'late', 1],
      ]);
      expect([Date.now() - date, performance.now() - start]).toEqual([70_000, 70_000]);
    }, patch),
  );

  it('has dates that are made without arguments follow the clock, and leaves all others', async () => {
    const before = Date;
    await runVirtual(function* () {
      const start = new Date();
      yield* sleep(60_000);
      const later = new Date();
      expect(later.getTime() - start.getTime()).toBe(60_000);
      expect(later.getTime()).toBe(Date.now());
      expect(later).toBeInstanceOf(Date);
      expect(later).toBeInstanceOf(before);
      expect(Date()).toBe(later.toString());
      class Stamp extends Date {}
      expect(new Stamp()).toBeInstanceOf(Stamp);
      expect(new Stamp().getTime()).toBe(Date.now());
      expect([new Date(5).getTime(), new Date(2000, 1).getMonth(), Date.UTC(1970)]).toEqual([5, 1, 0]);
    }, patch);
    expect(Date).toBe(before);
  });

  it(
    'has promises that such a timer resolves come in virtual time, also in an async body',
    virtual(function* (clock) {
      const wait = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
      yield* until(wait(5));
      expect(clock.now()).toBe(5);
      yield* spawn(async () => {
        await wait(1000);
        await sleep(1000);
        await wait(1000);
      }).get();
      expect(clock.now()).toBe(3005);
    }, patch),
  );

  it(
    'leaves time standing for io that is real, though such timers are pending',
    virtual(function* (clock) {
      const timer = setTimeout(() => {}, 1000);
      yield* until(hostSleep(5));
      expect(clock.now()).toBe(0);
      clearTimeout(timer);
    }, patch),
  );

  it(
    'moves such timers by hand with a manual clock',
    virtual(
      function* (clock) {
        let done = false;
        const g = spawn(() => until(new Promise<void>((resolve) => void setTimeout(resolve, 5))));
        g.rawlink(() => {
          done = true;
        });
        yield* clock.advance(4);
        expect(done).toBe(false);
        yield* clock.advance(1);
        expect(done).toBe(true);
      },
      { patch: true, clock: 'manual' },
    ),
  );

  it('clears timers that were set before the run', async () => {
    let fired = false;
    const timer = setTimeout(() => {
      fired = true;
    }, 1);
    await runVirtual(() => clearTimeout(timer), patch);
    await hostSleep(5);
    expect(fired).toBe(false);
  });

  it('has what a timer throws fail the run, and harm nobody else', async () => {
    const error = new Error('in a timer');
    const run = runVirtual(function* (): Green<void> {
      setTimeout(() => {
        throw error;
      }, 5);
      yield* sleep(10);
    }, patch);
    expect(await reason(run)).toBe(error);
    expect(await runVirtual((clock) => clock.now())).toBe(0);
  });

  it('is taken back when the run is over, also by a failure; timers left over are never called', async () => {
    const before = { now: Date.now, setTimeout, setInterval, clearTimeout, clearInterval };
    const own = Object.getOwnPropertyDescriptor(performance, 'now');
    let called = false;
    const run = runVirtual(() => {
      expect(Date.now).not.toBe(before.now);
      setTimeout(() => {
        called = true;
      }, 1);
      throw new Error('fails');
    }, patch);
    expect(String(await reason(run))).toBe('Error: fails');
    expect({ now: Date.now, setTimeout, setInterval, clearTimeout, clearInterval }).toEqual(before);
    expect(Object.getOwnPropertyDescriptor(performance, 'now')).toEqual(own);
    await hostSleep(5);
    expect(called).toBe(false);
  });
});

describe('after a run', () => {
  it('time is real, onError is the former one, and nothing is left in the hub', async () => {
    const told: unknown[] = [];
    const onError = (error: unknown) => told.push(error);
    hub.onError = onError;
    await runVirtual(() => sleep(1e6), { seed: 3, patch: true });
    expect(hub.onError).toBe(onError);
    expect(hub.stats()).toMatchObject({ greenlets: 0, timers: 0, ready: 0 });
    const start = performance.now();
    await sleep(5);
    expect(performance.now() - start).toBeGreaterThanOrEqual(4);
    const error = new Error('told as ever');
    await spawn(fail, 0, error).join();
    await sleep(1);
    expect(told).toEqual([error]);
  });

  it('who slept since before it goes on sleeping, and can be killed in it', async () => {
    const trace: string[] = [];
    const sleeper = spawn(function* (): Green<void> {
      yield* sleep(300);
      trace.push('woke');
    });
    const [one, two] = [spawn(sleep, 1e6), spawn(sleep, 2e6)];
    await sleep(0);
    await runVirtual(function* (clock): Green<void> {
      yield* sleep(1000);
      yield* one.kill();
      yield* sleep(1000);
      trace.push(`over ${clock.now()} ${hub.stats().timers}`);
    });
    expect(trace).toEqual(['over 2000 0']);
    await sleeper.join();
    expect(trace).toEqual(['over 2000 0', 'woke']);
    await two.kill();
    expect(hub.stats().timers).toBe(0);
  });

  it('who of before began to sleep in it wakes in real time', async () => {
    let wake = () => {};
    const g = spawn(function* (): Green<void> {
      yield* suspend<void>('gate', (waker) => {
        wake = () => waker.resolve();
      });
      yield* sleep(1005);
    });
    await sleep(0);
    await runVirtual(function* (): Green<void> {
      wake();
      yield* sleep(1000);
    });
    expect(g.dead).toBe(false);
    expect(await g.join({ timeout: 5000 })).toBe(true);
  });
});
