import {
  attempt,
  call,
  type Green,
  Greenlet,
  GreenletExit,
  Group,
  getcurrent,
  greenlet,
  hub,
  isExit,
  joinall,
  kill,
  killall,
  rethrowExit,
  shield,
  sleep,
  spawn,
  spawnLater,
  suspend,
  until,
  withTimeout,
} from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { collectErrors, collectWarnings, keepHubSettings } from '../support/hub.js';

keepHubSettings();

/** Never true: what a linter cannot know. */
const ended = Date.now() < 0;

describe('a kill of a greenlet that has not begun', () => {
  it(
    'unstarted: the body never runs, also after start()',
    virtual(function* () {
      let ran = false;
      const g = new Greenlet(() => {
        ran = true;
      });
      expect(yield* g.kill()).toBe(true);
      g.start();
      yield* sleep(1);
      expect(ran).toBe(false);
      expect(g.value).toBeInstanceOf(GreenletExit);
      expect(g.successful()).toBe(true);
      expect(g.killed).toBe(true);
      expect(hub.stats().greenlets).toBe(1);
    }),
  );

  it(
    'scheduled: the body never runs, and get() gives the GreenletExit',
    virtual(function* () {
      let ran = false;
      const g = spawn(() => {
        ran = true;
      });
      void g.kill();
      expect(g.dead).toBe(true);
      expect(yield* g.get()).toBeInstanceOf(GreenletExit);
      yield* waitAllBlocked();
      expect(ran).toBe(false);
    }),
  );

  it(
    'whose parent waits in a switch: the parent goes on, as at any end',
    virtual(function* () {
      const child = new Greenlet(() => 1);
      const parent = spawn(function* () {
        child.parent = getcurrent();
        yield* new greenlet(() => sleep(10)).switch();
        return 'went on';
      });
      yield* waitAllBlocked();
      void child.kill();
      expect(parent.dead).toBe(false);
      expect(yield* parent.get({ timeout: 1 })).toBe('went on');
    }),
  );

  it(
    'with another exception: it has failed with that, and the hub is told when nobody looks',
    virtual(function* () {
      const errors = collectErrors();
      const error = new Error('instead');
      const [a, b] = [spawn(() => 1), spawnLater(5, () => 1)];
      void a.kill({ exception: error });
      void b.kill({ exception: error });
      expect(b.error).toBe(error);
      yield* sleep(10);
      expect(errors).toEqual([{ error, greenlet: a }]);
      expect(a.killed).toBe(true);
    }),
  );
});

describe('a kill of a greenlet that is ready', () => {
  it(
    'in sleep(0): it is thrown there, in its turn',
    virtual(function* () {
      const trace: string[] = [];
      const g = spawn(function* (): Green<void> {
        try {
          yield* sleep(0);
          trace.push('went on');
        } finally {
          trace.push('finally');
        }
      });
      yield* sleep(0);
      void g.kill();
      expect(trace).toEqual([]);
      yield* g.join();
      expect(trace).toEqual(['finally']);
    }),
  );

  it(
    'woken but not run: what it waited for has happened, and the kill is thrown at its next suspension',
    virtual(function* () {
      const trace: unknown[] = [];
      let resolve: (value: string) => void = () => {};
      const g = spawn(function* (): Green<void> {
        trace.push(
          yield* suspend<string>('item', (waker) => {
            resolve = waker.resolve.bind(waker);
          }),
        );
        trace.push('went on');
        yield* sleep(0);
        trace.push('never');
      });
      yield* sleep(0);
      resolve('the item');
      void g.kill();
      yield* g.join();
      expect(trace).toEqual(['the item', 'went on']);
      expect(g.killed).toBe(true);
    }),
  );

  it(
    'woken, and it ends without another suspension: the kill came too late',
    virtual(function* () {
      let resolve: (value: string) => void = () => {};
      const g = spawn(function* (): Green<string> {
        return yield* suspend<string>('item', (waker) => {
          resolve = waker.resolve.bind(waker);
        });
      });
      yield* sleep(0);
      resolve('the item');
      expect(yield* g.kill()).toBe(true);
      expect(g.value).toBe('the item');
      expect(g.killed).toBe(false);
    }),
  );

  it(
    'in a sleep whose time has come, before its turn: it goes on once',
    virtual(function* () {
      const trace: string[] = [];
      const killer = spawn(function* (): Green<void> {
        yield* sleep(5);
        void g.kill();
      });
      const g: Greenlet<void> = spawn(function* (): Green<void> {
        yield* sleep(5);
        trace.push('slept');
        yield* sleep(5);
        trace.push('never');
      });
      yield* joinall([killer, g]);
      expect(trace).toEqual(['slept']);
    }),
  );
});

