/** Members, and waiting until there are none. */
import { call, iwait, select, sleep, spawn, wait } from 'greenlets';
import { runVirtual, virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { errorOf, failing, lasting, type SetCase, takeTold, unstarted } from './set-contract.js';

export function membersContract({ make, size, title }: SetCase): void {
  describe('members', () => {
    it(
      'come with add, which does not start them, or start, which does, and leave when they end',
      virtual(function* () {
        const set = make();
        const added = unstarted(() => lasting(5, 'added'));
        yield* call(() => set.add(added));
        expect([set.length, set.has(added), added.started, [...set]]).toEqual([1, true, false, [added]]);
        added.start();
        expect(yield* added.get()).toBe('added');
        const begun = unstarted(() => lasting(5, 'begun'));
        yield* call(() => set.start(begun));
        expect([set.length, set.has(added), begun.started]).toEqual([1, false, true]);
        expect(yield* begun.get()).toBe('begun');
        expect([set.length, set.has(begun), [...set]]).toEqual([0, false, []]);
      }),
    );

    it(
      'come only once: adding one again changes nothing, and needs no place',
      virtual(function* () {
        const set = make();
        const g = unstarted(() => lasting(5));
        for (let i = 0; i < 3; i++) yield* call(() => set.start(g));
        for (let i = 0; i < 3; i++) yield* call(() => set.add(g));
        expect([set.length, set.freeCount()]).toEqual([1, size - 1]);
        yield* g.join();
        expect([set.length, set.freeCount()]).toEqual([0, size]);
      }),
    );

    it(
      'that are dead when they are added leave at once',
      virtual(function* () {
        const set = make();
        const dead = spawn(() => 5);
        yield* dead.join();
        yield* call(() => set.add(dead));
        expect([set.length, set.freeCount()]).toEqual([0, size]);
        expect(yield* set.join()).toBe(true);
      }),
    );

    it(
      'go on when they are discarded, and leave one place, also when they are killed then',
      virtual(function* () {
        const set = make();
        const g = set.applyAsync(lasting, [50, 'on']);
        const killed = set.applyAsync(lasting, [50, 'off']);
        set.discard(g);
        expect([set.has(g), set.freeCount()]).toEqual([false, size - 1]);
        set.discard(killed);
        yield* killed.kill();
        expect([set.length, set.freeCount()]).toEqual([0, size]);
        expect(yield* g.get()).toBe('on');
        expect([set.length, set.freeCount()]).toEqual([0, size]);
      }),
    );

    it(
      'of others are not discarded: nothing changes, and no place comes of it',
      virtual(function* () {
        const set = make();
        const g = set.applyAsync(lasting, [5]);
        const foreign = spawn(lasting, 5);
        for (let i = 0; i < 3; i++) set.discard(foreign);
        expect([set.length, set.freeCount(), set.full()]).toEqual([1, size - 1, size === 1]);
        yield* foreign.join();
        yield* g.join();
        expect(set.freeCount()).toBe(size);
      }),
    );

    it('must be greenlets', () => {
      for (const what of [5, null, () => 0, {}]) {
        expect(() => make().add(what as never)).toThrow('greenlet must be a Greenlet, got');
        expect(() => make().start(what as never)).toThrow(TypeError);
      }
    });
  });

  describe('a place', () => {
    it(
      'is seen by ready, waitAvailable, wait, iwait and select, which take none',
      virtual(function* (clock) {
        const set = make();
        const held = Math.min(size, 3);
        for (let i = 1; i <= held; i++) set.applyAsync(lasting, [10 * i]);
        const free = size - held;
        expect([set.ready(), set.full(), set.freeCount()]).toEqual([free > 0, free === 0, free]);
        const now = yield* set.waitAvailable({ timeout: 0 });
        expect([now, clock.now()]).toEqual([free > 0, 0]);
        expect(yield* set.waitAvailable({ timeout: 5 })).toBe(free > 0);
        const from = clock.now();
        const seen = [
          spawn(() => set.waitAvailable()),
          spawn(() => wait([set])),
          spawn(function* () {
            const ready = iwait([set]);
            return [yield* ready.more(), ready.value];
          }),
          spawn(() => select({ set })),
        ];
        const values: unknown[] = [];
        for (const each of seen) values.push(yield* each.get());
        expect(values).toEqual([true, [set], [true, set], { key: 'set', value: set }]);
        expect(clock.now()).toBe(free > 0 ? from : 10);
        yield* set.join();
        expect([set.freeCount(), set.statistics().waiters]).toEqual([size, 0]);
      }),
    );
  });

  describe('join', () => {
    it(
      'of an empty set is true at once, without switching',
      virtual(function* () {
        const set = make();
        let others = 0;
        const other = spawn(() => others++);
        expect(yield* set.join()).toBe(true);
        expect(yield* set.join({ timeout: 0, raiseError: true })).toBe(true);
        expect(others).toBe(0);
        yield* other.join();
      }),
    );

    it(
      'waits for the longest, and for those that come meanwhile; false when timeout ms pass first',
      virtual(function* (clock) {
        const set = make();
        set.applyAsync(lasting, [10]);
        set.applyAsync(function* () {
          yield* sleep(30);
          set.applyAsync(lasting, [20]);
        });
        const end = size === 1 ? 60 : 50;
        expect(yield* set.join({ timeout: 0 })).toBe(false);
        expect(yield* set.join({ timeout: 15 })).toBe(false);
        expect(yield* set.join({ timeout: 1, raiseError: true })).toBe(false);
        expect([clock.now(), set.statistics().joiners]).toEqual([16, 0]);
        const joiners = [spawn(() => set.join()), spawn(() => set.join({ timeout: 100 }))];
        yield* waitAllBlocked();
        expect(set.statistics().joiners).toBe(2);
        for (const each of joiners) expect(yield* each.get()).toBe(true);
        expect([clock.now(), set.length]).toEqual([end, 0]);
      }),
    );

    it(
      'with raiseError throws the first failure in time, when all have ended; the others are told',
      virtual(function* (clock) {
        const told = takeTold();
        const set = make();
        set.applyAsync(lasting, [5]);
        set.applyAsync(failing, [20, 'second']);
        const first = set.applyAsync(failing, [10, 'first']);
        set.applyAsync(lasting, [40]);
        const inOrder = size === 1 ? 'Error: second' : 'Error: first';
        expect(String(yield* errorOf(set.join({ raiseError: true })))).toBe(inOrder);
        expect(set.length).toBe(0);
        expect(clock.now()).toBeGreaterThanOrEqual(40);
        yield* waitAllBlocked();
        expect(told).toEqual([size === 1 ? 'Error: first' : 'Error: second']);
        expect(yield* set.join({ raiseError: true })).toBe(true);
        expect(first.ready()).toBe(true);
      }),
    );

    it(
      'with raiseError also throws the failure of one that had left, once',
      virtual(function* () {
        const told = takeTold();
        const set = make();
        set.applyAsync(failing, [5, 'left']);
        yield* sleep(20);
        expect(told).toEqual(['Error: left']);
        set.applyAsync(lasting, [5]);
        expect(yield* set.join()).toBe(true);
        expect(String(yield* errorOf(set.join({ raiseError: true })))).toBe('Error: left');
        expect(yield* set.join({ raiseError: true })).toBe(true);
        expect(told).toEqual(['Error: left']);
      }),
    );

    it(
      'with raiseError that gave up, or was interrupted, leaves the failure to the next, and has it told',
      virtual(function* () {
        const told = takeTold();
        const set = make();
        const g = set.applyAsync(failing, [10, 'oh']);
        const killed = spawn(() => set.join({ raiseError: true }));
        expect(yield* set.join({ raiseError: true, timeout: 5 })).toBe(false);
        yield* killed.kill();
        yield* g.join();
        yield* waitAllBlocked();
        expect(told).toEqual(['Error: oh']);
        expect(String(yield* errorOf(set.join({ raiseError: true })))).toBe('Error: oh');
        expect(set.statistics().joiners).toBe(0);
      }),
    );

    it(
      'without raiseError never throws: failures are told, once each',
      virtual(function* () {
        const told = takeTold();
        const set = make();
        set.applyAsync(failing, [10, 'a']);
        set.applyAsync(failing, [20, 'b']);
        expect(yield* set.join()).toBe(true);
        yield* waitAllBlocked();
        expect(told).toEqual(['Error: a', 'Error: b']);
      }),
    );

    it('can be awaited outside, and thrown there', async () => {
      await runVirtual(async () => {
        const set = make();
        set.applyAsync(failing, [5, 'oh']);
        await expect(set.join({ raiseError: true })).rejects.toThrow('oh');
        expect(await set.join()).toBe(true);
      });
    });

    it('refuses what is no time, at the call', () => {
      expect(() => make().join({ timeout: -1 })).toThrow(RangeError);
      expect(() => make().waitAvailable({ timeout: Number.NaN })).toThrow(RangeError);
    });
  });

  it(
    'shows its state as plain, frozen data and in one line',
    virtual(function* () {
      const set = make();
      set.applyAsync(lasting, [10]);
      const joiner = spawn(() => set.join());
      yield* sleep(0);
      const statistics = set.statistics();
      expect(statistics).toMatchObject({ level: 1, waiters: 1, joiners: 1 });
      expect(Object.isFrozen(statistics)).toBe(true);
      expect(String(set)).toBe(
        title.startsWith('Group') ? '<Group 1, 1 joining>' : `<Pool 1/${size}, 1 joining>`,
      );
      yield* joiner.join();
      expect(set.statistics()).toMatchObject({ level: 0, waiters: 0, joiners: 0 });
    }),
  );
}
