import { AsyncLocalStorage } from 'node:async_hooks';
import {
  currentGreenlet,
  type Green,
  Greenlet,
  GreenletExit,
  getcurrent,
  greenlet,
  hub,
  joinall,
  Pool,
  sleep,
  spawn,
  spawnLater,
  spawnRaw,
  suspend,
} from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { collectErrors, keepHubSettings } from '../support/hub.js';

keepHubSettings();

describe('spawn', () => {
  it(
    'runs nothing before the next turn',
    virtual(function* () {
      const trace: string[] = [];
      const g = spawn(() => trace.push('ran'));
      trace.push('spawned');
      expect(g.started).toBe(true);
      expect(g.ready()).toBe(false);
      yield* g.get();
      expect(trace).toEqual(['spawned', 'ran']);
    }),
  );

  it('runs what was spawned outside of greenlets only after the code that spawned it', async () => {
    const trace: string[] = [];
    const g = spawn(() => trace.push('ran'));
    trace.push('spawned');
    await g.get();
    expect(trace).toEqual(['spawned', 'ran']);
  });

  it(
    'runs greenlets in the order in which they were spawned',
    virtual(function* () {
      const trace: number[] = [];
      yield* joinall([1, 2, 3].map((n) => spawn((x: number) => void trace.push(x), n)));
      expect(trace).toEqual([1, 2, 3]);
    }),
  );

  it(
    'interleaves greenlets that give way in the order 1A 2A 1B 2B',
    virtual(function* () {
      const trace: string[] = [];
      function* f(n: number): Green<void> {
        trace.push(`${n}A`);
        yield* sleep(0);
        trace.push(`${n}B`);
      }
      yield* joinall([spawn(f, 1), spawn(f, 2)]);
      expect(trace).toEqual(['1A', '2A', '1B', '2B']);
    }),
  );

  it(
    'gives the value of a generator, a plain and an async function, and of a function that returns an operation',
    virtual(function* () {
      function* generator(a: number, b: number): Green<number> {
        yield* sleep(1);
        return a + b;
      }
      expect(yield* spawn(generator, 1, 2).get()).toBe(3);
      expect(yield* spawn((a: number, b: number) => a + b, 3, 4).get()).toBe(7);
      expect(yield* spawn(async (a: number) => a * 2, 21).get()).toBe(42);
      expect(
        yield* spawn(() => suspend<string>('early', (waker) => waker.resolve('from the operation'))).get(),
      ).toBe('from the operation');
    }),
  );

  it(
    'runs an operation that a library function gives: spawn(sleep, 5)',
    virtual(function* (clock) {
      expect(yield* spawn(sleep, 5).get()).toBeUndefined();
      expect(clock.now()).toBe(5);
    }),
  );

  it(
    'runs an operation that is given instead of a function, wherever a greenlet is made',
    virtual(function* () {
      const op = suspend<number>((waker) => waker.resolve(5));
      const made = new Greenlet(op);
      made.start();
      const all = [
        spawn(op),
        spawn({ name: 'x' }, op),
        spawnLater(1, op),
        Greenlet.spawn(op),
        Greenlet.spawnLater(1, op),
        made,
      ];
      for (const each of all) expect(yield* each.get()).toBe(5);
      const raw = spawnRaw(op);
      yield* sleep(0);
      expect(raw.dead).toBe(true);
    }),
  );

  it(
    'waits one level only: a function in a promise is the value',
    virtual(function* () {
      const inner = () => 1;
      expect(yield* spawn(async () => inner).get()).toBe(inner);
    }),
  );

  it(
    'takes over a generator object, and refuses it a second time',
    virtual(function* () {
      function* body(): Green<number> {
        return yield* suspend<number>((waker) => waker.resolve(5));
      }
      const object = body();
      expect(yield* spawn(() => object).get()).toBe(5);
      const again = spawn(() => object);
      yield* again.join();
      expect(again.error).toBeInstanceOf(TypeError);
      expect(String(again.error)).toContain('pass the function');
      expect(Object.keys(object)).toEqual([]);
      expect(yield* spawn(() => Object.freeze(body())).get()).toBe(5);
    }),
  );

  it('names a promise that stands in place of the function', () => {
    const told = 'fn must be a function, got an instance of Promise; pass the function';
    expect(() => spawn(Promise.resolve(1) as never)).toThrow(told);
    expect(() => new Pool(1).spawn(Promise.resolve(1) as never)).toThrow(told);
  });

  it('refuses what is no function at the call, and names the value', () => {
    for (const wrong of [1, undefined, null, 'f', {}]) {
      expect(() => spawn(wrong as never)).toThrow(TypeError);
      expect(() => spawn({ name: 'x' }, wrong as never)).toThrow(TypeError);
      expect(() => spawnRaw(wrong as never)).toThrow(TypeError);
      expect(() => spawnLater(1, wrong as never)).toThrow(TypeError);
      expect(() => new Greenlet(wrong)).toThrow(TypeError);
    }
    expect(() => spawn(1 as never)).toThrow(/function.*1/);
    expect(hub.stats().greenlets).toBe(0);
  });

  it(
    'does not show an error that the spawner handles to the greenlet, nor the other way round',
    virtual(function* () {
      const seen: unknown[] = [];
      try {
        throw new Error('handled by the spawner');
      } catch (error) {
        const g = spawn(function* (): Green<void> {
          try {
            throw new Error('own');
          } catch (own) {
            seen.push((own as Error).message);
          }
        });
        yield* g.get();
        seen.push((error as Error).message);
      }
      expect(seen).toEqual(['own', 'handled by the spawner']);
    }),
  );

  it(
    'contains an overflow of the stack in the greenlet that caused it',
    virtual(function* () {
      const deep = (): number => deep() + 1;
      const bad = spawn(deep);
      const good = spawn(function* (): Green<string> {
        yield* sleep(1);
        return 'fine';
      });
      yield* joinall([bad, good]);
      expect(bad.error).toBeInstanceOf(RangeError);
      expect(good.value).toBe('fine');
    }),
  );
});