describe('a kill of a greenlet that is parked', () => {
  it(
    'is thrown where it is parked: finally blocks run before kill() returns, and its timer is gone',
    virtual(function* (clock) {
      const trace: string[] = [];
      const g = spawn(function* (): Green<void> {
        try {
          yield* sleep(1000);
        } catch (error) {
          trace.push(String(error instanceof GreenletExit));
          throw error;
        } finally {
          trace.push('finally');
        }
      });
      yield* sleep(0);
      const operation = g.kill();
      expect(trace).toEqual([]);
      expect(yield* operation).toBe(true);
      expect(trace).toEqual(['true', 'finally']);
      expect(clock.now()).toBe(0);
      expect(hub.stats().timers).toBe(0);
    }),
  );

  it(
    'in a finally that blocks, nested through yield* two levels deep: nothing after the kill point runs',
    virtual(function* (clock) {
      const trace: string[] = [];
      function* inner(): Green<void> {
        try {
          yield* sleep(1000);
          trace.push('inner body');
        } finally {
          yield* sleep(10);
          trace.push('inner cleaned');
        }
        trace.push('after inner');
      }
      function* middle(): Green<void> {
        try {
          yield* inner();
          trace.push('after inner in middle');
        } finally {
          yield* sleep(10);
          trace.push('middle cleaned');
        }
        trace.push('after middle');
      }
      const g = spawn(function* (): Green<void> {
        yield* middle();
        trace.push('after all');
      });
      yield* sleep(1);
      yield* g.kill();
      expect(trace).toEqual(['inner cleaned', 'middle cleaned']);
      expect(clock.now()).toBe(21);
    }),
  );

  it(
    'in call frames: each frame cleans up, innermost first, and none goes on',
    virtual(function* () {
      const trace: string[] = [];
      function* frame(depth: number): Green<void> {
        try {
          if (depth === 0) yield* sleep(1000);
          else yield* call(frame, depth - 1);
          trace.push('went on');
        } finally {
          yield* sleep(1);
          trace.push(`frame ${depth}`);
        }
      }
      const g = spawn(frame, 3);
      yield* sleep(0);
      yield* g.kill();
      expect(trace).toEqual(['frame 0', 'frame 1', 'frame 2', 'frame 3']);
      expect(g.killed).toBe(true);
    }),
  );

  it(
    'in until(promise): the signal is aborted, and what comes later is ignored or given to late',
    virtual(function* () {
      const late: unknown[] = [];
      let resolve: (value: string) => void = () => {};
      let signal: AbortSignal | undefined;
      const promise = new Promise<string>((r) => {
        resolve = r;
      });
      const g = spawn(function* (): Green<string> {
        return yield* until(
          (s) => {
            signal = s;
            return promise;
          },
          { late: (value) => late.push(value) },
        );
      });
      yield* sleep(0);
      yield* g.kill();
      expect(signal?.aborted).toBe(true);
      expect(g.value).toBeInstanceOf(GreenletExit);
      resolve('too late');
      yield* waitAllBlocked();
      expect(late).toEqual(['too late']);
      expect(g.value).toBeInstanceOf(GreenletExit);
    }),
  );

  it(
    'in an async body: ends the greenlet at once, aborts its signal, and ignores what comes later',
    virtual(function* () {
      const errors = collectErrors();
      let reject: (error: unknown) => void = () => {};
      const g = spawn(async () => {
        await new Promise((_, r) => {
          reject = r;
        });
      });
      const { signal } = g;
      yield* sleep(0);
      yield* g.kill();
      expect(g.dead).toBe(true);
      expect(signal.aborted).toBe(true);
      reject(new Error('ignored'));
      yield* waitAllBlocked();
      expect(g.value).toBeInstanceOf(GreenletExit);
      expect(errors).toEqual([]);
    }),
  );
});

