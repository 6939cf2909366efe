import { AsyncLocalStorage } from 'node:async_hooks';
import {
  all,
  call,
  callback,
  type Green,
  Greenlet,
  getcurrent,
  greenlet,
  hub,
  joinall,
  runWith,
  scope,
  sleep,
  spawn,
  spawnLater,
  spawnRaw,
  suspend,
  until,
  withTimeout,
} from 'greenlets';
import { virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { keepHubSettings } from '../support/hub.js';
import { pass } from '../support/hub-watch.js';

keepHubSettings();

const storage = new AsyncLocalStorage<string>();
const seen = () => storage.getStore();

/** What is seen after each kind of suspension. */
function* life(): Green<unknown[]> {
  const stores = [seen()];
  const note = () => void stores.push(seen());
  yield* sleep(0);
  note();
  yield* sleep(2);
  note();
  yield* until(Promise.resolve());
  note();
  yield* callback<void>((done) => setImmediate(done));
  note();
  yield* withTimeout(1, { timeoutValue: null }, () => suspend<void>('never', () => {}));
  note();
  yield* call(function* (): Green<void> {
    yield* sleep(1);
    note();
  });
  return stores;
}
const LIFE = 7;

describe('a store of AsyncLocalStorage', () => {
  it('that is seen at spawn is seen for the whole life, and by nobody else', async () => {
    const one = storage.run('one', () => spawn(life));
    const two = storage.run('two', () => spawn(life));
    const none = spawn(life);
    await joinall([one, two, none]);
    expect(one.value).toEqual(Array(LIFE).fill('one'));
    expect(two.value).toEqual(Array(LIFE).fill('two'));
    expect(none.value).toEqual(Array(LIFE).fill(undefined));
    expect(seen()).toBeUndefined();
  });

  it('is seen by what the greenlet calls: promises, timers, async functions, children and their children', async () => {
    const g = storage.run('mine', () =>
      spawn(function* (): Green<unknown[]> {
        yield* sleep(1);
        const promised = yield* until(Promise.resolve().then(seen));
        const timed = yield* callback<unknown>((done) => void setTimeout(() => done(null, seen()), 1));
        const async = yield* spawn(async () => {
          await sleep(1);
          return seen();
        }).get();
        const child = yield* spawn(() => spawn(seen).get()).get();
        return [promised, timed, async, child];
      }),
    );
    expect(await g.get()).toEqual(Array(4).fill('mine'));
  });

  it('is seen whoever wakes the greenlet, and is not seen by whom it wakes', async () => {
    let wake = () => {};
    const gate = suspend<void>('gate', (waker) => {
      wake = () => waker.resolve();
    });
    const g = storage.run('woken', () =>
      spawn(function* (): Green<unknown> {
        yield* gate;
        return seen();
      }),
    );
    await sleep(0);
    await storage.run('waker', async () => {
      wake();
      await g.join();
      expect(seen()).toBe('waker');
    });
    expect(g.value).toBe('woken');
  });

  it(
    'entered inside stays with the greenlet, is seen by its children, and leaks nowhere',
    virtual(function* () {
      const trace: unknown[] = [];
      const bystander = spawn(life);
      const g = spawn(function* (): Green<void> {
        storage.enterWith('entered');
        trace.push(...(yield* life()));
        trace.push(yield* spawn(seen).get());
        storage.enterWith('again');
        yield* sleep(1);
        trace.push(seen());
      });
      expect(seen()).toBeUndefined();
      yield* joinall([g, bystander]);
      expect(trace).toEqual([...Array(LIFE + 1).fill('entered'), 'again']);
      expect(bystander.value).toEqual(Array(LIFE).fill(undefined));
      expect(seen()).toBeUndefined();
      expect(yield* spawn(seen).get()).toBeUndefined();
    }),
  );

  it('entered in a child does not change what its spawner sees', async () => {
    const g = storage.run('parent', () =>
      spawn(function* (): Green<unknown[]> {
        const child = spawn(function* (): Green<unknown> {
          storage.enterWith('child');
          yield* sleep(1);
          return seen();
        });
        const given = yield* child.get();
        return [given, seen()];
      }),
    );
    expect(await g.get()).toEqual(['child', 'parent']);
  });

  it('is one of several that do not disturb one another', async () => {
    const other = new AsyncLocalStorage<number>();
    const both = function* (): Green<unknown[]> {
      yield* sleep(1);
      return [seen(), other.getStore()];
    };
    const one = storage.run('a', () => other.run(1, () => spawn(both)));
    const two = other.run(2, () => spawn(both));
    expect(await all([one.get(), two.get()])).toEqual([
      ['a', 1],
      [undefined, 2],
    ]);
  });

  it('is that of the start: of start() for a greenlet made elsewhere, of spawnLater for one that starts late', async () => {
    const made = storage.run('made', () => new Greenlet(life));
    storage.run('started', () => made.start());
    const later = storage.run('later', () => spawnLater(5, life));
    const stat = storage.run('static', () => Greenlet.spawnLater(5, life));
    storage.enterWith('elsewhere');
    await joinall([made, later, stat]);
    storage.enterWith(undefined as never);
    expect(made.value).toEqual(Array(LIFE).fill('started'));
    expect(later.value).toEqual(Array(LIFE).fill('later'));
    expect(stat.value).toEqual(Array(LIFE).fill('static'));
  });

  it('is not seen by a greenlet spawned with a fresh context, nor by its children; what it enters stays', async () => {
    const g = storage.run('spawner', () =>
      spawn({ context: 'fresh' }, function* (): Green<unknown[]> {
        const stores = yield* life();
        const child = yield* spawn(seen).get();
        storage.enterWith('own');
        yield* sleep(1);
        return [...stores, child, seen()];
      }),
    );
    expect(await g.get()).toEqual([...Array(LIFE + 1).fill(undefined), 'own']);
    const inherited = storage.run('spawner', () => spawn({ context: 'inherit' }, seen));
    expect(await inherited.get()).toBe('spawner');
  });

  it('is seen by links as whoever linked saw it, whoever had the hub wake up', async () => {
    const stores: unknown[] = [];
    let wake = () => {};
    const gate = suspend<void>('gate', (waker) => {
      wake = () => waker.resolve();
    });
    const g = storage.run('linked', () => spawn(() => gate));
    storage.run('linker', () => {
      g.link(() => void stores.push(['link', seen()]));
      g.rawlink(() => void stores.push(['rawlink', seen()]));
    });
    await pass();
    storage.run('bystander', () => wake());
    await pass();
    await pass();
    expect(stores.sort()).toEqual([
      ['link', 'linker'],
      ['rawlink', 'linker'],
    ]);
  });

  it('is seen by a link made after the end, and not by what runs beside it', async () => {
    const stores: unknown[] = [];
    const g = storage.run('linked', () => spawn(sleep, 1));
    await g.join();
    storage.run('linker', () => g.link(() => void stores.push(seen())));
    const bystander = storage.run('third', () => spawn(life));
    await bystander.join();
    expect(stores).toEqual(['linker']);
    expect(bystander.value).toEqual(Array(LIFE).fill('third'));
    expect(seen()).toBeUndefined();
  });

  it('is seen by spawnRaw and by a raw greenlet that is switched to, for its whole life', async () => {
    const stores: unknown[] = [];
    const note = function* (): Green<void> {
      for (let i = 0; i < 2; i++) {
        stores.push(seen());
        yield* sleep(1);
      }
      stores.push(seen());
      end();
    };
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    storage.run('raw', () => void spawnRaw(note));
    await ended;
    expect(stores).toEqual(['raw', 'raw', 'raw']);
    const switched = storage.run('switcher', () =>
      spawn(function* (): Green<unknown> {
        const child = new greenlet(function* (): Green<unknown> {
          const first = seen();
          yield* getcurrent().parent!.switch();
          return [first, seen()];
        });
        yield* child.switch();
        yield* sleep(1);
        return [yield* child.switch(), seen()];
      }),
    );
    expect(await switched.get()).toEqual([['switcher', 'switcher'], 'switcher']);
  });

  it('is kept by a scheduled greenlet that switches to a raw one, whatever that enters and wherever it is parked', async () => {
    const stores: Record<string, unknown> = {};
    const g = storage.run('parent', () =>
      spawn(function* (): Green<void> {
        const child = new greenlet(function* (): Green<void> {
          storage.enterWith('child');
          yield* getcurrent().parent!.switch();
          yield* sleep(1);
          stores['child'] = seen();
        });
        yield* child.switch();
        stores['parent after a switch'] = seen();
        yield* child.switch();
        stores['parent after the end'] = seen();
        yield* sleep(1);
        stores['parent after a sleep'] = seen();
      }),
    );
    await g.get();
    expect(stores).toEqual({
      child: 'child',
      'parent after a switch': 'parent',
      'parent after the end': 'parent',
      'parent after a sleep': 'parent',
    });
  });

  it('that a raw greenlet enters is not seen by main, which switched to it', async () => {
    const raw = new greenlet(function* (): Green<unknown> {
      storage.enterWith('raw');
      yield* sleep(1);
      return seen();
    });
    // In a context of its own, so that a leak does not reach the other tests.
    const [value, after] = await Promise.resolve().then(async () => {
      const transfer = raw.switch();
      const after = seen();
      return [await transfer, after];
    });
    expect(after).toBeUndefined();
    expect(value).toBe('raw');
  });

  it('is seen by finally blocks of a killed greenlet, not the killer`s', async () => {
    const stores: unknown[] = [];
    const g = storage.run('victim', () =>
      spawn(function* (): Green<void> {
        try {
          yield* sleep(100);
        } finally {
          stores.push(seen());
          yield* sleep(1);
          stores.push(seen());
        }
      }),
    );
    await sleep(0);
    await storage.run('killer', () => g.kill().promise());
    expect(stores).toEqual(['victim', 'victim']);
  });

  it('is seen by code that awaits as if no greenlets were there', async () => {
    await storage.run('outside', async () => {
      const g = storage.run('inside', () => spawn(life));
      await g.get();
      expect(seen()).toBe('outside');
      await sleep(1);
      expect(seen()).toBe('outside');
    });
    expect(seen()).toBeUndefined();
  });
});

describe('runWith', () => {
  it(
    'runs its function in the same greenlet with the store, over suspensions; then the former store is back',
    virtual(function* () {
      const me = getcurrent();
      storage.enterWith('former');
      const value = yield* runWith(
        storage,
        'inside',
        function* (n: number): Green<unknown[]> {
          expect(getcurrent()).toBe(me);
          return [n, ...(yield* life()), yield* spawn(seen).get()];
        },
        5,
      );
      expect(value).toEqual([5, ...Array(LIFE + 1).fill('inside')]);
      expect(seen()).toBe('former');
      yield* sleep(1);
      expect(seen()).toBe('former');
    }),
  );

  it(
    'puts the former store back after an error, a timeout and a kill',
    virtual(function* () {
      const inside = function* (): Green<void> {
        yield* sleep(1);
        expect(seen()).toBe('inside');
        throw new Error('inside');
      };
      storage.enterWith('former');
      let caught: unknown;
      try {
        yield* runWith(storage, 'inside', inside);
      } catch (error) {
        caught = [String(error), seen()];
      }
      expect(caught).toEqual(['Error: inside', 'former']);
      yield* withTimeout(5, { timeoutValue: null }, runWith(storage, 'inside', sleep, 100));
      expect(seen()).toBe('former');
      const stores: unknown[] = [];
      const g = spawn(function* (): Green<void> {
        try {
          yield* runWith(storage, 'inside', sleep, 100);
        } finally {
          yield* sleep(1);
          stores.push(seen());
        }
      });
      yield* sleep(0);
      yield* g.kill();
      expect(stores).toEqual(['former']);
    }),
  );

  it(
    'can be nested, and takes plain and async functions',
    virtual(function* () {
      const nested = yield* runWith(storage, 'outer', function* (): Green<unknown[]> {
        const inner = yield* runWith(storage, 'inner', seen);
        yield* sleep(1);
        return [inner, seen()];
      });
      expect(nested).toEqual(['inner', 'outer']);
      const value = yield* runWith(storage, 'async', async () => {
        await Promise.resolve();
        return seen();
      });
      expect(value).toBe('async');
      expect(seen()).toBeUndefined();
    }),
  );

  it('outside of greenlets runs its function in a new one; the caller sees what it saw', async () => {
    await storage.run('caller', async () => {
      expect(await runWith(storage, 'inside', () => seen())).toBe('inside');
      expect(seen()).toBe('caller');
    });
  });

  it('does not leak to children of a scope that were spawned before, nor to other greenlets', async () => {
    const values = await scope(function* ({ spawn }): Green<unknown[]> {
      const before = spawn(life);
      const within = yield* runWith(storage, 'inside', () => spawn(life));
      yield* joinall([before, within]);
      return [before.value, within.value];
    });
    expect(values).toEqual([Array(LIFE).fill(undefined), Array(LIFE).fill('inside')]);
    expect(hub.stats().greenlets).toBe(0);
  });
});
