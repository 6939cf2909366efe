import { type Green, hub, idle, joinall, seconds, sleep, spawn, until } from 'greenlets';
import { virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { keepHubSettings } from '../support/hub.js';

keepHubSettings();

describe('sleep', () => {
  it(
    'takes its time, and gives undefined',
    virtual(function* (clock) {
      expect(yield* sleep(5)).toBeUndefined();
      expect(clock.now()).toBe(5);
      yield* sleep(0.5);
      expect(clock.now()).toBe(5.5);
    }),
  );

  it(
    'wakes in the order of the deadlines, equal ones in the order in which they were set',
    virtual(function* () {
      const trace: string[] = [];
      function* f(name: string, ms: number): Green<void> {
        yield* sleep(ms);
        trace.push(name);
      }
      yield* joinall([spawn(f, 'c', 30), spawn(f, 'a', 10), spawn(f, 'b', 20), spawn(f, 'a2', 10)]);
      expect(trace).toEqual(['a', 'a2', 'b', 'c']);
    }),
  );

  it(
    'of 0, or of nothing, gives way to everybody who is ready, and no time passes',
    virtual(function* (clock) {
      const trace: string[] = [];
      spawn(() => void trace.push('first'));
      spawn(() => void trace.push('second'));
      yield* sleep(0);
      expect(trace).toEqual(['first', 'second']);
      spawn(() => void trace.push('third'));
      yield* sleep();
      expect(trace).toEqual(['first', 'second', 'third']);
      expect(clock.now()).toBe(0);
    }),
  );

  it(
    'may be run any number of times, each in full',
    virtual(function* (clock) {
      const nap = sleep(10);
      yield* nap;
      yield* nap;
      yield* joinall([spawn(() => nap), spawn(() => nap)]);
      expect(clock.now()).toBe(30);
    }),
  );

  it(
    'is exact for times beyond the longest timer of the host, and never ends for Infinity',
    virtual(function* (clock) {
      const never = spawn(sleep, Number.POSITIVE_INFINITY);
      yield* sleep(2 ** 31 + 1);
      expect(clock.now()).toBe(2 ** 31 + 1);
      yield* sleep(1e15);
      expect(clock.now()).toBe(1e15 + 2 ** 31 + 1);
      expect(never.dead).toBe(false);
      yield* never.kill();
    }),
  );

  it('sets timers of the host that it can hold, however long the sleep is', async () => {
    const g = spawn(sleep, 2 ** 40);
    const h = spawn(sleep, Number.MAX_VALUE);
    // A host timer that overflows fires after 1 ms.
    await sleep(5);
    expect([g.dead, h.dead]).toEqual([false, false]);
    await g.kill();
    await h.kill();
  });

  it('refuses at the call what is no time', () => {
    for (const wrong of [-1, Number.NaN, Number.NEGATIVE_INFINITY])
      expect(() => sleep(wrong)).toThrow(RangeError);
    for (const wrong of ['1', null, {}, 1n]) expect(() => sleep(wrong as never)).toThrow(TypeError);
    expect(() => sleep('5' as never)).toThrow(/seconds\(n\)/);
  });

  it(
    'with ref: false sleeps as long; its timer does not hold the process',
    virtual(function* (clock) {
      const g = spawn(sleep, 10, { ref: false });
      yield* g.get();
      expect(clock.now()).toBe(10);
    }),
  );

  it('is awaited outside of greenlets, in order with the greenlets that are ready', async () => {
    const trace: string[] = [];
    spawn(() => void trace.push('greenlet'));
    await sleep(0);
    trace.push('main');
    expect(trace).toEqual(['greenlet', 'main']);
  });
});

describe('seconds', () => {
  it('gives milliseconds, and refuses what is no time', () => {
    expect(seconds(0.5)).toBe(500);
    expect(seconds(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(() => seconds(-1)).toThrow(RangeError);
    expect(() => seconds('1' as never)).toThrow(TypeError);
  });
});

describe('idle', () => {
  it('returns when nobody is ready and the host has had its pass', async () => {
    const trace: string[] = [];
    setImmediate(() => void trace.push('host'));
    const busy = spawn(function* (): Green<void> {
      for (let i = 0; i < 100; i++) yield* sleep(0);
      trace.push('busy one ended');
    });
    const g = spawn(function* (): Green<void> {
      yield* idle();
      trace.push('idle');
    });
    await joinall([g, busy]);
    expect(trace.at(-1)).toBe('idle');
    expect(trace).toContain('host');
  });

  it(
    'interrupted is forgotten, and others that wait for it go on',
    virtual(function* () {
      const [a, b] = [spawn(idle), spawn(idle)];
      yield* sleep(0);
      yield* a.kill();
      yield* b.get();
      expect(b.value).toBeUndefined();
      expect(hub.stats().greenlets).toBe(1);
      yield* until(Promise.resolve());
    }),
  );
});