describe('a kill of oneself', () => {
  it(
    'is thrown at the yield* of it',
    virtual(function* () {
      const trace: string[] = [];
      const g = spawn(function* (): Green<void> {
        const self = getcurrent() as Greenlet;
        const request = self.kill();
        trace.push('requested');
        try {
          yield* request;
        } finally {
          trace.push('finally');
        }
        trace.push('never');
      });
      yield* g.join();
      expect(trace).toEqual(['requested', 'finally']);
      expect(g.killed).toBe(true);
    }),
  );

  for (const [how, ask] of [
    ['with block: false', (g: Greenlet) => void g.kill({ block: false })],
    ['without running the operation', (g: Greenlet) => void g.kill()],
    ['by disposal', (g: Greenlet) => g[Symbol.dispose]()],
  ] as const) {
    it(
      `${how} is thrown at the next suspension`,
      virtual(function* () {
        const trace: string[] = [];
        const g = spawn(function* (): Green<void> {
          ask(getcurrent() as Greenlet);
          trace.push('goes on');
          yield* sleep(0);
          trace.push('never');
        });
        yield* g.join();
        expect(trace).toEqual(['goes on']);
        expect(g.killed).toBe(true);
      }),
    );
  }

  for (const [how, ask] of [
    ['the greenlet', (g: Greenlet) => g.kill({ block: false })],
    ['kill()', (g: Greenlet) => kill(g, { block: false })],
    ['killall()', (g: Greenlet) => killall([g], { block: false })],
    ['its group', (g: Greenlet) => new Group([g]).kill({ block: false })],
  ] as const) {
    it(
      `with block: false by ${how} is thrown after that has been run, at the next suspension`,
      virtual(function* () {
        const trace: string[] = [];
        const g = spawn(function* (): Green<void> {
          yield* ask(getcurrent() as Greenlet);
          trace.push('goes on');
          yield* sleep(0);
          trace.push('never');
        });
        yield* g.join();
        expect(trace).toEqual(['goes on']);
        expect(g.killed).toBe(true);
      }),
    );
  }

  it(
    'with block: false and then an end without suspension: the value stands',
    virtual(function* () {
      const g = spawn(() => {
        void (getcurrent() as Greenlet).kill({ block: false });
        return 5;
      });
      expect(yield* g.get()).toBe(5);
      expect(g.killed).toBe(false);
    }),
  );

  it(
    'from a callback that runs within it is thrown at its next suspension',
    virtual(function* () {
      const trace: string[] = [];
      const g = spawn(function* (): Green<void> {
        const self = getcurrent() as Greenlet;
        [1].forEach(() => void self.kill());
        trace.push('goes on');
        yield* sleep(1);
        trace.push('never');
      });
      yield* g.join();
      expect(trace).toEqual(['goes on']);
    }),
  );
});

