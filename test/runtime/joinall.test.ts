import {
  attempt,
  type Green,
  Greenlet,
  GreenletExit,
  getcurrent,
  greenlet,
  hub,
  joinall,
  kill,
  killall,
  sleep,
  spawn,
  spawnRaw,
  Timeout,
} from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { collectErrors, keepHubSettings } from '../support/hub.js';

keepHubSettings();

function* failAfter(ms: number, error: unknown): Green<never> {
  yield* sleep(ms);
  throw error;
}

describe('joinall', () => {
  it(
    'gives the greenlets in the order of their deaths',
    virtual(function* (clock) {
      const [a, b, c] = [spawn(sleep, 30), spawn(sleep, 10), spawn(sleep, 20)];
      expect(yield* joinall([a, b, c])).toEqual([b, c, a]);
      expect(clock.now()).toBe(30);
    }),
  );

  it(
    'orders those that are dead already by their deaths too',
    virtual(function* () {
      const [a, b, c] = [spawn(sleep, 30), spawn(sleep, 10), spawn(sleep, 40)];
      yield* joinall([a, b]);
      expect(yield* joinall([a, b, c])).toEqual([b, a, c]);
      expect(yield* joinall([c, a, b])).toEqual([b, a, c]);
    }),
  );

  it(
    'of nothing, or with count 0, gives [] at once',
    virtual(function* () {
      const g = spawn(sleep, 10);
      expect(yield* joinall([])).toEqual([]);
      expect(yield* joinall([g], { count: 0 })).toEqual([]);
      expect(g.dead).toBe(false);
      yield* g.get();
    }),
  );

  it(
    'with count gives the first ones, and the others go on',
    virtual(function* (clock) {
      const [a, b, c] = [spawn(sleep, 30), spawn(sleep, 10), spawn(sleep, 20)];
      expect(yield* joinall([a, b, c], { count: 2 })).toEqual([b, c]);
      expect(clock.now()).toBe(20);
      expect(a.dead).toBe(false);
      expect(yield* joinall([a, b, c], { count: 1 })).toEqual([b]);
      expect(yield* joinall([a, b, c], { count: 10 })).toEqual([b, c, a]);
    }),
  );

  it(
    'with a timeout gives those that have finished by then, with 0 those that have already',
    virtual(function* (clock) {
      const [a, b] = [spawn(sleep, 30), spawn(sleep, 10)];
      expect(yield* joinall([a, b], { timeout: 0 })).toEqual([]);
      expect(yield* joinall([a, b], { timeout: 20 })).toEqual([b]);
      expect(clock.now()).toBe(20);
      expect(yield* joinall([a, b], { timeout: 0 })).toEqual([b]);
      yield* a.get();
    }),
  );

  it(
    'counts a greenlet as often as it is listed, living or dead',
    virtual(function* () {
      const [a, b] = [spawn(sleep, 20), spawn(sleep, 10)];
      expect(yield* joinall([a, b, a])).toEqual([b, a, a]);
      expect(yield* joinall([a, b, a])).toHaveLength(3);
      const [c, d] = [spawn(sleep, 5), spawn(sleep, 50)];
      expect(yield* joinall([c, d, c], { count: 2 })).toEqual([c, c]);
      expect(d.dead).toBe(false);
      yield* d.get();
    }),
  );

  it(
    'never throws without raiseError, and lets the caller look at the errors afterwards',
    virtual(function* () {
      const errors = collectErrors();
      const error = new Error('e');
      const bad = spawn(failAfter, 5, error);
      const slow = spawn(sleep, 100);
      expect(yield* joinall([slow, bad])).toEqual([bad, slow]);
      expect(errors).toEqual([]);
      expect(bad.error).toBe(error);
      yield* waitAllBlocked();
      expect(errors).toEqual([]);
    }),
  );

  it(
    'whose caller does not look at an error: the hub is told, once, when the caller has been resumed',
    virtual(function* () {
      const errors = collectErrors();
      const error = new Error('e');
      const bad = spawn(failAfter, 5, error);
      yield* joinall([bad, spawn(sleep, 10)]);
      expect(errors).toEqual([]);
      yield* waitAllBlocked();
      expect(errors).toEqual([{ error, greenlet: bad }]);
    }),
  );

  it(
    'with raiseError throws the first failure in time at once, and the others go on',
    virtual(function* (clock) {
      const first = new Error('first');
      const a = spawn(failAfter, 20, new Error('second'));
      const b = spawn(failAfter, 10, first);
      const slow = spawn(sleep, 30);
      let caught: unknown;
      try {
        yield* joinall([slow, a, b], { raiseError: true });
      } catch (error) {
        caught = error;
      }
      expect(caught).toBe(first);
      expect(clock.now()).toBe(10);
      expect(slow.dead).toBe(false);
      yield* joinall([slow, a, b]);
      expect(a.error).toBeInstanceOf(Error);
      try {
        yield* joinall([a, b, slow], { raiseError: true });
      } catch (error) {
        caught = error;
      }
      expect(caught).toBe(first);
      expect(slow.successful()).toBe(true);
    }),
  );

  it(
    'with raiseError and no failure gives the greenlets',
    virtual(function* () {
      const g = spawn(() => 5);
      expect(yield* joinall([g], { raiseError: true })).toEqual([g]);
    }),
  );

  it(
    'interrupted leaves no link and no timer',
    virtual(function* () {
      const g = spawn(failAfter, 20, new Error('e'));
      const timers = hub.stats().timers;
      const joiner = spawn(function* (): Green<void> {
        yield* joinall([g, spawn(sleep, 1)], { timeout: 1000 });
      });
      yield* sleep(5);
      yield* joiner.kill();
      expect(hub.stats().timers).toBe(timers + 1);
      const errors = collectErrors();
      yield* sleep(50);
      expect(errors.map((each) => each.greenlet)).toEqual([g]);
    }),
  );

  it(
    'that the dead satisfy, or fail, leaves no link to the living',
    virtual(function* () {
      const dead = spawn(() => 1);
      const failed = spawn(failAfter, 1, new Error('early'));
      yield* joinall([dead, failed]);
      const living = [spawn(failAfter, 20, 'unseen'), spawn(failAfter, 30, 'unseen too')] as const;
      expect(yield* joinall([living[0], dead, living[0]], { count: 1 })).toEqual([dead]);
      expect(yield* attempt(() => joinall([living[1], failed], { raiseError: true }))).toMatchObject({
        ok: false,
      });
      const errors = collectErrors();
      yield* sleep(50);
      expect(errors.map((each) => each.greenlet)).toEqual(living);
    }),
  );

  it('is awaited outside of greenlets', async () => {
    const all = [spawn(() => 1), spawn(() => 2)];
    expect(await joinall(all)).toEqual(all);
    expect(all.map((g) => g.value)).toEqual([1, 2]);
  });

  it('refuses at the call what is no list of greenlets', () => {
    expect(() => joinall(5 as never)).toThrow(TypeError);
    expect(() => joinall(new Greenlet(() => 1) as never)).toThrow(TypeError);
    expect(() => joinall([1] as never)).toThrow(/greenlets\[0\]/);
    expect(() => joinall([new greenlet(() => 1)] as never)).toThrow(TypeError);
    expect(() => joinall([], { timeout: -1 })).toThrow(RangeError);
    expect(() => joinall([], { count: -1 })).toThrow(RangeError);
    expect(() => joinall([], { count: 1.5 })).toThrow(RangeError);
  });
});

