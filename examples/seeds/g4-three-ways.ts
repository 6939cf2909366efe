// G4: N jobs as greenlets, as threads and as processes. Jobs that wait need no threads; jobs that compute gain by them, as far as there
// are processors. This is the small version: bench/threads measures more, at length.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Green, joinall, main, spawn, until } from 'greenlets';
import { fetch } from 'greenlets/io';
import { cpuCount, isMainProcess, Pool } from 'greenlets/multiprocessing';
import { ThreadPool } from 'greenlets/threading';

const N = 3;
const LATENCY = 50;

/** Waits for a server. */
export function* io(url: string): Green<number> {
  return (yield* (yield* fetch(url)).text()).length;
}

function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

/** Keeps a processor busy. */
export function cpu(n: string): number {
  return fib(Number(n));
}

async function server() {
  const made = createServer((_, response) => setTimeout(() => response.end('answer'), LATENCY));
  made.listen(0, '127.0.0.1');
  await new Promise((resolve) => made.once('listening', resolve));
  return made;
}

type Job = (arg: string) => unknown;

/** How long `run` takes, in ms. */
function* time(run: () => Green<unknown[]>): Green<number> {
  const since = performance.now();
  const results = yield* run();
  if (results.length !== N || new Set(results).size !== 1) throw new Error('the jobs do not agree');
  return performance.now() - since;
}

/** What runs the jobs, and how long it took to start. */
interface Way {
  readonly how: string;
  readonly start: number;
  run(job: Job, args: readonly string[]): Green<unknown[]>;
}

function* asGreenlets(job: Job, args: readonly string[]): Green<unknown[]> {
  const jobs = args.map((each) => spawn(job, each));
  yield* joinall(jobs, { raiseError: true });
  return jobs.map((each) => each.value);
}

/** A pool whose workers have started. */
function* started(how: string, pool: ThreadPool | Pool): Green<Way> {
  const run = function* (job: Job, args: readonly string[]) {
    return (yield* pool.map(job as never, args, { chunksize: 1 })) as unknown[];
  };
  return { how, run, start: yield* time(() => run(cpu as Job, Array<string>(N).fill('1'))) };
}

function* measure(ways: readonly Way[], job: Job, arg: string): Green<void> {
  for (const { how, run, start } of ways) {
    const took = yield* time(() => run(job, Array<string>(N).fill(arg)));
    console.log(
      `  ${how.padEnd(9)} ${took.toFixed(0).padStart(6)} ms, after ${start.toFixed(0)} ms to start`,
    );
  }
}

if (isMainProcess) {
  await main(function* () {
    const pages = yield* until(server());
    const { port } = pages.address() as AddressInfo;
    const pools = { threads: new ThreadPool(N), processes: new Pool(N) };
    const ways: Way[] = [{ how: 'greenlets', run: asGreenlets, start: 0 }];
    for (const [how, pool] of Object.entries(pools)) ways.push(yield* started(how, pool));
    console.log(`${N} jobs that wait ${LATENCY} ms each:`);
    yield* measure(ways, io as Job, `http://127.0.0.1:${port}/`);
    console.log(`${N} jobs that compute, on ${cpuCount()} processors:`);
    yield* measure(ways, cpu as Job, '32');
    for (const pool of Object.values(pools)) pool.terminate();
    pages.close();
    pages.closeAllConnections();
  });
}
