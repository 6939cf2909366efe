/**
 * Measures the contestants of one workload in interleaved rounds, A B C A B C …, so that whatever slows the machine for a
 * while slows all of them, and ratios are taken within a round. tinybench does the timing.
 *
 * A workload: { title, contestants, bars, verify?, weight? }
 *   verify()      checks, after the measurements, what a timed run cannot afford to check (the order of steps, say)
 *   weight        'heavy': few runs, because each is long
 * A contestant: { id, label, unit, … } and either
 *   run(prepared), prepare?, ops, expected, clock?
 *                 is timed ('cpu': of the process, all threads) and counts for `ops` operations; what it gives must equal
 *                 `expected`; `prepare` runs before it, untimed, and may be async like `run`
 *   take()        gives a number that it measured itself
 * A bar: { text, of, to?, most }: the ratio of two contestants (without `to`: the figure itself) is to be at most that.
 */
import { deepStrictEqual } from 'node:assert';
import { Bench } from 'tinybench';

const EFFORTS = {
  quick: { light: { warmups: 4, rounds: 7, samples: 3 }, heavy: { warmups: 1, rounds: 3, samples: 1 } },
  full: { light: { warmups: 10, rounds: 21, samples: 5 }, heavy: { warmups: 2, rounds: 9, samples: 1 } },
};

const CLOCKS = {
  wall: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

export async function measure(workload, quick) {
  const { title, contestants, bars = [], verify, weight = 'light' } = workload;
  const { warmups, rounds, samples } = EFFORTS[quick ? 'quick' : 'full'][weight];
  const values = contestants.map(() => []);
  for (const contestant of contestants) {
    if (contestant.take === undefined) await timed(contestant, warmups);
  }
  for (let round = 0; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      values[index].push(
        contestant.take === undefined ? await timed(contestant, samples) : await contestant.take(),
      );
    }
  }
  await verify?.();
  return {
    title,
    bars,
    contestants: contestants.map(({ id, label, unit = 'ns' }, index) => ({
      id,
      label,
      unit,
      values: values[index],
    })),
  };
}

/** The median of `iterations` runs, in ns an operation. */
async function timed({ label, prepare, run, ops, expected, clock = 'wall' }, iterations) {
  let prepared;
  let outcome;
  const bench = new Bench({
    iterations,
    time: 0,
    warmup: false,
    throws: true,
    now: CLOCKS[clock],
    setup: () => globalThis.gc(),
  });
  bench.add(
    label,
    async () => {
      outcome = await run(prepared);
    },
    {
      async: true,
      beforeEach: async () => {
        outcome = undefined;
        prepared = await prepare?.();
      },
      afterEach: () => {
        deepStrictEqual(outcome, expected, `${label}: wrong result`);
        prepared = undefined;
      },
    },
  );
  await bench.run();
  return (bench.tasks[0].result.latency.p50 * 1e6) / ops;
}
