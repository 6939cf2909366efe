/** The timers of node:timers/promises, as operations. */
import { Timeout, withTimeout } from 'greenlets';
import { timers } from 'greenlets/io';
import { virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { watchLeftovers } from '../support/leftovers.js';
import { thrownBy } from '../support/sockets.js';

watchHub();
watchLeftovers();

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
    }
  });

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
