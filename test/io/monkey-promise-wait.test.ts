/** `yield*` of promises that no patched call has given. */
import { type Green, type Greenlet, hub, sleep, spawn } from 'greenlets';
import { patchPromise, unpatchAll } from 'greenlets/monkey';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outside } from '../../src/runtime/until.js';

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

function deferred<T = string>(): Deferred<T> {
  let made: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    made = { resolve, reject };
  });
  return { promise, ...(made as Omit<Deferred<T>, 'promise'>) };
}

let unhandled: unknown[] = [];
const onUnhandled = (error: unknown) => unhandled.push(error);
const macrotask = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  unhandled = [];
  process.on('unhandledRejection', onUnhandled);
  patchPromise();
});

afterEach(async () => {
  unpatchAll();
  await macrotask();
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
  expect(outside.waits).toBe(0);
  expect(hub.stats().greenlets).toBe(0);
});

const inGreenlet = <T>(body: () => Green<T>): Promise<T> => spawn(body).get().promise();
const spawned = <T>(body: () => Green<T>): Greenlet<T> => spawn(body) as Greenlet<T>;

describe('a promise that a function without a patch returns', () => {
  const outcomes = [
    ['fulfilled', (late: Deferred<string>) => late.resolve('late')],
    ['rejected', (late: Deferred<string>) => late.reject(new Error('late'))],
    ['never settled', () => {}],
  ] as const;

  it.each(outcomes)(
    'killed, the wait ends at once; what comes later is ignored: %s',
    async (_how, settle) => {
      const late = deferred();
      const theirs = async () => `their ${await late.promise}`;
      const steps: string[] = [];
      const greenlet = spawned(function* () {
        try {
          steps.push(yield* theirs());
        } finally {
          steps.push('finally');
          yield* sleep(0);
          steps.push('over');
        }
      });
      await sleep(0);
      await greenlet.kill();
      expect(steps).toEqual(['finally', 'over']);
      settle(late);
      await macrotask();
      expect(steps).toEqual(['finally', 'over']);
      expect(greenlet.killed).toBe(true);
    },
  );

  it('the wake-up decides: a kill that comes after it, and before the greenlet runs, is thrown at the next suspension', async () => {
    const late = deferred();
    const steps: string[] = [];
    const greenlet = spawned(function* () {
      steps.push(yield* late.promise);
      steps.push('goes on');
      yield* sleep(0);
      steps.push('never');
    });
    await sleep(0);
    // The job of the promise finds a turn due in which the killer is first.
    late.resolve('value');
    const killer = spawn(() => void greenlet.kill());
    await killer.get();
    await greenlet.join();
    expect(steps).toEqual(['value', 'goes on']);
    expect(greenlet.killed).toBe(true);
  });

  it('a wait that was given up is nobody else`s until its promise has settled', async () => {
    const dropped = Array.from({ length: 3 }, () => deferred());
    const killed = dropped.map(({ promise }) =>
      spawned(function* () {
        yield* promise;
      }),
    );
    await sleep(0);
    for (const each of killed) await each.kill();
    const kept = Array.from({ length: 3 }, () => deferred());
    const got = kept.map(({ promise }) =>
      spawned(function* () {
        return [yield* promise, yield* Promise.resolve('then')];
      }),
    );
    await sleep(0);
    for (const each of dropped) each.resolve('dropped');
    await macrotask();
    expect(got.map((each) => each.dead)).toEqual([false, false, false]);
    for (const [index, each] of kept.entries()) each.resolve(`kept ${index}`);
    const values = [];
    for (const each of got) values.push(await each.get());
    expect(values).toEqual(['kept 0', 'kept 1', 'kept 2'].map((value) => [value, 'then']));
  });

  it('its error is thrown at the yield*, with the stack that it had', async () => {
    const theirs = async () => {
      await null;
      throw new Error('theirs');
    };
    const error = await inGreenlet(function* () {
      try {
        return yield* theirs();
      } catch (thrown) {
        return thrown as Error;
      }
    });
    expect(error).toMatchObject({ message: 'theirs' });
    expect(String((error as unknown as Error).stack)).toContain('monkey-promise-wait.test');
  });

  it('several wait for one promise; a kill of one leaves the others', async () => {
    const shared = deferred();
    const waiters = Array.from({ length: 4 }, () =>
      spawned(function* () {
        return yield* shared.promise;
      }),
    );
    await sleep(0);
    await waiters[1]?.kill();
    shared.resolve('all');
    const values = [];
    for (const each of [0, 2, 3]) values.push(await waiters[each]?.get());
    expect(values).toEqual(['all', 'all', 'all']);
  });
});