describe('a second kill', () => {
  it(
    'of a dead greenlet is over at once and changes nothing',
    virtual(function* () {
      const g = spawn(() => 5);
      yield* g.get();
      expect(yield* g.kill({ exception: new Error('e') })).toBe(true);
      expect(g.value).toBe(5);
      expect(g.killed).toBe(false);
    }),
  );

  it(
    'before the first was thrown, with another exception: it dies of the first',
    virtual(function* () {
      const errors = collectErrors();
      const [first, second] = [new Error('first'), new Error('second')];
      const g = spawn(sleep, 100);
      yield* sleep(0);
      void g.kill({ exception: first });
      void g.kill({ exception: second });
      yield* g.join();
      expect(g.error).toBe(first);
      yield* waitAllBlocked();
      expect(errors).toEqual([]);
    }),
  );

  it(
    'throws into a finally that blocks',
    virtual(function* () {
      const trace: string[] = [];
      const g = spawn(function* (): Green<void> {
        try {
          yield* sleep(1000);
        } finally {
          try {
            yield* sleep(100);
            trace.push('cleaned');
          } finally {
            trace.push('interrupted');
          }
        }
      });
      yield* sleep(1);
      void g.kill();
      yield* sleep(1);
      yield* g.kill();
      expect(trace).toEqual(['interrupted']);
    }),
  );

  it(
    'that waits beside the first ends with it',
    virtual(function* (clock) {
      const g = spawn(function* (): Green<void> {
        try {
          yield* sleep(1000);
        } finally {
          yield* shield(sleep(10));
        }
      });
      yield* sleep(0);
      const a = spawn(() => g.kill());
      yield* sleep(1);
      const b = spawn(() => g.kill());
      yield* joinall([a, b]);
      expect([a.value, b.value]).toEqual([true, true]);
      expect(clock.now()).toBe(10);
    }),
  );
});

describe('what a kill throws', () => {
  it(
    'is a new instance of a given Error class, and any other value as it is: the greenlet has failed with it',
    virtual(function* () {
      class Stop extends Error {}
      const instance = new Stop('mine');
      const plain = { not: 'an error' };
      for (const [exception, expected] of [
        [Stop, expect.any(Stop)],
        [instance, instance],
        [plain, plain],
        [42, 42],
        [null, null],
        ['text', 'text'],
      ] as [unknown, unknown][]) {
        let caught: unknown;
        const g = spawn(function* (): Green<void> {
          try {
            yield* sleep(100);
          } catch (error) {
            caught = error;
            throw error;
          }
        });
        yield* sleep(0);
        expect(yield* g.kill({ exception })).toBe(true);
        expect(caught).toEqual(expected);
        expect(g.error).toBe(caught);
        expect(g.successful()).toBe(false);
        expect(g.killed).toBe(true);
      }
    }),
  );

  it(
    'of a subclass of GreenletExit ends it well',
    virtual(function* () {
      class Enough extends GreenletExit {}
      const g = spawn(sleep, 100);
      yield* sleep(0);
      yield* g.kill({ exception: Enough });
      expect(g.value).toBeInstanceOf(Enough);
      expect(g.successful()).toBe(true);
    }),
  );

  it(
    'may be answered: what is returned after it is the value, what is thrown in finally the error',
    virtual(function* () {
      const error = new Error('from finally');
      const answers = spawn(function* (): Green<string> {
        try {
          yield* sleep(100);
          return 'slept';
        } catch {
          yield* sleep(5);
          return 'answered';
        }
      });
      const fails = spawn(function* (): Green<void> {
        try {
          yield* sleep(100);
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
          throw error;
        }
      });
      yield* sleep(0);
      yield* answers.kill();
      yield* fails.kill();
      expect(answers.value).toBe('answered');
      expect(answers.killed).toBe(false);
      expect(fails.error).toBe(error);
    }),
  );

  it(
    'is known to isExit in the greenlet while it passes, whatever its type, and rethrowExit throws it on',
    virtual(function* () {
      const reason = new Error('custom');
      const seen: unknown[] = [];
      const g = spawn(function* (): Green<void> {
        try {
          yield* sleep(100);
        } catch (error) {
          seen.push(isExit(error), isExit(new Error('other')));
          rethrowExit(error);
          seen.push('never');
        }
      });
      yield* sleep(0);
      yield* g.kill({ exception: reason });
      expect(seen).toEqual([true, false]);
      expect(g.error).toBe(reason);
      expect(isExit(reason)).toBe(false);
    }),
  );

  it(
    'is never caught by attempt',
    virtual(function* () {
      const trace: string[] = [];
      const g = spawn(function* (): Green<void> {
        yield* attempt(sleep, 100);
        trace.push('never');
      });
      yield* sleep(0);
      yield* g.kill({ exception: new Error('custom') });
      expect(trace).toEqual([]);
      expect(g.killed).toBe(true);
      expect(g.successful()).toBe(false);
    }),
  );
});