describe('the options of spawn', () => {
  it(
    'name is the name of the greenlet',
    virtual(function* () {
      const g = spawn({ name: 'worker' }, () => getcurrent().name);
      expect(g.name).toBe('worker');
      expect(yield* g.get()).toBe('worker');
      expect(() => spawn({ name: 5 as never }, () => 1)).toThrow(TypeError);
    }),
  );

  it(
    'come before the function and its arguments',
    virtual(function* () {
      expect(yield* spawn({ name: 'sum' }, (a: number, b: number) => a + b, 1, 2).get()).toBe(3);
    }),
  );

  it(
    'signal kills the greenlet when it is aborted, and is let go at its end',
    virtual(function* () {
      const controller = new AbortController();
      const g = spawn({ signal: controller.signal }, sleep, 1000);
      yield* sleep(1);
      controller.abort();
      expect(g.ready()).toBe(false);
      expect(yield* g.get()).toBeInstanceOf(GreenletExit);
      expect(g.killed).toBe(true);
    }),
  );

  it(
    'signal that is aborted already: the body never runs',
    virtual(function* () {
      let ran = false;
      const g = spawn({ signal: AbortSignal.abort() }, () => {
        ran = true;
      });
      expect(yield* g.get()).toBeInstanceOf(GreenletExit);
      yield* waitAllBlocked();
      expect(ran).toBe(false);
      expect(g.killed).toBe(true);
    }),
  );

  it(
    'daemon: the greenlet is not among those that are left over or waited for',
    virtual(function* () {
      const g = spawn({ daemon: true }, sleep, Number.POSITIVE_INFINITY);
      yield* sleep(1);
      expect(g.started).toBe(true);
    }),
  );

  it(
    'context: inherit shows the spawner its stores, fresh shows none',
    virtual(function* () {
      const storage = new AsyncLocalStorage<string>();
      const [inherited, fresh] = storage.run('outer', () => [
        spawn(() => storage.getStore()),
        spawn({ context: 'fresh' }, () => storage.getStore()),
      ]) as [Greenlet<string | undefined>, Greenlet<string | undefined>];
      expect(yield* inherited.get()).toBe('outer');
      expect(yield* fresh.get()).toBeUndefined();
    }),
  );
});

