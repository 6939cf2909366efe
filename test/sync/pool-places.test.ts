/** Places of a pool: who gets one, who gives one back. */
import { Event, Greenlet, hub, Pool, type Signal, sleep, spawn, withTimeout } from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { errorOf, lasting } from '../support/set-contract.js';

watchHub();

describe('Pool.add and Pool.start', () => {
  for (const way of ['add', 'start'] as const) {
    it(
      `${way} waits for a place; PoolFull after timeout ms, at once with blocking: false`,
      virtual(function* (clock) {
        const pool = new Pool(1, { name: 'jobs' });
        pool.spawnNowait(lasting, 50);
        const g = new Greenlet(lasting, 5, 'ran');
        const late = yield* errorOf(pool[way](g, { timeout: 10 }));
        expect(late).toMatchObject({ name: 'PoolFull', code: 'POOL_FULL' });
        expect(String(late)).toContain(`Pool.${way} of <Pool 'jobs' 1/1> timed out after 10 ms`);
        expect(clock.now()).toBe(10);
        expect(yield* errorOf(pool[way](g, { blocking: false }))).toMatchObject({ code: 'POOL_FULL' });
        expect(yield* errorOf(pool[way](g, { timeout: 0 }))).toMatchObject({ code: 'POOL_FULL' });
        expect(yield* withTimeout(5, { timeoutValue: 'gone' }, pool[way](g))).toBe('gone');
        expect([clock.now(), g.started, pool.has(g), pool.statistics().entering]).toEqual([
          15,
          false,
          false,
          0,
        ]);
        expect(yield* pool[way](g, { timeout: 100 })).toBe(g);
        expect([clock.now(), pool.has(g), g.started]).toEqual([50, true, way === 'start']);
        g.start();
        expect(yield* g.get()).toBe('ran');
        expect(() => pool[way](g, { timeout: -1 })).toThrow(RangeError);
      }),
    );
  }

  it(
    'of 20,000 that died while they waited takes them in and out in order, and makes no place',
    virtual(function* () {
      const pool = new Pool(1);
      pool.spawnNowait(lasting, 10);
      const dead = spawn(() => 0);
      yield* dead.join();
      const order: number[] = [];
      for (let i = 0; i < 20_000; i++) {
        spawn(function* () {
          yield* pool.add(dead);
          order.push(i);
        });
      }
      yield* waitAllBlocked();
      const joined = spawn(() => pool.join());
      const last = spawn(() => pool.spawn(lasting, 10));
      yield* sleep(15);
      expect(order).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
      expect([joined.ready(), last.ready(), pool.freeCount()]).toEqual([false, true, 0]);
      expect(yield* joined.get()).toBe(true);
      expect(pool.freeCount()).toBe(1);
    }),
  );
});

describe('a place', () => {
  it(
    'is taken and given back: 2, 1, 0, 1, 2; also by discard, once',
    virtual(function* () {
      const pool = new Pool(2);
      const counts = [pool.freeCount()];
      const a = pool.spawnNowait(lasting, 10);
      counts.push(pool.freeCount());
      const b = pool.spawnNowait(lasting, 20);
      counts.push(pool.freeCount());
      yield* a.join();
      counts.push(pool.freeCount());
      pool.discard(b);
      yield* b.kill();
      counts.push(pool.freeCount());
      expect(counts).toEqual([2, 1, 0, 1, 2]);
    }),
  );

  it(
    'given back by discard goes to whoever waits',
    virtual(function* () {
      const pool = new Pool(1);
      const g = pool.spawnNowait(lasting, 50);
      const waiting = spawn(() => pool.spawn(lasting, 5, 'in'));
      yield* waitAllBlocked();
      pool.discard(g);
      expect([pool.length, pool.full()]).toEqual([1, true]);
      expect(yield* (yield* waiting.get()).get()).toBe('in');
      expect(g.ready()).toBe(false);
      yield* g.join();
    }),
  );

  it(
    'does not come of discarding one that waits for it',
    virtual(function* () {
      const pool = new Pool(1);
      pool.spawnNowait(lasting, 5);
      const waiting = pool.applyAsync(lasting, [5]);
      pool.discard(waiting);
      expect([pool.freeCount(), pool.statistics().entering]).toEqual([0, 1]);
      yield* pool.join();
      expect([pool.freeCount(), waiting.ready()]).toEqual([1, true]);
    }),
  );

  it(
    'is seen by those that only look, up to the next that takes it',
    virtual(function* () {
      const pool = new Pool(1);
      const held = pool.spawnNowait(lasting, 10);
      const log: string[] = [];
      spawn(() => pool.waitAvailable()).link(() => void log.push('looked'));
      yield* waitAllBlocked();
      spawn(() => pool.spawn(lasting, 10)).link(() => void log.push('spawned'));
      yield* waitAllBlocked();
      spawn(() => pool.waitAvailable()).link(() => void log.push('looked again'));
      yield* held.join();
      yield* waitAllBlocked();
      expect([log, pool.full()]).toEqual([['looked', 'spawned'], true]);
      yield* pool.join();
      yield* waitAllBlocked();
      expect(log).toEqual(['looked', 'spawned', 'looked again']);
    }),
  );

  it(
    'is waited for in vain in a pool without any',
    virtual(function* (clock) {
      const pool = new Pool(0);
      expect([pool.freeCount(), pool.full(), pool.ready()]).toEqual([0, true, false]);
      expect(yield* pool.waitAvailable({ timeout: 10 })).toBe(false);
      expect(yield* errorOf(pool.start(new Greenlet(() => 0), { timeout: 10 }))).toMatchObject({
        code: 'POOL_FULL',
      });
      expect([clock.now(), yield* pool.join()]).toEqual([20, true]);
    }),
  );

  it(
    'that members wait for inside is shared: a producer in the same pool frees the consumers',
    virtual(function* () {
      const pool = new Pool(2);
      const ready = new Event();
      const log: string[] = [];
      const consumer = function* (name: string) {
        yield* ready.wait();
        log.push(name);
      };
      pool.applyAsync(consumer, ['first']);
      pool.applyAsync(() => ready.set());
      pool.applyAsync(consumer, ['second']);
      yield* pool.join();
      expect(log).toEqual(['first', 'second']);
    }),
  );
});