describe('the wait of kill()', () => {
  it(
    'gives false after its timeout, and the request stands',
    virtual(function* (clock) {
      const g = spawn(function* (): Green<void> {
        try {
          yield* sleep(1000);
        } finally {
          yield* sleep(100);
        }
      });
      yield* sleep(0);
      expect(yield* g.kill({ timeout: 10 })).toBe(false);
      expect(clock.now()).toBe(10);
      expect(yield* g.join()).toBe(true);
      expect(clock.now()).toBe(100);
    }),
  );

  it(
    'is over at once with block: false or timeout: 0',
    virtual(function* () {
      const g = spawn(sleep, 1000);
      yield* sleep(0);
      expect(yield* g.kill({ block: false })).toBe(false);
      expect(yield* g.kill({ timeout: 0 })).toBe(false);
      yield* g.join();
      expect(yield* g.kill({ block: false })).toBe(true);
    }),
  );

  it(
    'interrupted does not take the request back',
    virtual(function* () {
      const g = spawn(function* (): Green<void> {
        try {
          yield* sleep(1000);
        } finally {
          yield* sleep(50);
        }
      });
      yield* sleep(0);
      yield* withTimeout(5, { timeoutValue: null }, () => g.kill());
      yield* g.join();
      expect(g.killed).toBe(true);
    }),
  );

  it('refuses at the call what is no grace, and does not kill', () => {
    const g = new Greenlet(() => 1);
    expect(() => g.kill({ grace: -1 })).toThrow(RangeError);
    expect(() => g.kill({ grace: 'x' as never })).toThrow(TypeError);
    expect(g.dead).toBe(false);
  });
});

