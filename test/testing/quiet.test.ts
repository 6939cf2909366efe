import { type Green, joinall, sleep, spawn, suspend, until, withTimeout } from 'greenlets';
import { explore, sweepKills, virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';

describe('waitAllBlocked', () => {
  it(
    'waits until every other greenlet is blocked; no time passes',
    virtual(function* (clock) {
      const trace: string[] = [];
      const g = spawn(function* (): Green<void> {
        for (let i = 0; i < 100; i++) yield* sleep(0);
        trace.push('blocked');
        yield* sleep(1);
        trace.push('woke');
      });
      yield* waitAllBlocked();
      expect([trace, clock.now()]).toEqual([['blocked'], 0]);
      yield* g.join();
      yield* waitAllBlocked();
      expect([trace, clock.now()]).toEqual([['blocked', 'woke'], 1]);
    }),
  );

  it(
    'sees the end of chains of promises and of greenlets that wake one another',
    virtual(function* () {
      const trace: number[] = [];
      function* chain(n: number): Green<void> {
        yield* until(Promise.resolve().then(() => {}));
        trace.push(n);
        if (n > 0) spawn(chain, n - 1);
      }
      spawn(chain, 5);
      yield* waitAllBlocked();
      expect(trace).toEqual([5, 4, 3, 2, 1, 0]);
    }),
  );

  it(
    'may be waited for by several, who all go on',
    virtual(function* () {
      const all = [spawn(waitAllBlocked), spawn(waitAllBlocked)];
      yield* waitAllBlocked();
      yield* joinall(all);
    }),
  );

  it(
    'interrupted is forgotten: time goes on, and others go on waiting',
    virtual(function* (clock) {
      const [a, b] = [spawn(waitAllBlocked), spawn(waitAllBlocked)];
      yield* sleep(0);
      yield* a.kill();
      yield* b.get();
      expect([a.killed, b.killed]).toEqual([true, false]);
      yield* sleep(5);
      expect(clock.now()).toBe(5);
    }),
  );

  it('works in real time, in a greenlet and awaited', async () => {
    const trace: string[] = [];
    const g = spawn(function* (): Green<void> {
      yield* sleep(0);
      trace.push('blocked');
      yield* suspend<void>('never', () => {});
    });
    await waitAllBlocked();
    expect(trace).toEqual(['blocked']);
    await spawn(waitAllBlocked).get();
    await g.kill();
  });

  it('holds in any order, and through kills', async () => {
    function* body(): Green<void> {
      let done = 0;
      function* step(): Green<void> {
        yield* sleep(0);
        done++;
      }
      const all = Array.from({ length: 5 }, () => spawn(step));
      try {
        yield* withTimeout(5, waitAllBlocked);
        expect(done).toBe(5);
      } finally {
        yield* joinall(all);
      }
    }
    await explore(body, { runs: 20 });
    expect(await sweepKills(body)).toBe(1);
  });
});
