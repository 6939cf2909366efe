import { Barrier, type Green, shield, sleep, spawn } from 'greenlets';
import { explore, sweepKills } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { come, fresh } from '../support/barrier-parties.js';
import { watchHub } from '../support/hub-watch.js';

watchHub();

describe('Barrier', () => {
  it('is as before after a kill at any suspension, also during its action', async () => {
    const kills = await sweepKills(function* () {
      const barrier = new Barrier(2, () => sleep(2));
      const log: string[] = [];
      const others = spawn(function* () {
        yield* sleep(1);
        yield* come(barrier, log, 'a');
      });
      try {
        yield* barrier.wait();
        log.push('passed');
      } finally {
        spawn(function* () {
          yield* others.join();
          const passed = log.includes('passed');
          expect(barrier.statistics()).toEqual({ ...fresh(2), waiters: passed ? 0 : 1 });
          if (!passed) yield* come(barrier, log, 'b');
          yield* sleep(10);
          expect(log).toContain(passed ? 'a 1' : 'a 0');
          expect(barrier.statistics()).toEqual(fresh(2));
        });
        yield* shield(() => sleep(30));
      }
    });
    expect(kills).toBeGreaterThanOrEqual(1);
  });

  it('keeps them in step, whoever is killed and comes again, in every order', async () => {
    await explore(
      function* (clock) {
        const parties = 3;
        const blocks = clock.random() < 0.5;
        let rounds = 0;
        const barrier = new Barrier(parties, () => {
          rounds++;
          return blocks ? sleep(0.5) : null;
        });
        const at = [0, 0, 0];
        function* walk(n: number): Green<void> {
          while ((at[n] as number) < 5) {
            const place = yield* barrier.wait();
            at[n] = (at[n] as number) + 1;
            expect(place).toBeGreaterThanOrEqual(0);
            expect(place).toBeLessThan(parties);
            expect(Math.max(...at) - Math.min(...at)).toBeLessThanOrEqual(1);
            if (clock.random() < 0.3) yield* sleep(0);
          }
        }
        for (const n of [0, 1, 2]) {
          spawn(function* () {
            const walker = spawn(walk, n);
            yield* sleep(clock.random() * 2);
            yield* walker.kill();
            yield* spawn(walk, n).get();
          });
        }
        yield* sleep(100);
        expect(at).toEqual([5, 5, 5]);
        expect(barrier.statistics()).toEqual(fresh(parties));
        expect(rounds).toBeGreaterThanOrEqual(5);
      },
      { runs: 200 },
    );
  });
});
