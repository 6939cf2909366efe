import { all, GreenletError, RLock, select, sleep, spawn, until } from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { filledByItself, type Kind, lockContract, taker } from '../support/lock-contract.js';
import { lockRuns } from '../support/lock-runs.js';

watchHub();

const kind: Kind = {
  title: 'RLock',
  make: (name) => filledByItself(new RLock({ name })),
  permits: 1,
  ownerOnly: true,
  showsHolder: true,
};

lockContract(kind);
lockRuns(kind);

describe('RLock', () => {
  it(
    'is taken again by its holder at once, and is free when it was released as often',
    virtual(function* () {
      const lock = new RLock({ name: 'tree' });
      const tries = () => spawn(() => lock.acquire({ blocking: false })).get();
      for (let level = 1; level <= 3; level++) {
        expect(yield* lock.acquire()).toBe(true);
        expect(lock.statistics()).toEqual({ holder: 'test', level, waiters: 0 });
        // 231
        expect(yield* tries()).toBe(false);
      }
      expect(String(lock)).toBe("<RLock 'tree' held by test 3 times>");
      const log: string[] = [];
      taker(lock, 'other', log);
      for (let level = 2; level >= 0; level--) {
        yield* waitAllBlocked();
        expect([log, lock.statistics().level]).toEqual([[], level + 1]);
        lock.release();
      }
      yield* waitAllBlocked();
      expect(log).toEqual(['other']);
      // 229
      expect(() => lock.release()).toThrow("cannot release <RLock 'tree' free>: test does not hold it");
    }),
  );

  it(
    'is entered by with and hold inside one another, in any way, and passed by its holder before those who wait',
    virtual(function* () {
      const lock = new RLock();
      const log: string[] = [];
      yield* lock.with(function* () {
        taker(lock, 'waiter', log);
        yield* waitAllBlocked();
        using _ = yield* lock.hold();
        yield* lock.with(() => log.push('inner'));
        expect(yield* lock.acquire({ timeout: 5 })).toBe(true);
        lock.release();
        yield* sleep(1);
        expect(lock.statistics()).toEqual({ holder: 'test', level: 2, waiters: 1 });
      });
      yield* waitAllBlocked();
      expect(log).toEqual(['inner', 'waiter']);
      expect(lock.statistics()).toEqual({ holder: null, level: 0, waiters: 0 });
    }),
  );

  it(
    'is taken in the name of the caller by an operand, and released by the caller',
    virtual(function* () {
      const lock = new RLock();
      yield* all([lock.acquire(), lock.acquire(), sleep(1)]);
      expect(lock.statistics()).toEqual({ holder: 'test', level: 2, waiters: 0 });
      const { key } = yield* select({ lock: lock.acquire() });
      expect([key, lock.statistics().level]).toEqual(['lock', 3]);
      for (let i = 0; i < 3; i++) lock.release();
      expect(lock.locked()).toBe(false);
    }),
  );

  it(
    'is held on when a hold is disposed by another greenlet, until its holder disposes it',
    virtual(function* () {
      const lock = new RLock();
      const hold = yield* lock.hold();
      const other = spawn(() => hold[Symbol.dispose]());
      const error = yield* until(
        other.get().then(
          () => null,
          (reason: unknown) => reason,
        ),
      );
      expect(error).toBeInstanceOf(GreenletError);
      expect(lock.statistics()).toEqual({ holder: 'test', level: 1, waiters: 0 });
      hold[Symbol.dispose]();
      expect(lock.locked()).toBe(false);
      hold[Symbol.dispose]();
    }),
  );

  it(
    'stays with a greenlet that was killed in it, unless that lets go',
    virtual(function* () {
      const lock = new RLock();
      const g = spawn({ name: 'gone' }, function* () {
        yield* lock.acquire();
        yield* sleep(1000);
      });
      yield* sleep(1);
      yield* g.kill();
      expect(lock.statistics()).toEqual({ holder: 'gone', level: 1, waiters: 0 });
      expect(yield* lock.acquire({ timeout: 5 })).toBe(false);
    }),
  );
});
