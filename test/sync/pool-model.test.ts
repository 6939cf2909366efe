/** Pools against naive models, in many orders: never more than size members at once, every item exactly once. */
import { type Green, type Greenlet, GreenletExit, isExit, Pool, sleep, spawn } from 'greenlets';
import { explore, runVirtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { Counted } from '../support/set-contract.js';

watchHub();

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** First come, first served, on `size` places: when each begins, of jobs that come at once and take so long. */
function model(size: number, durations: readonly number[]): number[] {
  const free = Array(size).fill(0) as number[];
  return durations.map((ms) => {
    free.sort((a, b) => a - b);
    const at = free.shift() as number;
    free.push(at + ms);
    return at;
  });
}

describe('Pool', () => {
  it('begins each job when a naive model does: by spawn, applyAsync, apply and map', async () => {
    const random = (i: number, salt: number) => ((i * 7919 + salt * 104_729) % 97) + 1;
    for (const size of [1, 2, 3, 7]) {
      for (let salt = 0; salt < 5; salt++) {
        // Uneven, so that no two end at the same moment.
        const durations = range(40).map((i) => random(i, salt) + i / 128);
        const expected = model(size, durations);
        await runVirtual(function* (clock) {
          for (const way of ['spawn', 'applyAsync', 'apply', 'map'] as const) {
            const pool = new Pool(size);
            const from = clock.now();
            const begun: number[] = [];
            const job = function* (i: number): Green<number> {
              begun[i] = clock.now() - from;
              yield* sleep(durations[i] as number);
              return i;
            };
            if (way === 'map') expect(yield* pool.map(job, range(40))).toEqual(range(40));
            else if (way === 'apply') for (const i of range(40)) spawn(() => pool.apply(job, [i]));
            else
              for (const i of range(40)) {
                if (way === 'spawn') yield* pool.spawn(job, i);
                else pool.applyAsync(job, [i]);
              }
            yield* sleep(0);
            yield* pool.join();
            for (const [i, at] of begun.entries()) expect(at).toBeCloseTo(expected[i] as number, 6);
            expect(begun).toHaveLength(40);
          }
        });
      }
    }
  });

  it('serves 10,000 spawners in the order in which they came, each once', async () => {
    await runVirtual(function* () {
      const pool = new Pool(3);
      const served: number[] = [];
      const counted = new Counted();
      const job = counted.of(function* (i: number): Green<void> {
        served.push(i);
        yield* sleep(0);
      });
      const spawners = range(10_000).map((i) => spawn(() => pool.spawn(job, i)));
      yield* (spawners.at(-1) as Greenlet<unknown>).join();
      yield* pool.join();
      expect(served).toEqual(range(10_000));
      expect([counted.peak, counted.begun]).toEqual([3, 10_000]);
    });
  });

  it('in every order hands places to whoever came first, whatever is interrupted meanwhile', async () => {
    await explore(
      function* (clock) {
        const pool = new Pool(1);
        const came: string[] = [];
        const served: string[] = [];
        const gone = new Set<string>();
        function* spawner(name: string): Green<void> {
          yield* sleep(0);
          came.push(name);
          yield* pool.spawn(function* () {
            served.push(name);
            yield* sleep(1);
          });
        }
        const all = [...'abcdef'].map((name) => spawn(spawner, name));
        spawn(function* () {
          yield* sleep(0);
          yield* sleep(0);
          for (const [i, each] of all.entries()) {
            if (clock.random() > 0.3) continue;
            if (!each.ready() && !served.includes('abcdef'[i] as string)) gone.add('abcdef'[i] as string);
            void each.kill();
          }
        });
        yield* sleep(100);
        // Those that were interrupted may have had their place already.
        const order = came.filter((name) => served.includes(name));
        expect(served).toEqual(order);
        for (const name of came)
          if (!gone.has(name) && !all['abcdef'.indexOf(name)]?.killed) expect(served).toContain(name);
        expect(pool.statistics()).toEqual({ level: 0, size: 1, waiters: 0, entering: 0, joiners: 0 });
      },
      { runs: 200 },
    );
  });

  it('under 1,000 seeds maps every item exactly once, with two maps, spawners, kills and closes at a time', async () => {
    await explore(
      function* (clock) {
        const size = 1 + Math.floor(clock.random() * 3);
        const pool = new Pool(size);
        const counted = new Counted();
        const runs = new Map<string, number>();
        const job = counted.of(function* (key: string): Green<string> {
          runs.set(key, (runs.get(key) ?? 0) + 1);
          yield* sleep(clock.random() < 0.5 ? 0 : Math.floor(clock.random() * 3));
          return key;
        });
        const items = (name: string) => range(3).map((i) => `${name}${i}`);
        const map = spawn(() => pool.map((key: string) => job(key), items('m')));
        const imap = spawn(() =>
          pool
            .imap((key: string) => job(key), items('i'), { maxPending: 1 + Math.floor(clock.random() * 4) })
            .toArray(),
        );
        const unordered = spawn(() => pool.imapUnordered((key: string) => job(key), items('u')).toArray());
        const async = items('a').map((key) => pool.applyAsync((k: string) => job(k), [key]));
        const spawners = items('s').map((key) => spawn(() => pool.spawn((k: string) => job(k), key)));
        const closed = pool.imap((key: string) => job(key), items('c'), { maxPending: 2 });
        // Some are interrupted, at any moment.
        const cut = [...async, ...spawners].filter(() => clock.random() < 0.2);
        const cutter = spawn(function* () {
          yield* sleep(Math.floor(clock.random() * 6));
          closed.close();
          for (const each of cut) void each.kill();
        });
        expect(yield* map.get()).toEqual(items('m'));
        expect(yield* imap.get()).toEqual(items('i'));
        expect((yield* unordered.get()).sort()).toEqual(items('u'));
        for (const each of [cutter, ...async, ...spawners]) yield* each.join();
        yield* pool.join();
        for (const [i, each] of [...async, ...spawners].entries()) {
          const key = [...items('a'), ...items('s')][i] as string;
          if (!cut.includes(each as never)) expect(runs.get(key)).toBe(1);
        }
        expect(Math.max(...runs.values())).toBe(1);
        expect(counted.peak).toBeLessThanOrEqual(size);
        expect(counted.running).toBe(0);
        expect(pool.statistics()).toEqual({ level: 0, size, waiters: 0, entering: 0, joiners: 0 });
      },
      { runs: 1000 },
    );
  });

  it('under 300 seeds kill ends all there was, at any moment: nothing begins after it, and all is usable', async () => {
    await explore(
      function* (clock) {
        const size = 1 + Math.floor(clock.random() * 3);
        const pool = new Pool(size);
        let begun = 0;
        function* job(): Green<void> {
          begun++;
          yield* sleep(Math.floor(clock.random() * 3));
          if (clock.random() < 0.5) yield* sleep(0);
        }
        const whole = [
          spawn(() => pool.map(job, range(5))),
          spawn(() => pool.imapUnordered(job, range(5)).toArray()),
          spawn(() => pool.starmap(job, [[], [], []], { maxPending: 1 })),
          spawn(() => pool.apply(job)),
          spawn(() => pool.spawn(job)),
          ...range(3).map(() => pool.applyAsync(job)),
        ] as Greenlet<unknown>[];
        for (let i = Math.floor(clock.random() * 12); i > 0; i--) yield* sleep(i % 3 === 0 ? 1 : 0);
        // Whoever has not come to the pool yet comes after the kill.
        yield* sleep(0);
        yield* waitAllBlocked();
        void pool.kill();
        const before = begun;
        for (const each of whole) yield* each.join();
        yield* pool.join();
        yield* sleep(10);
        expect(begun).toBe(before);
        for (const each of whole) {
          const { value, error } = each;
          expect(error === undefined || isExit(error)).toBe(true);
          if (value instanceof GreenletExit) continue;
          expect(each.successful()).toBe(true);
        }
        expect(pool.statistics()).toEqual({ level: 0, size, waiters: 0, entering: 0, joiners: 0 });
        expect(yield* pool.map((n: number) => n, [1, 2, 3])).toEqual([1, 2, 3]);
      },
      { runs: 300 },
    );
  });
});
