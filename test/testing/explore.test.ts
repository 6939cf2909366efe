import { AsyncLocalStorage } from 'node:async_hooks';
import {
  attempt,
  call,
  type Green,
  GreenletError,
  hub,
  joinall,
  rethrowExit,
  shield,
  sleep,
  spawn,
  suspend,
  withTimeout,
} from 'greenlets';
import { explore, runVirtual, sweepKills, type TestClock } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { keepHubSettings } from '../support/hub.js';

keepHubSettings();

const never = () => suspend<void>('never', () => {});

async function reason(promise: Promise<unknown>): Promise<Error> {
  const value = await promise.then(
    (given) => `no error, but ${given}`,
    (error: Error) => error,
  );
  if (typeof value === 'string') throw new Error(value);
  return value;
}

/** Fails in the orders in which the second comes before the first. */
function* racy(): Green<void> {
  const order: number[] = [];
  function* step(n: number): Green<void> {
    yield* sleep(0);
    order.push(n);
  }
  yield* joinall([spawn(step, 1), spawn(step, 2)]);
  if (order[0] !== 1) throw new Error(`the order was ${order}`);
}

describe('explore', () => {
  it('finds an order that fails; the error names the seed, and the seed replays it', async () => {
    await runVirtual(racy);
    const error = await reason(explore(racy));
    const seed = Number(/^failed with seed (\d+): the order was 2,1\n/.exec(error.message)?.[1]);
    expect(error.message).toContain(`replay it with runVirtual(fn, { seed: ${seed} })`);
    expect(String(error.cause)).toBe('Error: the order was 2,1');
    for (let i = 0; i < 3; i++)
      expect(String(await reason(runVirtual(racy, { seed })))).toBe('Error: the order was 2,1');
    for (let earlier = 1; earlier < seed; earlier++) await runVirtual(racy, { seed: earlier });
  });

  it('runs as often as it is told, with the seeds that follow the first; 100 times from 1 unless told', async () => {
    const seeds: unknown[] = [];
    const note = (clock: TestClock) => void seeds.push(clock.seed);
    await explore(note, { runs: 3, seed: 7 });
    expect(seeds).toEqual([7, 8, 9]);
    seeds.length = 0;
    await explore(note);
    expect(seeds).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it('fails by what fails a virtual run: errors not observed, greenlets left over', async () => {
    const unobserved = () => {
      spawn(() => {
        throw new Error('nobody looks');
      });
    };
    expect((await reason(explore(unobserved))).message).toMatch(/^failed with seed 1: nobody looks/);
    const leaving = () => void spawn({ name: 'forgotten' }, never);
    expect((await reason(explore(leaving))).message).toMatch(
      /^failed with seed 1: .*left over[\s\S]*forgotten/,
    );
  });

  it('refuses what is no function, and no number of runs', async () => {
    expect(await reason(explore(1 as never))).toBeInstanceOf(TypeError);
    expect(await reason(explore(() => 1, { runs: 0 }))).toBeInstanceOf(RangeError);
  });
});

describe('sweepKills', () => {
  it('kills at each suspension in turn, and gives how many there are', async () => {
    const traces: string[][] = [];
    const kills = await sweepKills(function* (): Green<void> {
      const trace: string[] = [];
      traces.push(trace);
      trace.push('one');
      yield* sleep(5);
      trace.push('two');
      yield* sleep(0);
      trace.push('three');
      yield* call(function* (): Green<void> {
        yield* sleep(5);
      });
      trace.push('four');
    });
    expect(kills).toBe(3);
    const all = ['one', 'two', 'three', 'four'];
    expect(traces).toEqual([1, 2, 3, 4].map((n) => all.slice(0, n)));
  });

  it('kills also where a finally block suspends, and in the same place with a seed', async () => {
    let cleaned = 0;
    const body = function* (): Green<void> {
      try {
        yield* sleep(1);
      } finally {
        yield* sleep(1);
        cleaned++;
      }
    };
    expect(await sweepKills(body)).toBe(2);
    expect(cleaned).toBe(2);
    expect(await sweepKills(body, { seed: 5 })).toBe(2);
  });

  it('runs a body that never suspends once, without a kill', async () => {
    let runs = 0;
    expect(await sweepKills(() => void runs++)).toBe(0);
    expect(runs).toBe(1);
  });

  it('fails on an error in the run without a kill, and says so', async () => {
    const fails = () => {
      throw new Error('as ever');
    };
    const error = await reason(sweepKills(fails));
    expect(error).toBeInstanceOf(GreenletError);
    expect(error.message).toBe('in the run without a kill: as ever');
    expect(String(error.cause)).toBe('Error: as ever');
  });

  it('fails on any error but the kill itself, and names the suspension', async () => {
    const error = await reason(
      sweepKills(function* (): Green<void> {
        yield* sleep(1);
        try {
          yield* never();
        } catch {
          throw new Error('in place of the kill');
        }
      }),
    );
    expect(error.message).toMatch(
      /^after a kill at suspension 2, in never at .*explore\.test\.ts:\d+:\d+\)?: in place of the kill$/,
    );
  });

  it('fails on a greenlet that a kill leaves over, and names it', async () => {
    const error = await reason(
      sweepKills(function* (): Green<void> {
        const g = spawn({ name: 'orphan' }, sleep, 5);
        yield* sleep(10);
        yield* g.join();
      }),
    );
    expect(error.message).toMatch(/^after a kill at suspension 1, in sleep.*left over[\s\S]*'orphan'/);
  });

  it('fails on an error that nobody observes because of a kill', async () => {
    const error = await reason(
      sweepKills(function* (): Green<void> {
        yield* sleep(1);
        const g = spawn(function* (): Green<void> {
          yield* sleep(1);
          throw new Error('nobody looks');
        });
        try {
          yield* attempt(() => g.get());
        } finally {
          yield* sleep(2);
        }
      }),
    );
    expect(error.message).toMatch(/^after a kill at suspension 2, in Greenlet\.get[\s\S]*nobody looks/);
  });

  it('passes code that cleans up: timeouts, shields, attempts, children', async () => {
    let open = 0;
    const kills = await sweepKills(function* (): Green<void> {
      const child = spawn(sleep, 100);
      open++;
      try {
        yield* withTimeout(5, { timeoutValue: null }, never);
        yield* shield(() => sleep(5));
        const { ok } = yield* attempt(function* (): Green<void> {
          yield* sleep(1);
          throw new Error('expected');
        });
        expect(ok).toBe(false);
        try {
          yield* sleep(1);
        } catch (error) {
          rethrowExit(error);
        }
      } finally {
        open--;
        yield* child.kill();
      }
    });
    expect(kills).toBeGreaterThanOrEqual(5);
    expect(open).toBe(0);
    expect(hub.stats()).toMatchObject({ greenlets: 0, timers: 0 });
  });

  it('is not misled by the first use of an AsyncLocalStorage in it, nor does it turn that off', async () => {
    const storage = new AsyncLocalStorage<string>();
    const body = function* (): Green<void> {
      yield* sleep(1);
      storage.enterWith('mine');
      yield* sleep(1);
      yield* sleep(1);
    };
    expect(await sweepKills(body)).toBe(3);
    const g = storage.run('seen', () =>
      spawn(function* (): Green<unknown> {
        yield* sleep(1);
        return storage.getStore();
      }),
    );
    expect(await g.get()).toBe('seen');
  });

  it('and virtual runs that overlap take turns; in a greenlet it is refused', async () => {
    const trace: string[] = [];
    const body = (name: string) =>
      function* (): Green<void> {
        trace.push(name);
        yield* sleep(10);
      };
    const values = await Promise.all([sweepKills(body('a')), runVirtual(body('b')), sweepKills(body('c'))]);
    expect(values).toEqual([1, undefined, 1]);
    expect(trace.join('')).toBe('aabcc');
    const g = spawn(() => sweepKills(body('d')));
    expect(String(await reason(g.get().promise()))).toMatch(
      /sweepKills\(\) cannot be used inside a greenlet/,
    );
  });
});
