/** What everything queue-like has in common. Called by the test of each kind. */
import { Empty, type Green, hub, type Operation, sleep, spawn } from 'greenlets';
import { runVirtual, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { Actors } from './queue-actors.js';
import { queueInterruptionContract } from './queue-interruption-contract.js';
import type { QueueKind } from './queue-kinds.js';
import { queueOperandContract } from './queue-operand-contract.js';
import { queueShutdownContract } from './queue-shutdown-contract.js';

export function* thrownIn(operation: Operation<unknown>): Green<Error & { code?: string }> {
  try {
    yield* operation;
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

export function queueContract(kind: QueueKind): void {
  timeContract(kind);
  orderContract(kind);
  showContract(kind);
  queueInterruptionContract(kind);
  queueShutdownContract(kind);
  queueOperandContract(kind);
}

function timeContract(kind: QueueKind): void {
  describe(`${kind.name}: without waiting, and for a time`, () => {
    it(
      'get and peek of nothing throw Empty at once with block: false and timeout 0, naming operation, object, greenlet',
      virtual(function* (clock) {
        const queue = kind.make({ name: 'jobs' });
        const ways = [{ block: false }, { timeout: 0 }, { block: false, timeout: 50 }];
        let others = 0;
        spawn(() => others++);
        for (const options of ways) {
          for (const name of ['get', 'peek'] as const) {
            const error = yield* thrownIn(queue[name](options));
            expect(error).toBeInstanceOf(Empty);
            expect([error.name, error.code]).toEqual(['Empty', 'EMPTY']);
            expect(error.message).toContain(`${kind.type}.${name} of <${kind.type} 'jobs' `);
            expect(error.message).toContain('would have to wait');
            expect(error.message).toContain("'test'");
          }
        }
        expect([clock.now(), others]).toEqual([0, 0]);
      }),
    );

    it(
      'put into a full one throws Full at once, and has put nothing',
      virtual(function* (clock) {
        const queue = kind.full({ name: 'jobs' });
        for (const options of [{ block: false }, { timeout: 0 }, { block: false, timeout: 50 }]) {
          const error = yield* thrownIn(queue.put(5, options));
          expect([error.name, error.code]).toEqual(['Full', 'FULL']);
          expect(error.message).toContain(`${kind.type}.put of <${kind.type} 'jobs' `);
          expect(error.message).toContain("'test'");
        }
        expect([clock.now(), queue.qsize(), queue.unfinishedTasks]).toEqual([0, kind.held, kind.held]);
      }),
    );

    it(
      'get, peek and put give up when timeout ms have passed, and leave no trace',
      virtual(function* (clock) {
        const queue = kind.full({ name: 'jobs' });
        const before = queue.statistics();
        const full = yield* thrownIn(queue.put(5, { timeout: 30 }));
        expect([full.code, clock.now()]).toEqual(['FULL', 30]);
        expect(full.message).toContain(`${kind.type}.put of <${kind.type} 'jobs' `);
        expect(full.message).toContain('timed out after 30 ms');
        expect(queue.statistics()).toEqual(before);
        if (kind.held > 0) queue.getNowait();
        const empty = queue.statistics();
        for (const name of ['get', 'peek'] as const) {
          const start = clock.now();
          const error = yield* thrownIn(queue[name]({ timeout: 20 }));
          expect([error.code, clock.now() - start]).toEqual(['EMPTY', 20]);
          expect(error.message).toContain(`${kind.type}.${name} of`);
          expect(error.message).toContain('timed out after 20 ms');
        }
        expect(queue.statistics()).toEqual(empty);
        expect(hub.stats().timers).toBe(0);
        const getter = spawn(() => queue.get());
        yield* sleep(0);
        queue.putNowait(7);
        expect(yield* getter.get()).toBe(7);
      }),
    );

    it(
      'what comes in time is given, and no timer stays',
      virtual(function* (clock) {
        const actors = new Actors(kind.make());
        actors.get('g', { timeout: 100 });
        actors.peek('p', { timeout: 100 });
        yield* sleep(50);
        actors.put('a', 1);
        actors.put('b', 2);
        expect((yield* actors.noted()).sort()).toEqual(
          kind.held > 0 ? ['a', 'b', 'g 1', 'p 2'] : ['a', 'g 1', 'p 2'],
        );
        expect(actors.queue.getNowait()).toBe(2);
        const blocked = new Actors(kind.full());
        blocked.put('c', 3, { timeout: 100 });
        yield* sleep(50);
        blocked.queue.getNowait();
        expect(yield* blocked.noted()).toEqual(['c']);
        expect([clock.now(), hub.stats().timers]).toEqual([100, 0]);
      }),
    );

    it(
      'the Nowait forms throw at once, never switch, and say what the state is',
      virtual(function* () {
        const queue = kind.make({ name: 'jobs' });
        expect(() => queue.getNowait()).toThrow(`${queue} is empty`);
        expect(() => queue.peekNowait()).toThrow(`${queue} is empty`);
        const full = kind.full();
        expect(() => full.putNowait(1)).toThrow(`${full} is full`);
        expect([queue.empty(), full.full()]).toEqual([true, true]);
        const putter = spawn(() => queue.put(1));
        const seen = yield* queue.peek();
        expect([seen, queue.peekNowait(), queue.getNowait()]).toEqual([1, 1, 1]);
        expect(() => queue.getNowait()).toThrow(Empty);
        yield* putter.join();
      }),
    );

    it('refuses at the call what is no time and what are no options', () => {
      const queue = kind.make();
      for (const call of [
        (options: unknown) => queue.get(options as never),
        (options: unknown) => queue.peek(options as never),
        (options: unknown) => queue.put(1, options as never),
      ]) {
        expect(() => call({ timeout: -1 })).toThrow(RangeError);
        expect(() => call({ timeout: Number.NaN })).toThrow(RangeError);
        expect(() => call({ timeout: '5' })).toThrow(TypeError);
        expect(() => call(5)).toThrow('options must be an object such as { timeout: 1000 }, got 5 (number)');
        expect(() => call(null)).toThrow(TypeError);
      }
      expect(() => queue.join(5 as never)).toThrow('options must be an object such as { timeout: 1000 }');
      expect(() => queue.join({ timeout: -1 })).toThrow(RangeError);
      expect(() => queue.shutdown(true as never)).toThrow(
        'options must be an object such as { immediate: true }',
      );
      expect(queue.isShutdown).toBe(false);
    });

    it(
      'an operation can be run any number of times',
      virtual(function* () {
        const queue = kind.make();
        const [put, get] = [queue.put(5), queue.get()];
        const putters = [1, 2].map(() => spawn(() => put));
        expect([yield* get, yield* get]).toEqual([5, 5]);
        for (const putter of putters) yield* putter.join();
        expect(queue.statistics()).toEqual({ ...kind.make().statistics(), unfinishedTasks: 2 });
      }),
    );
  });
}

function orderContract(kind: QueueKind): void {
  describe(`${kind.name}: who is served`, () => {
    it(
      'getters are served first come, first served, one for each item',
      virtual(function* () {
        const actors = new Actors(kind.make());
        for (const name of 'abcd') actors.get(name);
        expect(yield* actors.noted()).toEqual([]);
        actors.queue.putNowait(1);
        expect(yield* actors.noted()).toEqual(['a 1']);
        actors.queue.putNowait(2);
        expect(yield* actors.noted()).toEqual(['b 2']);
        actors.queue.putNowait(4);
        actors.queue.putNowait(3);
        expect(yield* actors.noted()).toEqual(['c 4', 'd 3']);
      }),
    );

    it(
      'putters are let in first come, first served, one for each place',
      virtual(function* () {
        const actors = new Actors(kind.full());
        for (const [i, name] of [...'abc'].entries()) actors.put(name, i + 1);
        expect(yield* actors.noted()).toEqual([]);
        const got: number[] = [];
        for (const name of 'abc') {
          got.push(actors.queue.getNowait());
          expect(yield* actors.noted()).toEqual([name]);
        }
        if (kind.held > 0) got.push(actors.queue.getNowait());
        expect(got).toEqual([0, 1, 2, 3].slice(1 - kind.held));
        expect(actors.queue.statistics().waiters).toBe(0);
      }),
    );

    it(
      'an item put for a waiting getter cannot be taken by a later getNowait',
      virtual(function* () {
        const actors = new Actors(kind.make());
        actors.get('waiting');
        yield* sleep(0);
        actors.queue.putNowait(1);
        expect(() => actors.queue.getNowait()).toThrow(Empty);
        expect(() => actors.queue.peekNowait()).toThrow(Empty);
        expect(actors.log).toEqual([]);
        expect(yield* actors.noted()).toEqual(['waiting 1']);
      }),
    );

    it(
      'a place that falls free for a waiting putter cannot be taken by a later putNowait',
      virtual(function* () {
        const actors = new Actors(kind.full());
        actors.put('waiting', 1);
        yield* sleep(0);
        expect(actors.queue.getNowait()).toBe(kind.held > 0 ? 0 : 1);
        expect(() => actors.queue.putNowait(2)).toThrow(/is full/);
        expect(actors.log).toEqual([]);
        expect(yield* actors.noted()).toEqual(['waiting']);
      }),
    );

    it(
      'peekers ahead of a getter see the item that the getter then takes',
      virtual(function* () {
        const actors = new Actors(kind.make());
        for (const name of ['p1', 'p2']) actors.peek(name);
        actors.get('g');
        actors.peek('behind');
        yield* sleep(0);
        actors.put('put', 5);
        expect((yield* actors.noted()).sort()).toEqual(['g 5', 'p1 5', 'p2 5', 'put']);
        expect(actors.queue.statistics().getters).toBe(1);
        actors.put('more', 6);
        expect(yield* actors.noted()).toContain('behind 6');
        expect(actors.queue.getNowait()).toBe(6);
        yield* sleep(0);
      }),
    );

    it(
      'a getter ahead of a peeker leaves it waiting',
      virtual(function* () {
        const actors = new Actors(kind.make());
        actors.get('g');
        const peeker = actors.peek('p');
        yield* sleep(0);
        actors.queue.putNowait(5);
        expect(yield* actors.noted()).toEqual(['g 5']);
        expect([actors.queue.statistics().getters, peeker.dead]).toEqual([1, false]);
        yield* peeker.kill();
        expect(actors.queue.statistics().waiters).toBe(0);
      }),
    );

    it(
      'whoever goes away holds up nobody behind',
      virtual(function* () {
        const getting = new Actors(kind.make());
        const first = getting.get('a');
        getting.get('b', { timeout: 10 });
        const third = getting.peek('c');
        getting.get('d');
        yield* sleep(10);
        yield* first.kill();
        yield* third.kill();
        expect(yield* getting.noted()).toEqual(['b EMPTY']);
        getting.queue.putNowait(1);
        expect(yield* getting.noted()).toEqual(['d 1']);
        const putting = new Actors(kind.full());
        const gone = putting.put('a', 1);
        putting.put('b', 2, { timeout: 10 });
        putting.put('c', 3);
        yield* sleep(10);
        yield* gone.kill();
        expect(yield* putting.noted()).toEqual(['b FULL']);
        const got = [putting.queue.getNowait()];
        if (kind.held > 0) got.push(putting.queue.getNowait());
        expect(got.at(-1)).toBe(3);
        expect(yield* putting.noted()).toEqual(['c']);
        expect(() => putting.queue.getNowait()).toThrow(Empty);
      }),
    );

    it('no one of 10,000 getters or 10,000 putters is served twice before all are served once', async () => {
      const many = 10_000;
      await runVirtual(function* () {
        const served: number[] = [];
        const queue = kind.make({ maxsize: 1 });
        function* getter(id: number): Green<void> {
          for (let round = 0; round < 2; round++) {
            yield* queue.get();
            served.push(id);
          }
        }
        const getters = Array.from({ length: many }, (_, id) => spawn(getter, id));
        yield* sleep(0);
        for (let i = 0; i < 2 * many; i++) {
          yield* queue.put(i);
          // Whoever got it goes on, and stands behind all others, before the next comes.
          yield* sleep(0);
        }
        for (const each of getters) yield* each.join();
        const all = Array.from({ length: many }, (_, id) => id);
        expect(served).toEqual([...all, ...all]);
        const put: number[] = [];
        const full = kind.full();
        function* putter(id: number): Green<void> {
          for (let round = 0; round < 2; round++) {
            yield* full.put(id);
            put.push(id);
          }
        }
        const putters = Array.from({ length: many }, (_, id) => spawn(putter, id));
        yield* sleep(0);
        for (let i = 0; i < 2 * many; i++) {
          yield* full.get();
          yield* sleep(0);
        }
        for (const each of putters) yield* each.join();
        expect(put).toEqual([...all, ...all]);
      });
    });
  });
}

function showContract(kind: QueueKind): void {
  describe(`${kind.name}: what it shows`, () => {
    it(
      'statistics are plain, frozen and of the present; toString is one line of the state',
      virtual(function* () {
        const queue = kind.full({ name: 'jobs' });
        const before = queue.statistics();
        expect(Object.isFrozen(before)).toBe(true);
        expect(before).toEqual({
          level: kind.held,
          maxsize: kind.held,
          waiters: 0,
          getters: 0,
          putters: 0,
          joiners: 0,
          unfinishedTasks: kind.held,
          isShutdown: false,
        });
        const state = `${kind.held}/${kind.held}`;
        expect(String(queue)).toBe(`<${kind.type} 'jobs' ${state}>`);
        const putters = [1, 2].map((i) => spawn(() => queue.put(i)));
        yield* sleep(0);
        expect(queue.statistics()).toEqual({ ...before, waiters: 2, putters: 2 });
        expect(String(queue)).toBe(`<${kind.type} 'jobs' ${state}, 2 putting>`);
        for (const each of putters) yield* each.kill();
        expect(queue.statistics()).toEqual(before);
        const empty = kind.make();
        const getters = [spawn(() => empty.get()), spawn(() => empty.peek())];
        yield* sleep(0);
        expect(empty.statistics()).toMatchObject({ waiters: 2, getters: 2, putters: 0 });
        expect(String(empty)).toMatch(/ 0.*, 2 getting>$/);
        for (const each of getters) yield* each.kill();
        yield* empty.shutdown();
        expect(String(empty)).toMatch(/, shut down>$/);
      }),
    );
  });
}
