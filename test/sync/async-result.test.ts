import {
  AsyncResult,
  type Green,
  type Greenlet,
  GreenletExit,
  select,
  sleep,
  spawn,
  spawnLater,
  Timeout,
  wait,
  withTimeout,
} from 'greenlets';
import { explore, runVirtual, sweepKills, virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { collectErrors, thrownBy } from '../support/hub.js';
import { watchHub } from '../support/hub-watch.js';
import { interruptions } from '../support/interruptions.js';

watchHub();

/** What the operation of `make` throws. */
function* thrownIn(make: () => Green<unknown>): Green<unknown> {
  try {
    yield* make();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

function getter(result: AsyncResult<unknown>, name: string, log: string[]): Greenlet<void> {
  return spawn({ name }, function* () {
    try {
      log.push(`${name} ${yield* result.get()}`);
    } catch (error) {
      if (error instanceof GreenletExit) throw error;
      log.push(`${name} ${error}`);
    }
  });
}

describe('AsyncResult', () => {
  it(
    'gives its value to all who wait, in the order they came, and to all who come later at once',
    virtual(function* () {
      const result = new AsyncResult<number>();
      const log: string[] = [];
      let others = 0;
      expect([result.ready(), result.successful(), result.value]).toEqual([false, false, undefined]);
      for (const name of 'abc') getter(result, name, log);
      yield* waitAllBlocked();
      expect(result.statistics()).toEqual({ ready: false, waiters: 3 });
      result.set(7);
      expect([log, result.statistics()]).toEqual([[], { ready: true, waiters: 0 }]);
      getter(result, 'd', log);
      yield* sleep(0);
      expect(log).toEqual(['a 7', 'b 7', 'c 7', 'd 7']);
      spawn(() => others++);
      expect([yield* result.get(), yield* result.wait(), result.getNowait()]).toEqual([7, 7, 7]);
      expect([result.ready(), result.successful(), result.value, others]).toEqual([true, true, 7, 0]);
    }),
  );

  it(
    'throws the very error that was set, in everyone who gets it; wait() gives undefined',
    virtual(function* () {
      const result = new AsyncResult<number>();
      const error = new Error('failed');
      const waiting = spawn(() => thrownIn(() => result.get() as never));
      const looking = spawn(() => result.wait());
      yield* waitAllBlocked();
      result.setException(error);
      // 201
      expect(yield* waiting.get()).toBe(error);
      expect(yield* looking.get()).toBe(undefined);
      expect(yield* thrownIn(() => result.get() as never)).toBe(error);
      expect(thrownBy(() => result.getNowait())).toBe(error);
      expect(yield* result.wait()).toBe(undefined);
      expect([result.ready(), result.successful(), result.value]).toEqual([true, false, undefined]);
      expect(result.exception).toBe(error);
    }),
  );

  it(
    'has a value also when that is undefined, and an error also when that is undefined',
    virtual(function* () {
      const [value, error] = [new AsyncResult<undefined>(), new AsyncResult()];
      value.set(undefined);
      error.setException(undefined);
      expect([value.ready(), value.successful(), yield* value.get()]).toEqual([true, true, undefined]);
      expect([error.ready(), error.successful()]).toEqual([true, false]);
      expect(yield* thrownIn(() => error.get() as never)).toBe(undefined);
    }),
  );

  it(
    'may be set again: the last value counts, and a value counts more than an error',
    virtual(function* () {
      const result = new AsyncResult<number>();
      result.set(1);
      result.set(2);
      expect(yield* result.get()).toBe(2);
      result.setException(new Error('late'));
      expect([yield* result.get(), result.successful()]).toEqual([2, true]);
      const other = new AsyncResult<number>();
      other.setException(new Error('early'));
      other.set(3);
      expect([yield* other.get(), other.successful()]).toEqual([3, true]);
    }),
  );

  it(
    'throws a Timeout that names operation, result and greenlet when timeout ms pass, or there is nothing',
    virtual(function* (clock) {
      const result = new AsyncResult<number>({ name: 'answer' });
      const timed = [
        yield* thrownIn(() => result.get({ timeout: 20 }) as never),
        yield* thrownIn(() => result.get({ timeout: 0 }) as never),
        yield* thrownIn(() => result.get({ block: false }) as never),
        thrownBy(() => result.getNowait()),
      ];
      for (const error of timed) {
        expect(error).toBeInstanceOf(Timeout);
        expect(String(error)).toMatch(
          /AsyncResult\.get\w* of <AsyncResult 'answer' empty>.*<Greenlet 'test'/,
        );
      }
      expect(String(timed[0])).toContain('timed out after 20 ms');
      expect(String(timed[0])).toContain('async-result.test.ts');
      expect(yield* result.wait({ timeout: 5 })).toBe(undefined);
      expect(yield* result.wait({ timeout: 0 })).toBe(undefined);
      expect([clock.now(), result.statistics()]).toEqual([25, { ready: false, waiters: 0 }]);
      // 203
      expect(yield* withTimeout(5, { timeoutValue: 'late' }, result.get())).toBe('late');
      spawnLater(5, () => result.set(1));
      expect(yield* result.get({ timeout: 10 })).toBe(1);
      expect(clock.now()).toBe(35);
    }),
  );

  it('says so outside of greenlets, too: getNowait of nothing throws a Timeout', () => {
    expect(thrownBy(() => new AsyncResult().getNowait())).toBeInstanceOf(Timeout);
  });

  it(
    'is interrupted by a timeout with an error of its own, which is thrown by identity',
    virtual(function* (clock) {
      const result = new AsyncResult<number>();
      const error = new RangeError('mine');
      // 202
      spawnLater(20, () => result.set(1));
      const timeout = new Timeout(10, error);
      expect(yield* thrownIn(() => timeout.run(() => result.get()) as never)).toBe(error);
      expect([clock.now(), result.statistics().waiters]).toEqual([10, 0]);
      yield* sleep(20);
    }),
  );

  for (const { name, begin } of interruptions) {
    it(
      `forgets a wait that is interrupted by ${name}, and serves those behind it`,
      virtual(function* () {
        for (const way of ['get', 'wait'] as const) {
          const result = new AsyncResult<number>();
          const log: string[] = [];
          getter(result, 'before', log);
          yield* waitAllBlocked();
          const interrupt = begin(() => result[way]());
          yield* waitAllBlocked();
          getter(result, 'behind', log);
          yield* waitAllBlocked();
          expect(result.statistics().waiters).toBe(3);
          yield* interrupt();
          expect(result.statistics()).toEqual({ ready: false, waiters: 2 });
          result.set(1);
          yield* waitAllBlocked();
          expect(log).toEqual(['before 1', 'behind 1']);
        }
      }),
    );
  }

  it('is undone by a kill at any suspension', async () => {
    const kills = await sweepKills(function* () {
      const [a, b] = [new AsyncResult<number>(), new AsyncResult<number>()];
      const setter = spawn(function* () {
        yield* sleep(1);
        a.set(1);
        b.setException(new Error('b'));
      });
      try {
        yield* a.get();
        yield* thrownIn(() => b.get() as never);
        yield* wait([a, b]);
        yield* new AsyncResult<number>().wait({ timeout: 3 });
      } finally {
        expect([a.statistics().waiters, b.statistics().waiters]).toEqual([0, 0]);
        yield* setter.join();
      }
    });
    expect(kills).toBe(2);
  });

  it(
    'is an operand: wait and select give the result itself when it is there, also with an error',
    virtual(function* () {
      const [a, b] = [new AsyncResult<number>(), new AsyncResult<number>()];
      spawnLater(5, () => a.setException(new Error('told to nobody')));
      expect(yield* wait([a, b], { count: 1 })).toEqual([a]);
      expect(yield* select({ a: a as never, b: b.get() })).toEqual({ key: 'a', value: a });
      b.set(4);
      expect(yield* select({ b: b.get() })).toEqual({ key: 'b', value: 4 });
    }),
  );

  it('can be awaited outside of greenlets', async () => {
    await runVirtual(async () => {
      const result = new AsyncResult<number>();
      spawnLater(5, () => result.set(1));
      expect(await result.get()).toBe(1);
      const failed = new AsyncResult<number>();
      const error = new Error('failed');
      spawnLater(5, () => failed.setException(error));
      await expect(failed.get()).rejects.toBe(error);
    });
  });

  it('shows its state as plain, frozen data and as one line; refuses what is no option', async () => {
    await runVirtual(function* () {
      const result = new AsyncResult<number>({ name: 'answer' });
      const g = spawn(() => result.wait());
      yield* waitAllBlocked();
      expect(String(result)).toBe("<AsyncResult 'answer' empty, 1 waiting>");
      expect(Object.isFrozen(result.statistics())).toBe(true);
      result.setException(new Error());
      expect(String(result)).toBe("<AsyncResult 'answer' failed>");
      result.set(1);
      expect(String(result)).toBe("<AsyncResult 'answer' set>");
      yield* g.join();
    });
    const result = new AsyncResult();
    expect(() => result.get({ timeout: -1 })).toThrow(RangeError);
    expect(() => result.wait({ timeout: 'x' as never })).toThrow(TypeError);
  });

  it('wakes everyone once, whoever comes before and after, in every order', async () => {
    await explore(
      function* () {
        const result = new AsyncResult<number>();
        const got: number[] = [];
        function* reader(): Green<void> {
          yield* sleep(0);
          got.push(yield* result.get());
        }
        for (let i = 0; i < 5; i++) spawn(reader);
        spawn(() => result.set(3));
        yield* sleep(1);
        expect(got).toEqual([3, 3, 3, 3, 3]);
      },
      { runs: 40 },
    );
  });
});

describe('AsyncResult as the target of a link', () => {
  it(
    'takes a value by link and linkValue, an error by link and linkException, and the exit of a kill as a value',
    virtual(function* () {
      const outcomes = function* (g: Greenlet<unknown>): Green<unknown[]> {
        const targets = [new AsyncResult(), new AsyncResult(), new AsyncResult()] as const;
        g.link(targets[0]);
        g.linkValue(targets[1]);
        g.linkException(targets[2]);
        const all: unknown[] = [];
        for (const each of targets) {
          yield* each.wait({ timeout: 10 });
          all.push(each.ready() ? (each.exception ?? each.value) : 'nothing');
        }
        return all;
      };
      // 206, 207
      expect(yield* outcomes(spawn(() => 5))).toEqual([5, 5, 'nothing']);
      const error = new Error('failed');
      expect(yield* outcomes(spawn(() => Promise.reject(error)))).toEqual([error, 'nothing', error]);
      const killed = spawn(() => sleep(1000));
      spawnLater(1, () => killed.kill());
      const exit = expect.any(GreenletExit);
      expect(yield* outcomes(killed)).toEqual([exit, exit, 'nothing']);
      const late = new AsyncResult();
      killed.link(late);
      expect(yield* late.get()).toBeInstanceOf(GreenletExit);
    }),
  );

  it(
    'links itself: callbacks get it once, in order, in greenlets of their own, safe from one another',
    virtual(function* () {
      const result = new AsyncResult<number>();
      const log: unknown[] = [];
      const errors = collectErrors();
      result.link(function* (ready) {
        yield* sleep(1);
        log.push(['slow', ready === result, ready.value]);
      });
      result.link(() => {
        throw new Error('in a link');
      });
      result.rawlink((ready) => log.push(['raw', ready === result]));
      const copy = new AsyncResult<number>();
      result.link(copy as never);
      result.set(5);
      expect(log).toEqual([]);
      result.set(6);
      yield* sleep(2);
      expect(log).toEqual([
        ['raw', true],
        ['slow', true, 6],
      ]);
      expect(copy.value).toBe(6);
      expect(errors.map(({ error }) => String(error))).toEqual(['Error: in a link']);
      // One that is ready already calls back at once, that is, in its turn.
      result.rawlink(() => log.push('late'));
      expect(log).toHaveLength(2);
      yield* sleep(0);
      expect(log.at(-1)).toBe('late');
    }),
  );

  it(
    'gives its error to a result that it is linked to, and nobody else is told',
    virtual(function* () {
      const [from, to] = [new AsyncResult<number>(), new AsyncResult<number>()];
      const error = new Error('failed');
      from.link(to as never);
      from.setException(error);
      expect(yield* thrownIn(() => to.get() as never)).toBe(error);
    }),
  );

  it(
    'takes a link back, before and while it calls: one of several, the only one, one that is not there',
    virtual(function* () {
      const log: string[] = [];
      const make = (name: string) => (): void => {
        log.push(name);
      };
      const [a, b, c] = [make('a'), make('b'), make('c')];
      const result = new AsyncResult<number>();
      // 199
      result.unlink(null as never);
      result.unlink(a);
      result.rawlink(a);
      result.unlink(a);
      result.rawlink(a);
      result.link(b);
      result.rawlink(b);
      result.rawlink(c);
      result.unlink(b);
      result.unlink(b);
      result.rawlink(() => result.unlink(after));
      const after = make('after');
      result.rawlink(after);
      result.set(1);
      result.unlink(c);
      yield* sleep(1);
      // 99: also one whose turn has not come.
      expect(log).toEqual(['a']);
    }),
  );

  it('refuses what is no callback', () => {
    const result = new AsyncResult();
    for (const wrong of [null, undefined, 5, {}]) {
      expect(() => result.link(wrong as never)).toThrow(TypeError);
      expect(() => result.rawlink(wrong as never)).toThrow(
        /callback must be a function.*\(or an AsyncResult\)/,
      );
    }
  });
});
