/** `map` and `starmap` of a set. */
import { type Green, type Operation, Queue, race, sleep, spawn, withTimeout } from 'greenlets';
import { runVirtual, virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { Counted, errorOf, failing, lasting, Pulled, type SetCase, takeTold } from './set-contract.js';

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Ways to end a map 5 ms after its begin; the greenlet has gone on, when all is over, at `at`. */
const interruptions: Record<string, (map: Operation<unknown>) => Green<unknown>> = {
  *kill(map) {
    const g = spawn(() => map);
    yield* sleep(5);
    yield* g.kill();
  },
  *timeout(map) {
    yield* withTimeout(5, { timeoutValue: null }, map);
  },
  *'a lost race'(map) {
    yield* race([map, sleep(5)]);
  },
  *'an aborted signal'(map) {
    const controller = new AbortController();
    map.promise({ signal: controller.signal }).catch(() => {});
    yield* sleep(5);
    controller.abort();
    // The promise is told at once; what it ran in dies after it.
    yield* sleep(10);
    yield* waitAllBlocked();
  },
};

export function mapContract({ make, size }: SetCase): void {
  describe('map and starmap', () => {
    it(
      'give the values in the order of the items, and run no more at once than there is room for',
      virtual(function* (clock) {
        for (const count of [10, 100]) {
          const set = make();
          const counted = new Counted();
          const work = counted.of(function* (i: number): Green<number> {
            yield* sleep((i * 7) % 10);
            return i * i;
          });
          expect(yield* set.map(work, range(count))).toEqual(range(count).map((i) => i * i));
          expect([counted.begun, counted.peak]).toEqual([count, Math.min(size, count)]);
          expect([set.length, set.statistics().waiters]).toEqual([0, 0]);
        }
        const from = clock.now();
        const pairs: [number, string][] = [
          [2, 'a'],
          [1, 'b'],
        ];
        expect(yield* make().starmap(lasting<string>, pairs)).toEqual(['a', 'b']);
        expect(clock.now() - from).toBe(size === 1 ? 3 : 2);
      }),
    );

    it(
      'take plain and async functions, and those that give an operation',
      virtual(function* () {
        const set = make();
        expect(yield* set.map((n: number) => n + 1, [1, 2])).toEqual([2, 3]);
        expect(yield* set.map(async (n: number) => n + 1, new Set([1, 2]))).toEqual([2, 3]);
        expect(yield* set.map((n: number) => sleep(n), [1, 2])).toEqual([undefined, undefined]);
        expect(yield* set.starmap((a: number, b: number) => a - b, [[5, 3]])).toEqual([2]);
      }),
    );

    it(
      'of nothing are over at once',
      virtual(function* (clock) {
        const set = make();
        expect(yield* set.map(lasting, [])).toEqual([]);
        expect(yield* set.starmap(lasting, [])).toEqual([]);
        expect([clock.now(), set.length]).toEqual([0, 0]);
      }),
    );

    it(
      'take generators, async generators, queues and results as sources, each run anew',
      virtual(function* () {
        const set = make();
        const double = (n: number) => n * 2;
        async function* slowly(): AsyncGenerator<number> {
          yield 1;
          await sleep(5);
          yield 2;
          await sleep(5);
        }
        expect(yield* set.map(double, slowly())).toEqual([2, 4]);
        const queue = new Queue<number>();
        spawn(function* () {
          yield* queue.put(1);
          yield* sleep(5);
          yield* queue.put(2);
          queue.shutdown();
        });
        expect(yield* set.map(double, queue)).toEqual([2, 4]);
        expect(yield* set.map(double, make().imap(double, [1, 2]))).toEqual([4, 8]);
        const operation = set.map(double, [3]);
        expect([yield* operation, yield* operation]).toEqual([[6], [6]]);
      }),
    );

    it(
      'throw the first error in time, when the rest is dead, killed once; later failures are told',
      virtual(function* () {
        const told = takeTold();
        const set = make();
        const log: string[] = [];
        const source = new Pulled();
        function* work(i: number): Green<number> {
          try {
            yield* sleep(i === 1 ? 5 : 100);
          } catch {
            log.push(`${i} killed`);
            yield* sleep(10);
            log.push(`${i} dead`);
            throw new Error(`late ${i}`);
          }
          if (i === 1) throw new Error('first');
          return i;
        }
        const error = yield* errorOf(set.map(work, source.from([0, 1, 2])));
        expect([String(error), set.length, source.closed]).toEqual(['Error: first', 0, true]);
        yield* waitAllBlocked();
        // Alone, the first item is over before the second fails.
        const others = [0, 2].slice(0, size === 1 ? 0 : size - 1);
        expect(log.sort()).toEqual(others.flatMap((i) => [`${i} dead`, `${i} killed`]));
        expect(told.sort()).toEqual(others.map((i) => `Error: late ${i}`));
        expect(yield* set.join({ raiseError: true })).toBe(true);
      }),
    );

    it(
      'that fail twice in the same moment throw the first, and have the other told',
      virtual(function* () {
        const told = takeTold();
        const set = make();
        const fail = (message: string) => failing(5, message);
        const error = yield* errorOf(set.map(fail, ['a', 'b']));
        yield* waitAllBlocked();
        expect([String(error), told]).toEqual(['Error: a', size === 1 ? [] : ['Error: b']]);
      }),
    );

    it(
      'throw the error of the source, when what runs is dead',
      virtual(function* (clock) {
        const set = make();
        function* source(): Generator<number> {
          yield 5;
          yield 5;
          throw new Error('source');
        }
        let ended = 0;
        function* work(ms: number): Green<void> {
          try {
            yield* sleep(ms);
          } finally {
            ended++;
          }
        }
        expect(String(yield* errorOf(set.map(work, source())))).toBe('Error: source');
        expect([set.length, ended]).toEqual([0, size === 1 ? 2 : 0]);
        expect(clock.now()).toBe(size === 1 ? 5 : 0);
      }),
    );

    it(
      'pull lazily, one item ahead of the places that fall free, and no more than maxPending',
      virtual(function* () {
        const set = make();
        const source = new Pulled();
        const mapping = spawn(() => set.map(lasting, source.from(Array(40).fill(10))));
        yield* sleep(5);
        expect(source.count).toBe(Math.min(size + 1, 40));
        yield* mapping.join();
        expect([source.count, source.closed]).toEqual([40, true]);
        const bounded = new Pulled();
        const counted = new Counted();
        const work = counted.of(() => lasting(10));
        yield* set.map(work, bounded.from(range(12)), { maxPending: 2 });
        expect([counted.begun, counted.peak]).toEqual([12, Math.min(size, 2)]);
      }),
    );

    for (const [how, interrupt] of Object.entries(interruptions)) {
      it(
        `interrupted by ${how} kill what they started, once, close the source, and free the places`,
        virtual(function* (clock) {
          const set = make();
          const before = set.statistics();
          const source = new Pulled();
          const counted = new Counted();
          let cleaned = 0;
          const work = counted.of(function* (): Green<void> {
            try {
              yield* sleep(1000);
            } finally {
              yield* sleep(10);
              cleaned++;
            }
          });
          yield* interrupt(set.map(work, source.from(range(4))));
          expect([clock.now(), counted.running, source.closed]).toEqual([15, 0, true]);
          expect([counted.begun, cleaned]).toEqual([Math.min(size, 4), Math.min(size, 4)]);
          expect(set.statistics()).toEqual(before);
          expect(yield* set.apply(() => 5)).toBe(5);
        }),
      );
    }

    it('can be awaited outside', async () => {
      await runVirtual(async () => {
        const set = make();
        expect(await set.map(lasting<number>, [1, 2])).toEqual([undefined, undefined]);
        await expect(set.map(() => failing(1, 'oh'), [1])).rejects.toThrow('oh');
        expect(set.length).toBe(0);
      });
    });

    it('refuse what is no function, and no number of items, at the call', () => {
      expect(() => make().map(5 as never, [])).toThrow('fn must be a function');
      expect(() => make().starmap(5 as never, [])).toThrow('fn must be a function');
      expect(() => make().map(sleep, [], { maxPending: 0 })).toThrow(RangeError);
      expect(() => make().imap(5 as never, [])).toThrow('fn must be a function');
      expect(() => make().imap(sleep, 5 as never)).toThrow('source must be an iterable');
      expect(() => make().imapUnordered(sleep, [], { maxPending: 1.5 })).toThrow(RangeError);
    });
  });
}
