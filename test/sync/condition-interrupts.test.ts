import { Condition, type Green, greenlet, Lock, RLock, shield, sleep, spawn, withTimeout } from 'greenlets';
import { explore, runVirtual, sweepKills, virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { Waiters } from '../support/condition-waiters.js';
import { watchHub } from '../support/hub-watch.js';

watchHub();

describe('Condition.wait, interrupted', () => {
  it(
    'by a kill takes the lock back and then throws; notifications go to those behind',
    virtual(function* () {
      for (const lock of [new Lock(), new RLock()]) {
        const waiters = new Waiters(lock);
        const g = waiters.spawn('a');
        yield* waitAllBlocked();
        yield* waiters.come('b');
        yield* waiters.changed.acquire();
        void g.kill();
        yield* sleep(10);
        expect([g.dead, waiters.changed.statistics().waiters]).toEqual([false, 1]);
        waiters.changed.notify();
        waiters.changed.release();
        yield* g.join();
        yield* waitAllBlocked();
        expect(waiters.log).toEqual(['a interrupted', 'b true']);
        expect(lock.statistics()).toEqual({ holder: null, level: 0, waiters: 0 });
      }
    }),
  );

  it(
    'by a throw takes it back, too, while somebody else has it, and whoever threw goes on at its end',
    virtual(function* () {
      for (const lock of [new Lock(), new RLock()]) {
        const waiters = new Waiters(lock);
        const error = new Error('thrown in');
        const g = waiters.spawn('a');
        yield* waitAllBlocked();
        yield* lock.acquire();
        const thrower = spawn(function* () {
          yield* g.throw(error);
          return g.error;
        });
        yield* waitAllBlocked();
        expect([g.dead, thrower.dead, lock.statistics().waiters]).toEqual([false, false, 1]);
        lock.release();
        expect(yield* thrower.get()).toBe(error);
        expect(waiters.log).toEqual(['a interrupted']);
        expect(lock.statistics()).toEqual({ holder: null, level: 0, waiters: 0 });
      }
    }),
  );

  it('by a throw from main into a raw greenlet: the throw comes back when the lock is there again', async () => {
    const lock = new Lock();
    const changed = new Condition(lock);
    const error = new Error('thrown in');
    const raw = new greenlet(function* () {
      yield* changed.acquire();
      try {
        yield* changed.wait();
      } catch (e) {
        return [e, lock.locked()];
      } finally {
        changed.release();
      }
      return [];
    });
    const begun = raw.switch();
    const thrown = raw.throw(error);
    expect([thrown.done, raw.dead]).toEqual([false, false]);
    expect(await thrown).toEqual([error, true]);
    expect([begun.done, raw.dead, lock.locked()]).toEqual([false, true, false]);
    // Another end for the transfer that is still open.
    new greenlet(() => {}).switch();
  });

  it(
    'by a timeout takes it back, too, and throws that; a second kill comes at the next suspension',
    virtual(function* (clock) {
      const { changed, lock } = new Waiters();
      const log: unknown[] = [];
      const g = spawn({ name: 'g' }, function* () {
        yield* changed.with(function* () {
          const value = yield* withTimeout(10, { timeoutValue: 'late' }, changed.wait());
          log.push(value, lock.statistics().holder, clock.now());
          yield* sleep(1);
          log.push('not killed');
        });
      });
      yield* sleep(5);
      yield* changed.acquire();
      yield* sleep(15);
      void g.kill();
      changed.release();
      yield* g.join();
      expect(log).toEqual(['late', 'g', 20]);
      expect([lock.locked(), g.killed]).toEqual([false, true]);
    }),
  );

  it(
    'once it was notified returns true, and the kill comes at its next suspension',
    virtual(function* () {
      const waiters = new Waiters();
      const { changed, log, lock } = waiters;
      const g = spawn({ name: 'a' }, function* () {
        yield* changed.with(function* () {
          log.push(`a ${yield* changed.wait()}`);
          yield* sleep(1);
          log.push('not killed');
        });
      });
      yield* waitAllBlocked();
      yield* changed.acquire();
      changed.notify();
      void g.kill();
      yield* sleep(5);
      expect(g.dead).toBe(false);
      changed.release();
      yield* g.join();
      expect([log, lock.locked()]).toEqual([['a true'], false]);
    }),
  );

  it('outside of greenlets by a signal takes the lock back, and then rejects with its reason', async () => {
    await runVirtual(async () => {
      const lock = new Lock();
      const changed = new Condition(lock);
      await changed.acquire();
      const controller = new AbortController();
      const over = changed
        .wait()
        .promise({ signal: controller.signal })
        .then(String, (error: Error) => {
          expect(lock.statistics().holder).toBe('main');
          return error.message;
        });
      await changed.acquire();
      controller.abort(new Error('no more'));
      await sleep(5);
      expect(lock.statistics().waiters).toBe(1);
      changed.release();
      expect(await over).toBe('no more');
      changed.release();
      expect([lock.locked(), changed.statistics().waiters]).toEqual([false, 0]);
    });
  });

  it('outside of greenlets, where all act in one name, has an RLock taken and released evenly', async () => {
    await runVirtual(async () => {
      const { changed, lock } = new Waiters();
      const consumer = async () => {
        using _ = await changed.hold();
        return await changed.wait({ timeout: 20 });
      };
      const producer = async (notifies: boolean) => {
        using _ = await changed.hold();
        if (notifies) changed.notify();
        await sleep(30);
      };
      for (const notifies of [true, false]) {
        const waited = consumer();
        await sleep(1);
        await producer(notifies);
        expect(await waited).toBe(notifies);
        expect(lock.statistics()).toEqual({ holder: null, level: 0, waiters: 0 });
      }
    });
  });

  it('by a kill at any suspension is as before, with the lock free and the others served', async () => {
    const kills = await sweepKills(function* () {
      const waiters = new Waiters();
      const { changed, lock, log } = waiters;
      waiters.spawn('before');
      const notifier = spawn(function* () {
        for (let i = 0; i < 4; i++) {
          yield* sleep(1);
          yield* changed.with(function* () {
            changed.notify();
            yield* sleep(0);
          });
        }
      });
      try {
        yield* sleep(0);
        yield* changed.with(function* () {
          yield* changed.wait();
          yield* changed.wait({ timeout: 0.5 });
          yield* changed.waitFor(() => false, { timeout: 2 });
        });
      } finally {
        waiters.spawn('behind', { timeout: 10 });
        yield* shield(function* () {
          yield* notifier.join();
          yield* sleep(20);
        });
        expect(log[0]).toBe('before true');
        expect(log[1]).toMatch(/^behind/);
        const { holder, waiters: queued } = lock.statistics();
        expect([holder, queued, changed.statistics().waiters]).toEqual([null, 0, 0]);
      }
    });
    expect(kills).toBeGreaterThanOrEqual(4);
  });
});

describe('Condition in every order', () => {
  it('loses no item and no wake-up between producers and consumers of a small buffer', async () => {
    await explore(
      function* (clock) {
        const lock = clock.random() < 0.5 ? new Lock() : new RLock();
        const [filled, emptied] = [new Condition(lock), new Condition(lock)];
        const buffer: number[] = [];
        const got: number[] = [];
        function* produce(first: number): Green<void> {
          for (let item = first; item < first + 4; item++) {
            yield* lock.with(function* () {
              yield* emptied.waitFor(() => buffer.length < 2);
              buffer.push(item);
              filled.notify();
            });
          }
        }
        function* consume(): Green<void> {
          for (let i = 0; i < 4; i++) {
            yield* lock.with(function* () {
              while (buffer.length === 0) yield* filled.wait();
              got.push(buffer.shift() as number);
              emptied.notify();
            });
            if (clock.random() < 0.3) yield* sleep(0);
          }
        }
        // One more consumer, which is killed while it waits: its notification goes to another.
        const victim = spawn(() => lock.with(() => filled.wait()));
        const all = [spawn(produce, 0), spawn(consume), spawn(produce, 4), spawn(consume)];
        const killer = spawn(function* () {
          yield* sleep(0);
          void victim.kill();
          yield* victim.join();
          // It may have been notified before, and passes that on.
          yield* lock.with(() => filled.notifyAll());
        });
        for (const each of [...all, killer]) yield* each.get();
        expect(got.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
        expect(lock.statistics()).toEqual({ holder: null, level: 0, waiters: 0 });
      },
      { runs: 200 },
    );
  });
});
