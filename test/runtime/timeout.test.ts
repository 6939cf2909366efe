import {
  AsyncResult,
  attempt,
  type Green,
  GreenletError,
  GreenletExit,
  getcurrent,
  hub,
  isExit,
  joinall,
  rethrowExit,
  shield,
  sleep,
  spawn,
  Timeout,
  TimeoutError,
  withTimeout,
} from 'greenlets';
import { runVirtual, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { keepHubSettings, thrownBy } from '../support/hub.js';

keepHubSettings();

/** What is thrown out of a wait for ever. */
function* thrownIn(): Green<unknown> {
  try {
    yield* sleep(Number.POSITIVE_INFINITY);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('Timeout', () => {
  it(
    'throws itself where its greenlet is parked, at its time',
    virtual(function* (clock) {
      const timeout = new Timeout(10).start();
      expect(timeout.pending).toBe(true);
      expect(yield* thrownIn()).toBe(timeout);
      expect(clock.now()).toBe(10);
      expect(timeout.pending).toBe(false);
      expect(timeout).toBeInstanceOf(TimeoutError);
      expect(timeout).toBeInstanceOf(Error);
      expect(timeout.name).toBe('Timeout');
      expect(timeout.code).toBe('TIMEOUT');
    }),
  );

  it(
    'names the time, the operation, the greenlet and the place in its message',
    virtual(function* () {
      new Timeout(10).start();
      const error = (yield* thrownIn()) as Error;
      expect(error.message).toMatch(/timed out after 10 ms in sleep/);
      expect(error.message).toContain("'test'");
      expect(error.message).toContain('timeout.test.ts');
      expect(error.stack).toContain('thrownIn');
    }),
  );

  it(
    'throws once',
    virtual(function* (clock) {
      new Timeout(10).start();
      yield* thrownIn();
      yield* sleep(100);
      expect(clock.now()).toBe(110);
    }),
  );

  it(
    'throws an error that it was given, an instance of a class, or itself with a message',
    virtual(function* () {
      class Late extends Error {}
      const instance = new Late('instance');
      new Timeout(1, instance).start();
      expect(yield* thrownIn()).toBe(instance);
      const ofClass = new Timeout(1, Late).start();
      const made = yield* thrownIn();
      expect(made).toBeInstanceOf(Late);
      expect(ofClass.mine(made)).toBe(true);
      const text = new Timeout(1, 'too slow').start();
      expect(yield* thrownIn()).toBe(text);
      expect(text.message).toContain('too slow');
    }),
  );

  it('refuses at construction what is no time and no exception', () => {
    expect(() => new Timeout(-1)).toThrow(RangeError);
    expect(() => new Timeout(Number.NaN)).toThrow(RangeError);
    expect(() => new Timeout('1' as never)).toThrow(TypeError);
    for (const wrong of [5, {}, null, true, class {}, () => 1]) {
      expect(() => new Timeout(1, wrong)).toThrow(TypeError);
    }
  });

  it(
    'without a time never fires',
    virtual(function* (clock) {
      const timeout = new Timeout().start();
      expect(timeout.ms).toBe(Number.POSITIVE_INFINITY);
      expect(timeout.pending).toBe(false);
      yield* sleep(2 ** 40);
      expect(clock.now()).toBe(2 ** 40);
      timeout.cancel();
    }),
  );

  it(
    'thrown by an operation has the time that the operation was given',
    virtual(function* () {
      const sleeper = spawn({ daemon: true }, sleep, 100);
      for (const timeout of [0, 5]) {
        const errors: unknown[] = [];
        for (const wait of [sleeper.get({ timeout }), new AsyncResult().get({ timeout })]) {
          const { error } = (yield* attempt(() => wait)) as { error?: unknown };
          errors.push(error);
        }
        expect(errors).toEqual([expect.any(Timeout), expect.any(Timeout)]);
        expect(errors.map((error) => (error as Timeout).ms)).toEqual([timeout, timeout]);
      }
      yield* sleeper.join();
    }),
  );

  it('may be thrown by hand, and is not pending', () => {
    const timeout = new Timeout(5);
    expect(
      thrownBy(() => {
        throw timeout;
      }),
    ).toBe(timeout);
    expect(timeout.pending).toBe(false);
    expect(timeout.mine(timeout)).toBe(true);
    expect(timeout.mine(new Timeout(5))).toBe(false);
    expect(timeout.mine(undefined)).toBe(false);
  });

  it('start() outside of greenlets raises', async () => {
    expect(() => new Timeout(1).start()).toThrow(GreenletError);
    expect(() => Timeout.startNew(1)).toThrow(GreenletError);
  });

  it(
    'cancelled never fires, and may be cancelled again',
    virtual(function* (clock) {
      const timeout = new Timeout(10).start();
      timeout.cancel();
      expect(timeout.pending).toBe(false);
      expect(hub.stats().timers).toBe(0);
      timeout.cancel();
      yield* sleep(20);
      expect(clock.now()).toBe(20);
      new Timeout(1).cancel();
    }),
  );

  it(
    'is started again after cancel() and after it has fired, and refuses start() while it is pending',
    virtual(function* (clock) {
      const timeout = new Timeout(10).start();
      expect(() => timeout.start()).toThrow(GreenletError);
      yield* sleep(5);
      timeout.cancel();
      timeout.start();
      expect(yield* thrownIn()).toBe(timeout);
      expect(clock.now()).toBe(15);
      timeout.start();
      expect(yield* thrownIn()).toBe(timeout);
      expect(clock.now()).toBe(25);
    }),
  );

  it(
    'startNew starts a new one, or the one given unless it is pending',
    virtual(function* () {
      const made = Timeout.startNew(10);
      expect(made.pending).toBe(true);
      expect(Timeout.startNew(made)).toBe(made);
      made.cancel();
      expect(Timeout.startNew(made).pending).toBe(true);
      made.cancel();
      expect(Timeout.startNew().pending).toBe(false);
      const error = new Error('e');
      Timeout.startNew(1, error);
      expect(yield* thrownIn()).toBe(error);
    }),
  );

  it(
    'belongs to the greenlet that starts it, whoever made it',
    virtual(function* (clock) {
      const timeout = new Timeout(10);
      const g = spawn(function* (): Green<unknown> {
        timeout.start();
        return yield* thrownIn();
      });
      yield* sleep(20);
      expect(clock.now()).toBe(20);
      expect(yield* g.get()).toBe(timeout);
    }),
  );

  it(
    'whose greenlet has ended disturbs nobody',
    virtual(function* () {
      const g = spawn(() => {
        new Timeout(10).start();
        return 1;
      });
      yield* sleep(50);
      expect(g.value).toBe(1);
    }),
  );

  it(
    'of 0 ms fires at the next wait, not across sleep(0)',
    virtual(function* (clock) {
      const timeout = new Timeout(0).start();
      yield* sleep(0);
      expect(yield* thrownIn()).toBe(timeout);
      expect(clock.now()).toBe(0);
    }),
  );

  it('breaks a loop of sleep(0): timers fire though the ready list is never empty', async () => {
    const g = spawn(function* (): Green<string> {
      new Timeout(1).start();
      try {
        for (let i = 0; i < 50_000_000; i++) yield* sleep(0);
      } catch (error) {
        return error instanceof Timeout ? 'broken' : 'other';
      }
      return 'never broken';
    });
    expect(await g.get()).toBe('broken');
  });

  it(
    'fired but not thrown yet is taken back by cancel()',
    virtual(function* () {
      const trace: string[] = [];
      let timeout: Timeout | undefined;
      const g = spawn(function* (): Green<string> {
        timeout = new Timeout(10).start();
        yield* shield(sleep, 20);
        return 'not thrown';
      });
      yield* sleep(15);
      expect(timeout?.pending).toBe(false);
      timeout?.cancel();
      trace.push(yield* g.get());
      expect(trace).toEqual(['not thrown']);
    }),
  );

  it(
    'that fires while its greenlet is shielded is thrown by the shield',
    virtual(function* (clock) {
      const timeout = new Timeout(10).start();
      let caught: unknown;
      try {
        yield* shield(sleep, 20);
      } catch (error) {
        caught = error;
      }
      expect(caught).toBe(timeout);
      expect(clock.now()).toBe(20);
    }),
  );

  it(
    'Symbol.dispose cancels it',
    virtual(function* () {
      const timeout = new Timeout(10).start();
      timeout[Symbol.dispose]();
      expect(timeout.pending).toBe(false);
      timeout.start();
      yield* sleep(1);
      timeout[Symbol.dispose]();
      yield* sleep(50);
    }),
  );

  it(
    'that is not caught fails the greenlet, as any error',
    virtual(function* () {
      const g = spawn(function* (): Green<void> {
        new Timeout(5).start();
        yield* sleep(10);
      });
      yield* g.join();
      expect(g.error).toBeInstanceOf(Timeout);
      expect(g.successful()).toBe(false);
      expect(g.killed).toBe(false);
    }),
  );
});

describe('nested timeouts', () => {
  it(
    'fire each at its own time, and each is told apart by identity and by mine()',
    virtual(function* (clock) {
      const outer = new Timeout(20).start();
      const inner = new Timeout(10).start();
      const first = yield* thrownIn();
      expect(first).toBe(inner);
      expect([inner.mine(first), outer.mine(first)]).toEqual([true, false]);
      expect(outer.pending).toBe(true);
      const second = yield* thrownIn();
      expect(second).toBe(outer);
      expect(clock.now()).toBe(20);
    }),
  );

  it(
    'due in one turn: the one that began first, the outermost, is thrown',
    virtual(function* (clock) {
      const outer = new Timeout(10).start();
      yield* sleep(5);
      const inner = new Timeout(5).start();
      expect(yield* thrownIn()).toBe(outer);
      inner.cancel();
      yield* sleep(50);
      expect(clock.now()).toBe(60);
    }),
  );

  it(
    'due in one turn of which the inner one has the earlier deadline: the outermost still wins',
    virtual(
      function* (clock) {
        const seen: unknown[] = [];
        let outer: Timeout | undefined;
        const g = spawn(function* (): Green<void> {
          outer = new Timeout(10).start();
          const inner = new Timeout(8).start();
          try {
            yield* sleep(1000);
          } catch (error) {
            seen.push(error === outer, inner.pending);
          } finally {
            inner.cancel();
          }
          yield* sleep(5);
          seen.push('nothing more');
        });
        yield* sleep(0);
        // Both are past when the turn begins.
        clock._jump(50);
        yield* clock.advance(100);
        yield* g.get();
        expect(seen).toEqual([true, false, 'nothing more']);
      },
      { clock: 'manual' },
    ),
  );
});

describe('timeout.run', () => {
  it(
    'gives the value of what ends in time, and cancels',
    virtual(function* () {
      const timeout = new Timeout(10);
      expect(
        yield* timeout.run(function* (a: number): Green<number> {
          yield* sleep(5);
          return a;
        }, 7),
      ).toBe(7);
      expect(timeout.pending).toBe(false);
      yield* sleep(20);
    }),
  );

  it(
    'throws the timeout itself, or its exception',
    virtual(function* () {
      const timeout = new Timeout(10);
      expect(yield* attempt(() => timeout.run(sleep(100)))).toEqual({ ok: false, error: timeout });
      const error = new Error('mine');
      expect(yield* attempt(() => new Timeout(1, error).run(sleep, 100))).toEqual({ ok: false, error });
    }),
  );

  it(
    'with exception false gives undefined, only for its own firing',
    virtual(function* (clock) {
      expect(yield* new Timeout(10, false).run(sleep(100))).toBeUndefined();
      expect(clock.now()).toBe(10);
      const other = new Error('other');
      const result = yield* attempt(() =>
        new Timeout(10, false).run(() => {
          throw other;
        }),
      );
      expect(result.error).toBe(other);
    }),
  );

  it(
    'nested and silent: the outer, shorter one swallows its own, and what follows the inner one inside is not run',
    virtual(function* (clock) {
      const trace: string[] = [];
      yield* new Timeout(10, false).run(function* (): Green<void> {
        yield* new Timeout(50, false).run(sleep(1000));
        trace.push('inside the outer');
      });
      trace.push('after the outer');
      expect(trace).toEqual(['after the outer']);
      expect(clock.now()).toBe(10);
    }),
  );

  it(
    'of one that is pending, or under way in another greenlet, raises and leaves it as it was',
    virtual(function* (clock) {
      const timeout = new Timeout(10).start();
      const result = yield* attempt(() => timeout.run(sleep(1)));
      expect(result.error).toBeInstanceOf(GreenletError);
      expect(yield* thrownIn()).toBe(timeout);
      expect(clock.now()).toBe(10);
      expect(hub.stats().timers).toBe(0);
      const shared = new Timeout(10);
      const first = spawn(() => shared.run(sleep(5)));
      const second = spawn(() => shared.run(sleep(5)));
      yield* joinall([first, second]);
      expect(first.successful()).toBe(true);
      expect(second.error).toBeInstanceOf(GreenletError);
    }),
  );
});

describe('isExit and rethrowExit', () => {
  it(
    'know a timeout of an outer frame as an exit, and the own one not',
    virtual(function* () {
      const seen: unknown[] = [];
      function* inner(): Green<void> {
        try {
          yield* sleep(1000);
        } catch (error) {
          seen.push(isExit(error));
          rethrowExit(error);
          seen.push('never');
        }
      }
      const result = yield* attempt(() => withTimeout(10, inner));
      expect(seen).toEqual([true]);
      expect(result.ok).toBe(false);
      // What its frame has let go is nobody's exit any more.
      expect(isExit(result.error)).toBe(false);
    }),
  );

  it(
    'know the custom exception of an outer timeout too',
    virtual(function* () {
      class Late extends Error {}
      const seen: unknown[] = [];
      const timeout = new Timeout(10, Late);
      yield* attempt(() =>
        timeout.run(function* (): Green<void> {
          try {
            yield* sleep(100);
          } catch (error) {
            seen.push(isExit(error), error instanceof Late);
            throw error;
          }
        }),
      );
      expect(seen).toEqual([true, true]);
    }),
  );

  it('know a GreenletExit everywhere, and no ordinary error', () => {
    expect(isExit(new GreenletExit())).toBe(true);
    expect(isExit(new Error('e'))).toBe(false);
    expect(isExit(new Timeout(1))).toBe(false);
    expect(isExit(undefined)).toBe(false);
    expect(thrownBy(() => rethrowExit(new GreenletExit()))).toBeInstanceOf(GreenletExit);
    expect(rethrowExit(new Error('e'))).toBeUndefined();
  });

  it(
    'a timeout of get() is the own one: attempt catches it',
    virtual(function* () {
      const g = spawn(sleep, 100);
      const result = yield* attempt(() => g.get({ timeout: 5 }));
      expect(result.ok).toBe(false);
      expect(result.error).toBeInstanceOf(Timeout);
      yield* g.get();
    }),
  );

  it(
    'attempt lets a foreign timeout pass, and catches one that began inside of it',
    virtual(function* () {
      const trace: unknown[] = [];
      const outer = yield* attempt(() =>
        withTimeout(10, function* (): Green<void> {
          yield* attempt(sleep, 1000);
          trace.push('never');
        }),
      );
      expect(outer.error).toBeInstanceOf(Timeout);
      const inner = yield* attempt(() => withTimeout(5, sleep, 1000));
      expect(inner.ok).toBe(false);
      expect(trace).toEqual([]);
    }),
  );

  it(
    'attempt lets a Timeout pass that was started by hand further out',
    virtual(function* () {
      const g = spawn(function* (): Green<unknown> {
        const timeout = new Timeout(10).start();
        try {
          yield* attempt(sleep, 1000);
        } catch (error) {
          return error === timeout;
        }
        return 'caught by attempt';
      });
      expect(yield* g.get()).toBe(true);
    }),
  );
});

describe('a timeout and other greenlets', () => {
  it('is counted in the time of the clock in use', async () => {
    const at = await runVirtual(function* (clock) {
      new Timeout(2 ** 33).start();
      yield* thrownIn();
      return clock.now();
    });
    expect(at).toBe(2 ** 33);
  });

  it(
    'never fires into a greenlet that it was not started in',
    virtual(function* () {
      const self = getcurrent();
      new Timeout(10).start();
      const g = spawn(function* (): Green<string> {
        yield* sleep(20);
        return 'undisturbed';
      });
      expect(yield* thrownIn()).toBeInstanceOf(Timeout);
      expect(getcurrent()).toBe(self);
      expect(yield* g.get()).toBe('undisturbed');
    }),
  );
});
