/**
 * What a workload is, and how one of its contestants is measured: in a process of its own (child.mjs), which measures nothing else.
 *
 * A workload: a file of workloads/ whose default export makes, of the settings ({ size?, quick }), { title, contestants, … }
 *   bars          [{ text, of, to?, most, goal?, floor? }]: the ratio of two contestants (without `to`: the figure itself) is to be
 *                 at most `most`, better `goal`. `floor`: the contestant that does as little as a library can that is written
 *                 with `yield*`; its own ratio stands beside, for no library can be below
 *   growth        { what, sizes }: what `settings.size` counts, and the sizes of which the picture of growth is made
 *   setup()       before anything is measured, in each process that measures
 *   verify()      checks, in a process of its own, what a timed run cannot afford to check (the order of steps, say)
 *
 * A contestant: { id, label, family?, case?, unit?, … }
 *   family        what it is made of: 'greenlets', 'bare generators', 'async/await', 'effect', 'Go', …: a column and a colour
 *   case          where a workload measures several things, which one; each has a first row, with which the others are compared
 *   peer          the name of the package that it needs, which is imported only where it is measured (null: it is not installed)
 *   tool          'go', 'gevent' or 'python': what it needs on the machine (tools.mjs)
 *   grows         false: it is not in the picture of growth
 *   begin(module) makes, once, what `prepare`, `run` and `take` get last; without it they get the package itself
 * and either
 *   run(prepared, begun), prepare?(begun), ops, expected, clock?
 *                 is timed ('wall', or 'cpu': of the process, all threads; without `clock` it is as the session has it) and counts for `ops` operations; what it gives must equal
 *                 `expected`, each time; `prepare` runs before it, untimed; both may be async
 *   take(begun)   gives a number that it measured itself, or a promise of it
 * and, where the same runs give more than one figure, also: [{ id, label, unit, take }].
 *
 * Whole runs that do not count come first, until they have become no faster for a while. No garbage collection is forced between
 * them and the counted ones: that drops the hidden classes of which no object is left, and with them the optimised code that
 * relies on them, as no program of a user ever does. Then tinybench times the counted runs; the figure is their mean, for the garbage
 * that a run makes is collected in another.
 */
import { deepStrictEqual } from 'node:assert';
import { Bench } from 'tinybench';

/** How long, in ms: runs that do not count, at least and at most; then the counted ones. And how many of both there are at least,
 * if they do not take twice that time. */
export const EFFORTS = {
  quick: { warm: [80, 250], warmups: 3, count: 60, runs: 1 },
  // Small sizes are to be as warm as great ones.
  growth: { warm: [400, 3000], warmups: 3, count: 200, runs: 1 },
  full: { warm: [250, 2000], warmups: 4, count: 500, runs: 3 },
};

/** A run is faster if it takes less than this part of the fastest; so many that are not, and it is steady. */
const FASTER = 0.97;
const STEADY = 4;
/** More runs than this say nothing more. */
const MOST_RUNS = 1000;

const CLOCKS = {
  wall: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

/** The figures of one contestant, by their ids. */
export async function measure(contestant, effort) {
  const { id, peer, begin, take, also = [] } = contestant;
  const module = typeof peer === 'string' ? await import(peer) : peer;
  const begun = begin === undefined ? module : await begin(module);
  const figures = { [id]: take === undefined ? await timed(contestant, begun, effort) : await take(begun) };
  for (const each of also) figures[each.id] = await each.take(begun);
  return figures;
}

/** The mean of several runs, in ns an operation. */
async function timed({ label, prepare, run, ops, expected, clock }, begun, effort) {
  let prepared;
  let outcome;
  const beforeEach = async () => {
    prepared = await prepare?.(begun);
  };
  const timedRun = async () => {
    outcome = await run(prepared, begun);
  };
  const afterEach = () => {
    deepStrictEqual(outcome, expected, `${label}: wrong result`);
    prepared = outcome = undefined;
  };
  const whole = await warm(effort, async () => {
    await beforeEach();
    const started = performance.now();
    await timedRun();
    const time = performance.now() - started;
    afterEach();
    return time;
  });
  const iterations = Math.min(MOST_RUNS, Math.max(effort.runs, Math.round(effort.count / whole)));
  const bench = new Bench({
    iterations,
    time: 0,
    warmup: false,
    throws: true,
    now: CLOCKS[clock ?? effort.clock ?? 'wall'],
  });
  bench.add(label, timedRun, { async: true, beforeEach, afterEach });
  await bench.run();
  return (bench.tasks[0].result.latency.mean * 1e6) / ops;
}

/** Runs it until it is steady; gives how long the last run took, with all that belongs to it. */
async function warm({ warm: [least, most], warmups }, once) {
  const begun = performance.now();
  let fastest = Number.POSITIVE_INFINITY;
  for (let runs = 1, steady = 0; ; runs++) {
    const started = performance.now();
    const time = await once();
    const ended = performance.now();
    steady = time < FASTER * fastest ? 0 : steady + 1;
    fastest = Math.min(fastest, time);
    const passed = ended - begun;
    const enough = passed >= least && steady >= STEADY;
    if (enough || (passed >= most && runs >= warmups) || passed >= 2 * most) return ended - started;
  }
}
