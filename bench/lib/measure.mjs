/**
 * Measures the contestants of one workload in interleaved rounds, A B C A B C …, so that whatever slows the machine for a
 * while slows all of them, and ratios are taken within a round. tinybench does the timing.
 *
 * A workload: { title, contestants, bars?, verify?, weight? }
 *   verify()      checks, after the measurements, what a timed run cannot afford to check (the order of steps, say)
 *   weight        how long a run is, and so how many there are: see EFFORTS
 * A contestant: { id, label, unit, … } and either
 *   run(prepared), prepare?, ops, expected, clock?
 *                 is timed ('cpu': of the process, all threads) and counts for `ops` operations; what it gives must equal
 *                 `expected`; `prepare` runs before it, untimed, and may be async like `run`
 *   take()        gives a number that it measured itself, or a promise of it
 *   peer          the package that it is made of (peer.mjs); null: it is not installed, and the contestant is left out
 * A bar: { text, of, to?, most }: the ratio of two contestants (without `to`: the figure itself) is to be at most that.
 *
 * A contestant's turn begins with a garbage collection and runs that do not count. They fill the heap with its own garbage,
 * and have optimised again what the collection undid: a forced one drops the hidden classes of which no object is left, and
 * with them the optimised code that relies on them. (One that V8 makes of its own accord keeps them for a while.) Then the
 * mean of the counted runs is taken, garbage collections included.
 */
import { deepStrictEqual } from 'node:assert';
import { Bench } from 'tinybench';

const EFFORTS = {
  light: { quick: { rounds: 7, warmups: 10, runs: 10 }, full: { rounds: 21, warmups: 10, runs: 20 } },
  medium: { quick: { rounds: 5, warmups: 8, runs: 5 }, full: { rounds: 15, warmups: 10, runs: 10 } },
  heavy: { quick: { rounds: 5, warmups: 1, runs: 2 }, full: { rounds: 11, warmups: 2, runs: 5 } },
  slow: { quick: { rounds: 4, warmups: 1, runs: 1 }, full: { rounds: 9, warmups: 1, runs: 3 } },
  huge: { quick: { rounds: 3, warmups: 0, runs: 1 }, full: { rounds: 5, warmups: 1, runs: 1 } },
};

const CLOCKS = {
  wall: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

export async function measure({ title, contestants: all, bars = [], verify, weight = 'light' }, quick) {
  const contestants = all.filter(({ peer }) => peer !== null);
  const missing = all.filter(({ peer }) => peer === null);
  const { rounds, ...effort } = EFFORTS[weight][quick ? 'quick' : 'full'];
  const values = contestants.map(() => []);
  const takeTurn = (contestant) => contestant.take?.() ?? timed(contestant, effort);
  // A rehearsal: nothing is optimised yet.
  for (const contestant of contestants) if (contestant.take === undefined) await takeTurn(contestant);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) values[index].push(await takeTurn(contestant));
  }
  await verify?.();
  const measured = contestants.map(({ id, label, unit = 'ns' }, index) => ({
    id,
    label,
    unit,
    values: values[index],
  }));
  const left = bars.filter(({ of, to }) => !missing.some(({ id }) => id === of || id === to));
  return { title, bars: left, contestants: measured, missing: missing.map(({ label }) => label) };
}

/** The mean of several runs, in ns an operation. */
async function timed({ label, prepare, run, ops, expected, clock = 'wall' }, { warmups, runs }) {
  let prepared;
  let outcome;
  const bench = new Bench({
    iterations: runs,
    time: 0,
    warmup: warmups > 0,
    warmupIterations: warmups,
    warmupTime: 0,
    throws: true,
    now: CLOCKS[clock],
  });
  const timedRun = async () => {
    outcome = await run(prepared);
  };
  bench.add(label, timedRun, {
    async: true,
    beforeEach: async () => {
      prepared = await prepare?.();
    },
    afterEach: () => {
      deepStrictEqual(outcome, expected, `${label}: wrong result`);
      prepared = outcome = undefined;
    },
  });
  globalThis.gc();
  await bench.run();
  return (bench.tasks[0].result.latency.mean * 1e6) / ops;
}
