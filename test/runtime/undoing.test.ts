/** What falls free when one of several waits is undone never goes to another that is undone with it. */
import { attempt, Barrier, iwait, RateLimit, RWLock, race, select, sleep, spawn } from 'greenlets';
import { explore, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';

watchHub();

describe('operands on one object that are undone together', () => {
  it(
    'RWLock: a reader behind a writer is not let in when both lose',
    virtual(function* () {
      const lock = new RWLock();
      yield* lock.write.acquire();
      const racing = spawn(() => race([lock.read.acquire(), lock.write.acquire(), lock.read.acquire()]));
      yield* sleep(1);
      lock.write.release();
      yield* racing.get();
      expect(lock.statistics()).toEqual({ holder: null, level: 1, waiters: 0 });
      lock.read.release();
      expect(lock.ready()).toBe(true);
    }),
  );

  it(
    'RWLock: whoever waits behind them is let in when all are gone',
    virtual(function* () {
      const lock = new RWLock();
      yield* lock.read.acquire();
      const losing = spawn(() =>
        select({ time: sleep(5), write: lock.write.acquire(), read: lock.read.acquire() }),
      );
      yield* sleep(1);
      const behind = spawn(() => lock.read.acquire());
      yield* sleep(1);
      expect(behind.ready()).toBe(false);
      yield* losing.get();
      yield* sleep(0);
      expect(behind.ready()).toBe(true);
      expect(lock.statistics()).toEqual({ holder: null, level: 2, waiters: 0 });
    }),
  );

  it(
    'RateLimit: what is too little for the one ahead is not taken by one that loses too',
    virtual(function* () {
      const limit = new RateLimit({ rate: 5, per: 1_000_000, burst: 5 });
      yield* limit.take(4);
      yield* select({ time: sleep(5), many: limit.take(5), one: limit.take(1) });
      expect(limit.statistics()).toMatchObject({ free: 1, waiters: 0 });
    }),
  );

  it(
    'iwait: what is closed takes nothing',
    virtual(function* () {
      const lock = new RWLock();
      yield* lock.read.acquire();
      const results = iwait([sleep(1), lock.write.acquire(), lock.read.acquire()]);
      yield* results.next();
      results.close();
      expect(lock.statistics()).toEqual({ holder: null, level: 1, waiters: 0 });
    }),
  );

  it(
    'Barrier: two arrivals of one race are two until it passes, and one of them then',
    virtual(function* () {
      const barrier = new Barrier(3);
      const racing = spawn(() => race([barrier.wait(), barrier.wait()]));
      yield* sleep(1);
      expect(yield* barrier.wait()).toBe(2);
      expect(yield* racing.get()).toBe(0);
      expect(barrier.statistics()).toEqual({ parties: 3, waiters: 0, broken: false });
    }),
  );

  it('nothing stays taken, in whatever order they run', () =>
    explore(
      function* () {
        const lock = new RWLock();
        const users = [1, 2, 3, 4].map((n) =>
          spawn(function* () {
            for (let i = 0; i < 3; i++) {
              const got = yield* select(
                { write: lock.write.acquire(), read: lock.read.acquire(), again: lock.read.acquire() },
                { timeout: n },
              );
              yield* sleep(n);
              if (got.key === 'write') lock.write.release();
              else if (got.key !== null) lock.read.release();
            }
          }),
        );
        for (const user of users) yield* attempt(user.get());
        expect(lock.statistics()).toEqual({ holder: null, level: 0, waiters: 0 });
      },
      { runs: 50 },
    ));
});
