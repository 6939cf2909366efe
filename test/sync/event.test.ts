import fc from 'fast-check';
import {
  AsyncResult,
  Event,
  type Green,
  type Greenlet,
  iwait,
  race,
  select,
  sleep,
  spawn,
  spawnLater,
  wait,
} from 'greenlets';
import { explore, runVirtual, sweepKills, virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { interruptions } from '../support/interruptions.js';

watchHub();

/** Waits in a greenlet of its own, and notes what it got. */
function waiter(event: Event, name: string, log: string[], timeout?: number): Greenlet<boolean> {
  return spawn({ name }, function* () {
    const seen = yield* event.wait({ timeout });
    log.push(`${name} ${seen}`);
    return seen;
  });
}

describe('Event', () => {
  it(
    'that is set lets everyone pass at once, with true and without a switch, until it is cleared',
    virtual(function* (clock) {
      const event = new Event();
      let others = 0;
      spawn(() => others++);
      expect([event.isSet(), event.ready()]).toEqual([false, false]);
      expect(yield* event.wait({ timeout: 0 })).toBe(false);
      event.set();
      expect([event.isSet(), event.ready()]).toEqual([true, true]);
      expect([yield* event.wait(), yield* event.wait({ timeout: 0 }), yield* event.wait({})]).toEqual([
        true,
        true,
        true,
      ]);
      expect(others).toBe(0);
      event.clear();
      event.clear();
      expect([event.isSet(), event.ready()]).toEqual([false, false]);
      expect(yield* event.wait({ timeout: 5 })).toBe(false);
      expect([others, clock.now()]).toEqual([1, 5]);
    }),
  );

  it(
    'wakes all who wait in the order they came, again and again, and runs nothing of them inside set()',
    virtual(function* () {
      const event = new Event();
      // 233
      for (let round = 0; round < 2; round++) {
        const log: string[] = [];
        for (const name of 'abcde') waiter(event, name, log);
        yield* waitAllBlocked();
        expect([log, event.statistics()]).toEqual([[], { isSet: false, waiters: 5 }]);
        event.set();
        event.set();
        expect([log, event.statistics()]).toEqual([[], { isSet: true, waiters: 0 }]);
        yield* waitAllBlocked();
        expect(log).toEqual(['a true', 'b true', 'c true', 'd true', 'e true']);
        event.clear();
      }
    }),
  );

  it(
    'cleared right after it was set has woken all that waited, and none that come later',
    virtual(function* () {
      const event = new Event();
      const log: string[] = [];
      for (const name of 'ab') waiter(event, name, log);
      yield* waitAllBlocked();
      event.set();
      event.clear();
      waiter(event, 'c', log, 10);
      yield* sleep(20);
      expect(log).toEqual(['a true', 'b true', 'c false']);
    }),
  );

  it(
    'lets who comes while the woken ones have not run pass behind them',
    virtual(function* () {
      const event = new Event();
      const log: string[] = [];
      for (const name of 'ab') waiter(event, name, log);
      yield* waitAllBlocked();
      event.set();
      // 211
      waiter(event, 'c', log);
      yield* sleep(0);
      expect(log).toEqual(['a true', 'b true', 'c true']);
    }),
  );

  it(
    'that was set once wakes nobody twice: who was woken, clears it and waits anew waits for the next set',
    virtual(function* (clock) {
      const event = new Event();
      const setter = spawnLater(10, () => event.set());
      const g = spawn(function* () {
        const first = yield* event.wait();
        yield* setter.join();
        event.clear();
        const second = yield* event.wait({ timeout: 30 });
        return [first, second, clock.now()];
      });
      // 198
      expect(yield* g.get()).toEqual([true, false, 40]);
    }),
  );

  it(
    'gives exactly false when timeout ms pass first, and leaves nobody registered',
    virtual(function* (clock) {
      const event = new Event();
      const log: string[] = [];
      for (const [name, ms] of [
        ['a', 30],
        ['b', 10],
        ['c', 50],
      ] as const) {
        waiter(event, name, log, ms);
      }
      yield* sleep(40);
      expect([log, event.statistics().waiters]).toEqual([['b false', 'a false'], 1]);
      event.set();
      yield* sleep(100);
      expect([log.at(-1), event.statistics().waiters, clock.now()]).toEqual(['c true', 0, 140]);
    }),
  );

  for (const { name, begin } of interruptions) {
    it(
      `forgets a wait that is interrupted by ${name}, and wakes those behind it`,
      virtual(function* () {
        const event = new Event();
        const log: string[] = [];
        waiter(event, 'before', log);
        yield* waitAllBlocked();
        const interrupt = begin(() => event.wait());
        yield* waitAllBlocked();
        waiter(event, 'behind', log);
        yield* waitAllBlocked();
        expect(event.statistics().waiters).toBe(3);
        yield* interrupt();
        expect(event.statistics()).toEqual({ isSet: false, waiters: 2 });
        event.set();
        yield* waitAllBlocked();
        expect(log).toEqual(['before true', 'behind true']);
      }),
    );
  }

  it(
    'has been seen by who was woken: a kill that comes before it runs is thrown at its next suspension',
    virtual(function* () {
      const event = new Event();
      const log: string[] = [];
      const g = spawn(function* () {
        log.push(String(yield* event.wait()));
        yield* sleep(1);
        log.push('not killed');
      });
      yield* waitAllBlocked();
      event.set();
      yield* g.kill();
      expect(log).toEqual(['true']);
    }),
  );

  it('is undone by a kill at any suspension', async () => {
    const kills = await sweepKills(function* () {
      const [event, other] = [new Event(), new Event()];
      const setter = spawn(function* () {
        yield* sleep(0);
        event.set();
        yield* sleep(5);
        other.set();
      });
      try {
        yield* event.wait();
        yield* race([other.wait(), sleep(100)]);
        yield* wait([new Event(), other], { count: 1 });
        yield* sleep(0);
      } finally {
        expect([event.statistics().waiters, other.statistics().waiters]).toEqual([0, 0]);
        yield* setter.join();
      }
    });
    expect(kills).toBe(3);
  });

  it(
    'is an operand: wait, iwait and select give the event itself when it is set',
    virtual(function* (clock) {
      const [a, b] = [new Event({ name: 'a' }), new Event({ name: 'b' })];
      spawnLater(10, () => b.set());
      spawnLater(20, () => a.set());
      expect(yield* wait([a, b], { timeout: 5 })).toEqual([]);
      expect(yield* select({ a: a as never, b: b as never })).toEqual({ key: 'b', value: b });
      expect(yield* wait([a, b])).toEqual([b, a]);
      const results = iwait([a, b]);
      expect(yield* results.toArray()).toEqual([a, b]);
      expect([clock.now(), a.statistics().waiters]).toEqual([20, 0]);
    }),
  );

  it(
    'is waited for together with results: all of them, or the first so many',
    virtual(function* () {
      // 209
      const make = () => {
        const events = Array.from({ length: 5 }, () => new Event());
        const results = Array.from({ length: 5 }, () => new AsyncResult<number>());
        const setter = spawn(function* () {
          for (const [i, event] of events.entries()) {
            yield* sleep(1);
            event.set();
            results[i]?.set(i);
          }
          yield* sleep(100);
        });
        return { objects: [...events, ...results], setter };
      };
      for (const [options, count] of [
        [{ timeout: 50 }, 10],
        [{}, 10],
        [{ count: 1 }, 1],
        [{ count: 3, timeout: 50 }, 3],
      ] as const) {
        const { objects, setter } = make();
        const ready = yield* wait<object>(objects, options);
        expect([ready.length, new Set(ready).size, setter.dead]).toEqual([count, count, false]);
        yield* setter.kill();
      }
    }),
  );

  it('can be awaited outside of greenlets', async () => {
    await runVirtual(async (clock) => {
      const event = new Event();
      spawnLater(10, () => event.set());
      expect(await event.wait({ timeout: 5 })).toBe(false);
      expect(await event.wait()).toBe(true);
      expect(clock.now()).toBe(10);
    });
  });

  it('shows its state as plain, frozen data and as one line; refuses what is no option', async () => {
    await runVirtual(function* () {
      const event = new Event({ name: 'open' });
      expect(String(event)).toBe("<Event 'open' clear>");
      const g = spawn(() => event.wait());
      yield* waitAllBlocked();
      expect(String(event)).toBe("<Event 'open' clear, 1 waiting>");
      expect(Object.isFrozen(event.statistics())).toBe(true);
      event.set();
      expect(String(event)).toBe("<Event 'open' set>");
      yield* g.join();
    });
    expect(() => new Event().wait({ timeout: -1 })).toThrow(RangeError);
    expect(() => new Event({ name: 5 as never })).toThrow('name must be a string, got 5 (number)');
    expect(() => new Event('open' as never)).toThrow("options must be an object such as { name: 'jobs' }");
  });

  it('does what a naive model does, in any program and any order', async () => {
    type Step = { readonly act: 'set' | 'clear' | 'pulse' | 'wait' | 'rest'; readonly ms: number };
    const step = fc.record({
      act: fc.constantFrom<Step['act'][]>('set', 'clear', 'pulse', 'wait', 'wait', 'rest'),
      ms: fc.integer({ min: 1, max: 6 }),
    });
    const programs = fc.array(fc.array(step, { maxLength: 4 }), { minLength: 2, maxLength: 4 });
    const property = fc.asyncProperty(programs, fc.nat(), (bodies, seed) =>
      runVirtual(
        function* (clock) {
          const event = new Event();
          let isSet = false;
          let waiting: number[] = [];
          const due = new Set<number>();
          let next = 0;
          const set = () => {
            isSet = true;
            for (const id of waiting) due.add(id);
            waiting = [];
            event.set();
          };
          const clear = () => {
            isSet = false;
            event.clear();
          };
          function* body(steps: readonly Step[]): Green<void> {
            for (const { act, ms } of steps) {
              const id = next++;
              // Uneven, so that no two things happen at the same moment, where the model would have to know their order.
              const span = ms + Math.sqrt(id + 2) / 10;
              if (act === 'set' || act === 'pulse') set();
              if (act === 'clear' || act === 'pulse') clear();
              if (act === 'rest') yield* sleep(span);
              if (act !== 'wait') continue;
              const at = clock.now();
              const atOnce = isSet;
              if (!atOnce) waiting.push(id);
              const seen = yield* event.wait({ timeout: span });
              // Woken in the moment of the set, or in that of the timeout.
              expect(seen).toBe(atOnce || due.has(id));
              if (!seen) expect(clock.now()).toBe(at + span);
              waiting = waiting.filter((each) => each !== id);
            }
          }
          for (const each of bodies.map((steps) => spawn(body, steps))) yield* each.get();
          expect(event.statistics()).toEqual({ isSet, waiters: 0 });
        },
        { seed },
      ),
    );
    await fc.assert(property, { numRuns: 150, seed: 1 });
  });

  it('loses no wake-up between greenlets that hand one another turns, in every order', async () => {
    await explore(
      function* () {
        const events = Array.from({ length: 3 }, () => new Event());
        const log: number[] = [];
        function* player(n: number): Green<void> {
          for (let round = 0; round < 3; round++) {
            yield* (events[n] as Event).wait();
            events[n]?.clear();
            log.push(n);
            events[(n + 1) % 3]?.set();
          }
        }
        const all = [0, 1, 2].map((n) => spawn(player, n));
        yield* sleep(0);
        events[0]?.set();
        for (const each of all) yield* each.get();
        expect(log).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
      },
      { runs: 60 },
    );
  });
});
