/** Killing the members of a set. */
import { type Green, GreenletExit, sleep, spawn } from 'greenlets';
import { runVirtual, virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { failing, lasting, type SetCase, takeTold, unstarted } from './set-contract.js';

function fail(message: string): never {
  throw new Error(message);
}

/** Notes each error thrown into it, and takes its time to end. */
function* dying(log: unknown[], ms: number): Green<void> {
  try {
    yield* sleep(10_000);
  } catch (error) {
    log.push(error);
    try {
      yield* sleep(ms);
    } catch (again) {
      log.push('killed again', again);
    }
  }
}

export function killContract({ make, size }: SetCase): void {
  describe('kill', () => {
    it(
      'throws a GreenletExit into each, once, and waits until all are dead',
      virtual(function* (clock) {
        const set = make();
        const logs: unknown[][] = [[], [], []];
        for (const log of logs) set.applyAsync(dying, [log, 10]);
        yield* sleep(5);
        void set.kill();
        const second = spawn(() => set.kill());
        expect(yield* set.kill()).toBe(true);
        expect([clock.now(), set.length, yield* second.get()]).toEqual([15, 0, true]);
        for (const [i, log] of logs.entries()) {
          // Those that had no place yet never ran.
          expect(log).toEqual(i < size ? [expect.any(GreenletExit)] : []);
        }
        expect(set.freeCount()).toBe(size);
      }),
    );

    it(
      'acts at the call: what has not begun never runs, nothing more starts, and it stays usable',
      virtual(function* () {
        const set = make();
        let ran = 0;
        const all = Array.from({ length: 12 }, () => set.applyAsync(() => ran++));
        void set.kill();
        expect([set.length, set.freeCount(), all.every((each) => each.killed)]).toEqual([0, size, true]);
        yield* sleep(10);
        expect(ran).toBe(0);
        expect(yield* set.apply(() => 'again')).toBe('again');
        expect(yield* set.map((n: number) => n + 1, [1, 2])).toEqual([2, 3]);
      }),
    );

    it(
      'of an empty set, or of the dead, is over at once',
      virtual(function* (clock) {
        const set = make();
        expect(yield* set.kill()).toBe(true);
        expect(yield* set.kill({ timeout: 0 })).toBe(true);
        const failed = unstarted(() => 5);
        yield* failed.kill();
        expect(yield* set.kill()).toBe(true);
        expect(clock.now()).toBe(0);
      }),
    );

    it(
      'gives false when timeout ms pass first, at once with block: false; the request stands',
      virtual(function* (clock) {
        const set = make();
        const log: unknown[] = [];
        set.applyAsync(dying, [log, 20]);
        yield* sleep(0);
        expect(yield* set.kill({ block: false })).toBe(false);
        expect([set.length, log.length]).toEqual([1, 0]);
        expect(yield* set.kill({ timeout: 5 })).toBe(false);
        expect([set.length, log.length, clock.now()]).toEqual([1, 1, 5]);
        expect(yield* set.kill({ timeout: 50 })).toBe(true);
        expect([set.length, log.length, clock.now()]).toEqual([0, 1, 20]);
      }),
    );

    it(
      'throws exception instead, into all, also into those of maps; the map itself ends with GreenletExit',
      virtual(function* () {
        takeTold();
        const set = make();
        const log: unknown[] = [];
        const stop = new Error('stop');
        const results = set.imap((ms: number) => dying(log, ms), [1, 2]);
        const mapping = spawn(() => set.map((ms: number) => dying(log, ms), [1, 2]));
        yield* sleep(5);
        const running = set.length;
        expect(yield* set.kill({ exception: stop })).toBe(true);
        expect(log).toEqual(Array(running).fill(stop));
        yield* mapping.join();
        expect(mapping.value).toBeInstanceOf(GreenletExit);
        const reader = spawn(() => results.next());
        yield* reader.join();
        expect(reader.value).toBeInstanceOf(GreenletExit);
        expect(yield* results.next()).toEqual({ done: true, value: undefined });
      }),
    );

    it(
      'ends pending maps and whoever waits in them; they pull nothing more, and start nothing',
      virtual(function* () {
        const set = make();
        let begun = 0;
        let pulled = 0;
        function* source(): Generator<number> {
          for (;;) yield pulled++;
        }
        const work = (n: number) => {
          begun++;
          return sleep(n + 1);
        };
        const options = { maxPending: 5 };
        const greenlets = [
          spawn(() => set.map(work, source(), options)),
          spawn(() => set.starmap(work, [[10_000], [10_000]], options)),
          spawn(() => set.imapUnordered(() => sleep(10_000), source(), options).toArray()),
        ];
        yield* sleep(3);
        void set.kill();
        const before = [begun, pulled];
        for (const each of greenlets) yield* each.join();
        yield* sleep(50);
        expect(greenlets.map((each) => each.value instanceof GreenletExit)).toEqual([true, true, true]);
        expect([begun, pulled]).toEqual(before);
        expect([set.length, set.freeCount(), set.statistics().waiters]).toEqual([0, size, 0]);
      }),
    );

    it(
      'leaves the results of a map whose work was done to be read',
      virtual(function* () {
        const set = make();
        const results = set.imap((n: number) => n, [1, 2], { maxPending: 5 });
        yield* sleep(5);
        yield* set.kill();
        expect(yield* results.toArray()).toEqual([1, 2]);
      }),
    );

    it(
      'closes the source of a map, whose errors in ending are told and harm nobody',
      virtual(function* () {
        const told = takeTold();
        const set = make();
        function* source(): Generator<number> {
          try {
            for (;;) yield 10;
          } finally {
            fail('in finally');
          }
        }
        const results = set.imap(sleep, source(), { maxPending: 2 });
        yield* sleep(5);
        yield* set.kill();
        yield* waitAllBlocked();
        expect(told).toEqual(['Error: in finally']);
        results.close();
        expect(yield* set.apply(() => 5)).toBe(5);
      }),
    );

    it(
      'by a member kills it too, at its next suspension, and does not wait for itself',
      virtual(function* () {
        const set = make();
        const log: unknown[] = [];
        const g = set.applyAsync(function* () {
          void set.kill();
          log.push('goes on');
          yield* sleep(5);
          log.push('never');
        });
        yield* g.join();
        expect([log, g.killed, set.length]).toEqual([['goes on'], true, 0]);
      }),
    );

    it(
      'interrupted goes on killing, and leaves nothing behind',
      virtual(function* () {
        const set = make();
        const log: unknown[] = [];
        const g = set.applyAsync(dying, [log, 20]);
        yield* sleep(0);
        const killer = spawn(() => set.kill());
        yield* sleep(5);
        yield* killer.kill();
        expect([log.length, g.ready()]).toEqual([1, false]);
        expect(yield* set.join()).toBe(true);
        expect(log).toHaveLength(1);
      }),
    );

    it('can be awaited outside', async () => {
      await runVirtual(async () => {
        const set = make();
        set.applyAsync(lasting, [100]);
        expect(await set.kill()).toBe(true);
        expect(set.length).toBe(0);
      });
    });
  });

  describe('killone', () => {
    it(
      'kills that one, once, and its place is free',
      virtual(function* () {
        const set = make();
        const log: unknown[] = [];
        const g = set.applyAsync(dying, [log, 10]);
        const other = set.applyAsync(lasting, [50, 'other']);
        yield* sleep(5);
        expect(yield* set.killone(g, { timeout: 1 })).toBe(false);
        expect(yield* set.killone(g, { block: false })).toBe(false);
        expect(yield* set.killone(g, { exception: new Error('late') })).toBe(true);
        expect(log).toEqual([expect.any(GreenletExit)]);
        expect([set.has(g), set.has(other), set.length]).toEqual([false, true, 1]);
        expect(yield* other.get()).toBe('other');
        expect(set.freeCount()).toBe(size);
      }),
    );

    it(
      'does nothing to those that are in no set, or in another',
      virtual(function* () {
        const set = make();
        const foreign = spawn(lasting, 10, 'alive');
        expect(yield* set.killone(foreign)).toBe(true);
        expect(yield* foreign.get()).toBe('alive');
      }),
    );

    it(
      'throws exception instead; the failure is that of a member',
      virtual(function* () {
        const told = takeTold();
        const set = make();
        const g = set.applyAsync(lasting, [50]);
        yield* sleep(0);
        yield* set.killone(g, { exception: new Error('stop') });
        expect(String(g.error)).toBe('Error: stop');
        const failed = set.applyAsync(failing, [1, 'later']);
        yield* failed.join();
        yield* waitAllBlocked();
        expect(told).toEqual(['Error: later']);
      }),
    );
  });
}
