import {
  Event,
  type Green,
  type Greenlet,
  GreenletError,
  RWLock,
  race,
  select,
  sleep,
  spawn,
  wait,
} from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { interruptions } from '../support/interruptions.js';
import { filledByItself, type Kind, lockContract } from '../support/lock-contract.js';
import { lockRuns } from '../support/lock-runs.js';

watchHub();

const write: Kind = {
  title: 'RWLock.write',
  make: (name) => filledByItself(new RWLock({ name }).write),
  permits: 1,
  showsHolder: true,
};

/** Readers wait while somebody writes. */
const read: Kind = {
  title: 'RWLock.read',
  make(name) {
    const lock = new RWLock({ name });
    return { ...filledByItself(lock.write), lock: lock.read };
  },
  permits: Number.POSITIVE_INFINITY,
  showsHolder: true,
};

for (const kind of [write, read]) {
  lockContract(kind);
  lockRuns(kind);
}

/** Takes a side in a greenlet of its own, notes its name, and stays until told. */
class Visitors {
  readonly lock = new RWLock({ name: 'table' });
  readonly log: string[] = [];
  readonly #doors = new Map<string, Event>();

  spawn(name: string): Greenlet<void> {
    const side = name.startsWith('w') ? this.lock.write : this.lock.read;
    const door = new Event();
    this.#doors.set(name, door);
    return spawn({ name }, () =>
      side.with(() => {
        this.log.push(name);
        return door.wait().then(() => {});
      }),
    );
  }

  /** They come in this order, and all that may come in are in. */
  *come(...names: string[]): Green<void> {
    for (const name of names) {
      this.spawn(name);
      yield* waitAllBlocked();
    }
  }

  /** They go; who has come in since is in. */
  *go(...names: string[]): Green<string> {
    for (const name of names) {
      this.#doors.get(name)?.set();
      yield* waitAllBlocked();
    }
    return this.log.join(' ');
  }
}

