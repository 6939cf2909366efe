import { type Green, hub, sleep, spawn, spawnLater } from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it, vi } from 'vitest';
import { collectErrors, keepHubSettings } from '../support/hub.js';

keepHubSettings();

describe('the settings of the hub', () => {
  it('have the defaults of the contract', () => {
    expect(hub.switchInterval).toBe(5);
    expect(hub.killGrace).toBe(1000);
    expect(hub.exitGrace).toBe(5000);
    expect(hub.raiseOnDeadlock).toBe(false);
  });

  for (const name of ['switchInterval', 'killGrace', 'exitGrace'] as const) {
    it(`${name} takes a time and refuses anything else, keeping what it was`, () => {
      const before = hub[name];
      for (const wrong of [-1, Number.NaN]) {
        expect(() => {
          hub[name] = wrong;
        }).toThrow(RangeError);
      }
      for (const wrong of ['1', null, undefined]) {
        expect(() => {
          hub[name] = wrong as never;
        }).toThrow(TypeError);
      }
      expect(hub[name]).toBe(before);
      hub[name] = 7;
      expect(hub[name]).toBe(7);
    });
  }

  it('onError and onWarning take a function; null restores the default', () => {
    for (const name of ['onError', 'onWarning'] as const) {
      hub[name] = null;
      const standard = hub[name];
      expect(standard).toBeTypeOf('function');
      const own = () => {};
      hub[name] = own;
      expect(hub[name]).toBe(own);
      expect(() => {
        hub[name] = 5 as never;
      }).toThrow(TypeError);
      expect(hub[name]).toBe(own);
      hub[name] = null;
      expect(hub[name]).toBe(standard);
    }
  });

  it('debug takes a boolean only', () => {
    const { debug } = hub;
    expect(() => {
      hub.debug = 1 as never;
    }).toThrow(TypeError);
    expect(hub.debug).toBe(debug);
  });
});

