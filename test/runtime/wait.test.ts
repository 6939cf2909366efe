import { type Green, Greenlet, hub, iwait, sleep, spawn, spawnLater, suspend, wait } from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { collectErrors, keepHubSettings } from '../support/hub.js';

keepHubSettings();

function* failAfter(ms: number, error: unknown): Green<never> {
  yield* sleep(ms);
  throw error;
}

describe('wait', () => {
  it(
    'gives the objects in the order in which they became ready',
    virtual(function* (clock) {
      const [a, b, c] = [spawn(sleep, 30), spawn(sleep, 10), spawn(sleep, 20)];
      expect(yield* wait([a, b, c])).toEqual([b, c, a]);
      expect(clock.now()).toBe(30);
      expect(yield* wait([])).toEqual([]);
    }),
  );

  it(
    'gives those that are ready at the timeout; with 0 it polls',
    virtual(function* (clock) {
      const [a, b] = [spawn(sleep, 30), spawn(sleep, 10)];
      const operation = wait([a, b], { timeout: 20 });
      expect(yield* wait([a, b], { timeout: 0 })).toEqual([]);
      expect(yield* operation).toEqual([b]);
      expect(clock.now()).toBe(20);
      expect(yield* operation).toEqual([b, a]);
      expect(clock.now()).toBe(30);
    }),
  );

  it(
    'gives count of them',
    virtual(function* (clock) {
      const [a, b] = [spawn(sleep, 30), spawn(sleep, 10)];
      expect(yield* wait([a, b], { count: 1 })).toEqual([b]);
      expect(clock.now()).toBe(10);
      expect(yield* wait([a, b], { count: 0 })).toEqual([]);
      yield* a.get();
    }),
  );

  it(
    'takes greenlets, operations, generators and promises, and gives the objects themselves',
    virtual(function* () {
      const g = spawn(sleep, 5);
      const operation = sleep(3);
      const promise = Promise.resolve(1);
      const body = failAfter(4, new Error('not thrown by wait'));
      const objects: unknown[] = [g, operation, promise, body];
      const ready = yield* wait(objects);
      expect(ready.map((each) => objects.indexOf(each))).toEqual([2, 1, 3, 0]);
    }),
  );

  it(
    'does not throw the error of a greenlet, and lets the caller look at it afterwards',
    virtual(function* () {
      const errors = collectErrors();
      const error = new Error('e');
      const bad = spawn(failAfter, 5, error);
      expect(yield* wait([spawn(sleep, 20), bad])).toHaveLength(2);
      expect(errors).toEqual([]);
      expect(bad.error).toBe(error);
      yield* waitAllBlocked();
      expect(errors).toEqual([]);
    }),
  );

  it(
    'whose caller does not look at the error: the hub is told once',
    virtual(function* () {
      const errors = collectErrors();
      const bad = spawn(failAfter, 5, new Error('e'));
      yield* wait([spawn(sleep, 20), bad]);
      yield* waitAllBlocked();
      expect(errors.map((each) => each.greenlet)).toEqual([bad]);
    }),
  );

  it(
    'interrupted leaves nothing registered',
    virtual(function* () {
      let undone = 0;
      const never = suspend<void>('never', () => () => void undone++);
      const waiter = spawn(function* (): Green<void> {
        yield* wait<unknown>([never, never], { timeout: 1000 });
      });
      yield* sleep(1);
      const timers = hub.stats().timers;
      yield* waiter.kill();
      expect(undone).toBe(2);
      expect(hub.stats().timers).toBe(timers - 1);
    }),
  );

  it('refuses at the call what cannot be waited for, and wrong options', () => {
    expect(() => wait([5])).toThrow(TypeError);
    expect(() => wait([() => 1])).toThrow(TypeError);
    expect(() => wait(5 as never)).toThrow(TypeError);
    expect(() => wait([], { timeout: -1 })).toThrow(RangeError);
    expect(() => wait([], { count: -1 })).toThrow(RangeError);
  });
});

