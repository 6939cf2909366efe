import { type Green, type Greenlet, iwait, LoopExit, Semaphore, sleep, spawn, wait } from 'greenlets';
import { runVirtual, virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { filledByItself, type Kind, lockContract, taker } from '../support/lock-contract.js';
import { lockRuns } from '../support/lock-runs.js';

watchHub();

for (const permits of [1, 3]) {
  const kind: Kind = {
    title: `Semaphore(${permits})`,
    make: (name) => filledByItself(new Semaphore(permits, { name }), permits),
    permits,
    grows: true,
  };
  lockContract(kind);
  lockRuns(kind);
}

describe('Semaphore', () => {
  it(
    'has one permit unless told, may have none or any number, and refuses less',
    virtual(function* () {
      expect(new Semaphore().counter).toBe(1);
      expect([new Semaphore(0).locked(), new Semaphore(0).ready()]).toEqual([true, false]);
      const endless = new Semaphore(Number.POSITIVE_INFINITY);
      for (let i = 0; i < 100; i++) expect(yield* endless.acquire({ blocking: false })).toBe(true);
      expect(endless.release()).toBe(Number.POSITIVE_INFINITY);
      // 239
      for (const value of [-1, -Number.MAX_VALUE, 1.5, Number.NaN]) {
        expect(() => new Semaphore(value)).toThrow(RangeError);
      }
      expect(() => new Semaphore('2' as never)).toThrow('value must be a number, got "2"');
      expect(() => new Semaphore({ name: 'x' } as never)).toThrow(TypeError);
    }),
  );

  it(
    'gives as many as it has, then false; a release gives how many are free, 0 when somebody waited for it',
    virtual(function* () {
      const semaphore = new Semaphore(2, { name: 'slots' });
      const tries = () => semaphore.acquire({ blocking: false });
      // 241
      expect([yield* tries(), yield* tries(), yield* tries()]).toEqual([true, true, false]);
      expect(semaphore.release()).toBe(1);
      expect([yield* tries(), semaphore.counter]).toEqual([true, 0]);
      const log: string[] = [];
      taker(semaphore, 'a', log);
      yield* waitAllBlocked();
      expect(String(semaphore)).toBe("<Semaphore 'slots' 0 free, 1 waiting>");
      expect(semaphore.statistics()).toEqual({ level: 0, waiters: 1 });
      expect(semaphore.release()).toBe(0);
      expect(semaphore.release()).toBe(1);
      yield* waitAllBlocked();
      expect([log, semaphore.counter]).toEqual([['a'], 2]);
      expect(semaphore.release()).toBe(3);
      expect(String(semaphore)).toBe("<Semaphore 'slots' 3 free>");
    }),
  );

  it(
    'lets exactly as many through as it has permits, of many that try',
    virtual(function* () {
      const semaphore = new Semaphore(3);
      // 242
      const all = Array.from({ length: 10 }, () => spawn(() => semaphore.acquire({ timeout: 0 })));
      const results: boolean[] = [];
      for (const each of all) results.push(yield* each.get());
      expect(results.map(Number)).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
    }),
  );

  it(
    'is entered by with inside of with, and left by an error',
    virtual(function* () {
      const semaphore = new Semaphore(2);
      // 243
      const counters: number[] = [];
      const error = new Error('inside');
      try {
        yield* semaphore.with(function* (): Green<void> {
          counters.push(semaphore.counter);
          yield* semaphore.with(() => {
            counters.push(semaphore.counter);
            throw error;
          });
        });
      } catch (caught) {
        expect(caught).toBe(error);
      }
      expect([counters, semaphore.counter]).toEqual([[1, 0], 2]);
    }),
  );

  it(
    'shows it free to all who only look and stand before the one that takes it, and keeps the rest waiting',
    virtual(function* () {
      const semaphore = new Semaphore(0);
      const log: string[] = [];
      const watcher = (name: string): Greenlet<void> =>
        spawn(function* (): Green<void> {
          yield* wait([semaphore]);
          log.push(name);
        });
      const stays = (name: string): Greenlet<void> =>
        spawn(function* (): Green<void> {
          yield* semaphore.acquire();
          log.push(name);
        });
      for (const begin of [() => watcher('sees 1'), () => stays('takes 1'), () => watcher('sees 2')]) {
        begin();
        yield* waitAllBlocked();
      }
      semaphore.release();
      yield* waitAllBlocked();
      expect([log, semaphore.statistics()]).toEqual([['sees 1', 'takes 1'], { level: 0, waiters: 1 }]);
      semaphore.release();
      yield* waitAllBlocked();
      expect([log.at(-1), semaphore.statistics()]).toEqual(['sees 2', { level: 1, waiters: 0 }]);
      // 217
      expect(yield* iwait([semaphore]).toArray()).toEqual([semaphore]);
    }),
  );

  it('serves a plain acquirer between chains that hand it on without end; then all are stuck, and told', async () => {
    // 218
    const semaphore = new Semaphore(1);
    let plain: Greenlet<boolean> | null = null;
    const run = runVirtual(function* () {
      function* chain(): Green<void> {
        yield* semaphore.acquire();
        spawn(function* (): Green<void> {
          semaphore.release();
          yield* chain();
        });
      }
      spawn(chain);
      spawn(chain);
      plain = spawn(() => semaphore.acquire());
      expect(yield* plain.get()).toBe(true);
      expect(semaphore.locked()).toBe(true);
      yield* sleep(1);
      yield* semaphore.acquire();
    });
    await expect(run).rejects.toThrow(/This operation would block forever[\s\S]*Semaphore\.acquire/);
    await run.catch((error: AggregateError) => expect(error.errors[0]).toBeInstanceOf(LoopExit));
    expect((plain as Greenlet<boolean> | null)?.value).toBe(true);
  });
});