describe('killall', () => {
  it(
    'kills all at the call and waits until they are dead',
    virtual(function* (clock) {
      const trace: string[] = [];
      function* cleaner(name: string, ms: number): Green<void> {
        try {
          yield* sleep(1000);
        } finally {
          yield* sleep(ms);
          trace.push(name);
        }
      }
      const all = [spawn(cleaner, 'a', 20), spawn(cleaner, 'b', 10)];
      yield* sleep(1);
      expect(yield* killall(all)).toBeUndefined();
      expect(trace).toEqual(['b', 'a']);
      expect(clock.now()).toBe(21);
      expect(all.every((g) => g.killed && g.value instanceof GreenletExit)).toBe(true);
    }),
  );

  it(
    'those that have not begun never run',
    virtual(function* () {
      let ran = 0;
      const all = [
        new Greenlet(() => void ran++),
        spawn(() => void ran++),
        Greenlet.spawnLater(1, () => void ran++),
      ];
      yield* killall(all as Greenlet[]);
      yield* sleep(5);
      expect(ran).toBe(0);
      expect(all.every((g) => g.dead)).toBe(true);
    }),
  );

  it(
    'of none is over at once',
    virtual(function* () {
      expect(yield* killall([])).toBeUndefined();
    }),
  );

  it(
    'throws Timeout when they are not dead in time, and the request stands',
    virtual(function* (clock) {
      const stubborn = spawn(function* (): Green<void> {
        try {
          yield* sleep(1000);
        } finally {
          yield* sleep(50);
        }
      });
      yield* sleep(1);
      let caught: unknown;
      try {
        yield* killall([stubborn], { timeout: 10 });
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(Timeout);
      expect(clock.now()).toBe(11);
      yield* stubborn.join();
      expect(clock.now()).toBe(51);
      expect(stubborn.killed).toBe(true);
    }),
  );

  it(
    'with block: false, or never run, acts all the same',
    virtual(function* () {
      const [a, b] = [spawn(sleep, 1000), spawn(sleep, 1000)];
      yield* sleep(0);
      expect(yield* killall([a], { block: false })).toBeUndefined();
      expect(a.dead).toBe(false);
      void killall([b]);
      yield* joinall([a, b]);
      expect([a.killed, b.killed]).toEqual([true, true]);
    }),
  );

  it(
    'throws the given exception: an instance as it is, a class made anew for each',
    virtual(function* () {
      class Stop extends Error {}
      const instance = new Stop();
      const [a, b, c] = [spawn(sleep, 10), spawn(sleep, 10), spawn(sleep, 10)];
      yield* sleep(0);
      yield* killall([a], { exception: instance });
      expect(a.error).toBe(instance);
      yield* killall([b, c], { exception: Stop });
      expect(b.error).toBeInstanceOf(Stop);
      expect(c.error).toBeInstanceOf(Stop);
      expect(b.error).not.toBe(c.error);
    }),
  );

  it(
    'takes raw greenlets too: begun ones, and ones that have not begun',
    virtual(function* () {
      const trace: string[] = [];
      function* body(): Green<void> {
        try {
          yield* sleep(1000);
        } finally {
          trace.push('cleaned');
        }
      }
      const begun = spawnRaw(body);
      yield* sleep(0);
      const scheduled = spawnRaw(() => void trace.push('ran'));
      const g = spawn(body);
      yield* killall([begun, scheduled, g]);
      yield* waitAllBlocked();
      expect(trace).toEqual(['cleaned']);
      expect([begun.dead, scheduled.dead, g.dead]).toEqual([true, true, true]);
    }),
  );

  it(
    'with the caller among them: the caller is killed at the yield* of it',
    virtual(function* () {
      const trace: string[] = [];
      const other = spawn(sleep, 1000);
      const g = spawn(function* (): Green<void> {
        const request = killall([getcurrent(), other]);
        trace.push('requested');
        try {
          yield* request;
        } finally {
          trace.push('thrown');
        }
        trace.push('never');
      });
      yield* joinall([g, other]);
      expect(trace).toEqual(['requested', 'thrown']);
      expect([g.killed, other.killed]).toEqual([true, true]);
    }),
  );

  it('refuses at the call what is no list of greenlets, and kills none', () => {
    const g = new Greenlet(() => 1);
    expect(() => killall(g as never)).toThrow(TypeError);
    expect(() => killall([g, 1] as never)).toThrow(TypeError);
    expect(() => killall([g], { timeout: -1 })).toThrow(RangeError);
    expect(g.dead).toBe(false);
  });
});

describe('kill as a function', () => {
  it(
    'kills a scheduled greenlet as its method does',
    virtual(function* () {
      const g = spawn(sleep, 100);
      yield* sleep(0);
      expect(yield* kill(g)).toBe(true);
      expect(g.killed).toBe(true);
      const error = new Error('e');
      const h = spawn(sleep, 100);
      yield* sleep(0);
      yield* kill(h, { exception: error });
      expect(h.error).toBe(error);
    }),
  );

  it(
    'kills a raw greenlet: parked, scheduled, or not begun',
    virtual(function* () {
      let ran = false;
      const parked = spawnRaw(function* (): Green<void> {
        yield* sleep(1000);
        ran = true;
      });
      yield* sleep(0);
      const scheduled = spawnRaw(() => {
        ran = true;
      });
      const fresh = new greenlet(() => {
        ran = true;
      }, hub);
      void kill(parked);
      void kill(scheduled);
      void kill(fresh);
      yield* waitAllBlocked();
      expect([parked.dead, scheduled.dead, fresh.dead, ran]).toEqual([true, true, true, false]);
    }),
  );

  it('refuses what is no greenlet', () => {
    expect(() => kill({} as never)).toThrow(TypeError);
  });
});
