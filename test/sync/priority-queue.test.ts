import fc from 'fast-check';
import { type Green, PriorityQueue, sleep, spawn } from 'greenlets';
import { virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { queueContract } from '../support/queue-contract.js';
import { priorityKind } from '../support/queue-kinds.js';
import { queueModelContract } from '../support/queue-model-contract.js';
import { queueStoreContract } from '../support/queue-store-contract.js';

watchHub();

queueContract(priorityKind);
queueStoreContract(priorityKind);
queueModelContract(priorityKind, 0.1);

function drain<T>(queue: PriorityQueue<T>): T[] {
  return Array.from({ length: queue.qsize() }, () => queue.getNowait());
}

function sorted<T>(...items: T[]): T[] {
  return drain(new PriorityQueue<T>(undefined, { items }));
}

/** Comparing two of these fails when told. */
function fragile() {
  const state = { failing: false };
  const queue = new PriorityQueue<number>((a, b) => {
    if (state.failing) throw new Error('no order');
    return a - b;
  });
  return { queue, state };
}

describe('PriorityQueue', () => {
  it('gives the least first, and of equals the oldest, in any mixture of put and get', () => {
    type Item = readonly [priority: number, id: number];
    const property = fc.property(fc.array(fc.option(fc.nat(4)), { maxLength: 80 }), (steps) => {
      const queue = new PriorityQueue<Item>((a, b) => a[0] - b[0]);
      let model: Item[] = [];
      for (const [id, priority] of steps.entries()) {
        if (priority !== null) {
          queue.putNowait([priority, id]);
          model.push([priority, id]);
          continue;
        }
        if (model.length === 0) continue;
        const least = [...model].sort((a, b) => a[0] - b[0] || a[1] - b[1])[0] as Item;
        expect(queue.peekNowait()).toEqual(least);
        expect(queue.getNowait()).toEqual(least);
        model = model.filter((each) => each[1] !== least[1]);
      }
      expect(drain(queue)).toEqual(model.sort((a, b) => a[0] - b[0] || a[1] - b[1]));
    });
    fc.assert(property, { numRuns: 300, seed: 1 });
  });

  it('orders numbers, strings, bigints and dates by themselves', () => {
    expect(sorted(3, -1, 2.5, Number.POSITIVE_INFINITY, 0)).toEqual([
      -1,
      0,
      2.5,
      3,
      Number.POSITIVE_INFINITY,
    ]);
    expect(sorted('b', 'a', 'B', '')).toEqual(['', 'B', 'a', 'b']);
    expect(sorted(3n, 1n, 2n ** 70n)).toEqual([1n, 3n, 2n ** 70n]);
    expect(sorted<number | bigint>(2n, 1.5, 1n)).toEqual([1n, 1.5, 2n]);
    const [early, late] = [new Date(5), new Date(6)];
    expect(sorted(late, early)).toEqual([early, late]);
  });

  it('orders arrays as tuples, the shorter first, and what follows the first difference need not be comparable', () => {
    expect(sorted([2, 'a'], [1, 'b'], [1, 'a'], [1])).toEqual([[1], [1, 'a'], [1, 'b'], [2, 'a']]);
    expect(sorted([[1, 2], 0], [[1], 9])).toEqual([
      [[1], 9],
      [[1, 2], 0],
    ]);
    const jobs = [3, 1, 2].map((priority) => [priority, { priority }] as const);
    expect(sorted(...jobs).map(([priority]) => priority)).toEqual([1, 2, 3]);
  });

  it('refuses what cannot be ordered, also a lone one, with an error of put that says how to mend it', () => {
    for (const item of [
      {},
      null,
      undefined,
      Number.NaN,
      Symbol('x'),
      new Date(Number.NaN),
      [Number.NaN],
      true,
    ]) {
      const queue = new PriorityQueue<unknown>();
      expect(() => queue.putNowait(item)).toThrow(TypeError);
      expect(queue.statistics()).toMatchObject({ level: 0, unfinishedTasks: 0 });
    }
    const queue = new PriorityQueue<unknown>(undefined, { items: [1] });
    expect(() => queue.putNowait('a')).toThrow(
      'a PriorityQueue cannot order "a" and 1 (number): give it a compare function, new PriorityQueue((a, b) => …)',
    );
    expect(
      () =>
        new PriorityQueue(undefined, {
          items: [
            [1, {}],
            [1, {}],
          ],
        }),
    ).toThrow(/cannot order/);
    expect(drain(queue)).toEqual([1]);
  });

  it('begins with items in order, above maxsize too, and takes its options second', () => {
    const queue = new PriorityQueue<number>((a, b) => b - a, { items: [1, 3, 2], maxsize: 2, name: 'jobs' });
    expect(String(queue)).toBe("<PriorityQueue 'jobs' 3/2>");
    expect([queue.unfinishedTasks, queue.maxsize]).toEqual([3, 2]);
    expect(drain(queue)).toEqual([3, 2, 1]);
    expect(() => new PriorityQueue(5 as never)).toThrow('compare must be a function, got 5 (number)');
    expect(() => new PriorityQueue(undefined, { maxsize: -1 })).toThrow(RangeError);
  });

  it('whose compare fails: the error reaches whoever puts or gets, and the heap is as it was', () => {
    const { queue, state } = fragile();
    const items = [5, 3, 8, 1, 9, 2];
    for (const item of items) queue.putNowait(item);
    for (let round = 0; round < 3; round++) {
      state.failing = true;
      expect(() => queue.putNowait(0)).toThrow('no order');
      expect(() => queue.getNowait()).toThrow('no order');
      state.failing = false;
      expect([queue.qsize(), queue.unfinishedTasks, queue.peekNowait()]).toEqual([6, 6, 1]);
    }
    expect(drain(queue)).toEqual([1, 2, 3, 5, 8, 9]);
  });

  it(
    'whose compare fails when a place falls free fails the putter that waits, and the ones behind are let in',
    virtual(function* () {
      const queue = new PriorityQueue<unknown>(undefined, { items: [1, 2], maxsize: 2 });
      function* put(item: unknown): Green<string> {
        try {
          yield* queue.put(item);
          return 'put';
        } catch (error) {
          return (error as Error).name;
        }
      }
      const putters = ['x', 0].map((item) => spawn(put, item));
      yield* sleep(0);
      expect(queue.getNowait()).toBe(1);
      expect([yield* putters[0]!.get(), yield* putters[1]!.get()]).toEqual(['TypeError', 'put']);
      expect([queue.getNowait(), queue.getNowait()]).toEqual([0, 2]);
      expect(queue.statistics().waiters).toBe(0);
    }),
  );

  it('dropped by shutdown, needs no order', () => {
    const { queue, state } = fragile();
    for (const item of [3, 1, 2]) queue.putNowait(item);
    state.failing = true;
    queue.shutdown({ immediate: true });
    expect([queue.qsize(), queue.unfinishedTasks]).toEqual([0, 0]);
  });

  it('gives ten thousand in order', () => {
    const items = Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 10_007);
    expect(sorted(...items)).toEqual([...items].sort((a, b) => a - b));
  });
});
