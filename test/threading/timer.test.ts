import { Timeout } from 'greenlets';
import { virtual } from 'greenlets/testing';
import { currentThread, Thread, Timer } from 'greenlets/threading';
import { describe, expect, it } from 'vitest';
import { thrownBy } from '../support/hub.js';
import { watchHub } from '../support/hub-watch.js';

const hub = watchHub();

describe('a timer', () => {
  it(
    'calls its function with its arguments when the time since its start has passed',
    virtual(function* (clock) {
      const calls: unknown[] = [];
      const timer = new Timer(50, (...args: string[]) => calls.push([clock.now(), ...args]), ['a', 'b']);
      timer.start();
      yield* timer.join();
      expect([calls, timer.finished.isSet(), timer.interval]).toEqual([[[50, 'a', 'b']], true, 50]);
    }),
  );

  it(
    'is a thread, in which its function may block',
    virtual(function* (clock) {
      let ran: Thread | null = null;
      const timer = new Timer(50, function* () {
        ran = currentThread();
        yield* new Thread({ target: () => {} }).run();
        yield* new Timer(20, () => {}).run();
      });
      expect(timer).toBeInstanceOf(Thread);
      expect(timer.name).toMatch(/^Thread-\d+$/);
      timer.start();
      expect(yield* timer.join({ timeout: 60 })).toBe(false);
      yield* timer.join();
      expect([ran === timer, clock.now()]).toEqual([true, 70]);
    }),
  );

  it(
    'that is cancelled calls nothing, and ends at once',
    virtual(function* (clock) {
      const calls: number[] = [];
      const early = new Timer(50, () => calls.push(1));
      early.start();
      early.cancel();
      yield* early.join();
      expect(clock.now()).toBe(0);
      const before = new Timer(50, () => calls.push(2));
      before.cancel();
      before.start();
      yield* before.join();
      expect([calls, clock.now()]).toEqual([[], 0]);
    }),
  );

  it(
    'that is cancelled at the very end of its time calls nothing',
    virtual(function* () {
      const calls: number[] = [];
      const timer = new Timer(50, () => calls.push(1));
      const canceller = new Timer(50, () => timer.cancel());
      canceller.start();
      timer.start();
      yield* timer.join();
      expect(calls).toEqual([]);
    }),
  );

  it(
    'that is cancelled after its call has done its work',
    virtual(function* () {
      const calls: number[] = [];
      const timer = new Timer(0, () => calls.push(1));
      timer.start();
      yield* timer.join();
      timer.cancel();
      expect([calls, timer.isAlive()]).toEqual([[1], false]);
    }),
  );

  it('whose function fails fails as a thread does', async () => {
    const timer = new Timer(1, () => {
      throw new Timeout(5);
    });
    timer.start();
    await timer.join();
    await new Promise((resolve) => setImmediate(resolve));
    expect(hub.takeErrors()).toEqual([expect.any(Timeout)]);
  });

  it('refuses what is no time, no function, no arguments', () => {
    expect(thrownBy(() => new Timer(-1, () => {}))).toBeInstanceOf(RangeError);
    expect(thrownBy(() => new Timer('1' as never, () => {}))).toBeInstanceOf(TypeError);
    expect(String(thrownBy(() => new Timer(1, 5 as never)))).toContain('fn must be a function');
    expect(String(thrownBy(() => new Timer(1, () => {}, {} as never)))).toContain('args must be an array');
  });
});
