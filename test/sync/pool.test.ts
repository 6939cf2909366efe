import {
  type Green,
  type Greenlet,
  GreenletExit,
  green,
  idle,
  Pool,
  PoolFull,
  sleep,
  spawn,
  withTimeout,
} from 'greenlets';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';

const hub = watchHub();

/** Greenlets that stay until they are told to go. */
class Gate {
  readonly begun: string[] = [];
  readonly #open = new Set<string>();

  *stay(name: string): Green<string> {
    this.begun.push(name);
    while (!this.#open.has(name)) yield* sleep(0);
    return name;
  }

  open(...names: string[]): void {
    for (const name of names) this.#open.add(name);
  }
}

/** Spawns into the pool from a greenlet of its own, which gives the new greenlet. */
function spawnFrom(pool: Pool, gate: Gate, name: string): Greenlet<Greenlet<string>> {
  return spawn(() => pool.spawn(() => gate.stay(name)));
}

function* turns(count: number): Green<void> {
  for (let i = 0; i < count; i++) yield* sleep(0);
}

describe('Pool.spawn', () => {
  it(
    'gives a greenlet that first runs on the next turn, with its arguments',
    green(function* () {
      const pool = new Pool(2);
      const seen: unknown[] = [];
      const greenlet = yield* pool.spawn(
        (a: number, b: string) => {
          seen.push(a, b);
          return a;
        },
        1,
        'x',
      );
      expect(seen).toEqual([]);
      expect(yield* greenlet.get()).toBe(1);
      expect(seen).toEqual([1, 'x']);
    }),
  );

  it(
    'starts nothing when it is built, and one greenlet at each run',
    green(function* () {
      const pool = new Pool(2);
      const operation = pool.spawn(() => 1);
      yield* sleep(0);
      expect(pool.length).toBe(0);
      yield* operation;
      yield* operation;
      expect(pool.length).toBe(2);
      yield* pool.join();
    }),
  );

  it(
    'waits while the pool is full, and never lets in more than its size',
    green(function* () {
      const pool = new Pool(2);
      const gate = new Gate();
      for (const name of 'abc') spawnFrom(pool, gate, name);
      yield* turns(5);
      expect(gate.begun).toEqual(['a', 'b']);
      expect([pool.length, pool.freeCount(), pool.full()]).toEqual([2, 0, true]);
      gate.open('b');
      yield* turns(5);
      expect(gate.begun).toEqual(['a', 'b', 'c']);
      gate.open('a', 'c');
      yield* pool.join();
      expect([pool.length, pool.freeCount(), pool.full()]).toEqual([0, 2, false]);
    }),
  );

  it(
    'hands a place to whoever has waited longest, in the step in which it falls free',
    green(function* () {
      const pool = new Pool(1);
      const gate = new Gate();
      for (const name of 'abcd') spawnFrom(pool, gate, name);
      yield* turns(3);
      const [first] = pool;
      gate.open('a');
      while (!first?.ready()) {
        expect(() => pool.spawnNowait(() => 0)).toThrow(PoolFull);
        yield* sleep(0);
      }
      expect(() => pool.spawnNowait(() => 0)).toThrow(PoolFull);
      gate.open('b', 'c', 'd');
      yield* pool.join();
      expect(gate.begun).toEqual(['a', 'b', 'c', 'd']);
    }),
  );

  it(
    'interrupted starts nothing, leaves no trace, and holds up nobody',
    green(function* () {
      const pool = new Pool(1);
      const gate = new Gate();
      const [, b, , d] = [...'abcde'].map((name) => spawnFrom(pool, gate, name));
      yield* turns(3);
      yield* (b as Greenlet).kill();
      (d as Greenlet).kill();
      gate.open('a', 'c', 'e');
      yield* turns(10);
      expect(gate.begun).toEqual(['a', 'c', 'e']);
      expect(yield* pool.join()).toBe(true);
      expect(pool.freeCount()).toBe(1);
    }),
  );

  it(
    'can be given up after a time',
    green(function* () {
      const pool = new Pool(1);
      const gate = new Gate();
      pool.spawnNowait(() => gate.stay('a'));
      const late = yield* withTimeout(
        1,
        { timeoutValue: null },
        pool.spawn(() => gate.stay('b')),
      );
      expect(late).toBe(null);
      gate.open('a');
      yield* pool.join();
      expect(gate.begun).toEqual(['a']);
    }),
  );

  it(
    'that has its place keeps it when it is killed before it runs on',
    green(function* () {
      const pool = new Pool(1);
      const gate = new Gate();
      const member = pool.spawnNowait(() => gate.stay('a'));
      const spawner = spawnFrom(pool, gate, 'b');
      yield* turns(2);
      member.kill();
      while (pool.full() && [...pool][0] === member) yield* sleep(0);
      spawner.kill();
      gate.open('b');
      yield* pool.join();
      expect(gate.begun).toEqual(['a', 'b']);
    }),
  );

  it(
    'makes the greenlet in the name of whoever asked for it',
    green(function* () {
      const pool = new Pool(1);
      const gate = new Gate();
      pool.spawnNowait(() => gate.stay('a'));
      const spawner = spawnFrom(pool, gate, 'b');
      yield* turns(2);
      gate.open('a', 'b');
      expect((yield* spawner.get()).spawnedBy).toBe(spawner);
      yield* pool.join();
    }),
  );

  it('can be awaited outside of greenlets', async () => {
    const pool = new Pool(1);
    const greenlet = await pool.spawn(() => 5);
    // The promise looks whether it was given a thenable: the hub takes that for an await of the greenlet.
    hub.takeWarnings();
    expect(await greenlet.get()).toBe(5);
    expect(await pool.join()).toBe(true);
  });
});

describe('Pool', () => {
  it(
    'spawnNowait raises PoolFull when there is no place',
    green(function* () {
      const pool = new Pool(1);
      const greenlet = pool.spawnNowait((n: number) => n, 7);
      expect(() => pool.spawnNowait(() => 0)).toThrow('<Pool 1/1> is full');
      expect(() => pool.spawnNowait(() => 0)).toThrow(expect.objectContaining({ code: 'POOL_FULL' }));
      expect(yield* greenlet.get()).toBe(7);
      yield* pool.spawnNowait(() => 0).join();
    }),
  );

  it(
    'is iterated in the order in which its greenlets came',
    green(function* () {
      const pool = new Pool(3);
      const gate = new Gate();
      const members = ['a', 'b', 'c'].map((name) => pool.spawnNowait(() => gate.stay(name)));
      expect([...pool]).toEqual(members);
      gate.open('b');
      yield* (members[1] as Greenlet).join();
      expect([...pool]).toEqual([members[0], members[2]]);
      yield* pool.kill();
      expect([...pool]).toEqual([]);
    }),
  );

  it(
    'join waits for those that come while it waits, too',
    green(function* () {
      const pool = new Pool(2);
      const seen: string[] = [];
      pool.spawnNowait(function* () {
        yield* sleep(0);
        pool.spawnNowait(function* () {
          yield* sleep(0);
          seen.push('inner');
        });
        seen.push('outer');
      });
      expect(yield* pool.join()).toBe(true);
      expect(seen).toEqual(['outer', 'inner']);
      expect(yield* pool.join()).toBe(true);
    }),
  );

  it(
    'frees the place of a greenlet that fails; the error is told, not thrown',
    green(function* () {
      const pool = new Pool(1);
      yield* pool.spawn(() => {
        throw new Error('oh');
      });
      yield* pool.spawn(() => 'next');
      yield* pool.join();
      yield* idle();
      expect(hub.takeErrors().map(String)).toEqual(['Error: oh']);
    }),
  );

  it(
    'kill ends its greenlets and whoever waits for a place; nothing more starts, and it stays usable',
    green(function* () {
      const pool = new Pool(1);
      const gate = new Gate();
      const steps: string[] = [];
      pool.spawnNowait(function* () {
        try {
          yield* gate.stay('a');
        } finally {
          steps.push('finally');
        }
      });
      const waiting = spawnFrom(pool, gate, 'b');
      yield* turns(2);
      yield* pool.kill();
      yield* waiting.join();
      expect(steps).toEqual(['finally']);
      expect(waiting.value).toBeInstanceOf(GreenletExit);
      expect(gate.begun).toEqual(['a']);
      expect(yield* pool.spawnNowait(() => 'again').get()).toBe('again');
    }),
  );

  it(
    'kill acts at the call, also on what has not begun',
    green(function* () {
      const pool = new Pool(1);
      const gate = new Gate();
      const member = pool.spawnNowait(() => gate.stay('a'));
      void pool.kill();
      expect(member.ready()).toBe(true);
      expect(pool.length).toBe(0);
      yield* turns(2);
      expect(gate.begun).toEqual([]);
    }),
  );

  it('is unlimited unless told otherwise; with no place it is always full', () => {
    expect(new Pool().freeCount()).toBe(Number.POSITIVE_INFINITY);
    expect(new Pool().full()).toBe(false);
    expect([new Pool(0).freeCount(), new Pool(0).full()]).toEqual([0, true]);
  });

  it('refuses a size that is none, and what is no function, at the call', () => {
    expect(() => new Pool(-1)).toThrow(RangeError);
    expect(() => new Pool(1.5)).toThrow(RangeError);
    expect(() => new Pool('5' as never)).toThrow(TypeError);
    expect(() => new Pool(1).spawn(5 as never)).toThrow('fn must be a function');
    expect(() => new Pool(1).spawnNowait(5 as never)).toThrow('fn must be a function');
  });
});