describe('the grace of a kill', () => {
  it(
    'a worker loop that swallows it is gone within the grace, its finally blocks run, and a warning names it and its place',
    virtual(function* (clock) {
      const warnings = collectWarnings();
      const trace: string[] = [];
      let rounds = 0;
      const g = spawn({ name: 'worker' }, function* (): Green<void> {
        try {
          while (!ended) {
            try {
              yield* sleep(300);
              rounds++;
            } catch {
              // Swallows everything.
            }
          }
        } finally {
          trace.push('finally');
        }
      });
      yield* sleep(10);
      expect(yield* g.kill()).toBe(true);
      expect(clock.now()).toBe(10 + hub.killGrace);
      expect(trace).toEqual(['finally']);
      expect(rounds).toBe(3);
      expect(g.killed).toBe(true);
      expect(g.value).toBeInstanceOf(GreenletExit);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatchObject({ code: 'KILL_SWALLOWED', greenlet: g });
      expect(warnings[0]?.message).toContain('worker');
      expect(warnings[0]?.message).toContain('sleep');
      expect(warnings[0]?.at).toContain('kill.test.ts');
    }),
  );

  it('says of one whose clean-up could go on, but had no turn yet, that it was ready; it goes on to its next suspension', async () => {
    const warnings = collectWarnings();
    const trace: string[] = [];
    const g = spawn(function* (): Green<void> {
      try {
        yield* sleep(Number.POSITIVE_INFINITY);
      } finally {
        yield* sleep(5);
        trace.push('woken');
        yield* sleep(5);
        trace.push('never reached');
      }
    });
    await sleep(0);
    g.kill({ grace: 10 });
    await spawn(function* () {
      yield* sleep(0);
      const start = performance.now();
      while (performance.now() - start < 20);
    }).join();
    await g.join();
    expect(trace).toEqual(['woken']);
    expect(warnings.map(({ code }) => code)).toEqual(['KILL_SWALLOWED']);
    expect(warnings[0]?.message).toContain('grace of its kill, ready;');
    expect(warnings[0]?.at).toContain('kill.test.ts');
  });

  it(
    'follows hub.killGrace, and the grace option of the first kill',
    virtual(function* (clock) {
      collectWarnings();
      function* stubborn(): Green<void> {
        for (;;) {
          try {
            yield* sleep(Number.POSITIVE_INFINITY);
          } catch {}
        }
      }
      hub.killGrace = 50;
      const [a, b] = [spawn(stubborn), spawn(stubborn)];
      yield* sleep(0);
      void b.kill({ grace: 200 });
      void b.kill({ grace: 1 });
      yield* a.kill();
      expect(clock.now()).toBe(50);
      yield* b.join();
      expect(clock.now()).toBe(200);
    }),
  );

  it('does not end before the kill has been thrown, however long the turn of its greenlet takes to come', async () => {
    const warnings = collectWarnings();
    const seen: unknown[] = [];
    const g = spawn(function* () {
      try {
        yield* sleep(Number.POSITIVE_INFINITY);
      } catch (error) {
        seen.push(error);
        rethrowExit(error);
      }
    });
    await sleep(0);
    // It is over when the next turn begins.
    await g.kill({ grace: 0 });
    expect(seen).toEqual([expect.any(GreenletExit)]);
    expect([g.killed, warnings]).toEqual([true, []]);
  });

  it(
    'of a custom exception: what is closed has failed with it',
    virtual(function* () {
      collectWarnings();
      const error = new Error('custom');
      const g = spawn(function* (): Green<void> {
        for (;;) {
          try {
            yield* sleep(100);
          } catch {}
        }
      });
      yield* sleep(0);
      yield* g.kill({ exception: error });
      expect(g.error).toBe(error);
      expect(g.killed).toBe(true);
    }),
  );

  it(
    'when it is over, a finally that blocks is closed in its turn, and an error from it is the outcome',
    virtual(function* (clock) {
      collectWarnings();
      const error = new Error('while closing');
      const trace: string[] = [];
      const g = spawn(function* (): Green<void> {
        try {
          try {
            while (!ended) {
              try {
                yield* sleep(Number.POSITIVE_INFINITY);
              } catch {}
            }
          } finally {
            yield* sleep(500);
            trace.push('not reached: closed here');
          }
        } finally {
          trace.push('outer finally');
          // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
          throw error;
        }
      });
      yield* sleep(0);
      yield* g.kill();
      expect(clock.now()).toBe(1000);
      expect(trace).toEqual(['outer finally']);
      expect(g.error).toBe(error);
    }),
  );

  it(
    'closes the call frames of a greenlet, frame by frame',
    virtual(function* () {
      collectWarnings();
      const trace: string[] = [];
      function* inner(): Green<void> {
        try {
          while (!ended) {
            try {
              yield* sleep(Number.POSITIVE_INFINITY);
            } catch {}
          }
        } finally {
          trace.push('inner');
        }
      }
      const g = spawn(function* (): Green<void> {
        try {
          yield* call(inner);
          trace.push('went on');
        } finally {
          trace.push('outer');
        }
      });
      yield* sleep(0);
      yield* g.kill();
      expect(trace).toEqual(['inner', 'outer']);
    }),
  );

  it(
    'one that refuses to be closed 100 times is abandoned, dead, and a second warning names it',
    virtual(function* () {
      const warnings = collectWarnings();
      let refusals = 0;
      const g = spawn({ name: 'mule' }, function* (): Green<void> {
        for (;;) {
          while (!ended) {
            try {
              yield* sleep(Number.POSITIVE_INFINITY);
            } finally {
              refusals++;
              // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
              break;
            }
          }
        }
      });
      yield* sleep(0);
      yield* g.kill();
      expect(g.dead).toBe(true);
      expect(g.killed).toBe(true);
      expect(refusals).toBeGreaterThanOrEqual(100);
      expect(refusals).toBeLessThan(110);
      expect(warnings.map((each) => each.code)).toEqual(['KILL_SWALLOWED', 'ABANDONED']);
      expect(warnings[1]?.message).toContain('mule');
      expect(hub.stats().greenlets).toBe(1);
      const before = refusals;
      yield* sleep(5000);
      expect(refusals).toBe(before);
    }),
  );

  it(
    'leaves no timer when the greenlet ends in time',
    virtual(function* () {
      const g = spawn(sleep, 100);
      yield* sleep(0);
      yield* g.kill();
      expect(hub.stats().timers).toBe(0);
    }),
  );
});