describe('hub.stats()', () => {
  it(
    'counts living greenlets, ready ones, timers and turns, as plain frozen data',
    virtual(function* () {
      const before = hub.stats();
      const asleep = spawn(sleep, 100);
      const later = spawnLater(50, () => 1);
      const scheduled = spawn(() => 1);
      yield* sleep(0);
      spawn(() => 1);
      const now = hub.stats();
      expect(now.greenlets).toBe(before.greenlets + 3);
      expect(now.ready).toBe(1);
      expect(now.timers).toBe(before.timers + 2);
      expect(now.awake).toBe(true);
      expect(Object.isFrozen(now)).toBe(true);
      expect(scheduled.dead).toBe(true);
      yield* asleep.kill();
      yield* later.kill();
      expect(hub.stats().turns).toBeGreaterThanOrEqual(now.turns);
      expect(hub.stats().greenlets).toBe(before.greenlets);
    }),
  );

  it('is idle when nothing is to be done', async () => {
    await sleep(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(hub.stats()).toMatchObject({ greenlets: 0, ready: 0, timers: 0, awake: false });
  });
});

describe('the handlers of the hub', () => {
  it(
    'a throwing onError is told to the host and harms nobody',
    virtual(function* () {
      const write = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
      hub.onError = () => {
        throw new Error('the handler failed');
      };
      const error = new Error('e');
      const bad = spawn(() => {
        throw error;
      });
      const good = spawn(sleep, 5);
      yield* good.get();
      expect(bad.error).toBe(error);
      expect(write.mock.calls.join('')).toContain('the handler failed');
      write.mockRestore();
    }),
  );

  it(
    'the default onError prints name, spawn place and stack with its causes',
    virtual(function* () {
      const write = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
      hub.onError = null;
      spawn({ name: 'culprit' }, () => {
        throw new Error('what happened', { cause: new Error('why') });
      });
      yield* waitAllBlocked();
      const text = write.mock.calls.map(([chunk]) => String(chunk)).join('');
      write.mockRestore();
      expect(text).toContain('culprit');
      expect(text).toMatch(/spawned at .*hub\.test\.ts:\d+:\d+/);
      expect(text).toContain('what happened');
      expect(text).toContain('why');
    }),
  );

  it(
    'the default onWarning prints code, message and place',
    virtual(function* () {
      const write = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
      hub.onWarning({ code: 'SOME_CODE', message: 'some message', greenlet: null, at: 'f (file.ts:1:2)' });
      const text = write.mock.calls.map(([chunk]) => String(chunk)).join('');
      write.mockRestore();
      expect(text).toContain('SOME_CODE');
      expect(text).toContain('some message');
      expect(text).toContain('file.ts:1:2');
    }),
  );
});

/** So many steps that a starved host would be noticed, and a test that fails ends. */
const MOST = 20_000_000;

describe('the turns of the hub', () => {
  /** Spins until the host has called back; gives whether that came before the end of the spinning. */
  async function hostIsServed(spin: (over: () => boolean) => Green<boolean>, host: (cb: () => void) => void) {
    let called = false;
    host(() => {
      called = true;
    });
    return await spawn(spin, () => called).get();
  }

  function* onSleep0(over: () => boolean): Green<boolean> {
    for (let i = 0; i < MOST && !over(); i++) yield* sleep(0);
    return over();
  }

  function* onReadyOperations(over: () => boolean): Green<boolean> {
    const dead = spawn(() => 1);
    yield* dead.get();
    for (let i = 0; i < MOST && !over(); i++) yield* dead.get();
    return over();
  }

  for (const [name, spin] of [
    ['sleep(0)', onSleep0],
    ['operations that are always ready', onReadyOperations],
  ] as const) {
    it(`a spinner on ${name} lets immediates, timers and promise jobs of the host run`, async () => {
      expect(await hostIsServed(spin, (cb) => void setImmediate(cb))).toBe(true);
      expect(await hostIsServed(spin, (cb) => void setTimeout(cb, 1))).toBe(true);
      expect(await hostIsServed(spin, (cb) => void queueMicrotask(cb))).toBe(true);
    });

    it(`a spinner on ${name} lets other greenlets and their timers run`, async () => {
      let woken = false;
      const other = spawn(function* (): Green<void> {
        yield* sleep(1);
        woken = true;
      });
      expect(await spawn(spin, () => woken).get()).toBe(true);
      await other.get();
    });
  }

  it('an async loop over await sleep(0) lets the host run', async () => {
    let called = false;
    setImmediate(() => {
      called = true;
    });
    for (let i = 0; i < 1_000_000 && !called; i++) await sleep(0);
    expect(called).toBe(true);
  });

  it('with switchInterval 0 the host has its turn at every look', async () => {
    hub.switchInterval = 0;
    let steps = 0;
    let at = -1;
    setImmediate(() => {
      at = steps;
    });
    await spawn(function* (): Green<void> {
      for (; steps < 10_000; steps++) yield* sleep(0);
    }).get();
    expect(at).toBeGreaterThanOrEqual(0);
    expect(at).toBeLessThan(1000);
  });

  it('with switchInterval Infinity greenlets run on until all are blocked', async () => {
    hub.switchInterval = Number.POSITIVE_INFINITY;
    let called = false;
    await new Promise((resolve) => setImmediate(resolve));
    setImmediate(() => {
      called = true;
    });
    const seen = await spawn(function* (): Green<boolean> {
      for (let i = 0; i < 10_000; i++) yield* sleep(0);
      return called;
    }).get();
    expect(seen).toBe(false);
  });

  it('begin in a promise job when the hub was idle', async () => {
    await new Promise((resolve) => setImmediate(resolve));
    const trace: string[] = [];
    const passed = new Promise((resolve) => setImmediate(() => resolve(trace.push('immediate'))));
    spawn(() => void trace.push('greenlet'));
    await Promise.resolve();
    trace.push('job');
    await passed;
    expect(trace).toEqual(['greenlet', 'job', 'immediate']);
  });

  it('an error of a greenlet of many does not stop the others in its turn', async () => {
    collectErrors();
    const trace: number[] = [];
    const all = [1, 2, 3].map((n) =>
      spawn(() => {
        if (n === 2) throw new Error('e');
        trace.push(n);
      }),
    );
    for (const g of all) await g.join();
    expect(trace).toEqual([1, 3]);
  });
});
