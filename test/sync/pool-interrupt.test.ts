/** Whatever waits in a pool or a group may be interrupted at any suspension: nothing is lost, and those behind are served. */
import { type Green, Greenlet, Group, type Operation, Pool, shield, sleep, spawn, wait } from 'greenlets';
import { sweepKills, virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { interruptions } from '../support/interruptions.js';
import { type AnySet, lasting } from '../support/set-contract.js';

watchHub();

/** Each waits in a full pool. */
const waits: Record<string, (pool: Pool) => Operation<unknown>> = {
  spawn: (pool) => pool.spawn(() => 0),
  add: (pool) => pool.add(new Greenlet(() => 0)),
  start: (pool) => pool.start(new Greenlet(() => 0)),
  apply: (pool) => pool.apply(() => 0),
  map: (pool) => pool.map((n: number) => n, [1, 2, 3]),
  starmap: (pool) => pool.starmap((n: number) => n, [[1], [2]]),
  waitAvailable: (pool) => pool.waitAvailable(),
  wait: (pool) => wait([pool]),
  join: (pool) => pool.join(),
  'join raising': (pool) => pool.join({ raiseError: true }),
};

describe.each(Object.entries(waits))('%s of a full pool', (_name, make) => {
  for (const { name, begin } of interruptions) {
    it(
      `interrupted by ${name} leaves the pool as it was, and those behind are served`,
      virtual(function* () {
        const pool = new Pool(2);
        const members = [1, 2].map(() => pool.spawnNowait(lasting, 1000));
        const ahead = spawn(() => pool.spawn(lasting, 5, 'ahead'));
        yield* waitAllBlocked();
        const before = pool.statistics();
        const interrupt = begin(() => make(pool));
        yield* waitAllBlocked();
        expect(pool.statistics().waiters).toBe(before.waiters + 1);
        const behind = spawn(() => pool.spawn(lasting, 5, 'behind'));
        yield* waitAllBlocked();
        yield* interrupt();
        yield* waitAllBlocked();
        expect(pool.statistics()).toEqual({ ...before, waiters: before.waiters + 1, entering: 2 });
        for (const each of members) yield* each.kill();
        expect(yield* (yield* ahead.get()).get()).toBe('ahead');
        expect(yield* (yield* behind.get()).get()).toBe('behind');
        expect(yield* pool.join()).toBe(true);
        expect(pool.statistics()).toEqual({ level: 0, size: 2, waiters: 0, entering: 0, joiners: 0 });
      }),
    );
  }
});

/** All that may be done with a set, one after the other. */
const programs: Record<string, (set: AnySet) => Green<void>> = {
  *apply(set) {
    yield* set.apply(lasting, [5, 1]);
    yield* set.apply(() => set.apply(lasting, [5, 1]));
    yield* set.apply(lasting, [5], { timeout: 50 });
  },
  *map(set) {
    yield* set.map(lasting, [3, 1, 2]);
    yield* set.starmap(lasting, [[3, 1]], { maxPending: 1 });
  },
  *imap(set) {
    using results = set.imap(lasting, [3, 1, 2, 4], { maxPending: 2 });
    while (yield* results.more()) yield* sleep(1);
  },
  *imapUnordered(set) {
    using results = set.imapUnordered(lasting, asyncItems());
    while ((yield* results.next()).done === false) yield* sleep(0);
  },
  *'waits for members'(set) {
    yield* set.waitAvailable();
    yield* wait([set]);
    yield* set.join({ timeout: 3 });
    yield* set.join();
  },
  *'kill and killone'(set) {
    const [g] = set;
    yield* set.killone(g as Greenlet<unknown>);
    yield* set.kill();
  },
  *'add and start'(set) {
    for (const [g, run] of [
      [new Greenlet(lasting, 2), (each: Greenlet<unknown>) => set.add(each)],
      [new Greenlet(lasting, 2), (each: Greenlet<unknown>) => set.start(each)],
    ] as const) {
      try {
        const entered = run(g);
        if (entered !== undefined) yield* entered;
        g.start();
        yield* g.join();
      } finally {
        void g.kill();
      }
    }
  },
};

async function* asyncItems(): AsyncGenerator<number> {
  for (const n of [2, 1, 3]) {
    await sleep(1);
    yield n;
  }
}

const sets: [string, () => AnySet][] = [
  ['Group', () => new Group()],
  ['Pool(1)', () => new Pool(1)],
  ['Pool(2)', () => new Pool(2)],
];

describe.each(sets)('%s', (_title, make) => {
  it.each(Object.keys(programs))(
    '%s may be killed at any suspension: no place is lost or doubled',
    async (name) => {
      const kills = await sweepKills(function* () {
        const set = make();
        const free = set.freeCount();
        const empty = set.statistics();
        set.applyAsync(lasting, [10]);
        const other = set.applyAsync(lasting, [20, 'other']);
        const own = set.length;
        try {
          yield* (programs[name] as (set: AnySet) => Green<void>)(set);
        } finally {
          // Shielded, for this is swept, too.
          yield* shield(function* () {
            yield* waitAllBlocked();
            expect(set.length).toBeLessThanOrEqual(own);
            if (!other.killed) expect(yield* other.get()).toBe('other');
            yield* set.join();
            expect([set.freeCount(), set.statistics()]).toEqual([free, empty]);
            expect(yield* set.map((n: number) => n, [1, 2, 3])).toEqual([1, 2, 3]);
          });
        }
      });
      expect(kills).toBeGreaterThan(0);
    },
  );
});
