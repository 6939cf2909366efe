/** Tasks, shutdown and items of everything queue-like. */
import { GreenletError, type Results, ShutDown, sleep, spawn } from 'greenlets';
import { runVirtual, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { Actors } from './queue-actors.js';
import { thrownIn } from './queue-contract.js';
import type { QueueKind } from './queue-kinds.js';

export function queueShutdownContract(kind: QueueKind): void {
  taskContract(kind);
  shutdownContract(kind);
  itemsContract(kind);
}

function taskContract(kind: QueueKind): void {
  describe(`${kind.name}: tasks`, () => {
    it(
      'join of one that was never used is over at once, without a switch',
      virtual(function* (clock) {
        let others = 0;
        spawn(() => others++);
        expect(yield* kind.make().join()).toBe(true);
        expect(yield* kind.make().join({ timeout: 0 })).toBe(true);
        expect([others, clock.now()]).toEqual([0, 0]);
      }),
    );

    it(
      'join waits until every item has been got and called done, by any worker, and again the next time',
      virtual(function* (clock) {
        const queue = kind.make();
        let sum = 0;
        const workers = [1, 2].map(() =>
          spawn(function* () {
            for (;;) {
              sum += yield* queue.get();
              yield* sleep(1);
              queue.taskDone();
            }
          }),
        );
        for (let round = 1; round <= 2; round++) {
          for (let i = 0; i < 100; i++) yield* queue.put(i);
          expect(yield* queue.join()).toBe(true);
          expect([sum, clock.now()]).toEqual([4950 * round, 50 * round]);
        }
        for (const each of workers) yield* each.kill();
        expect(queue.statistics()).toEqual(kind.make().statistics());
      }),
    );

    it(
      'join gives false when timeout ms pass first; all who join are let go by the last taskDone',
      virtual(function* (clock) {
        const actors = new Actors(kind.make());
        const { queue } = actors;
        actors.put('put', 1);
        yield* queue.get();
        expect(queue.unfinishedTasks).toBe(1);
        expect(yield* queue.join({ timeout: 0 })).toBe(false);
        expect(yield* queue.join({ timeout: 20 })).toBe(false);
        expect(clock.now()).toBe(20);
        actors.join('j1');
        const killed = actors.join('j2');
        actors.join('j3');
        yield* sleep(0);
        expect(queue.statistics().joiners).toBe(3);
        yield* killed.kill();
        yield* actors.noted();
        queue.taskDone();
        expect(yield* actors.noted()).toEqual(['j1 true', 'j3 true']);
        expect(queue.statistics()).toEqual(kind.make().statistics());
      }),
    );

    it(
      'taskDone too often is a GreenletError that names the queue',
      virtual(function* () {
        const queue = kind.make({ name: 'jobs' });
        expect(() => queue.taskDone()).toThrow(GreenletError);
        spawn(() => queue.put(1));
        yield* queue.get();
        queue.taskDone();
        expect(() => queue.taskDone()).toThrow(/taskDone\(\) of <.*'jobs'.* more often than put\(\)/);
        expect(queue.unfinishedTasks).toBe(0);
      }),
    );
  });
}

function shutdownContract(kind: QueueKind): void {
  for (const immediate of [false, true]) {
    describe(`${kind.name}: shutdown(${immediate ? '{ immediate: true }' : ''})`, () => {
      it(
        'acts at the call: everyone who waits to get, see or put gets ShutDown, readers end',
        virtual(function* () {
          const empty = new Actors(kind.make({ name: 'jobs' }));
          empty.get('get');
          empty.peek('peek');
          empty.get('timed', { timeout: 50 });
          empty.run('more', () => empty.queue.items().more());
          empty.run('array', () => empty.queue.items().toArray());
          yield* sleep(0);
          const request = empty.queue.shutdown({ immediate });
          expect(empty.queue.statistics()).toMatchObject({ waiters: 0, isShutdown: true });
          const codes = ['array ', 'get SHUT_DOWN', 'more false', 'peek SHUT_DOWN', 'timed SHUT_DOWN'];
          expect((yield* empty.noted()).sort()).toEqual(codes);
          expect(yield* request).toBe(undefined);
          const full = new Actors(kind.full());
          full.put('a', 1);
          full.put('b', 2, { timeout: 50 });
          yield* sleep(0);
          full.queue.shutdown({ immediate });
          expect(full.queue.statistics()).toMatchObject({
            waiters: 0,
            level: immediate ? 0 : kind.held,
            unfinishedTasks: immediate ? 0 : kind.held,
          });
          expect(yield* full.noted()).toEqual(['a SHUT_DOWN', 'b SHUT_DOWN']);
        }),
      );

      it(
        'what comes later gets ShutDown, when what is left has been got',
        virtual(function* () {
          const queue = kind.full({ name: 'jobs' });
          queue.shutdown({ immediate });
          expect(queue.isShutdown).toBe(true);
          expect(yield* thrownIn(queue.put(1))).toBeInstanceOf(ShutDown);
          expect(yield* thrownIn(queue.put(1, { block: false }))).toBeInstanceOf(ShutDown);
          expect(() => queue.putNowait(1)).toThrow(/'jobs'.* is shut down and takes nothing more/);
          if (!immediate && kind.held > 0) {
            expect([yield* queue.peek(), yield* queue.get()]).toEqual([0, 0]);
            queue.taskDone();
          }
          for (const operation of [
            queue.get(),
            queue.peek(),
            queue.get({ timeout: 5 }),
            queue.get({ block: false }),
          ]) {
            const error = yield* thrownIn(operation);
            expect([error.name, error.code]).toEqual(['ShutDown', 'SHUT_DOWN']);
            expect(error.message).toContain("'jobs'");
          }
          expect(() => queue.getNowait()).toThrow(ShutDown);
          expect(() => queue.peekNowait()).toThrow(ShutDown);
          expect(yield* queue.join()).toBe(true);
          expect(yield* queue.items().more()).toBe(false);
          expect(queue.ready()).toBe(true);
        }),
      );
    });
  }

  describe(`${kind.name}: shutdown again`, () => {
    it(
      'may follow itself, and immediate may follow graceful and lets joiners go',
      virtual(function* () {
        const actors = new Actors(kind.full());
        const { queue } = actors;
        if (kind.held === 0) {
          actors.put('put', 0);
          yield* queue.get();
        }
        actors.join('joiner');
        yield* sleep(0);
        yield* queue.shutdown();
        yield* queue.shutdown();
        expect([queue.qsize(), queue.unfinishedTasks]).toEqual([kind.held, 1]);
        yield* queue.shutdown({ immediate: true });
        yield* queue.shutdown({ immediate: true });
        yield* queue.shutdown();
        if (kind.held === 0) queue.taskDone();
        expect([queue.qsize(), queue.unfinishedTasks]).toEqual([0, 0]);
        expect(yield* actors.noted()).toContain('joiner true');
      }),
    );

    for (const immediate of [false, true]) {
      it(`in mid-stream ends everyone, each reader once, and loses no item that was got (immediate: ${immediate})`, async () => {
        for (let seed = 1; seed <= 20; seed++) {
          await runVirtual(
            function* () {
              const queue = kind.make({ maxsize: 2 });
              const [put, got]: number[][] = [[], []];
              let ends = 0;
              for (let w = 0; w < 4; w++) {
                spawn(function* () {
                  for (let i = 0; ; i++) {
                    const error = yield* attemptPut(i * 4 + w);
                    if (error !== null) return;
                  }
                });
              }
              function* attemptPut(item: number) {
                try {
                  yield* queue.put(item);
                  put!.push(item);
                  return null;
                } catch (error) {
                  expect(error).toBeInstanceOf(ShutDown);
                  return error;
                }
              }
              for (let r = 0; r < 6; r++) {
                spawn(function* () {
                  try {
                    for (;;) {
                      got!.push(yield* queue.get());
                      yield* sleep(1);
                      queue.taskDone();
                    }
                  } catch (error) {
                    expect(error).toBeInstanceOf(ShutDown);
                    ends++;
                  }
                });
              }
              const joiners = [1, 2].map(() => spawn(() => queue.join()));
              yield* sleep(10.5);
              queue.shutdown({ immediate });
              for (const each of joiners) expect(yield* each.get({ timeout: 100 })).toBe(true);
              yield* sleep(10);
              expect(ends).toBe(6);
              expect(queue.statistics()).toMatchObject({ level: 0, waiters: 0, unfinishedTasks: 0 });
              expect(new Set(got).size).toBe(got!.length);
              if (!immediate) expect(got!.sort()).toEqual(put!.sort());
            },
            { seed },
          );
        }
      });
    }
  });
}

function itemsContract(kind: QueueKind): void {
  describe(`${kind.name}: items()`, () => {
    it(
      'gives items as they come until it is shut down and drained',
      virtual(function* () {
        const queue = kind.make();
        spawn(function* () {
          for (let i = 1; i <= 3; i++) {
            yield* queue.put(i);
            yield* sleep(5);
          }
          yield* queue.shutdown();
        });
        const got: number[] = [];
        const items = queue.items();
        while (yield* items.more()) got.push(items.value);
        expect(got).toEqual([1, 2, 3]);
        expect([yield* items.more(), yield* items.next()]).toEqual([false, { done: true, value: undefined }]);
      }),
    );

    it('can be read by for await outside, and leaving the loop leaves the rest', async () => {
      await runVirtual(async () => {
        const queue = kind.make();
        spawn(function* () {
          for (let i = 1; i <= 4; i++) yield* queue.put(i);
        });
        const got: number[] = [];
        for await (const item of queue) {
          got.push(item);
          if (got.length === 2) break;
        }
        expect(queue.statistics().getters).toBe(0);
        got.push(await queue.get(), await queue.get());
        expect(got.sort()).toEqual([1, 2, 3, 4]);
        await queue.shutdown();
        for await (const item of queue) got.push(item);
        expect(got).toHaveLength(4);
      });
    });

    it(
      'close() ends those who wait for the next, takes nothing, and leaves other readers waiting',
      virtual(function* () {
        const actors = new Actors(kind.make());
        const items: Results<number> = actors.queue.items();
        actors.get('getter');
        for (const name of ['r1', 'r2']) actors.run(name, () => items.more());
        actors.run('other', () => actors.queue.items().more());
        yield* sleep(0);
        items.close();
        expect(actors.queue.statistics().getters).toBe(2);
        expect(yield* actors.noted()).toEqual(['r1 false', 'r2 false']);
        for (let i = 0; i < 2; i++) actors.queue.putNowait(i);
        expect(yield* actors.noted()).toEqual(['getter 0', 'other true']);
        expect(yield* items.more()).toBe(false);
      }),
    );

    it(
      'may be shared: each item goes to one reader, who sees its own value',
      virtual(function* () {
        const queue = kind.make();
        const items = queue.items();
        const got: string[] = [];
        for (const name of 'ab') {
          spawn(function* () {
            while (yield* items.more()) got.push(`${name} ${items.value}`);
          });
        }
        yield* sleep(0);
        queue.putNowait(1);
        queue.putNowait(2);
        yield* sleep(0);
        expect(got).toEqual(['a 1', 'b 2']);
        yield* queue.shutdown();
      }),
    );
  });
}
