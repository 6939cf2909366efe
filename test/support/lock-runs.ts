/** What everything lock-like promises in every order and under every interruption: called by the test of each. */
import fc from 'fast-check';
import { type Green, type Greenlet, hub, select, sleep, spawn, spawnLater, withTimeout } from 'greenlets';
import { explore, runVirtual, sweepKills, virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { interruptions, turns } from './interruptions.js';
import { type Kind, type Tested, taker } from './lock-contract.js';

/** The ways of taking it. Each notes that it has it, and lets go in the end. */
const ways: Record<string, (tested: Tested, use: () => Green<void>) => Green<void>> = {
  *acquire({ lock }, use) {
    yield* lock.acquire();
    try {
      yield* use();
    } finally {
      lock.release();
    }
  },
  *hold({ lock }, use) {
    using _ = yield* lock.hold();
    yield* use();
  },
  *with({ lock }, use) {
    yield* lock.with(use);
  },
  *timeout({ lock }, use) {
    while (!(yield* lock.acquire({ timeout: 3 }))) yield* sleep(1);
    try {
      yield* use();
    } finally {
      lock.release();
    }
  },
};

/** A naive model: requests in the order they came; each is served when one of the permits is free, or leaves. */
interface Request {
  readonly at: number;
  readonly holds: number;
  readonly timeout: number;
  readonly killedAfter: number;
}

function model(permits: number, requests: readonly Request[]): (number | null)[] {
  const freeAt: number[] = new Array(permits).fill(0);
  return requests.map(({ at, holds, timeout, killedAfter }) => {
    const start = Math.max(at, Math.min(...freeAt));
    if (start > at + Math.min(timeout, killedAfter)) return null;
    freeAt[freeAt.indexOf(Math.min(...freeAt))] = Math.min(start + holds, at + killedAfter);
    return start;
  });
}

/** Greenlets that take, look around, and let go: at most `permits` at once, in the order in which they asked. */
function* program(kind: Kind, seed: number, greenlets: number, steps: number): Green<void> {
  const tested = kind.make();
  const { lock, waiters } = tested;
  const fresh = lock.statistics();
  const names = Object.keys(ways);
  const asked: number[] = [];
  let inside = 0;
  let uses = 0;
  let next = 0;
  function* use(ticket: number): Green<void> {
    inside++;
    uses++;
    expect(inside).toBeLessThanOrEqual(kind.permits);
    // Who asked without a time limit is not passed by whoever asked later.
    if (kind.permits === 1) expect(asked[0] ?? ticket).toBeGreaterThanOrEqual(ticket);
    asked.splice(asked.indexOf(ticket), asked.includes(ticket) ? 1 : 0);
    yield* turns(ticket % 3);
    inside--;
  }
  function* body(n: number): Green<void> {
    for (let step = 0; step < steps; step++) {
      const name = names[(seed * 7 + n * 3 + step * step) % names.length] as string;
      const ticket = next++;
      if (name !== 'timeout') asked.push(ticket);
      yield* ways[name]?.(tested, () => use(ticket)) as Green<void>;
      if ((n + step) % 2 === 0) yield* sleep(0);
    }
  }
  const all = Array.from({ length: greenlets }, (_, n) => spawn(body, n));
  for (const each of all) yield* each.get();
  expect(uses).toBe(greenlets * steps);
  expect([inside, waiters(), lock.statistics()]).toEqual([0, 0, fresh]);
}

export function lockRuns(kind: Kind): void {
  const { title, make } = kind;

  describe(`${title}, interrupted`, () => {
    for (const { name, begin } of interruptions) {
      it(
        `by ${name} while it waits, has taken nothing, and those behind are served`,
        virtual(function* () {
          for (const way of ['acquire', 'hold'] as const) {
            const { lock, fill, drain, waiters } = make();
            const fresh = lock.statistics();
            const log: string[] = [];
            yield* fill();
            const filled = lock.statistics();
            const alone = begin(() => lock[way]());
            yield* waitAllBlocked();
            expect(waiters()).toBe(1);
            yield* alone();
            expect(lock.statistics()).toEqual(filled);
            taker(lock, 'before', log);
            yield* waitAllBlocked();
            const interrupt = begin(() => lock[way]());
            yield* waitAllBlocked();
            taker(lock, 'behind', log);
            yield* waitAllBlocked();
            expect(waiters()).toBe(3);
            yield* interrupt();
            expect([log, waiters()]).toEqual([[], 2]);
            drain();
            yield* waitAllBlocked();
            expect([log, lock.statistics()]).toEqual([['before', 'behind'], fresh]);
          }
        }),
      );
    }

    it(
      'after it was handed over and before it runs, has it: the kill comes at the next suspension',
      virtual(function* () {
        const { lock, fill, drain } = make();
        const fresh = lock.statistics();
        const log: string[] = [];
        yield* fill();
        const g = spawn(function* () {
          const taken = yield* lock.acquire();
          try {
            log.push(`taken: ${taken}`);
            yield* sleep(1000);
          } finally {
            lock.release();
          }
        });
        yield* waitAllBlocked();
        taker(lock, 'behind', log);
        yield* waitAllBlocked();
        drain();
        yield* g.kill();
        yield* waitAllBlocked();
        expect(log.toSorted()).toEqual(['behind', 'taken: true']);
        expect(lock.statistics()).toEqual(fresh);
      }),
    );

    it(
      'by the end of its time in the moment of the release, is served or leaves, and nothing is lost',
      virtual(function* () {
        for (const timeout of [10, 10.001, 9.999]) {
          const { lock, fill, drain } = make();
          const fresh = lock.statistics();
          yield* fill();
          const g = spawn(function* () {
            const taken = yield* lock.acquire({ timeout });
            if (taken) lock.release();
            return taken;
          });
          const chosen = spawn(function* () {
            const { key } = yield* select({ lock: lock.acquire() }, { timeout });
            if (key === 'lock') lock.release();
            return key === 'lock';
          });
          const limited = spawn(function* () {
            const taken = yield* withTimeout(timeout, { timeoutValue: false }, lock.acquire());
            if (taken) lock.release();
            return taken;
          });
          yield* sleep(10);
          drain();
          for (const each of [g, chosen, limited]) {
            const taken = yield* each.get();
            if (timeout !== 10) expect(taken).toBe(timeout > 10);
          }
          yield* waitAllBlocked();
          expect(lock.statistics()).toEqual(fresh);
        }
      }),
    );

    it('by a kill at any suspension of any way of taking it, is as before', async () => {
      for (const [name, way] of Object.entries(ways)) {
        const kills = await sweepKills(function* () {
          const tested = make();
          const { lock, fill, drain } = tested;
          const fresh = lock.statistics();
          const log: string[] = [];
          // Another greenlet fills it, since the one that is swept waits.
          const filler = spawn(function* () {
            yield* fill();
            yield* sleep(5);
            drain();
          });
          try {
            yield* sleep(0);
            yield* way(tested, () => turns(1));
          } finally {
            taker(lock, 'behind', log);
            yield* filler.join();
            yield* sleep(0);
            expect([name, log, lock.statistics()]).toEqual([name, ['behind'], fresh]);
          }
        });
        expect(kills).toBeGreaterThanOrEqual(3);
      }
    });
  });

  describe(`${title}, in every order`, () => {
    it('keeps out more than may be inside, and serves in the order of asking: small programs', async () => {
      for (let shape = 0; shape < 8; shape++) {
        const run = () => program(kind, shape, 2 + (shape % 3), 2 + ((shape >> 1) % 3));
        await explore(run, { runs: 25, seed: shape * 1000 });
      }
    });

    it('does so in a larger program, under many seeds', async () => {
      await explore((clock) => program(kind, clock.seed as number, 8, 6), { runs: 50 });
    });

    if (kind.permits < Number.POSITIVE_INFINITY) {
      it('does what a naive model does, whatever is timed out or killed', async () => {
        const ms = (max: number) => fc.integer({ min: 1, max });
        const maybe = fc.option(ms(60), { nil: Number.POSITIVE_INFINITY });
        const step = fc.record({ after: ms(20), holds: ms(50), timeout: maybe, killedAfter: maybe });
        const property = fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.nat(), (steps, seed) =>
          runVirtual(
            function* (clock) {
              const { lock } = make();
              const fresh = lock.statistics();
              const served: (number | null)[] = steps.map(() => null);
              const requests: Request[] = [];
              const all: Greenlet<unknown>[] = [];
              const killers: Greenlet<unknown>[] = [];
              function* request(id: number, { timeout, holds }: Request): Green<void> {
                if (!(yield* lock.acquire({ timeout }))) return;
                try {
                  served[id] = clock.now();
                  yield* sleep(holds);
                } finally {
                  lock.release();
                }
              }
              for (const [id, { after, holds, timeout, killedAfter }] of steps.entries()) {
                // Uneven, so that no two things happen at the same moment, where the model would have to know their order.
                yield* sleep(after + 0.1234567 + id * 1e-5);
                const uneven = {
                  at: clock.now(),
                  holds: holds + 0.0271828,
                  timeout: timeout + 0.3141592,
                  killedAfter: killedAfter + 0.5772156,
                };
                requests.push(uneven);
                const g = spawn(request, id, uneven);
                all.push(g);
                killers.push(spawnLater(uneven.killedAfter, () => g.kill()));
              }
              for (const each of all) yield* each.join();
              for (const each of killers) yield* each.kill();
              const expected = model(kind.permits, requests);
              expect(served.map((at) => at?.toFixed(4))).toEqual(expected.map((at) => at?.toFixed(4)));
              expect([lock.statistics(), hub.stats().timers]).toEqual([fresh, 0]);
            },
            { seed },
          ),
        );
        await fc.assert(property, { numRuns: 60, seed: 1 });
      });
    }
  });

  describe(`${title} under 10,000 contenders`, () => {
    it(
      'serves nobody twice before everybody was served once',
      virtual(function* () {
        const { lock, fill, drain, waiters } = make();
        const fresh = lock.statistics();
        const served: number[] = [];
        yield* fill();
        function* contender(n: number): Green<void> {
          for (let round = 0; round < 2; round++) {
            yield* lock.acquire();
            served.push(n);
            if (kind.permits === Number.POSITIVE_INFINITY) yield* sleep(0);
            lock.release();
          }
        }
        const all = Array.from({ length: 10_000 }, (_, n) => spawn(contender, n));
        yield* waitAllBlocked();
        expect(waiters()).toBe(10_000);
        drain();
        for (const each of all) yield* each.join();
        expect(served).toHaveLength(20_000);
        expect(new Set(served.slice(0, 10_000)).size).toBe(10_000);
        expect(lock.statistics()).toEqual(fresh);
      }),
    );
  });
}
