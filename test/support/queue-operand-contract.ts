/** Operations of everything queue-like outside of greenlets, and as operands. */
import { all, any, type Green, iwait, race, select, settled, sleep, spawn, wait } from 'greenlets';
import { runVirtual, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import type { AnyQueue, QueueKind } from './queue-kinds.js';

/** What can still be got, in order. */
function* drain(queue: AnyQueue): Green<number[]> {
  const items: number[] = [];
  for (;;) {
    if (!queue.statistics().putters && queue.empty()) return items;
    items.push(yield* queue.get());
  }
}

export function queueOperandContract(kind: QueueKind): void {
  describe(`${kind.name}: outside and as an operand`, () => {
    it('can be awaited outside, in the order of the calls, and a signal takes a wait back', async () => {
      await runVirtual(async () => {
        const queue = kind.make();
        const controller = new AbortController();
        const first = queue.get().promise({ signal: controller.signal });
        const second = queue.get().promise();
        expect(queue.statistics().getters).toBe(2);
        controller.abort(new Error('aborted'));
        await expect(first).rejects.toThrow('aborted');
        await queue.put(1);
        expect(await second).toBe(1);
        const full = kind.full();
        const putting = new AbortController();
        const put = full.put(5).promise({ signal: putting.signal });
        putting.abort(new Error('aborted'));
        await expect(put).rejects.toThrow('aborted');
        expect(full.statistics()).toEqual(kind.full().statistics());
        await expect(queue.get({ timeout: 5 })).rejects.toMatchObject({ code: 'EMPTY' });
        await expect(full.put(1, { timeout: 5 })).rejects.toMatchObject({ code: 'FULL' });
        await expect(
          queue
            .items()
            .next()
            .promise({ signal: AbortSignal.abort('no') }),
        ).rejects.toBe('no');
      });
    });

    it('a wait outside that has been served stays so when the signal comes after', async () => {
      await runVirtual(async () => {
        const queue = kind.make();
        const controller = new AbortController();
        const { signal } = controller;
        const gets = [queue.get().promise({ signal }), queue.items().next().promise({ signal })];
        queue.putNowait(1);
        queue.putNowait(2);
        controller.abort();
        expect(await Promise.all(gets)).toEqual([1, { done: false, value: 2 }]);
      });
    });

    it(
      'in race, any and select the winner has happened once, the losers not at all',
      virtual(function* () {
        const [a, b] = [kind.make(), kind.make()];
        const combine = [
          () => race([a.get(), b.get()]),
          () => any([a.get(), b.get()]),
          () => select({ a: a.get(), b: b.get() }),
          () => select({ a: a.items().next(), b: b.items().next() }),
          () => select({ a: a.items().more(), b: b.items().more() }),
        ];
        for (const make of combine) {
          const waiting = spawn(() => make() as never);
          yield* sleep(0);
          // Both come before the winner has its turn.
          b.putNowait(2);
          spawn(() => a.put(1));
          yield* sleep(0);
          expect(yield* waiting.get()).toSatisfy((got: unknown) => /2|true/.test(JSON.stringify(got)));
          expect([yield* drain(a), yield* drain(b)]).toEqual([[1], []]);
          expect([a, b].map((each) => each.statistics().waiters)).toEqual([0, 0]);
        }
      }),
    );

    it(
      'in all and settled each happens',
      virtual(function* () {
        const queue = kind.make();
        const waiting = spawn(() => all({ x: queue.get(), y: queue.get() }));
        const both = spawn(() => settled([queue.get(), queue.get({ timeout: 5 })]));
        yield* sleep(0);
        for (let i = 1; i <= 3; i++) queue.putNowait(i);
        expect(yield* waiting.get()).toEqual({ x: 1, y: 2 });
        expect(yield* both.get()).toMatchObject([{ ok: true, value: 3 }, { error: { code: 'EMPTY' } }]);
      }),
    );

    it(
      'a select of put and get on the same one deals with others and not with itself',
      virtual(function* () {
        for (const flipped of [false, true]) {
          const queue = kind.full();
          const [put, get] = [queue.put(5), queue.get()];
          const waiting = spawn(() => (flipped ? select({ get, put }) : select({ put, get })));
          yield* sleep(0);
          if (kind.held > 0) {
            expect(yield* waiting.get()).toEqual({ key: 'get', value: 0 });
            expect(queue.statistics()).toMatchObject({ level: 0, waiters: 0 });
          } else {
            expect(queue.statistics()).toMatchObject({ getters: 1, putters: 1 });
            if (flipped) queue.putNowait(6);
            else expect(queue.getNowait()).toBe(5);
            expect(yield* waiting.get()).toEqual(
              flipped ? { key: 'get', value: 6 } : { key: 'put', value: undefined },
            );
            expect(queue.statistics().waiters).toBe(0);
          }
          const empty = kind.make();
          const second = spawn(() => select({ get: empty.get(), put: empty.put(5) }));
          if (kind.held === 0) spawn(() => empty.get());
          expect(yield* second.get()).toEqual({ key: 'put', value: undefined });
          expect(empty.statistics()).toMatchObject({ level: kind.held, waiters: 0 });
        }
      }),
    );

    it(
      'one in a select within a select, too, neither takes from itself nor loses an item',
      virtual(function* () {
        for (const held of [0, kind.held]) {
          const queue = held === 0 ? kind.make({ maxsize: 1 }) : kind.full();
          const nested = spawn(() =>
            select({ a: select({ put: queue.put(5) }), b: race([queue.get()]), c: sleep(10) }),
          );
          const got = yield* nested.get();
          if (kind.held === 0) expect(got.key).toBe('c');
          else if (held === 0) expect([got.key, yield* drain(queue)]).toEqual(['a', [5]]);
          else expect([got, yield* drain(queue)]).toEqual([{ key: 'b', value: 0 }, []]);
          expect(queue.statistics().waiters).toBe(0);
        }
      }),
    );

    it(
      'the object itself is waited for until something can be got, or it is shut down; nothing is taken',
      virtual(function* (clock) {
        const queue = kind.make();
        expect(queue.ready()).toBe(false);
        expect(yield* wait([queue], { timeout: 5 })).toEqual([]);
        expect(queue.statistics()).toEqual(kind.make().statistics());
        const waiting = spawn(() => wait([queue]));
        const selecting = spawn(() => select({ queue }));
        const getting = spawn(function* () {
          yield* sleep(0);
          return yield* queue.get();
        });
        yield* sleep(0);
        const seeing = iwait([queue]);
        const seen = spawn(() => seeing.more());
        yield* sleep(5);
        spawn(() => queue.put(1));
        expect(yield* waiting.get()).toEqual([queue]);
        expect(yield* selecting.get()).toEqual({ key: 'queue', value: queue });
        // The getter was ahead of this one.
        expect([yield* getting.get(), seen.dead]).toEqual([1, false]);
        spawn(() => queue.put(2));
        yield* sleep(0);
        expect([yield* seen.get(), seeing.value]).toEqual([true, queue]);
        expect([queue.ready(), yield* wait([queue]), yield* queue.get()]).toEqual([true, [queue], 2]);
        const ending = spawn(() => wait([queue]));
        yield* sleep(0);
        yield* queue.shutdown();
        expect(yield* ending.get()).toEqual([queue]);
        expect([queue.ready(), yield* wait([queue]), clock.now()]).toEqual([true, [queue], 10]);
        expect(queue.statistics().waiters).toBe(0);
      }),
    );
  });
}