describe('the order', () => {
  it('whoever waits for a settled promise goes on in the order of the waits, greenlets and async functions alike', async () => {
    const order: string[] = [];
    const settled = Promise.resolve();
    const body = (name: string) =>
      function* () {
        for (let i = 0; i < 3; i++) {
          yield* settled;
          order.push(`${name}${i}`);
        }
      };
    const asyncBody = async (name: string) => {
      for (let i = 0; i < 3; i++) {
        await settled;
        order.push(`${name}${i}`);
      }
    };
    const a = spawn(body('a'));
    const b = spawn(body('b'));
    const start = spawn(function* () {
      yield* settled;
      return asyncBody('c');
    });
    for (const each of [a, b, start]) await each.join();
    expect(order.filter((each) => !each.startsWith('c'))).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
    expect(order.filter((each) => each.startsWith('c'))).toEqual(['c0', 'c1', 'c2']);
  });

  it('who is ready already comes first', async () => {
    const order: string[] = [];
    const one = deferred();
    const two = deferred();
    const waiters = [one, two].map(({ promise }) =>
      spawned(function* () {
        order.push(yield* promise);
        spawn(() => order.push('spawned'));
        yield* sleep(0);
        order.push('slept');
      }),
    );
    await sleep(0);
    one.resolve('one');
    two.resolve('two');
    for (const each of waiters) await each.get();
    expect(order).toEqual(['one', 'spawned', 'slept', 'two', 'spawned', 'slept']);
  });

  it('greenlets that wait for settled promises for ever starve neither timers nor IO of the host', async () => {
    let over = false;
    const settled = Promise.resolve();
    const greedy = Array.from({ length: 3 }, () =>
      spawned(function* () {
        while (!over) yield* settled;
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 1));
    await macrotask();
    over = true;
    for (const each of greedy) await each.get();
  });

  it('nothing of a greenlet runs inside the call that settles a promise', async () => {
    const late = deferred();
    let ran = false;
    const greenlet = spawned(function* () {
      yield* late.promise;
      ran = true;
    });
    await sleep(0);
    late.resolve('now');
    expect(ran).toBe(false);
    await greenlet.get();
    expect(ran).toBe(true);
  });

  it('a subclass that calls back from somebody`s call runs nothing in it', async () => {
    let callBack: (value: number) => void = () => {};
    class Odd extends Promise<number> {
      override then(onFulfilled?: any): any {
        callBack = onFulfilled;
      }
    }
    let got = 0;
    const greenlet = spawned(function* () {
      got = yield* new Odd(() => {});
    });
    await sleep(0);
    callBack(5);
    callBack(6);
    expect(got).toBe(0);
    await greenlet.get();
    expect(got).toBe(5);
  });
});

describe('errors of greenlets that a promise has resumed', () => {
  it('an error that nobody observes is told', async () => {
    const told: unknown[] = [];
    hub.onError = (error) => told.push(error);
    try {
      const error = new Error('after the promise');
      spawn(function* () {
        yield* Promise.resolve();
        throw error;
      });
      await macrotask();
      await macrotask();
      expect(told).toEqual([error]);
    } finally {
      hub.onError = null;
    }
  });
});