describe('wait without objects', () => {
  it('is true as soon as all greenlets have ended', async () => {
    const g = spawn(function* (): Green<string> {
      yield* sleep(0);
      return 'done';
    });
    expect(await wait(undefined, { timeout: 100_000 })).toBe(true);
    expect(g.value).toBe('done');
    expect(await wait()).toBe(true);
  });

  it(
    'waits inside a greenlet for all others, also for those that begin later, and not for daemons',
    virtual(function* (clock) {
      spawn({ daemon: true }, sleep, Number.POSITIVE_INFINITY);
      spawnLater(10, () => 1);
      expect(yield* wait()).toBe(true);
      expect(clock.now()).toBe(10);
    }),
  );

  it(
    'is false at its timeout',
    virtual(function* (clock) {
      const g = spawn(sleep, 100);
      expect(yield* wait(undefined, { timeout: 0 })).toBe(false);
      expect(yield* wait(undefined, { timeout: 10 })).toBe(false);
      expect(clock.now()).toBe(10);
      yield* g.kill();
      expect(yield* wait()).toBe(true);
    }),
  );

  it('ends when the last greenlet is killed before it began', async () => {
    const g = Greenlet.spawnLater(1_000_000, () => 1);
    const ended = wait().promise();
    void g.kill();
    expect(await ended).toBe(true);
  });
});

describe('iwait', () => {
  it(
    'gives each object once as it becomes ready, also while the loop body blocks, a failed one included',
    virtual(function* () {
      const done = spawn(() => 1);
      yield* done.get();
      const error = new Error('e');
      const bad = spawn(failAfter, 5, error);
      const all = [spawn(sleep, 10), bad, done, spawn(sleep, 7)];
      const seen: unknown[] = [];
      const it = iwait(all);
      while (yield* it.more()) {
        seen.push(it.value);
        void it.value.error;
        yield* sleep(3);
      }
      expect(seen).toEqual([done, bad, all[3], all[0]]);
      expect(bad.error).toBe(error);
    }),
  );

  it(
    'ends at its timeout, which counts from the first pull, and after count objects',
    virtual(function* (clock) {
      const all = [spawn(sleep, 10), spawn(sleep, 30)];
      const timed = iwait(all, { timeout: 15 });
      yield* sleep(5);
      expect(yield* timed.toArray()).toEqual([all[0]]);
      expect(clock.now()).toBe(20);
      const counted = iwait(all, { count: 1 });
      expect(yield* counted.toArray()).toEqual([all[0]]);
      yield* all[1]!.get();
    }),
  );

  it(
    'with an object twice gives it twice',
    virtual(function* () {
      const g = spawn(sleep, 1);
      expect(yield* iwait([g, g]).toArray()).toEqual([g, g]);
    }),
  );

  it(
    'begins to watch at the first pull, and close() lets go of what is left',
    virtual(function* () {
      let watched = 0;
      const never = suspend<void>('never', () => {
        watched++;
        return () => void watched--;
      });
      const it = iwait<unknown>([never, sleep(1), never]);
      expect(watched).toBe(0);
      expect(yield* it.more()).toBe(true);
      expect(watched).toBe(2);
      it.close();
      expect(watched).toBe(0);
      expect(yield* it.more()).toBe(false);
    }),
  );

  it(
    'closed by another greenlet ends for the one that waits',
    virtual(function* () {
      const it = iwait([sleep(Number.POSITIVE_INFINITY)]);
      const reader = spawn(function* (): Green<boolean> {
        return yield* it.more();
      });
      yield* sleep(1);
      it.close();
      expect(yield* reader.get()).toBe(false);
    }),
  );

  it(
    'loses no object when a pull is interrupted',
    virtual(function* () {
      const g = spawn(sleep, 10);
      const it = iwait([g]);
      const reader = spawn(function* (): Green<void> {
        yield* it.more();
      });
      yield* sleep(1);
      yield* reader.kill();
      yield* sleep(20);
      expect(yield* it.more()).toBe(true);
      expect(it.value).toBe(g);
    }),
  );

  it('is read by for await outside of greenlets', async () => {
    const all = [spawn(() => 1), spawn(() => 2)];
    const seen: unknown[] = [];
    for await (const g of iwait(all)) seen.push(g.value);
    expect(seen).toEqual([1, 2]);
  });
});
