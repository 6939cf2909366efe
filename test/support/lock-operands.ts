/** How everything lock-like is used outside of greenlets, and together with other things: part of the contract. */
import { all, Event, iwait, race, select, sleep, spawn, wait } from 'greenlets';
import { runVirtual, virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import type { Kind } from './lock-contract.js';

export function lockOperands({ title, make }: Kind): void {
  describe(`${title}, among other things`, () => {
    it('can be taken outside of greenlets, by await, also when it has to wait', async () => {
      await runVirtual(async (clock) => {
        const { lock, fill, drain } = make();
        const fresh = lock.statistics();
        expect(await lock.acquire()).toBe(true);
        lock.release();
        expect(await lock.with(() => 7)).toBe(7);
        spawn(function* () {
          yield* fill();
          yield* sleep(40);
          drain();
        });
        await sleep(10);
        expect(await lock.acquire({ timeout: 10 })).toBe(false);
        const hold = await lock.hold();
        expect(clock.now()).toBe(40);
        hold[Symbol.dispose]();
        expect(lock.statistics()).toEqual(fresh);
      });
    });

    it(
      'is ready when it can be taken; waiting for it takes nothing',
      virtual(function* (clock) {
        const { lock, fill, drain, waiters } = make();
        const fresh = lock.statistics();
        expect(yield* wait([lock])).toEqual([lock]);
        yield* fill();
        const filled = lock.statistics();
        expect(yield* wait([lock], { timeout: 10 })).toEqual([]);
        expect([yield* select({ lock: lock as never }, { timeout: 10 })]).toEqual([{ key: null }]);
        expect(lock.statistics()).toEqual(filled);
        const results = iwait([lock, new Event()]);
        const watcher = spawn(function* () {
          const seen = [yield* results.more(), results.value, lock.ready(), clock.now()];
          results.close();
          return seen;
        });
        yield* sleep(30);
        drain();
        expect(yield* watcher.get()).toEqual([true, lock, true, 50]);
        expect([lock.statistics(), waiters()]).toEqual([fresh, 0]);
      }),
    );

    it(
      'is an operand: what loses a race or a select takes nothing, what all gives has been taken',
      virtual(function* () {
        const { lock, fill, drain } = make();
        const fresh = lock.statistics();
        yield* fill();
        const filled = lock.statistics();
        const g = spawn(function* () {
          const lost = yield* race([lock.acquire(), sleep(5)]);
          const chosen = yield* select({ lock: lock.hold() }, { timeout: 5 });
          return [lost, chosen];
        });
        expect(yield* g.get()).toEqual([undefined, { key: null }]);
        expect(lock.statistics()).toEqual(filled);
        const won = spawn(function* () {
          const { key, value } = yield* select({ never: new Event().wait(), lock: lock.acquire() });
          lock.release();
          const [taken, slept] = yield* all([lock.acquire(), sleep(3)]);
          lock.release();
          return [key, value, taken, slept];
        });
        yield* waitAllBlocked();
        drain();
        expect(yield* won.get()).toEqual(['lock', true, true, undefined]);
        expect(lock.statistics()).toEqual(fresh);
      }),
    );
  });
}
