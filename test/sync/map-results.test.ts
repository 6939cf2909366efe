/** What is particular to the results of a map; the rest stands in the contract of sets. */
import { Event, type Green, GreenletExit, Group, Pool, Queue, type Results, sleep, spawn } from 'greenlets';
import { explore, virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { Counted, errorOf, lasting, Pulled } from '../support/set-contract.js';

watchHub();

describe('imap', () => {
  it(
    'of a pool that nobody reads runs twice its size ahead, and no more',
    virtual(function* () {
      const pool = new Pool(3);
      const source = new Pulled();
      const counted = new Counted();
      const work = counted.of(() => lasting(1));
      using results = pool.imap(work, source.from(Array(100).fill(0)));
      yield* sleep(1000);
      expect([source.count, counted.begun, pool.length]).toEqual([6, 6, 0]);
      yield* results.next();
      yield* sleep(10);
      expect([source.count, counted.begun]).toEqual([7, 7]);
    }),
  );

  it(
    'of a group has no bound unless told',
    virtual(function* () {
      const source = new Pulled();
      const results = new Group().imap((n: number) => n, source.from(Array(100).fill(0)));
      yield* waitAllBlocked();
      expect(source.count).toBe(100);
      expect(yield* results.toArray()).toHaveLength(100);
    }),
  );

  it(
    'in order waits for the first, however many behind it are done, within maxPending',
    virtual(function* (clock) {
      const pool = new Pool(2);
      const results = pool.imap((ms: number) => lasting(ms, ms), [100, 1, 2, 3, 4, 5], { maxPending: 4 });
      yield* sleep(50);
      expect(String(results)).toBe('<Pool.imap 0 of 4 given>');
      expect([yield* results.toArray(), clock.now()]).toEqual([[100, 1, 2, 3, 4, 5], 105]);
      expect(String(results)).toBe('<Pool.imap 6 of 6 given>');
    }),
  );

  it(
    'closed while an item waits for its place never runs it, and holds up nobody',
    virtual(function* () {
      const pool = new Pool(1);
      const ran: unknown[] = [];
      const gate = new Event();
      pool.spawnNowait(() => gate.wait());
      const results = pool.imap((n: number) => ran.push(n), [1, 2]);
      yield* waitAllBlocked();
      const behind = spawn(() => pool.spawn(() => ran.push('behind')));
      yield* waitAllBlocked();
      expect(pool.statistics().entering).toBe(2);
      results.close();
      expect(pool.statistics().entering).toBe(1);
      gate.set();
      yield* behind.join();
      yield* pool.join();
      expect(ran).toEqual(['behind']);
    }),
  );

  it(
    'closed while it waits for its source takes nothing from it',
    virtual(function* () {
      const queue = new Queue<number>();
      const results = new Group().imap((n: number) => n, queue);
      yield* waitAllBlocked();
      results.close();
      yield* queue.put(5);
      yield* waitAllBlocked();
      expect(queue.qsize()).toBe(1);
    }),
  );

  it(
    'chained runs in steps, each in its own pool, and close ends all of them',
    virtual(function* () {
      const [first, second] = [new Pool(2), new Pool(3)];
      const chain = () => {
        const doubled = first.imap((n: number) => lasting(1, n * 2), [1, 2, 3, 4]);
        return second.imap((n: number | undefined) => lasting(2, `${n}`), doubled);
      };
      expect(yield* chain().toArray()).toEqual(['2', '4', '6', '8']);
      const results = chain();
      expect((yield* results.next()).value).toBe('2');
      results.close();
      yield* waitAllBlocked();
      expect([first.length, second.length]).toEqual([0, 0]);
    }),
  );

  it(
    'chained ends with GreenletExit when the pool of an earlier step is killed',
    virtual(function* () {
      const [first, second] = [new Pool(2), new Pool(3)];
      const slow = first.imap((n: number) => lasting(100, n), [1, 2, 3, 4]);
      const reader = spawn(() => second.imap((n: number | undefined) => n, slow).toArray());
      yield* sleep(10);
      yield* first.kill();
      yield* reader.join();
      expect(reader.value).toBeInstanceOf(GreenletExit);
      yield* waitAllBlocked();
      expect([first.length, second.length]).toEqual([0, 0]);
    }),
  );

  it(
    'gives a GreenletExit in the place of an item that was killed by itself',
    virtual(function* () {
      const pool = new Pool(2);
      const results = pool.imap((n: number) => lasting(10, n), [1, 2, 3]);
      yield* sleep(5);
      const [, second] = pool;
      yield* pool.killone(second as never);
      expect(yield* results.toArray()).toEqual([1, expect.any(GreenletExit), 3]);
    }),
  );

  it('gives each item once to whoever reads, in every order, whatever reader is killed', async () => {
    await explore(
      function* (clock) {
        const pool = new Pool(2);
        const items = Array.from({ length: 8 }, (_, i) => i);
        const results = pool.imapUnordered((n: number) => n, items, { maxPending: 3 });
        const got: number[] = [];
        function* reader(): Green<void> {
          for (;;) {
            const { done, value } = yield* results.next();
            if (done) return;
            got.push(value);
          }
        }
        const readers = [1, 2, 3].map(() => spawn(reader));
        for (let i = Math.floor(clock.random() * 6); i > 0; i--) yield* sleep(0);
        yield* (readers[0] as (typeof readers)[0]).kill();
        for (const each of readers) yield* each.join();
        expect(got.sort()).toEqual(items);
        expect(pool.length).toBe(0);
      },
      { runs: 200 },
    );
  });
});

describe('starmap', () => {
  it(
    'throws a TypeError for an item that is no list of arguments',
    virtual(function* () {
      const pool = new Pool(2);
      const error = yield* errorOf(pool.starmap((n: number) => n, [[1], 5 as never]));
      expect(error).toBeInstanceOf(TypeError);
      expect((error as TypeError).message).toBe(
        'source[1] must be a list of arguments, got 5 (number); write [arg]',
      );
      expect([pool.length, pool.statistics().waiters]).toEqual([0, 0]);
    }),
  );
});

describe('two iterables', () => {
  it(
    'are zipped by a generator, within maxPending',
    virtual(function* () {
      const pool = new Pool(2);
      let begun = 0;
      function* pairs(): Generator<[string, number]> {
        const letters = [...'abcdef'];
        for (const [i, letter] of letters.entries()) yield [letter, i];
      }
      const results: Results<string> = pool.imapUnordered(
        ([letter, i]: [string, number]) => {
          begun++;
          return letter.repeat(i);
        },
        pairs(),
        { maxPending: 1 },
      );
      const all: string[] = [];
      while (yield* results.more()) {
        all.push(results.value);
        expect(begun).toBeLessThanOrEqual(all.length + 1);
      }
      expect(all.sort()).toEqual(['', 'b', 'cc', 'ddd', 'eeee', 'fffff']);
    }),
  );
});
