/** The end of the grace meets what a greenlet holds, or is about to hold: nothing is lost, and nothing of another is let go. */
import {
  Condition,
  hub,
  Lock,
  Pool,
  RWLock,
  rethrowExit,
  Semaphore,
  shield,
  sleep,
  spawn,
  type Warning,
} from 'greenlets';
import { virtual } from 'greenlets/testing';
import { expect, it } from 'vitest';

it(
  'a permit that was handed over in the moment in which the grace ends is not lost',
  virtual(function* () {
    hub.onWarning = () => {};
    const semaphore = new Semaphore(0);
    const g = spawn(function* () {
      try {
        yield* sleep(1e6);
      } finally {
        yield* semaphore.with(() => {});
      }
    });
    yield* sleep(1);
    // Due together with the grace (1000 ms after the kill), before it.
    const releaser = spawn(function* () {
      yield* sleep(1000);
      semaphore.release();
    });
    yield* sleep(0);
    void g.kill();
    yield* releaser.join();
    yield* g.join();
    expect(semaphore.counter).toBe(1);
  }),
);

it(
  'a greenlet that is closed in the first stage of Condition.wait does not release the lock of another',
  virtual(function* () {
    hub.onWarning = () => {};
    const lock = new Lock();
    const changed = new Condition(lock);
    const g = spawn(function* () {
      yield* changed.with(function* () {
        for (;;) {
          try {
            yield* changed.wait();
          } catch {
            // Swallows its kill.
          }
        }
      });
    });
    yield* sleep(1);
    void g.kill();
    yield* sleep(1);
    yield* lock.acquire();
    yield* sleep(2000);
    // It is closed when it has its lock back.
    expect(lock.statistics()).toMatchObject({ holder: 'test', waiters: 1 });
    lock.release();
    yield* g.join();
    expect(lock.locked()).toBe(false);
  }),
);

it(
  'an error for a timeout of 0 has a place and a stack',
  virtual(function* () {
    const lock = new Lock();
    yield* lock.acquire();
    try {
      yield* lock.hold({ timeout: 0 });
    } catch (error) {
      rethrowExit(error);
      expect((error as Error).stack).toContain('grace.test.ts');
    }
  }),
);

it(
  'a lock that was handed over in the moment in which the grace ends is not lost',
  virtual(function* () {
    hub.onWarning = () => {};
    const table = new RWLock();
    yield* table.read.acquire();
    const g = spawn(function* () {
      try {
        yield* sleep(1e6);
      } finally {
        yield* table.read.with(() => {});
      }
    });
    yield* sleep(0);
    // Its timer is due together with the grace (1000 ms) and before it: the reader behind it is let in by it.
    spawn(() => table.write.acquire({ timeout: 1000 }));
    yield* sleep(0);
    void g.kill();
    yield* g.join();
    yield* sleep(5);
    expect(table.statistics()).toEqual({ holder: null, level: 1, waiters: 0 });
  }),
);

it(
  'a map that is killed waits for members whose shields last longer than its own grace',
  virtual(function* (clock) {
    const warnings: Warning[] = [];
    hub.onWarning = (warning) => {
      warnings.push(warning);
    };
    const pool = new Pool(2);
    const g = spawn(() => pool.map(() => shield(sleep, 3 * hub.killGrace), [1, 2, 3]));
    yield* sleep(1);
    expect(yield* g.kill()).toBe(true);
    expect(clock.now()).toBe(3000);
    expect(pool.length).toBe(0);
    expect(warnings).toEqual([]);
  }),
);