describe('RWLock', () => {
  it(
    'lets in any number of readers, or one writer alone',
    virtual(function* () {
      const visitors = new Visitors();
      const { lock, log } = visitors;
      yield* visitors.come('r1', 'r2', 'r3');
      expect(lock.statistics()).toEqual({ holder: null, level: 3, waiters: 0 });
      expect([lock.ready(), lock.read.ready(), lock.write.ready()]).toEqual([false, true, false]);
      yield* visitors.come('w1', 'w2');
      expect(yield* visitors.go('r1', 'r2')).toBe('r1 r2 r3');
      expect(yield* visitors.go('r3')).toBe('r1 r2 r3 w1');
      expect(lock.statistics()).toEqual({ holder: 'w1', level: 0, waiters: 1 });
      expect([lock.ready(), lock.read.ready(), lock.write.ready()]).toEqual([false, false, false]);
      yield* visitors.go('w1', 'w2');
      expect(log.at(-1)).toBe('w2');
      expect(lock.statistics()).toEqual({ holder: null, level: 0, waiters: 0 });
      expect([lock.ready(), lock.read.ready(), lock.write.ready()]).toEqual([true, true, true]);
    }),
  );

  it(
    'has a reader wait behind a writer that waits, and lets readers that stand together in together',
    virtual(function* () {
      const visitors = new Visitors();
      yield* visitors.come('r1', 'w1', 'r2', 'r3', 'w2', 'r4');
      expect(visitors.log).toEqual(['r1']);
      expect(yield* visitors.lock.read.acquire({ blocking: false })).toBe(false);
      expect(yield* visitors.go('r1')).toBe('r1 w1');
      expect(yield* visitors.go('w1')).toBe('r1 w1 r2 r3');
      expect(yield* visitors.go('r2')).toBe('r1 w1 r2 r3');
      expect(yield* visitors.go('r3')).toBe('r1 w1 r2 r3 w2');
      expect(yield* visitors.go('w2')).toBe('r1 w1 r2 r3 w2 r4');
      yield* visitors.go('r4');
    }),
  );

  for (const { name, begin } of interruptions) {
    it(
      `lets the readers behind a waiting writer in when that is interrupted by ${name}`,
      virtual(function* () {
        const visitors = new Visitors();
        const { lock, log } = visitors;
        yield* visitors.come('r1');
        const interrupt = begin(() => lock.write.acquire());
        yield* waitAllBlocked();
        yield* visitors.come('r2', 'r3', 'w1', 'r4');
        const ready = spawn(() => wait([lock.read]));
        yield* waitAllBlocked();
        expect([log, lock.statistics().waiters, ready.dead]).toEqual([['r1'], 5, false]);
        yield* interrupt();
        yield* waitAllBlocked();
        expect([log, ready.dead]).toEqual([['r1', 'r2', 'r3'], false]);
        expect(lock.statistics()).toEqual({ holder: null, level: 3, waiters: 2 });
        expect(yield* visitors.go('r1', 'r2', 'r3', 'w1', 'r4')).toBe('r1 r2 r3 w1 r4');
        expect(ready.dead).toBe(true);
      }),
    );
  }

  it(
    'lets them in, too, when the time of the writer is over',
    virtual(function* () {
      const visitors = new Visitors();
      yield* visitors.come('r1');
      const writer = spawn(() => visitors.lock.write.acquire({ timeout: 10 }));
      yield* waitAllBlocked();
      yield* visitors.come('r2');
      expect(visitors.log).toEqual(['r1']);
      yield* sleep(11);
      expect([visitors.log, writer.value]).toEqual([['r1', 'r2'], false]);
      yield* visitors.go('r1', 'r2');
    }),
  );

  it(
    'counts what each reader has taken; another greenlet may release for it',
    virtual(function* () {
      const lock = new RWLock();
      for (let i = 0; i < 3; i++) yield* lock.read.acquire();
      expect(lock.statistics().level).toBe(3);
      lock.read.release();
      yield* spawn(() => {
        lock.read.release();
      }).join();
      expect(yield* lock.write.acquire({ blocking: false })).toBe(false);
      lock.read.release();
      expect(() => lock.read.release()).toThrow(
        'cannot release <RWLock.read of <RWLock free>>: it is not held',
      );
      expect(yield* lock.write.acquire({ blocking: false })).toBe(true);
      expect(() => lock.read.release()).toThrow(GreenletError);
      lock.write.release();
      expect(() => lock.write.release()).toThrow(GreenletError);
    }),
  );

  it(
    'is an object to wait for in whole and by sides: each is told when it is ready, in one race or several',
    virtual(function* () {
      const visitors = new Visitors();
      const { lock } = visitors;
      yield* visitors.come('w1');
      const log: unknown[] = [];
      const told = (name: string, objects: object[]) =>
        spawn(function* () {
          log.push([name, (yield* race(objects as never)) as unknown]);
        });
      told('both', [lock.read, lock.write]);
      told('write', [lock.write]);
      told('whole', [lock]);
      told('read', [lock.read]);
      yield* waitAllBlocked();
      // They hold up nobody.
      yield* visitors.come('r1');
      yield* visitors.go('w1');
      expect(log).toEqual([
        ['both', lock.read],
        ['read', lock.read],
      ]);
      yield* visitors.go('r1');
      expect(log.slice(2)).toEqual([
        ['write', lock.write],
        ['whole', lock],
      ]);
      expect(yield* wait([lock, lock.read])).toEqual([lock, lock.read]);
    }),
  );

  it(
    'may have both of its sides asked for in one select: one of them is taken, and the other is not',
    virtual(function* () {
      const visitors = new Visitors();
      const { lock } = visitors;
      yield* visitors.come('w1');
      const g = spawn(() => select({ write: lock.write.acquire(), read: lock.read.acquire() }));
      yield* visitors.come('r1');
      yield* visitors.go('w1');
      expect(g.value).toEqual({ key: 'write', value: true });
      expect(lock.statistics()).toMatchObject({ level: 0, waiters: 1 });
      lock.write.release();
      yield* waitAllBlocked();
      expect(visitors.log).toEqual(['w1', 'r1']);
      yield* visitors.go('r1');
    }),
  );

  it(
    'shows what it is at as one line, and so do its sides',
    virtual(function* () {
      const visitors = new Visitors();
      const { lock } = visitors;
      expect(String(lock)).toBe("<RWLock 'table' free>");
      yield* visitors.come('r1', 'r2', 'w1');
      expect(String(lock)).toBe("<RWLock 'table' read by 2, 1 waiting>");
      expect(String(lock.read)).toBe("<RWLock.read 'table' of <RWLock 'table' read by 2, 1 waiting>>");
      yield* visitors.go('r1', 'r2');
      expect(String(lock.write)).toBe("<RWLock.write 'table' of <RWLock 'table' written by w1>>");
      yield* visitors.go('w1');
      expect(Object.isFrozen(lock.statistics())).toBe(true);
      expect(() => new RWLock({ name: 5 as never })).toThrow(TypeError);
    }),
  );
});
