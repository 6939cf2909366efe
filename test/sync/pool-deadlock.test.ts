/** A pool whose members wait for a place in it. */
import { Event, type Green, Greenlet, Group, hub, Pool, sleep, spawn } from 'greenlets';
import { runVirtual, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { errorOf, lasting, takeWarned } from '../support/set-contract.js';

const { takeWarnings } = watchHub();

/** Nested use, by which a full pool waits for itself. */
const nested: Record<string, (pool: Pool) => Green<unknown>> = {
  spawn: function* (pool) {
    return yield* pool.spawn(() => 0);
  },
  start: function* (pool) {
    return yield* pool.start(new Greenlet(() => 0));
  },
  map: function* (pool) {
    return yield* pool.map((n: number) => n, [1]);
  },
  'applyAsync().get': function* (pool) {
    return yield* pool.applyAsync(() => 0).get();
  },
  'applyAsync().join': function* (pool) {
    return yield* pool.applyAsync(() => 0).join();
  },
  'imap().toArray': function* (pool) {
    return yield* pool.imap((n: number) => n, [1]).toArray();
  },
};

describe('a member that waits for a place in its own full pool', () => {
  for (const [name, use] of Object.entries(nested)) {
    it(
      `by ${name} is told at once, once, with the pool and the greenlets named; it can still be killed`,
      virtual(function* (clock) {
        const warned = takeWarned();
        const pool = new Pool(1, { name: 'jobs' });
        // Something else is alive: nobody else would notice.
        const other = spawn(sleep, 1000);
        const member = yield* pool.spawn({ name: 'worker' }, use, pool);
        yield* sleep(10);
        expect(warned).toEqual([{ code: 'DEADLOCK', message: expect.stringContaining("<Pool 'jobs' 1/1") }]);
        expect(warned[0]?.message).toContain("'worker'");
        expect(clock.now()).toBe(10);
        yield* member.kill();
        yield* sleep(0);
        yield* pool.kill();
        expect(pool.statistics()).toMatchObject({ level: 0, entering: 0 });
        yield* other.kill();
      }),
    );
  }

  it(
    'is told when the last of several begins to wait, and not before',
    virtual(function* (clock) {
      const warned = takeWarned();
      const told: number[] = [];
      const note = hub.onWarning;
      hub.onWarning = (warning) => {
        told.push(clock.now());
        note?.(warning);
      };
      const pool = new Pool(3);
      for (const ms of [1, 2, 3]) {
        pool.spawnNowait({ name: `member ${ms}` }, function* () {
          yield* sleep(ms);
          yield* pool.spawn(() => 0);
        });
      }
      yield* sleep(20);
      expect([told, warned.length]).toEqual([[3], 1]);
      yield* pool.kill();
      expect(pool.statistics().waiters).toBe(0);
    }),
  );

  it(
    'through what it has had come in later: the report names the pool and its members',
    virtual(function* (clock) {
      const warned = takeWarned();
      const pool = new Pool(2, { name: 'jobs' });
      const member = function* (ms: number): Green<unknown> {
        yield* sleep(ms);
        return yield* pool.applyAsync(() => ms).get();
      };
      pool.spawnNowait({ name: 'one' }, member, 1);
      pool.spawnNowait({ name: 'two' }, member, 2);
      // One that may still go on: nobody is stuck.
      const other = pool.applyAsync(() => 'other');
      const outside = spawn(() => other.get());
      yield* sleep(1);
      expect(warned).toEqual([]);
      yield* sleep(1);
      expect([warned.length, clock.now()]).toEqual([1, 2]);
      expect(warned[0]?.message).toMatch(
        /<Greenlet 'two'.*> in Greenlet\.get of <Greenlet.*>, which waits for a place in <Pool 'jobs' 2\/2, 3 waiting for a place>, held by <Greenlet 'one'.*>, <Greenlet 'two'/,
      );
      yield* pool.kill();
      expect(pool.statistics()).toMatchObject({ level: 0, entering: 0 });
      yield* outside.join();
    }),
  );

  it('is explained by the LoopExit, too', async () => {
    takeWarned();
    const stuck = runVirtual(function* () {
      const pool = new Pool(1, { name: 'jobs' });
      const member = yield* pool.spawn({ name: 'worker' }, nested['applyAsync().get'] as never, pool);
      yield* member.get();
    });
    const error = await stuck.then(String, String);
    expect(error).toContain('LoopExit');
    expect(error).toContain(
      ", which waits for a place in <Pool 'jobs' 1/1, 1 waiting for a place>, held by <Greenlet 'worker'",
    );
  });

  it('throws the Deadlock with hub.raiseOnDeadlock, starts nothing, and the pool goes on', async () => {
    hub.raiseOnDeadlock = true;
    try {
      for (const use of Object.values(nested)) {
        await runVirtual(function* () {
          const pool = new Pool(1, { name: 'jobs' });
          const member = yield* pool.spawn(() => use(pool));
          const error = yield* errorOf(member.get());
          expect(error).toMatchObject({ name: 'Deadlock', message: expect.stringContaining('jobs') });
          expect(pool.statistics()).toEqual({ level: 0, size: 1, waiters: 0, entering: 0, joiners: 0 });
          expect(yield* pool.apply(() => 'on')).toBe('on');
        });
      }
    } finally {
      hub.raiseOnDeadlock = false;
    }
    expect(takeWarnings()).toEqual([]);
  });
});

describe('no alarm', () => {
  it(
    'when another member can still end',
    virtual(function* () {
      const pool = new Pool(2);
      yield* pool.spawn(lasting, 10);
      const spawner = yield* pool.spawn(() => pool.spawn(() => 'inner'));
      expect(yield* (yield* spawner.get()).get()).toBe('inner');
      yield* pool.spawn(lasting, 10);
      const mapper = yield* pool.spawn(() => pool.map((n: number) => n + 1, [1, 2]));
      expect(yield* mapper.get()).toEqual([2, 3]);
      yield* pool.join();
    }),
  );

  it(
    'when a member waits for something that others may bring about',
    virtual(function* () {
      const pool = new Pool(2);
      const gate = new Event();
      yield* pool.spawn(() => gate.wait());
      const spawner = yield* pool.spawn(() => pool.spawn(() => 'inner'));
      yield* sleep(5);
      gate.set();
      expect(yield* (yield* spawner.get()).get()).toBe('inner');
      yield* pool.join();
    }),
  );

  it(
    'for nested apply, applyAsync, and the use of another pool or a group',
    virtual(function* () {
      const pool = new Pool(1);
      const other = new Pool(1);
      const group = new Group();
      const member = yield* pool.spawn(function* () {
        const later = pool.applyAsync(() => 'later');
        const values = [
          yield* pool.apply(() => 'apply'),
          yield* other.map((n: number) => n, [1, 2]),
          yield* group.map((n: number) => n, [1, 2]),
          yield* (yield* other.spawn(() => 'other')).get(),
        ];
        return { values, later };
      });
      const { values, later } = yield* member.get();
      expect(values).toEqual(['apply', [1, 2], [1, 2], 'other']);
      expect(yield* later.get()).toBe('later');
      yield* pool.join();
    }),
  );

  it(
    'when the wait for a place, or the map, is bounded in time',
    virtual(function* () {
      const pool = new Pool(1);
      const member = yield* pool.spawn(function* () {
        return yield* errorOf(
          pool.start(
            spawn(() => 0),
            { timeout: 5 },
          ),
        );
      });
      expect(yield* member.get()).toMatchObject({ code: 'POOL_FULL' });
    }),
  );

  it(
    'for members that read a map of another pool',
    virtual(function* () {
      const pool = new Pool(2);
      const work = new Pool(1);
      const all = [1, 2].map(() =>
        pool.applyAsync(() => work.imap((n: number) => lasting(n, n), [3, 1, 2]).toArray()),
      );
      for (const each of all) expect(yield* each.get()).toEqual([3, 1, 2]);
    }),
  );
});
