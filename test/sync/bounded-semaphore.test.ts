import { BoundedSemaphore, GreenletError, Semaphore, spawn } from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { filledByItself, type Kind, lockContract } from '../support/lock-contract.js';
import { lockRuns } from '../support/lock-runs.js';

watchHub();

const kind: Kind = {
  title: 'BoundedSemaphore(1)',
  make: (name) => filledByItself(new BoundedSemaphore(1, { name })),
  permits: 1,
};

lockContract(kind);
lockRuns(kind);

describe('BoundedSemaphore', () => {
  it(
    'never has more than it began with: a release too many throws, and changes nothing',
    virtual(function* () {
      const semaphore = new BoundedSemaphore(2, { name: 'slots' });
      const tooMany = "cannot release <BoundedSemaphore 'slots' 2 free>: all 2 permits are free already";
      // 245
      expect(() => semaphore.release()).toThrow(tooMany);
      yield* semaphore.acquire();
      yield* semaphore.acquire();
      expect([semaphore.release(), semaphore.release()]).toEqual([1, 2]);
      expect(() => semaphore.release()).toThrow(GreenletError);
      expect(semaphore.statistics()).toEqual({ level: 2, waiters: 0 });
    }),
  );

  it(
    'may be released while somebody waits, for that one gets the permit',
    virtual(function* () {
      const semaphore = new BoundedSemaphore();
      yield* semaphore.acquire();
      const g = spawn(() => semaphore.acquire());
      yield* waitAllBlocked();
      expect(semaphore.release()).toBe(0);
      expect(semaphore.release()).toBe(1);
      expect(yield* g.get()).toBe(true);
      expect(() => semaphore.release()).toThrow(GreenletError);
    }),
  );

  it(
    'without a bound is released as often as it was taken',
    virtual(function* () {
      const semaphore = new BoundedSemaphore(Number.POSITIVE_INFINITY);
      expect(yield* semaphore.with(() => 1)).toBe(1);
      expect(semaphore.counter).toBe(Number.POSITIVE_INFINITY);
    }),
  );

  it('is a Semaphore, with its defaults and its checks', () => {
    expect(new BoundedSemaphore()).toBeInstanceOf(Semaphore);
    expect(new BoundedSemaphore().counter).toBe(1);
    expect(() => new BoundedSemaphore(-1)).toThrow(RangeError);
  });
});
