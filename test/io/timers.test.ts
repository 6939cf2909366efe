/** The timers of node:timers/promises, as operations. */
import { getEventListeners } from 'node:events';
import { spawn, Timeout, withTimeout } from 'greenlets';
import { timers } from 'greenlets/io';
import { virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { watchLeftovers } from '../support/leftovers.js';
import { thrownBy } from '../support/sockets.js';

watchHub();
watchLeftovers();

function signalled() {
  const controller = new AbortController();
  return { controller, signal: controller.signal };
}

describe('timers', () => {
  it(
    'setTimeout waits and gives its value',
    virtual(function* (clock) {
      expect(yield* timers.setTimeout(50, 'value')).toBe('value');
      expect(clock.now()).toBe(50);
      expect(yield* timers.setTimeout(0)).toBeUndefined();
      expect(yield* timers.setImmediate('now')).toBe('now');
      expect(clock.now()).toBe(50);
    }),
  );

  it('refuse a time that is none at the call', () => {
    for (const wrong of [-1, Number.NaN]) {
      expect(() => timers.setTimeout(wrong)).toThrow(RangeError);
      expect(() => timers.setInterval(wrong)).toThrow(RangeError);
      expect(() => timers.scheduler.wait(wrong)).toThrow(RangeError);
    }
    const wrong = { signal: 5 as never };
    expect(() => timers.setTimeout(1, 1, wrong)).toThrow('signal must be an AbortSignal, got 5');
    expect(() => timers.setImmediate(1, wrong)).toThrow('signal must be an AbortSignal, got 5');
  });

  it(
    'scheduler waits and gives way',
    virtual(function* (clock) {
      expect(yield* timers.scheduler.wait(20)).toBeUndefined();
      expect(yield* timers.scheduler.yield()).toBeUndefined();
      expect(clock.now()).toBe(20);
    }),
  );

  it(
    'a signal ends the wait with an AbortError, and is listened to no longer than that',
    virtual(function* (clock) {
      const { signal, controller } = signalled();
      expect(yield* timers.setTimeout(10, 'value', { signal })).toBe('value');
      expect(yield* timers.setImmediate('value', { signal })).toBe('value');
      const killed = spawn(() => timers.setTimeout(100, 0, { signal }));
      yield* timers.setTimeout(10);
      yield* killed.kill();
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      const ticks = timers.setInterval(50, 'tick', { signal });
      expect(yield* ticks.more()).toBe(true);
      void spawn(() => timers.setTimeout(5)).link(() => controller.abort('why'));
      const waits = [
        () => timers.setTimeout(1000, 0, { signal }),
        () => ticks.more(),
        () => timers.setImmediate(0, { signal }),
        () => timers.scheduler.wait(1000, { signal }),
      ];
      for (const wait of waits) {
        const error = yield* thrownBy(wait as never);
        expect([error.name, error.code, error.cause]).toEqual(['AbortError', 'ABORT_ERR', 'why']);
      }
      expect(clock.now()).toBe(75);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    }),
  );

  it(
    'setInterval ticks at multiples of its time; ticks that were missed come at once; close ends it',
    virtual(function* (clock) {
      const ticks = timers.setInterval(10, 'tick');
      const at: number[] = [];
      for (let i = 0; i < 5; i++) {
        expect(yield* ticks.more()).toBe(true);
        expect(ticks.value).toBe('tick');
        at.push(clock.now());
        if (i === 1) yield* timers.setTimeout(25);
      }
      expect(at).toEqual([10, 20, 45, 45, 50]);
      ticks.close();
      expect(yield* ticks.more()).toBe(false);
    }),
  );

  it(
    'an interrupted tick is not lost',
    virtual(function* (clock) {
      const ticks = timers.setInterval(10);
      expect(yield* thrownBy(() => withTimeout(7, ticks.more()))).toBeInstanceOf(Timeout);
      yield* ticks.more();
      expect(clock.now()).toBe(10);
    }),
  );
});
