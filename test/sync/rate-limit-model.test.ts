/** RateLimit against a naive model: any requests, timeouts, kills and pauses. */
import fc from 'fast-check';
import { type Green, type Greenlet, hub, RateLimit, sleep, spawn, spawnLater } from 'greenlets';
import { runVirtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';

watchHub();

interface Limit {
  readonly rate: number;
  readonly per: number;
  readonly burst: number;
}

interface Request {
  readonly id: number;
  readonly at: number;
  readonly n: number;
  readonly timeout: number;
  readonly killedAfter: number;
}

interface Pause {
  readonly from: number;
  readonly until: number;
}

interface Served {
  readonly id: number;
  readonly at: number;
  readonly n: number;
}

/** One request after the other: it is first when those before it have gone, and is served when all it wants is there. */
function model(limit: Limit, requests: Request[], pauses: Pause[]): Served[] {
  const { rate, per, burst } = limit;
  const served: Served[] = [];
  let tokens: number = burst;
  let counted = 0;
  let gone = 0;
  const count = (until: number) => {
    tokens = Math.min(burst, tokens + ((until - counted) * rate) / per);
    counted = until;
  };
  for (const { id, at, n, timeout, killedAfter } of requests) {
    const first = Math.max(at, gone);
    count(first);
    let when = first + (Math.max(n - tokens, 0) * per) / rate;
    for (const { from, until } of pauses) if (from <= when) when = Math.max(when, until);
    const leaves = at + Math.min(timeout, killedAfter);
    gone = Math.max(first, Math.min(when, leaves));
    if (when > leaves) continue;
    count(when);
    tokens -= n;
    served.push({ id, at: when, n });
  }
  return served;
}

describe('RateLimit', () => {
  it('does what a naive model does, and gives out at most burst + rate * t / per in any time t', async () => {
    const ms = (max: number) => fc.integer({ min: 1, max });
    const step = fc.record({
      after: ms(400),
      n: ms(4),
      timeout: fc.option(ms(500), { nil: Number.POSITIVE_INFINITY }),
      killedAfter: fc.option(ms(500), { nil: Number.POSITIVE_INFINITY }),
      pause: fc.option(ms(300), { nil: 0, freq: 5 }),
    });
    const rate = fc.oneof(ms(30), fc.double({ min: 0.7, max: 20, noNaN: true }));
    const options = fc.record({
      rate,
      per: fc.integer({ min: 100, max: 1500 }),
      burst: fc.constantFrom(4, 6),
    });
    const property = fc.asyncProperty(options, fc.array(step, { maxLength: 25 }), (given, steps) =>
      runVirtual(function* (clock) {
        const limit = new RateLimit(given);
        const served: Served[] = [];
        function* taker(request: Request): Green<void> {
          const { id, n, timeout } = request;
          if (yield* limit.take(n, { timeout })) served.push({ id, at: clock.now(), n });
        }
        const requests: Request[] = [];
        const pauses: Pause[] = [];
        const all: Greenlet<unknown>[] = [];
        for (const [id, { after, n, timeout, killedAfter, pause }] of steps.entries()) {
          // Uneven, so that no two things happen at the same moment, where the model would have to know their order.
          yield* sleep(after + 0.1234567);
          limit.pause(pause);
          pauses.push({ from: clock.now(), until: clock.now() + pause });
          const request = {
            id,
            at: clock.now(),
            n,
            timeout: timeout + 0.3141592,
            killedAfter: killedAfter + 0.2718281,
          };
          requests.push(request);
          const g = spawn(taker, request);
          all.push(
            g,
            spawnLater(request.killedAfter, () => g.kill()),
          );
        }
        for (const each of all.filter((_, i) => i % 2 === 0)) yield* each.join();
        for (const each of all) yield* each.kill();
        const expected = model(given, requests, pauses);
        expect(served.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
        for (const [i, { at }] of served.entries()) {
          expect(at).toBeCloseTo((expected[i] as Served).at, 6);
          let sum = 0;
          for (const later of served.slice(i)) {
            sum += later.n;
            expect(sum).toBeLessThanOrEqual(given.burst + (given.rate * (later.at - at)) / given.per + 1e-9);
          }
        }
        expect([limit.statistics().waiters, hub.stats().timers]).toEqual([0, 0]);
      }),
    );
    await fc.assert(property, { numRuns: 100, seed: 1 });
  });
});
