import {
  attempt,
  Barrier,
  BrokenBarrierError,
  type Green,
  type Greenlet,
  sleep,
  spawn,
  wait,
} from 'greenlets';
import { runVirtual, virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { arrive, come, fresh } from '../support/barrier-parties.js';
import { watchHub } from '../support/hub-watch.js';
import { interruptions } from '../support/interruptions.js';

watchHub();

describe('Barrier', () => {
  it(
    'lets all go when the last has arrived, with their places in the order of arrival, again and again',
    virtual(function* () {
      const barrier = new Barrier(5);
      // 246, 247
      for (let round = 0; round < 10; round++) {
        const log: string[] = [];
        yield* come(barrier, log, 'a', 'b', 'c', 'd');
        expect([log, barrier.nWaiting, barrier.ready()]).toEqual([[], 4, true]);
        yield* come(barrier, log, 'e');
        expect(log.toSorted()).toEqual(['a 0', 'b 1', 'c 2', 'd 3', 'e 4']);
        expect([barrier.nWaiting, barrier.broken, barrier.parties]).toEqual([0, false, 5]);
      }
    }),
  );

  it(
    'of one never blocks',
    virtual(function* () {
      let others = 0;
      let actions = 0;
      spawn(() => others++);
      const barrier = new Barrier(1, () => actions++);
      // 254
      expect([yield* barrier.wait(), yield* barrier.wait({ timeout: 0 }), others, actions]).toEqual([
        0, 0, 0, 2,
      ]);
    }),
  );

  it(
    'calls its action once a round, before any of them goes on: plain, generator or async',
    virtual(function* () {
      const log: string[] = [];
      const actions = [
        () => log.push('action'),
        function* (): Green<void> {
          yield* sleep(5);
          log.push('action');
        },
        async () => {
          await null;
          log.push('action');
        },
        () => sleep(5).then(() => log.push('action')),
      ];
      for (const action of actions) {
        const barrier = new Barrier(2, action);
        for (let round = 0; round < 2; round++) {
          log.length = 0;
          arrive(barrier, 'a', log);
          arrive(barrier, 'b', log);
          yield* sleep(10);
          expect(log[0]).toBe('action');
          expect(log.slice(1).toSorted()).toEqual(['a 0', 'b 1']);
          expect(barrier.statistics()).toEqual(fresh(2));
        }
      }
    }),
  );

  it(
    'is broken by its action: the last gets the error, the others a BrokenBarrierError',
    virtual(function* () {
      const actions: (() => unknown)[] = [
        () => {
          throw new Error('oh');
        },
        function* (): Green<void> {
          yield* sleep(5);
          throw new Error('oh');
        },
        () => Promise.reject(new Error('oh')),
      ];
      for (const action of actions) {
        const barrier = new Barrier(3, action);
        const log: string[] = [];
        yield* come(barrier, log, 'a', 'b', 'c');
        yield* sleep(10);
        expect(log.toSorted()).toEqual(['a broken', 'b broken', 'c Error: oh']);
        expect(barrier.statistics()).toEqual({ parties: 3, waiters: 0, broken: true });
      }
    }),
  );

  it(
    'is broken by the timeout of one, given to wait or to all at construction, or of 0 ms at once',
    virtual(function* () {
      // 252, 253
      for (const [options, own] of [
        [{ timeout: 10 }, undefined],
        [undefined, { timeout: 10 }],
        [{ timeout: 0 }, undefined],
      ] as const) {
        const barrier = new Barrier(3, null, { name: 'start', ...own });
        const log: string[] = [];
        arrive(barrier, 'a', log, { timeout: 50 });
        yield* waitAllBlocked();
        const late = spawn({ name: 'late' }, () => attempt(barrier.wait(options)));
        yield* sleep(11);
        expect(String((yield* late.get()).error)).toMatch(
          /BrokenBarrierError: Barrier\.wait of <Barrier 'start' .*(timed out after 10 ms|would have to wait)/,
        );
        expect([log, barrier.broken, barrier.ready()]).toEqual([['a broken'], true, true]);
        arrive(barrier, 'b', log);
        yield* sleep(0);
        expect(log).toEqual(['a broken', 'b broken']);
      }
    }),
  );

  it(
    'is broken by abort() for those that wait and that come, and as new after reset()',
    virtual(function* () {
      const barrier = new Barrier(3, null, { name: 'start' });
      const log: string[] = [];
      yield* come(barrier, log, 'a', 'b');
      // 249
      barrier.abort();
      barrier.abort();
      yield* come(barrier, log, 'c');
      expect([log.splice(0), barrier.broken]).toEqual([['a broken', 'b broken', 'c broken'], true]);
      expect(String(barrier)).toBe("<Barrier 'start' broken, 0 of 3 here>");
      // 251
      barrier.reset();
      expect(barrier.statistics()).toEqual(fresh(3));
      yield* come(barrier, log, 'd', 'e');
      // 250
      barrier.reset();
      yield* come(barrier, log, 'f', 'g');
      expect(log.splice(0)).toEqual(['d broken', 'e broken']);
      yield* come(barrier, log, 'h');
      expect(log.toSorted()).toEqual(['f 0', 'g 1', 'h 2']);
    }),
  );

  for (const { name, begin } of interruptions) {
    it(
      `takes an arrival back that is interrupted by ${name}, and is not broken`,
      virtual(function* () {
        const barrier = new Barrier(3);
        const log: string[] = [];
        yield* come(barrier, log, 'a');
        const interrupt = begin(() => barrier.wait());
        yield* waitAllBlocked();
        expect(barrier.nWaiting).toBe(2);
        yield* interrupt();
        expect(barrier.statistics()).toEqual({ parties: 3, waiters: 1, broken: false });
        yield* come(barrier, log, 'b');
        expect(log).toEqual([]);
        yield* come(barrier, log, 'c');
        expect(log.toSorted()).toEqual(['a 0', 'b 1', 'c 2']);
      }),
    );
  }

  it(
    'has whoever arrives while the action runs belong to the next round',
    virtual(function* () {
      let actions = 0;
      const barrier = new Barrier(2, function* (): Green<void> {
        actions++;
        yield* sleep(10);
      });
      const log: string[] = [];
      yield* come(barrier, log, 'a', 'b', 'c', 'd', 'e');
      expect([log, actions, barrier.nWaiting, barrier.ready()]).toEqual([[], 1, 5, false]);
      yield* sleep(11);
      expect([log.splice(0), actions]).toEqual([['a 0', 'b 1'], 2]);
      yield* sleep(10);
      expect([log.splice(0), actions, barrier.nWaiting]).toEqual([['c 0', 'd 1'], 2, 1]);
      yield* come(barrier, log, 'f');
      yield* sleep(11);
      expect(log).toEqual(['e 0', 'f 1']);
    }),
  );

  it(
    'gives up its action when one of the round is killed, and calls it again when they are complete again',
    virtual(function* () {
      const ends: string[] = [];
      const barrier = new Barrier(2, function* (): Green<void> {
        try {
          yield* sleep(10);
          ends.push('done');
        } catch (error) {
          ends.push('killed');
          throw error;
        }
      });
      const log: string[] = [];
      for (const victim of ['a', 'b']) {
        const all = ['a', 'b'].map((name) => arrive(barrier, name, log));
        yield* sleep(1);
        yield* (victim === 'a' ? (all[0] as Greenlet<void>) : (all[1] as Greenlet<void>)).kill();
        yield* sleep(20);
        expect([log, ends.splice(0), barrier.nWaiting]).toEqual([[], ['killed'], 1]);
        arrive(barrier, 'c', log);
        yield* sleep(20);
        expect(log.splice(0)).toEqual([victim === 'a' ? 'b 0' : 'a 0', 'c 1']);
        expect([ends.splice(0), barrier.statistics()]).toEqual([['done'], fresh(2)]);
      }
      yield* come(barrier, log, 'a', 'b', 'next');
      barrier.abort();
      yield* sleep(20);
      expect([log.toSorted(), ends]).toEqual([['a broken', 'b broken', 'next broken'], ['killed']]);
    }),
  );

  it(
    'may be aborted or reset by its own action, or lose a party by it',
    virtual(function* () {
      for (const blocks of [false, true]) {
        for (const act of ['abort', 'reset', 'kill'] as const) {
          const log: string[] = [];
          let victim: Greenlet<void> | null = null;
          let acted = 0;
          const work = () => {
            if (acted++ > 0) return;
            if (act === 'kill') void victim?.kill();
            else barrier[act]();
          };
          const barrier: Barrier = new Barrier(
            2,
            blocks
              ? function* (): Green<void> {
                  yield* sleep(1);
                  work();
                  yield* sleep(1);
                }
              : work,
          );
          victim = arrive(barrier, 'a', log);
          yield* waitAllBlocked();
          arrive(barrier, 'b', log);
          yield* sleep(10);
          if (act === 'kill') {
            expect([log, barrier.statistics()]).toEqual([[], { ...fresh(2), waiters: 1 }]);
            arrive(barrier, 'c', log);
            yield* sleep(10);
            expect(log.toSorted()).toEqual(['b 0', 'c 1']);
          } else {
            expect(log.toSorted()).toEqual(['a broken', 'b broken']);
            expect(barrier.statistics()).toEqual({ ...fresh(2), broken: act === 'abort' });
          }
        }
      }
    }),
  );

  it(
    'is ready for whoever would be the last: told when that is so, and not by a reset',
    virtual(function* () {
      const barrier = new Barrier(3);
      const log: string[] = [];
      const watcher = spawn(() => wait([barrier]));
      yield* come(barrier, log, 'a');
      barrier.reset();
      yield* waitAllBlocked();
      expect([watcher.dead, barrier.ready()]).toEqual([false, false]);
      yield* come(barrier, log, 'b');
      expect(watcher.dead).toBe(false);
      yield* come(barrier, log, 'c');
      expect([watcher.dead, barrier.ready()]).toEqual([true, true]);
      const broken = spawn(() => wait([new Barrier(2), barrier], { count: 1 }));
      yield* broken.join();
      barrier.abort();
      yield* waitAllBlocked();
      expect(log).toEqual(['a broken', 'b broken', 'c broken']);
    }),
  );

  it('can be waited for outside of greenlets', async () => {
    await runVirtual(async () => {
      const barrier = new Barrier(3);
      const places = Promise.all([barrier.wait(), barrier.wait()]);
      await sleep(1);
      expect(await barrier.wait()).toBe(2);
      expect(await places).toEqual([0, 1]);
      await expect(Promise.all([barrier.wait(), barrier.wait({ timeout: 5 })])).rejects.toThrow(
        BrokenBarrierError,
      );
    });
  });

  it('shows its state as plain, frozen data and as one line; refuses what is no barrier', async () => {
    await runVirtual(function* () {
      const barrier = new Barrier(2, null, { name: 'start' });
      const g = spawn(() => barrier.wait());
      yield* waitAllBlocked();
      expect(String(barrier)).toBe("<Barrier 'start' open, 1 of 2 here>");
      expect(Object.isFrozen(barrier.statistics())).toBe(true);
      yield* g.kill();
    });
    for (const parties of [0, -1, 1.5]) expect(() => new Barrier(parties)).toThrow(RangeError);
    expect(() => new Barrier('2' as never)).toThrow('parties must be a number, got "2"');
    expect(() => new Barrier(2, 5 as never)).toThrow('action must be a function, got 5 (number)');
    expect(() => new Barrier(2, null, { timeout: -1 })).toThrow(RangeError);
    expect(() => new Barrier(2).wait({ timeout: -1 })).toThrow(RangeError);
  });
});
