/** Calls in a set: `apply` waits for the outcome, `applyAsync` gives the greenlet. */
import {
  call,
  Event,
  type Green,
  getcurrent,
  type Operation,
  race,
  sleep,
  spawn,
  withTimeout,
} from 'greenlets';
import { runVirtual, virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { Counted, errorOf, failing, lasting, type SetCase, takeTold } from './set-contract.js';

/** Ways to interrupt an operation after 5 ms. */
const interruptions: Record<string, (operation: Operation<unknown>) => Green<void>> = {
  *kill(operation) {
    const g = spawn(() => operation);
    yield* sleep(5);
    yield* g.kill();
  },
  *timeout(operation) {
    yield* withTimeout(5, { timeoutValue: null }, operation);
  },
  *'a lost race'(operation) {
    yield* race([operation, sleep(5)]);
  },
  *'an aborted signal'(operation) {
    const controller = new AbortController();
    const promise = operation.promise({ signal: controller.signal });
    promise.catch(() => {});
    yield* sleep(5);
    controller.abort();
    yield* waitAllBlocked();
  },
};

export function applyContract({ make, size }: SetCase): void {
  describe('apply', () => {
    it(
      'gives the value of any function, run in a member with its arguments',
      virtual(function* () {
        const set = make();
        const inMember = (a: number, b: string) => [a, b, set.length, set.has(getcurrent() as never)];
        expect(yield* set.apply(inMember, [1, 'x'])).toEqual([1, 'x', 1, true]);
        expect(yield* set.apply(lasting, [5, 'generator'])).toBe('generator');
        expect(yield* set.apply(async () => 'async')).toBe('async');
        expect(yield* set.apply(() => set.apply(() => 'operation'))).toBe('operation');
        expect(set.length).toBe(0);
      }),
    );

    it(
      'throws the error of the function, which nobody else is told',
      virtual(function* () {
        const set = make();
        expect(String(yield* errorOf(set.apply(failing, [5, 'oh'])))).toBe('Error: oh');
        expect(yield* set.join({ raiseError: true })).toBe(true);
      }),
    );

    it(
      'runs fn at each run of it, and waits for a place: never more than there is room for',
      virtual(function* (clock) {
        const set = make();
        const counted = new Counted();
        const operation = set.apply(
          counted.of(() => lasting(10)),
          [],
        );
        const all = Array.from({ length: 12 }, () => spawn(() => operation));
        for (const each of all) yield* each.join();
        expect([counted.begun, counted.peak]).toEqual([12, Math.min(size, 12)]);
        expect(clock.now()).toBe(10 * Math.ceil(12 / Math.min(size, 12)));
      }),
    );

    it(
      'throws Timeout when timeout ms pass first, and what it started is killed',
      virtual(function* (clock) {
        const set = make();
        const late = yield* errorOf(set.apply(lasting, [50], { timeout: 5 }));
        expect(late).toMatchObject({ name: 'Timeout' });
        yield* waitAllBlocked();
        expect([clock.now(), set.length]).toEqual([5, 0]);
        expect(yield* set.apply(lasting, [5, 'in time'], { timeout: 6 })).toBe('in time');
      }),
    );

    it(
      'inside a member runs at once, in that member, however full it is',
      virtual(function* () {
        const set = make();
        const nested = () => set.apply(() => set.apply(() => [getcurrent(), set.length]));
        for (let i = 0; i < 12; i++) set.applyAsync(lasting, [5]);
        const [member, length] = yield* set.apply(function* () {
          const [inner, count] = yield* nested();
          return [inner === getcurrent(), count] as const;
        });
        expect([member, length]).toEqual([true, Math.min(size, length as number)]);
        expect(yield* set.apply(() => 'usable')).toBe('usable');
        const failed = set.apply(() => set.apply(failing, [1, 'inner']));
        expect(String(yield* errorOf(failed))).toBe('Error: inner');
        yield* set.join();
      }),
    );

    for (const [how, interrupt] of Object.entries(interruptions)) {
      it(
        `interrupted by ${how} kills what it started, or starts nothing; those behind are served`,
        virtual(function* () {
          const set = make();
          const log: string[] = [];
          function* work(name: string): Green<void> {
            log.push(name);
            try {
              yield* sleep(20);
              log.push(`${name} done`);
            } finally {
              log.push(`${name} over`);
            }
          }
          const before = set.statistics();
          yield* interrupt(set.apply(work, ['a']));
          yield* waitAllBlocked();
          expect([log, set.statistics()]).toEqual([['a', 'a over'], before]);
          log.length = 0;
          if (size === Number.POSITIVE_INFINITY) return;
          for (let i = 0; i < size; i++) set.applyAsync(lasting, [50]);
          yield* sleep(0);
          const full = set.statistics();
          const behind = spawn(function* () {
            yield* sleep(1);
            yield* set.apply(work, ['behind']);
          });
          yield* interrupt(set.apply(work, ['b']));
          yield* waitAllBlocked();
          expect([log, set.statistics().level]).toEqual([[], full.level]);
          yield* behind.join();
          expect(log).toEqual(['behind', 'behind done', 'behind over']);
          expect(set.statistics()).toEqual(before);
        }),
      );
    }

    it('can be awaited outside', async () => {
      await runVirtual(async () => {
        const set = make();
        expect(await set.apply((a: number) => a + 1, [1])).toBe(2);
        await expect(set.apply(failing, [1, 'oh'])).rejects.toThrow('oh');
        await expect(set.apply(lasting, [50], { timeout: 1 })).rejects.toMatchObject({ name: 'Timeout' });
      });
    });

    it('refuses what is no function, no list of arguments, or no time, at the call', () => {
      expect(() => make().apply(5 as never)).toThrow('fn must be a function');
      expect(() => make().apply(lasting, 5 as never)).toThrow(
        'args must be an array, got 5 (number); write [arg]',
      );
      expect(() => make().apply(lasting, [1], { timeout: -1 })).toThrow(RangeError);
      expect(() => make().applyAsync(5 as never)).toThrow('fn must be a function');
      expect(() => make().applyAsync(lasting, [1], { callback: 5 as never })).toThrow('callback must be');
      expect(() => make().applyAsync(lasting, [1], { errorCallback: 5 as never })).toThrow(
        'errorCallback must be',
      );
    });
  });

  describe('applyAsync', () => {
    it(
      'gives a greenlet at once, also when it is full; they come in in order, as places fall free',
      virtual(function* (clock) {
        const set = make();
        const begun: number[] = [];
        const counted = new Counted();
        const work = counted.of(function* (i: number): Green<number> {
          begun.push(i);
          yield* sleep(10);
          return i;
        });
        const all = Array.from({ length: 12 }, (_, i) => set.applyAsync(work, [i]));
        expect([begun, set.length]).toEqual([[], Math.min(size, 12)]);
        for (const [i, each] of all.entries()) expect(yield* each.get()).toBe(i);
        expect(begun).toEqual(all.map((_, i) => i));
        expect([counted.peak, set.length]).toEqual([Math.min(size, 12), 0]);
        expect(clock.now()).toBe(10 * Math.ceil(12 / Math.min(size, 12)));
      }),
    );

    it(
      'calls callback with the value only when there is one, errorCallback with the error only when it fails',
      virtual(function* () {
        const set = make();
        const log: string[] = [];
        const kinds: ((text: string) => unknown)[] = [
          (text) => void log.push(`plain ${text}`),
          function* (text) {
            yield* sleep(1);
            log.push(`generator ${text}`);
          },
          async (text) => {
            await null;
            log.push(`async ${text}`);
          },
        ];
        for (const kind of kinds) {
          const options = {
            callback: (value: unknown) => kind(`value ${value}`),
            errorCallback: (error: unknown) => kind(String(error)),
          };
          set.applyAsync(lasting, [1, 5], options);
          set.applyAsync(failing, [2, 'oh'], options);
          yield* set.join();
          yield* sleep(5);
        }
        expect(log).toEqual([
          'plain value 5',
          'plain Error: oh',
          'generator value 5',
          'generator Error: oh',
          'async value 5',
          'async Error: oh',
        ]);
      }),
    );

    it(
      'without an errorCallback has the error told, and the error of a callback, too',
      virtual(function* () {
        const told = takeTold();
        const set = make();
        set.applyAsync(failing, [1, 'work'], { callback: () => 'never' });
        yield* set.join();
        const callback = () => {
          throw new Error('callback');
        };
        expect(yield* set.applyAsync(lasting, [1, 7], { callback }).get()).toBe(7);
        yield* waitAllBlocked();
        expect(told).toEqual(['Error: work', 'Error: callback']);
      }),
    );

    it(
      'inside a member waits for nobody',
      virtual(function* () {
        const set = make();
        const outer = set.applyAsync(function* () {
          const inner = set.applyAsync(lasting, [1, 'inner']);
          yield* call(() => sleep(5));
          return inner;
        });
        expect(yield* (yield* outer.get()).get()).toBe('inner');
      }),
    );

    it(
      'that has no place yet and is killed never runs, and frees the line',
      virtual(function* () {
        const set = make();
        const log: string[] = [];
        const gate = new Event();
        const held = Math.min(size, 12);
        for (let i = 0; i < held; i++) set.applyAsync(() => gate.wait());
        const [a, b, c] = ['a', 'b', 'c'].map((name) => set.applyAsync(() => log.push(name)));
        yield* b?.kill() as Operation<boolean>;
        yield* sleep(0);
        const full = size === held;
        expect([log, set.length]).toEqual(full ? [[], size] : [['a', 'c'], held]);
        expect(set.statistics().waiters).toBe(full ? 2 : 0);
        gate.set();
        yield* set.join();
        expect(log).toEqual(['a', 'c']);
        expect([a?.successful(), b?.killed, c?.successful()]).toEqual([true, true, true]);
        expect([set.length, set.statistics().waiters, set.freeCount()]).toEqual([0, 0, size]);
      }),
    );
  });
}
