/** `imap` and `imapUnordered` of a set. */
import { type Green, Queue, type Results, sleep, spawn } from 'greenlets';
import { runVirtual, virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { Counted, failing, lasting, Pulled, type SetCase, takeTold } from './set-contract.js';

/** Sleeps so long, and gives that. */
const napping = (ms: number): Green<number | undefined> => lasting(ms, ms);

/** 0 is divided by. */
function* inverse(n: number): Green<number> {
  yield* sleep(1);
  if (n === 0) throw new Error('division by zero');
  return 1 / n;
}

/** All that can be read, also errors, until it is over. */
function* readAll(results: Results<unknown>): Green<unknown[]> {
  const all: unknown[] = [];
  for (;;) {
    try {
      if (!(yield* results.more())) return all;
      all.push(results.value);
    } catch (error) {
      all.push(String(error));
    }
  }
}

export function imapContract({ make, size }: SetCase): void {
  const both = ['imap', 'imapUnordered'] as const;

  describe('imap', () => {
    it(
      'gives the values in the order of the items; done comes at the end, only then, and stays',
      virtual(function* () {
        const set = make();
        const items = Array.from({ length: 10 }, (_, i) => (i * 7) % 10);
        const results = set.imap(napping, items);
        for (const value of items) expect(yield* results.next()).toEqual({ done: false, value });
        for (let i = 0; i < 3; i++) expect(yield* results.next()).toEqual({ done: true, value: undefined });
        expect([yield* results.more(), yield* results.toArray(), set.length]).toEqual([false, [], 0]);
        const many = Array.from({ length: 1000 }, (_, i) => i);
        expect(yield* set.imap((n: number) => n, many).toArray()).toEqual(many);
      }),
    );

    it(
      'begins by itself, and throws the error of an item at its place; the rest follow',
      virtual(function* () {
        const set = make();
        const results = set.imap(inverse, [1, 0, 2]);
        yield* sleep(2);
        expect(yield* readAll(results)).toEqual([1, 'Error: division by zero', 0.5]);
      }),
    );
  });

  describe('imapUnordered', () => {
    it(
      'gives the values as they come',
      virtual(function* () {
        const results = make().imapUnordered(napping, [10, 1, 2]);
        expect(yield* results.toArray()).toEqual(size === 1 ? [10, 1, 2] : [1, 2, 10]);
        const many = Array.from({ length: 1000 }, (_, i) => i);
        const set = make();
        for (let round = 0; round < 2; round++) {
          const values = yield* set.imapUnordered((n: number) => n, many).toArray();
          expect(values.sort((a, b) => a - b)).toEqual(many);
        }
      }),
    );

    it(
      'throws the error of an item when it comes; the rest follow',
      virtual(function* () {
        const results = make().imapUnordered(inverse, [1, 0, 2]);
        expect(yield* readAll(results)).toEqual([1, 'Error: division by zero', 0.5]);
      }),
    );
  });

  describe.each(both)('%s', (name) => {
    it(
      'of nothing is over at once',
      virtual(function* (clock) {
        expect(yield* make()[name](napping, []).toArray()).toEqual([]);
        expect(clock.now()).toBe(0);
      }),
    );

    it(
      'throws the error of the source once, after the results of its items, and is over',
      virtual(function* () {
        const set = make();
        function* source(): Generator<number> {
          yield 3;
          yield 5;
          throw new Error('source');
        }
        expect(yield* readAll(set[name](napping, source()))).toEqual([3, 5, 'Error: source']);
        function* broken(): Generator<number> {
          throw new Error('at once');
        }
        expect(yield* readAll(set[name](napping, broken()))).toEqual(['Error: at once']);
        expect(set.length).toBe(0);
      }),
    );

    it(
      'waits for what the source does after its last item, async sources and queues too',
      virtual(function* (clock) {
        const set = make();
        async function* slow(): AsyncGenerator<number> {
          yield 1;
          yield 2;
          await sleep(50);
        }
        expect(yield* set[name](napping, slow()).toArray()).toEqual([1, 2]);
        expect(clock.now()).toBe(size === 1 ? 51 : 50);
        const queue = new Queue<number>();
        const results = set[name](napping, queue);
        yield* queue.put(1);
        expect(yield* results.next()).toEqual({ done: false, value: 1 });
        queue.shutdown();
        expect(yield* results.next()).toEqual({ done: true, value: undefined });
      }),
    );

    it(
      'pulls no more than maxPending items that were not delivered, and goes on as they are read',
      virtual(function* () {
        for (const maxPending of [1, 2, 5]) {
          const set = make();
          const source = new Pulled();
          const items = Array.from({ length: 20 }, (_, i) => i % 3);
          const results = set[name](napping, source.from(items), { maxPending });
          for (let read = 0; read < items.length; read++) {
            yield* sleep(20);
            expect(source.count).toBe(Math.min(read + maxPending, items.length));
            expect(yield* results.more()).toBe(true);
          }
          expect([yield* results.more(), set.length]).toEqual([false, 0]);
        }
      }),
    );

    it(
      'closed pulls nothing more, closes the source, kills what runs once, and is over for whoever reads',
      virtual(function* () {
        const set = make();
        const before = set.statistics();
        const source = new Pulled();
        const counted = new Counted();
        let cleaned = 0;
        const work = counted.of(function* (): Green<void> {
          try {
            yield* sleep(1000);
          } finally {
            yield* sleep(5);
            cleaned++;
          }
        });
        const results = set[name](work, source.from([1, 2, 3, 4]), { maxPending: 2 });
        const reader = spawn(() => results.next());
        yield* sleep(5);
        results.close();
        expect(source.closed).toBe(true);
        results.close();
        expect(yield* reader.get()).toEqual({ done: true, value: undefined });
        expect([yield* results.more(), yield* results.toArray()]).toEqual([false, []]);
        yield* sleep(5);
        const begun = Math.min(size, 2);
        expect([counted.begun, cleaned, source.count]).toEqual([begun, begun, 2]);
        expect(set.statistics()).toEqual(before);
        expect(yield* set.apply(() => 'usable')).toBe('usable');
      }),
    );

    it(
      'closed before it began runs and pulls nothing, and closes the source',
      virtual(function* () {
        const set = make();
        let returned = 0;
        const source = {
          next: () => ({ done: false as const, value: 1 }),
          return: () => ({ done: true as const, value: returned++ }),
          [Symbol.iterator]() {
            return this;
          },
        };
        const results = set[name](napping, source);
        results.close();
        yield* sleep(5);
        expect([returned, set.length, yield* results.toArray()]).toEqual([1, 0, []]);
      }),
    );

    it(
      'closed by its own source, or by an item, is over like any other',
      virtual(function* () {
        const set = make();
        let results: Results<number> | null = null;
        let returned = false;
        function* source(): Generator<number> {
          try {
            yield 1;
            results?.close();
            yield 2;
          } finally {
            returned = true;
          }
        }
        results = set[name]((n: number) => n, source());
        expect(yield* results.toArray()).toEqual([]);
        yield* waitAllBlocked();
        expect([returned, set.length]).toEqual([true, 0]);
        const other: Results<void> = set[name](() => other.close(), [1, 2, 3]);
        expect(yield* other.toArray()).toEqual([]);
        yield* waitAllBlocked();
        expect(set.length).toBe(0);
      }),
    );

    it(
      'closed has failures told that nobody has read',
      virtual(function* () {
        const told = takeTold();
        const set = make();
        const results = set[name]((message: string) => failing(1, message), ['a', 'b'], { maxPending: 5 });
        yield* sleep(10);
        expect(told).toEqual([]);
        results.close();
        yield* waitAllBlocked();
        expect(told.sort()).toEqual(['Error: a', 'Error: b']);
      }),
    );

    it(
      'read by several gives each item to one of them; an interrupted reader has taken none',
      virtual(function* () {
        const set = make();
        const results = set[name](napping, [5, 6, 7, 8]);
        const killed = spawn(() => results.next());
        const readers = [1, 2, 3, 4].map(() => spawn(() => results.next()));
        yield* sleep(1);
        yield* killed.kill();
        const values: unknown[] = [];
        for (const each of readers) values.push((yield* each.get()).value);
        expect(values.sort()).toEqual([5, 6, 7, 8]);
        expect((yield* results.next()).done).toBe(true);
      }),
    );

    it('is read by for await outside; leaving the loop closes it', async () => {
      await runVirtual(async () => {
        const set = make();
        const values: unknown[] = [];
        for await (const value of set[name](napping, [1, 2, 3])) values.push(value);
        expect(values).toEqual([1, 2, 3]);
        const source = new Pulled();
        for await (const value of set[name](napping, source.from([1, 20, 30]), { maxPending: 2 })) {
          values.push(value);
          break;
        }
        expect([values.length, source.closed]).toEqual([4, true]);
        await set.join();
        expect(set.length).toBe(0);
      });
    });

    it(
      'is a resource: leaving the block closes it',
      virtual(function* () {
        const set = make();
        const source = new Pulled();
        {
          using results = set[name](napping, source.from([1, 1000, 1000]), { maxPending: 2 });
          expect((yield* results.next()).value).toBe(1);
        }
        yield* waitAllBlocked();
        expect([source.closed, set.length]).toEqual([true, 0]);
      }),
    );
  });
}