describe('spawnLater', () => {
  it(
    'begins after its time and passes the arguments',
    virtual(function* (clock) {
      const g = spawnLater(25, (a: string) => [a, clock.now()], 'x');
      expect(g.started).toBe(true);
      expect(yield* g.get()).toEqual(['x', 25]);
    }),
  );

  it(
    'of 0 ms begins after what was spawned in the same turn, also after what was spawned later',
    virtual(function* () {
      const trace: string[] = [];
      const all = [
        spawn(() => void trace.push('before')),
        spawnLater(0, () => void trace.push('later')),
        spawn(() => void trace.push('after')),
      ];
      yield* joinall(all);
      expect(trace).toEqual(['before', 'after', 'later']);
    }),
  );

  it(
    'runs though its creator has ended',
    virtual(function* (clock) {
      let later: Greenlet<number> | undefined;
      yield* spawn(() => {
        later = spawnLater(10, () => clock.now());
      }).get();
      expect(yield* later!.get()).toBe(10);
    }),
  );

  it('refuses what is no time', () => {
    expect(() => spawnLater(-1, () => 1)).toThrow(RangeError);
    expect(() => spawnLater(Number.NaN, () => 1)).toThrow(RangeError);
    expect(() => spawnLater('1' as never, () => 1)).toThrow(TypeError);
    expect(() => Greenlet.spawnLater(-1, () => 1)).toThrow(RangeError);
    expect(() => new Greenlet(() => 1).startLater(-1)).toThrow(RangeError);
  });

  it(
    'is begun now by start(), once',
    virtual(function* (clock) {
      let runs = 0;
      const g = spawnLater(10, () => ++runs);
      g.start();
      yield* g.get();
      expect(clock.now()).toBe(0);
      yield* sleep(20);
      expect(runs).toBe(1);
    }),
  );

  it(
    'killed before its time never runs and is counted no more',
    virtual(function* () {
      const before = hub.stats();
      let ran = false;
      const g = spawnLater(10, () => {
        ran = true;
      });
      expect(yield* g.kill()).toBe(true);
      expect(g.value).toBeInstanceOf(GreenletExit);
      expect(hub.stats().timers).toBe(before.timers);
      expect(hub.stats().greenlets).toBe(before.greenlets);
      yield* sleep(20);
      expect(ran).toBe(false);
    }),
  );

  it(
    'of Infinity never begins, is counted once, and can be killed',
    virtual(function* () {
      const before = hub.stats().greenlets;
      const g = new Greenlet(() => 1);
      g.startLater(Number.POSITIVE_INFINITY);
      g.startLater(Number.POSITIVE_INFINITY);
      expect(hub.stats().greenlets).toBe(before + 1);
      yield* g.kill();
      expect(hub.stats().greenlets).toBe(before);
    }),
  );
});

describe('spawnRaw', () => {
  it(
    'starts a raw greenlet of the hub with its arguments, on the next turn',
    virtual(function* () {
      const seen: unknown[] = [];
      const raw = spawnRaw(
        function* (a: number, b: number): Green<void> {
          yield* sleep(1);
          seen.push(a, b, getcurrent().parent);
        },
        1,
        2,
      );
      expect(raw).toBeInstanceOf(greenlet);
      expect(raw).not.toBeInstanceOf(Greenlet);
      expect(raw.parent).toBe(hub);
      expect(seen).toEqual([]);
      yield* sleep(2);
      expect(seen).toEqual([1, 2, hub]);
      expect(raw.dead).toBe(true);
    }),
  );

  it(
    'tells the hub of its error',
    virtual(function* () {
      const errors = collectErrors();
      const error = new Error('raw');
      spawnRaw(() => {
        throw error;
      });
      yield* waitAllBlocked();
      expect(errors.map((each) => each.error)).toEqual([error]);
    }),
  );
});

describe('Greenlet subclasses', () => {
  class Adder extends Greenlet<number> {
    override *run(a: number, b: number): Green<number> {
      yield* sleep(1);
      return a + b;
    }
  }

  it(
    'get all arguments in their run()',
    virtual(function* () {
      const g = new Adder(1, 2);
      expect(g.started).toBe(false);
      g.start();
      expect(yield* g.get()).toBe(3);
    }),
  );

  it(
    'are spawned by the statics as themselves',
    virtual(function* (clock) {
      const now = Adder.spawn(1, 2);
      const later = Adder.spawnLater(10, 3, 4);
      expect(now).toBeInstanceOf(Adder);
      expect(later).toBeInstanceOf(Adder);
      expect(yield* now.get()).toBe(3);
      expect(yield* later.get()).toBe(7);
      expect(clock.now()).toBe(11);
    }),
  );

  it(
    'keep an argument that is undefined',
    virtual(function* () {
      let count = -1;
      class Counter extends Greenlet<void> {
        override run(...args: unknown[]): void {
          count = args.length;
        }
      }
      yield* Counter.spawn(undefined).get();
      expect(count).toBe(1);
    }),
  );

  it(
    'need no run of their own: Greenlet.spawn takes a function',
    virtual(function* () {
      expect(yield* Greenlet.spawn((a: number) => a + 1, 1).get()).toBe(2);
      expect(yield* Greenlet.spawnLater(1, (a: number) => a + 1, 2).get()).toBe(3);
    }),
  );
});

describe('currentGreenlet', () => {
  it(
    'is the greenlet that runs',
    virtual(function* () {
      const g = spawn(() => currentGreenlet());
      expect(yield* g.get()).toBe(g);
    }),
  );

  it('is null outside of greenlets and in a raw greenlet', async () => {
    expect(currentGreenlet()).toBeNull();
    let seen: unknown = 'nothing';
    new greenlet(() => {
      seen = currentGreenlet();
    }).switch();
    expect(seen).toBeNull();
  });
});