describe('shield', () => {
  it(
    'postpones a kill: it is thrown by the yield* of the shield, after what it ran has ended',
    virtual(function* (clock) {
      const trace: unknown[] = [];
      const g = spawn(function* (): Green<void> {
        try {
          yield* shield(function* (): Green<void> {
            yield* sleep(10);
            trace.push(clock.now());
            yield* sleep(10);
            trace.push(clock.now());
          });
          trace.push('after');
        } finally {
          trace.push('finally');
        }
      });
      yield* sleep(1);
      yield* g.kill();
      expect(trace).toEqual([10, 20, 'finally']);
      expect(g.killed).toBe(true);
    }),
  );

  it(
    'postpones the grace too: it begins when the shield ends',
    virtual(function* (clock) {
      collectWarnings();
      const g = spawn(function* (): Green<void> {
        try {
          yield* shield(sleep, 5000);
        } catch {}
        for (;;) {
          try {
            yield* sleep(Number.POSITIVE_INFINITY);
          } catch {}
        }
      });
      yield* sleep(0);
      yield* g.kill();
      expect(clock.now()).toBe(5000 + hub.killGrace);
    }),
  );

  it(
    'nested: only the end of the outermost delivers',
    virtual(function* () {
      const trace: string[] = [];
      const g = spawn(function* (): Green<void> {
        yield* shield(function* (): Green<void> {
          yield* shield(sleep, 5);
          trace.push('inner ended');
          yield* sleep(5);
          trace.push('outer ends');
        });
        trace.push('never');
      });
      yield* sleep(1);
      yield* g.kill();
      expect(trace).toEqual(['inner ended', 'outer ends']);
    }),
  );

  it(
    'that nothing arrived in changes nothing, and a later kill comes at once',
    virtual(function* (clock) {
      const g = spawn(function* (): Green<string> {
        yield* shield(sleep, 5);
        yield* sleep(100);
        return 'slept';
      });
      yield* sleep(10);
      yield* g.kill();
      expect(clock.now()).toBe(10);
      expect(g.killed).toBe(true);
    }),
  );
});

describe('a kill and others', () => {
  it(
    'a killed greenlet that waits for another leaves that one alone',
    virtual(function* () {
      const worker = spawn(sleep, 10);
      const waiter = spawn(function* (): Green<void> {
        yield* worker.get();
      });
      yield* sleep(0);
      yield* waiter.kill();
      expect(worker.dead).toBe(false);
      yield* worker.get();
      expect(worker.killed).toBe(false);
    }),
  );

  it(
    'from a callback of the host acts at the call, and runs nothing of the greenlet there',
    virtual(function* () {
      const trace: string[] = [];
      const g = spawn(function* (): Green<void> {
        try {
          yield* sleep(1000);
        } finally {
          trace.push('finally');
        }
      });
      yield* sleep(0);
      yield* until(
        new Promise<void>((resolve) => {
          queueMicrotask(() => {
            void g.kill();
            trace.push('asked');
            resolve();
          });
        }),
      );
      yield* g.join();
      expect(trace).toEqual(['asked', 'finally']);
    }),
  );
});
