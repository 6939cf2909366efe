import {
  attempt,
  Condition,
  type Green,
  GreenletError,
  Lock,
  RLock,
  race,
  Semaphore,
  sleep,
  spawn,
} from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { Waiters } from '../support/condition-waiters.js';
import { watchHub } from '../support/hub-watch.js';
import { filledByItself, type Kind, lockContract, taker } from '../support/lock-contract.js';
import { lockRuns } from '../support/lock-runs.js';

watchHub();

const kind: Kind = {
  title: 'Condition',
  make(name) {
    const lock = new RLock({ name });
    return { ...filledByItself(lock), lock: new Condition(lock, { name }) };
  },
  permits: 1,
  ownerOnly: true,
  showsHolder: true,
};

lockContract(kind);
lockRuns(kind);

describe('Condition', () => {
  it(
    'has an RLock of its own, or the lock that it is given, which is really held',
    virtual(function* () {
      // 235
      const own = new Condition(undefined, { name: 'own' });
      yield* own.acquire();
      expect(yield* own.acquire({ blocking: false })).toBe(true);
      expect(String(own)).toBe("<Condition 'own' on <RLock held by test 2 times>>");
      own.release();
      own.release();
      const lock = new Lock({ name: 'given' });
      const given = new Condition(lock);
      yield* given.acquire();
      expect(yield* lock.acquire({ blocking: false })).toBe(false);
      expect(given.statistics()).toEqual({ holder: 'test', waiters: 0 });
      given.release();
      expect(lock.locked()).toBe(false);
      for (const wrong of [{}, null, new Semaphore(), { name: 'x' }]) {
        expect(() => new Condition(wrong as never)).toThrow('lock must be a Lock or an RLock, got');
      }
    }),
  );

  it(
    'notifies the first n in the order in which they wait, and nobody who comes later',
    virtual(function* () {
      for (const lock of [new Lock(), new RLock()]) {
        const waiters = new Waiters(lock);
        // 237
        yield* waiters.come('a', 'b', 'c', 'd', 'e');
        expect(waiters.changed.statistics()).toEqual({ holder: null, waiters: 5 });
        expect(yield* waiters.notify(3)).toEqual(['a true', 'b true', 'c true']);
        yield* waiters.come('f');
        expect(yield* waiters.notify(0)).toEqual([]);
        expect(yield* waiters.notify()).toEqual(['d true']);
        expect(yield* waiters.notify(9)).toEqual(['e true', 'f true']);
        yield* waiters.come('g', 'h');
        yield* waiters.changed.with(() => waiters.changed.notifyAll());
        yield* waitAllBlocked();
        expect(waiters.log.splice(0)).toEqual(['g true', 'h true']);
        expect(yield* waiters.notify()).toEqual([]);
        expect(lock.statistics()).toEqual({ holder: null, level: 0, waiters: 0 });
      }
    }),
  );

  it(
    'keeps those that are notified from going on until the lock is released, in the queue of the lock',
    virtual(function* () {
      const waiters = new Waiters();
      const { changed, lock, log } = waiters;
      yield* waiters.come('a');
      yield* changed.acquire();
      const taken = spawn(function* () {
        yield* lock.acquire();
        log.push('taker');
        lock.release();
      });
      yield* waitAllBlocked();
      changed.notify();
      yield* sleep(10);
      expect(log).toEqual([]);
      expect([changed.statistics().waiters, lock.statistics().waiters]).toEqual([0, 2]);
      changed.release();
      yield* taken.join();
      yield* waitAllBlocked();
      expect(log).toEqual(['taker', 'a true']);
    }),
  );

  it(
    'releases an RLock altogether while it waits, and takes it back as often',
    virtual(function* () {
      const waiters = new Waiters();
      const { changed, lock } = waiters;
      yield* changed.acquire();
      yield* changed.acquire();
      const notifier = spawn(() => changed.with(() => changed.notify()));
      expect(yield* changed.wait()).toBe(true);
      expect(lock.statistics()).toEqual({ holder: 'test', level: 2, waiters: 0 });
      expect(yield* changed.wait({ timeout: 5 })).toBe(false);
      expect(lock.statistics().level).toBe(2);
      changed.release();
      changed.release();
      yield* notifier.join();
      expect(lock.locked()).toBe(false);
    }),
  );

  it(
    'gives false when timeout ms pass first, with the lock, also when it has to wait for that',
    virtual(function* (clock) {
      const waiters = new Waiters();
      const { changed, log } = waiters;
      waiters.spawn('a', { timeout: 20 });
      waiters.spawn('b', { timeout: 50 });
      yield* sleep(30);
      expect([log, changed.statistics().waiters]).toEqual([['a false'], 1]);
      yield* changed.acquire();
      yield* sleep(40);
      // Too late to be notified.
      changed.notifyAll();
      expect([log.length, clock.now()]).toEqual([1, 70]);
      changed.release();
      yield* waitAllBlocked();
      expect(log).toEqual(['a false', 'b false']);
    }),
  );

  it(
    'wait({ timeout: 0 }) lets others have the lock, and gives false',
    virtual(function* () {
      const { changed, lock } = new Waiters();
      const log: string[] = [];
      yield* changed.acquire();
      taker(lock, 'other', log);
      yield* waitAllBlocked();
      expect(yield* changed.wait({ timeout: 0 })).toBe(false);
      expect([log, lock.statistics().holder]).toEqual([['other'], 'test']);
      expect(yield* changed.wait({ timeout: 0 })).toBe(false);
      changed.release();
      expect(lock.locked()).toBe(false);
    }),
  );

  it(
    'waitFor looks at once, after each notification and when the time is over, with any kind of predicate',
    virtual(function* (clock) {
      const { changed } = new Waiters();
      let value = 0;
      let looks = 0;
      const predicates = [
        () => value >= 2,
        function* (): Green<number | boolean> {
          yield* sleep(1);
          return value >= 2 ? 7 : false;
        },
        async () => value >= 2,
      ];
      for (const predicate of predicates) {
        value = 0;
        const setter = spawn(function* () {
          for (let i = 0; i < 3; i++) {
            yield* sleep(10);
            yield* changed.with(() => {
              value++;
              changed.notifyAll();
            });
          }
        });
        expect(yield* changed.with(() => changed.waitFor(predicate as () => boolean))).toBe(true);
        expect(value).toBe(2);
        yield* setter.join();
      }
      const before = clock.now();
      const never = () => {
        looks++;
        return false;
      };
      yield* changed.acquire();
      expect(yield* changed.waitFor(never, { timeout: 25 })).toBe(false);
      expect([clock.now() - before, looks]).toEqual([25, 2]);
      expect(yield* changed.waitFor(never, { timeout: 0 })).toBe(false);
      expect([clock.now() - before, looks]).toEqual([25, 3]);
      expect(yield* changed.waitFor(() => clock.now() >= before + 30, { timeout: 5 })).toBe(true);
      expect(() => changed.waitFor(5 as never)).toThrow('predicate must be a function, got 5 (number)');
      const error = new Error('in the predicate');
      const caught = yield* attempt(
        changed.waitFor(() => {
          throw error;
        }),
      );
      expect(caught.error).toBe(error);
      changed.release();
    }),
  );

  it(
    'refuses wait and notify without the lock, and a wait as one of several operands',
    virtual(function* () {
      const { changed, lock } = new Waiters();
      for (const misuse of [() => changed.notify(), () => changed.notifyAll()]) {
        expect(misuse).toThrow(/Condition\.notify needs the lock, and test does not hold <RLock free>/);
      }
      const waited = yield* attempt(changed.wait());
      expect(String(waited.error)).toMatch(/GreenletError: Condition\.wait needs the lock/);
      yield* changed.acquire();
      const other = yield* attempt(spawn(() => changed.wait()).get());
      expect(other.error).toBeInstanceOf(GreenletError);
      const operand = yield* attempt(race([changed.wait(), sleep(5)]));
      expect(String(operand.error)).toContain('Condition.wait cannot be one of several operands');
      expect(lock.statistics()).toEqual({ holder: 'test', level: 1, waiters: 0 });
      expect(() => changed.notify(-1)).toThrow(RangeError);
      expect(() => changed.notify('1' as never)).toThrow(TypeError);
      expect(() => changed.wait({ timeout: -1 })).toThrow(RangeError);
      changed.release();
    }),
  );
});
