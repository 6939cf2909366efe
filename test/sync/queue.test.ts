/** Queue: what is particular to it, and to subclasses with hooks. */
import { type Green, type Operation, Queue, ShutDown, sleep, spawn, spawnLater } from 'greenlets';
import { runVirtual, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';
import { Actors } from '../support/queue-actors.js';
import { queueContract } from '../support/queue-contract.js';
import { HookedQueue, hookedKind, queueKind } from '../support/queue-kinds.js';
import { queueModelContract } from '../support/queue-model-contract.js';
import { queueStoreContract } from '../support/queue-store-contract.js';

const watch = watchHub();

queueContract(queueKind);
queueStoreContract(queueKind);
queueModelContract(queueKind);

queueContract(hookedKind);
queueStoreContract(hookedKind);
queueModelContract(hookedKind, 0.1);

describe('Queue', () => {
  it('gives first in, first out, also when its storage grows and wraps around', () => {
    const queue = new Queue<number>();
    let [next, last] = [0, 0];
    for (let round = 1; round <= 100; round++) {
      for (let i = 0; i < round; i++) queue.putNowait(last++);
      for (let i = 0; i < round / 2; i++) expect(queue.getNowait()).toBe(next++);
    }
    expect([queue.qsize(), queue.length, queue.peekNowait()]).toEqual([last - next, last - next, next]);
  });

  it('holds any values, undefined and null too', () => {
    const values = [undefined, null, 0, '', Number.NaN, () => {}];
    const queue = new Queue<unknown>(Number.POSITIVE_INFINITY, { items: values });
    expect(values.map(() => queue.getNowait())).toEqual(values);
    expect(queue.empty()).toBe(true);
  });

  it('begins with items, also above maxsize, each an unfinished task', () => {
    const queue = new Queue<string>(1, { items: new Set(['a', 'b', 'c']), name: 'jobs' });
    expect([queue.qsize(), queue.full(), queue.unfinishedTasks]).toEqual([3, true, 3]);
    expect(String(queue)).toBe("<Queue 'jobs' 3/1>");
    expect([1, 2, 3].map(() => queue.getNowait())).toEqual(['a', 'b', 'c']);
  });

  it('is not bounded with maxsize 0 or none', () => {
    for (const queue of [new Queue(), new Queue(0), new Queue(Number.POSITIVE_INFINITY)]) {
      expect([queue.maxsize, queue.full()]).toEqual([Number.POSITIVE_INFINITY, false]);
      expect(String(queue)).toBe('<Queue 0>');
    }
  });

  it('refuses what is no size, no name and no options, at construction', () => {
    expect(() => new Queue(-1)).toThrow('maxsize must be a whole number of at least 0, got -1');
    expect(() => new Queue(1.5)).toThrow(RangeError);
    expect(() => new Queue(null as never)).toThrow(TypeError);
    expect(() => new Queue(1, { name: 5 as never })).toThrow('name must be a string');
    expect(() => new Queue(1, 5 as never)).toThrow('options must be an object');
    const queue = new Queue(2);
    expect(() => {
      queue.maxsize = -1;
    }).toThrow(RangeError);
    expect(queue.maxsize).toBe(2);
  });

  it('a get that nothing can end any more is told by LoopExit', async () => {
    await runVirtual(async () => {
      await expect(new Queue().get()).rejects.toMatchObject({ code: 'LOOP_EXIT' });
    });
  });

  it('called from outside, puts and gets at once, and what waits goes on by it', async () => {
    const queue = new Queue<number>(1);
    const getting = spawn(() => queue.get());
    await pass();
    queue.putNowait(1);
    queue.putNowait(2);
    expect(await getting.get()).toBe(1);
    const putting = spawn(() => queue.put(3));
    await pass();
    expect([queue.getNowait(), queue.getNowait()]).toEqual([2, 3]);
    await putting.join();
  });

  it(
    'a getter that a later put serves is in time inside a timeout, and a dead putter has delivered',
    virtual(function* () {
      const queue = new Queue<string>();
      spawnLater(5, () => queue.put('later'));
      expect(yield* queue.get({ timeout: 10 })).toBe('later');
      const putter = spawn(() => queue.put('of the dead'));
      yield* putter.join();
      expect(yield* queue.get()).toBe('of the dead');
    }),
  );

  it(
    'put and get of many producers and consumers, waiting and not, lose and double nothing and keep the order',
    virtual(function* () {
      const queue = new Queue<[number, number]>(3);
      const got: [number, number][] = [];
      const own: [number, number][][] = [[], [], [], []];
      function* produce(id: number): Green<void> {
        for (let i = 0; i < 50; i++) yield* queue.put([id, i]);
      }
      function* consume(id: number): Green<void> {
        for (;;) {
          const item = id % 2 === 0 ? yield* queue.get() : yield* queue.get({ timeout: 1e6 });
          got.push(item);
          own[id]!.push(item);
          if (id === 2) yield* sleep(0);
        }
      }
      const consumers = [0, 1, 2, 3].map((id) => spawn(consume, id));
      const producers = [0, 1, 2].map((id) => spawn(produce, id));
      for (const each of producers) yield* each.join();
      yield* sleep(1);
      for (const each of consumers) yield* each.kill();
      for (const producer of [0, 1, 2]) {
        const itemsIn = (list: [number, number][]) =>
          list.filter(([id]) => id === producer).map(([, i]) => i);
        const ascending = (a: number, b: number) => a - b;
        expect(itemsIn(got).sort(ascending)).toEqual(Array.from({ length: 50 }, (_, i) => i));
        for (const each of own) expect(itemsIn(each)).toEqual(itemsIn(each).sort(ascending));
      }
    }),
  );

  it(
    'counts nothing below zero when tasks are called done before they are got and then dropped',
    virtual(function* () {
      const queue = new Queue<number>();
      for (let i = 0; i < 3; i++) queue.putNowait(i);
      queue.taskDone();
      queue.taskDone();
      const joiner = spawn(() => queue.join());
      yield* sleep(0);
      queue.shutdown({ immediate: true });
      expect(queue.unfinishedTasks).toBe(0);
      expect(yield* joiner.get({ timeout: 10 })).toBe(true);
    }),
  );
});

describe('a subclass of Queue', () => {
  it(
    'has its hooks called once for each operation, also for one that waits',
    virtual(function* () {
      const queue = new HookedQueue(1);
      const actors = new Actors(queue);
      yield* queue.put(1);
      actors.put('p', 2);
      yield* sleep(0);
      yield* queue.get();
      yield* queue.get();
      actors.get('g');
      yield* sleep(0);
      queue.putNowait(3);
      expect(queue.calls).toEqual(['_init', '_put', '_get', '_put', '_get', '_put', '_get']);
      expect(yield* actors.noted()).toEqual(['p', 'g 3']);
    }),
  );

  it('whose hooks fail: the error reaches the caller in every mode, and the queue is not damaged', async () => {
    class Failing extends Queue<number> {
      failing: 'put' | 'get' | 'peek' | null = null;
      protected override _put(item: number) {
        if (this.failing === 'put') throw new Error('no put');
        super._put(item);
      }
      protected override _get() {
        if (this.failing === 'get') throw new Error('no get');
        return super._get();
      }
      protected override _peek() {
        if (this.failing === 'peek') throw new Error('no peek');
        return super._peek();
      }
    }
    await runVirtual(function* () {
      const queue = new Failing(2);
      function* failure(act: () => unknown): Green<string> {
        try {
          const operation = act();
          if (typeof operation === 'object') yield* operation as Operation<unknown>;
        } catch (error) {
          return (error as Error).message;
        }
        return 'nothing thrown';
      }
      for (let round = 0; round < 2; round++) {
        queue.failing = 'put';
        for (const put of [
          () => queue.putNowait(9),
          () => queue.put(9, { block: false }),
          () => queue.put(9, { timeout: 5 }),
          () => queue.put(9),
        ]) {
          expect(yield* failure(put)).toBe('no put');
          expect(queue.statistics()).toMatchObject({ level: 0, unfinishedTasks: 0, waiters: 0 });
        }
        queue.failing = null;
        queue.putNowait(1);
        queue.putNowait(2);
        // Woken by a place that falls free: the first fails, the one behind is let in.
        const bad = spawn(() => failure(() => queue.put(9)));
        const worse = spawn(() => failure(() => queue.put(8, { timeout: 50 })));
        yield* sleep(0);
        queue.failing = 'put';
        expect(queue.getNowait()).toBe(1);
        expect([yield* bad.get(), yield* worse.get()]).toEqual(['no put', 'no put']);
        queue.failing = null;
        queue.putNowait(3);
        queue.failing = 'get';
        for (const get of [
          () => queue.getNowait(),
          () => queue.get({ block: false }),
          () => queue.get({ timeout: 5 }),
          () => queue.get(),
        ]) {
          expect(yield* failure(get)).toBe('no get');
          expect(queue.qsize()).toBe(2);
        }
        queue.failing = 'peek';
        expect(yield* failure(() => queue.peekNowait())).toBe('no peek');
        expect(yield* failure(() => queue.peek())).toBe('no peek');
        queue.failing = null;
        expect([yield* queue.get(), yield* queue.get()]).toEqual([2, 3]);
        const getters = [1, 2].map(() => spawn(() => failure(() => queue.get())));
        const peeker = spawn(() => failure(() => queue.peek()));
        yield* sleep(0);
        queue.failing = 'get';
        queue.putNowait(4);
        expect([yield* getters[0]!.get(), yield* getters[1]!.get()]).toEqual(['no get', 'no get']);
        expect(yield* peeker.get()).toBe('nothing thrown');
        queue.failing = null;
        expect([queue.qsize(), queue.getNowait()]).toEqual([1, 4]);
        for (let i = 0; i < 4; i++) queue.taskDone();
        expect(queue.statistics()).toMatchObject({ level: 0, unfinishedTasks: 0, waiters: 0 });
      }
      queue.putNowait(5);
      queue.failing = 'get';
      expect(() => queue.shutdown({ immediate: true })).toThrow('no get');
      expect([queue.isShutdown, queue.qsize(), queue.unfinishedTasks]).toEqual([true, 1, 1]);
      expect(() => queue.putNowait(6)).toThrow(ShutDown);
    });
    expect(watch.takeErrors()).toEqual([]);
  });
});
