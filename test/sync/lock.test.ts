import { type Green, type Greenlet, Lock, select, sleep, spawn, wait } from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { filledByItself, type Kind, lockContract, taker } from '../support/lock-contract.js';
import { lockRuns } from '../support/lock-runs.js';

const hub = watchHub();

const kind: Kind = {
  title: 'Lock',
  make: (name) => filledByItself(new Lock({ name })),
  permits: 1,
  showsHolder: true,
};

lockContract(kind);
lockRuns(kind);

describe('Lock', () => {
  it(
    'is not taken twice by its holder, which waits until somebody else releases it',
    virtual(function* (clock) {
      const lock = new Lock();
      // 226
      const g = spawn(function* () {
        yield* lock.acquire();
        yield* lock.acquire();
        return clock.now();
      });
      yield* sleep(10);
      lock.release();
      expect(yield* g.get()).toBe(10);
      expect(lock.locked()).toBe(true);
      expect(hub.takeWarnings().map(({ code }) => code)).toEqual(['DEADLOCK']);
    }),
  );

  it(
    'tells who holds it, after a hand-over the new holder, also when that has not run',
    virtual(function* () {
      const lock = new Lock({ name: 'db' });
      expect(lock.statistics()).toEqual({ holder: null, level: 0, waiters: 0 });
      expect(String(lock)).toBe("<Lock 'db' free>");
      yield* lock.acquire();
      const g = spawn({ name: 'next' }, () => lock.acquire());
      yield* waitAllBlocked();
      expect(lock.statistics()).toEqual({ holder: 'test', level: 1, waiters: 1 });
      expect(String(lock)).toBe("<Lock 'db' held by test, 1 waiting>");
      lock.release();
      expect([g.dead, lock.statistics()]).toEqual([false, { holder: 'next', level: 1, waiters: 0 }]);
      expect(String(lock)).toBe("<Lock 'db' held by next>");
      yield* g.join();
      lock.release();
    }),
  );

  it(
    'has whoever only waits to see it free stand in its queue, too: told at its turn, and takes nothing',
    virtual(function* () {
      const lock = new Lock();
      const log: string[] = [];
      const watcher = (name: string): Greenlet<void> =>
        spawn(function* (): Green<void> {
          yield* wait([lock]);
          log.push(name);
        });
      yield* lock.acquire();
      watcher('sees 1');
      yield* waitAllBlocked();
      taker(lock, 'takes 1', log);
      yield* waitAllBlocked();
      watcher('sees 2');
      watcher('sees 3');
      yield* waitAllBlocked();
      lock.release();
      yield* waitAllBlocked();
      expect(log).toEqual(['sees 1', 'takes 1', 'sees 2', 'sees 3']);
      expect(lock.statistics()).toEqual({ holder: null, level: 0, waiters: 0 });
    }),
  );

  it(
    'may stand twice in one select, to see and to take: one of the two happens',
    virtual(function* () {
      const lock = new Lock();
      for (const takes of [true, false]) {
        const see = lock as never;
        const take = lock.acquire();
        yield* lock.acquire();
        const g = spawn(() => select(takes ? { take, see } : { see, take }));
        yield* waitAllBlocked();
        const log: string[] = [];
        taker(lock, 'behind', log);
        yield* waitAllBlocked();
        lock.release();
        yield* waitAllBlocked();
        expect(g.value).toMatchObject({ key: takes ? 'take' : 'see' });
        expect(log).toEqual(takes ? [] : ['behind']);
        if (takes) lock.release();
        yield* waitAllBlocked();
        expect(lock.statistics()).toEqual({ holder: null, level: 0, waiters: 0 });
      }
    }),
  );

  it('refuses what is no option, at construction', () => {
    expect(() => new Lock('db' as never)).toThrow("options must be an object such as { name: 'jobs' }");
    expect(() => new Lock({ name: 5 as never })).toThrow('name must be a string, got 5 (number)');
  });
});