describe('a spawn that is given up', () => {
  it(
    'leaves nothing listening on its signal: by kill, timeout, or the kill of the pool',
    virtual(function* () {
      let listeners = 0;
      const signal = {
        aborted: false,
        reason: undefined,
        addEventListener: () => listeners++,
        removeEventListener: () => listeners--,
      } as unknown as Signal;
      const pool = new Pool(1);
      pool.spawnNowait(lasting, 100);
      const enter = () => pool.spawn({ signal }, () => 0);
      const killed = spawn(enter);
      const other = spawn(enter);
      yield* waitAllBlocked();
      // One for all.
      expect(listeners).toBe(1);
      yield* killed.kill();
      expect(listeners).toBe(1);
      yield* withTimeout(5, { timeoutValue: null }, enter());
      expect(listeners).toBe(1);
      yield* pool.kill();
      yield* other.join();
      expect([listeners, hub.stats().timers]).toEqual([0, 0]);
    }),
  );
});

describe('Pool.kill', () => {
  it(
    'lets nobody in by the death of those that had not begun: map members, spawners, applyAsync',
    virtual(function* () {
      const pool = new Pool(1);
      const ran: string[] = [];
      const first = new Greenlet(lasting, 5);
      // Called when the place of `first` has been given to an item of the map that has not begun.
      first.rawlink(() => void pool.kill());
      yield* pool.start(first);
      const results = pool.imap((name: string) => ran.push(name), ['map', 'map']);
      yield* waitAllBlocked();
      const spawner = spawn(() => pool.spawn(() => ran.push('spawn')));
      yield* waitAllBlocked();
      const later = pool.applyAsync(() => ran.push('applyAsync'));
      yield* sleep(20);
      expect([ran, pool.length, pool.freeCount()]).toEqual([[], 0, 1]);
      expect([spawner.killed || spawner.ready(), later.killed]).toEqual([true, true]);
      results.close();
    }),
  );
});

describe('Pool', () => {
  it(
    'shows its name, its places, and who waits for what',
    virtual(function* () {
      const pool = new Pool(2, { name: 'jobs' });
      expect(String(pool)).toBe("<Pool 'jobs' 0/2>");
      for (let i = 0; i < 2; i++) pool.spawnNowait(lasting, 10);
      const waiting = [
        spawn(() => pool.spawn(lasting, 1)),
        spawn(() => pool.spawn(lasting, 1)),
        spawn(() => pool.join()),
      ];
      yield* waitAllBlocked();
      expect(pool.statistics()).toEqual({ level: 2, size: 2, waiters: 3, entering: 2, joiners: 1 });
      expect(String(pool)).toBe("<Pool 'jobs' 2/2, 2 waiting for a place, 1 joining>");
      for (const each of waiting) yield* each.join();
      expect(String(new Pool())).toBe('<Pool 0/Infinity>');
    }),
  );
});
