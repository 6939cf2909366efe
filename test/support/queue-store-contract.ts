/** What the queues that hold items have in common. */
import { select, sleep, spawn } from 'greenlets';
import { virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { Actors } from './queue-actors.js';
import type { StoreKind } from './queue-kinds.js';

export function queueStoreContract(kind: StoreKind): void {
  describe(`${kind.name}: what it holds`, () => {
    it(
      'put, peek and get that need not wait see the same item without a switch',
      virtual(function* () {
        const queue = kind.make();
        let others = 0;
        spawn(() => others++);
        const left = [111, 333, 222, 444];
        for (const item of left) yield* queue.put(item);
        while (left.length > 0) {
          const [item] = left.splice(kind.order(left), 1);
          expect([queue.peekNowait(), yield* queue.peek(), yield* queue.get()]).toEqual([item, item, item]);
          expect(queue.qsize()).toBe(left.length);
        }
        expect(others).toBe(0);
      }),
    );

    it('is full only at the end; what does not fit changes nothing', () => {
      const queue = kind.make({ maxsize: 3 });
      for (let i = 0; i < 3; i++) {
        expect([queue.full(), queue.empty()]).toEqual([false, i === 0]);
        queue.putNowait(i);
      }
      expect([queue.full(), queue.qsize(), queue.maxsize]).toEqual([true, 3, 3]);
      expect(() => queue.putNowait(4)).toThrow(/is full/);
      expect([queue.qsize(), queue.unfinishedTasks]).toEqual([3, 3]);
    });

    it(
      'raising maxsize lets those in that wait to put, in order',
      virtual(function* () {
        const actors = new Actors(kind.full());
        const queue = actors.queue as ReturnType<typeof kind.full>;
        for (const [i, name] of [...'abcd'].entries()) actors.put(name, i + 1);
        yield* sleep(0);
        queue.maxsize = 3;
        expect(queue.statistics()).toMatchObject({ level: 3, maxsize: 3, putters: 2 });
        expect(yield* actors.noted()).toEqual(['a', 'b']);
        queue.maxsize = 0;
        expect(yield* actors.noted()).toEqual(['c', 'd']);
        expect([queue.qsize(), queue.maxsize]).toEqual([5, Number.POSITIVE_INFINITY]);
      }),
    );

    it(
      'lowering maxsize loses nothing: what is above it is got first, then putters are let in again',
      virtual(function* () {
        const actors = new Actors(kind.make({ maxsize: 4 }));
        const queue = actors.queue as ReturnType<typeof kind.full>;
        for (let i = 0; i < 4; i++) queue.putNowait(i);
        queue.maxsize = 2;
        expect([queue.qsize(), queue.full()]).toEqual([4, true]);
        expect(() => queue.putNowait(9)).toThrow(/is full/);
        actors.put('putter', 4);
        yield* sleep(0);
        const got = [queue.getNowait(), queue.getNowait()];
        expect([yield* actors.noted(), queue.qsize()]).toEqual([[], 2]);
        got.push(queue.getNowait());
        expect([yield* actors.noted(), queue.qsize()]).toEqual([['putter'], 2]);
        got.push(queue.getNowait(), queue.getNowait());
        expect(got.sort()).toEqual([0, 1, 2, 3, 4]);
      }),
    );

    it(
      'raising maxsize lets in one of two puts of a select, once',
      virtual(function* () {
        const actors = new Actors(kind.full());
        const queue = actors.queue as ReturnType<typeof kind.full>;
        const selecting = spawn(() => select({ a: queue.put(1), b: queue.put(2) }));
        actors.put('behind', 3);
        yield* sleep(0);
        queue.maxsize = 5;
        expect(yield* selecting.get()).toEqual({ key: 'a', value: undefined });
        expect(yield* actors.noted()).toEqual(['behind']);
        const got = [1, 2, 3].map(() => queue.getNowait());
        expect(got.sort()).toEqual([0, 1, 3]);
        expect(queue.statistics()).toMatchObject({ level: 0, waiters: 0 });
      }),
    );

    it(
      'put and join together: join waits for what was put before it was over',
      virtual(function* (clock) {
        const queue = kind.make({ maxsize: 1 });
        const worker = spawn(function* () {
          for (;;) {
            yield* queue.get();
            yield* sleep(10);
            queue.taskDone();
          }
        });
        yield* queue.put(1);
        const joiner = spawn(() => queue.join());
        yield* sleep(5);
        for (let i = 0; i < 3; i++) yield* queue.put(i);
        expect(yield* joiner.get()).toBe(true);
        expect(clock.now()).toBe(40);
        yield* worker.kill();
      }),
    );
  });
}
