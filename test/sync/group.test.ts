import { Greenlet, Group, killall, sleep, spawn, spawnLater } from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { errorOf, failing, lasting, setContract, takeTold } from '../support/set-contract.js';

watchHub();

setContract({ title: 'Group', make: () => new Group(), size: Number.POSITIVE_INFINITY });

describe('Group', () => {
  it(
    'of greenlets that run is joined when they have ended; those that were not started stay so',
    virtual(function* (clock) {
      const idle = new Greenlet(() => 'idle');
      const group = new Group([spawn(lasting, 10), spawnLater(10, lasting, 20), idle]);
      expect([group.length, idle.started]).toEqual([3, false]);
      expect(yield* group.join({ timeout: 40 })).toBe(false);
      expect([clock.now(), [...group]]).toEqual([40, [idle]]);
      idle.start();
      expect(yield* group.join()).toBe(true);
      expect(group.length).toBe(0);
    }),
  );

  it(
    'of dead greenlets is empty, and keeps their failure for a join that raises',
    virtual(function* () {
      takeTold();
      const dead = spawn(failing, 1, 'oh');
      yield* dead.join();
      const group = new Group(new Set([dead]));
      expect(group.length).toBe(0);
      expect(String(yield* errorOf(group.join({ raiseError: true })))).toBe('Error: oh');
    }),
  );

  it(
    'spawn gives a greenlet that first runs on the next turn, named as told, with its arguments',
    virtual(function* () {
      const group = new Group();
      const seen: unknown[] = [];
      const g = group.spawn({ name: 'worker' }, (a: number, b: string) => seen.push(a, b), 1, 'x');
      const other = group.spawn(lasting, 5, 'value');
      expect([seen, g.name, [...group]]).toEqual([[], 'worker', [g, other]]);
      expect(yield* other.get()).toBe('value');
      expect([seen, group.length]).toEqual([[1, 'x'], 0]);
    }),
  );

  it(
    'has no bound: it is never full, always ready, and waits for no place',
    virtual(function* (clock) {
      const group = new Group();
      for (let i = 0; i < 1000; i++) group.spawn(lasting, 10);
      expect([group.full(), group.freeCount(), group.ready()]).toEqual([
        false,
        Number.POSITIVE_INFINITY,
        true,
      ]);
      expect([yield* group.waitAvailable(), clock.now()]).toEqual([true, 0]);
      expect(group.statistics()).toEqual({ level: 1000, waiters: 0, joiners: 0 });
      expect(yield* group.join()).toBe(true);
    }),
  );

  it(
    'holds greenlets of a subclass, also one that has failed; kill ends the others',
    virtual(function* () {
      takeTold();
      class Worker extends Greenlet<void> {
        override *run(ms: number) {
          yield* sleep(ms);
          if (ms < 5) throw new Error('early');
        }
      }
      const workers = [1, 100, 200].map((ms) => new Worker(ms));
      const group = new Group(workers);
      for (const each of workers) each.start();
      yield* sleep(2);
      expect(group.length).toBe(2);
      expect(yield* group.kill()).toBe(true);
      expect(workers.map((each) => [each.successful(), each.killed])).toEqual([
        [false, false],
        [true, true],
        [true, true],
      ]);
    }),
  );

  it(
    'is what killall takes: at once with block: false; none that had not begun ever runs',
    virtual(function* (clock) {
      const ran: string[] = [];
      const group = new Group([new Greenlet(() => ran.push('idle')), spawn(() => ran.push('ready'))]);
      const running = group.spawn(lasting, 50);
      yield* killall(group, { block: false });
      expect([group.length, running.ready()]).toEqual([0, true]);
      const later = new Group([
        spawnLater(5, () => ran.push('later')),
        new Greenlet(() => ran.push('never')),
      ]);
      yield* killall(later, { timeout: 1000 });
      yield* sleep(10);
      expect([later.length, ran, clock.now()]).toEqual([0, [], 10]);
    }),
  );

  it(
    'may share a greenlet with another group: each is left when it ends',
    virtual(function* () {
      const g = spawn(lasting, 10);
      const [one, other] = [new Group([g]), new Group([g])];
      one.discard(g);
      expect([one.length, other.length]).toEqual([0, 1]);
      one.add(g);
      expect([yield* one.join(), yield* other.join(), g.ready()]).toEqual([true, true, true]);
    }),
  );

  it(
    'with several that join and raise gives each the first failure, and tells it nobody else',
    virtual(function* () {
      const group = new Group([spawn(failing, 5, 'oh'), spawn(lasting, 10)]);
      const plain = spawn(() => group.join());
      const raising = [1, 2].map(() => spawn(() => errorOf(group.join({ raiseError: true }))));
      for (const each of raising) expect(String(yield* each.get())).toBe('Error: oh');
      expect(yield* plain.get()).toBe(true);
      yield* waitAllBlocked();
    }),
  );

  it('shows its name and how many are in it', () => {
    expect(String(new Group())).toBe('<Group 0>');
    expect(String(new Group([], { name: 'workers' }))).toBe("<Group 'workers' 0>");
  });

  it('refuses what holds no greenlets, at construction', () => {
    expect(() => new Group(5 as never)).toThrow('greenlets must be an iterable of greenlets, got 5 (number)');
    expect(() => new Group([5] as never)).toThrow('greenlet must be a Greenlet');
    expect(() => new Group([], { name: 5 } as never)).toThrow('name must be a string');
    expect(() => new Group().spawn(5 as never)).toThrow('fn must be a function');
  });
});
