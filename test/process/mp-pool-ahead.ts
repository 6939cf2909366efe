/** Jobs that are sent ahead, with real workers that block and die: the arguments are 'process', 'worker' or 'thread', and an empty folder. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { threadId } from 'node:worker_threads';
import { attempt, main, sleep, spawn } from 'greenlets';
import { isMainProcess, Pool, setStartMethod } from 'greenlets/multiprocessing';
import { ThreadPool } from 'greenlets/threading';

/** Notes that it has run. */
export function notes(log: string, n: number) {
  appendFileSync(log, `${n}\n`);
  return n;
}

/** Blocks its worker until there is a file `gate`. */
export function waits(gate: string) {
  writeFileSync(`${gate}-begun`, '');
  const cell = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(gate)) Atomics.wait(cell, 0, 0, 1);
  return 'waited';
}

export function dies() {
  if (threadId === 0) process.kill(process.pid, 'SIGKILL');
  else process.exit(7);
}

export function whoami() {
  return `${process.pid} ${threadId}`;
}

export function same(value: unknown) {
  return value;
}

const [, , method = 'process', folder = ''] = process.argv;
const make = (n: number) => (method === 'thread' ? new ThreadPool(n) : new Pool(n));
const log = `${folder}/log`;
const noted = () => readFileSync(log, 'utf8').trim().split('\n').map(Number);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

function* program(): Generator<any, void, unknown> {
  const pool = make(1);
  // A worker that dies in the middle.
  const first = range(0, 4).map((n) => pool.applyAsync(notes, [log, n]));
  const dying = pool.applyAsync(dies);
  const second = range(5, 9).map((n) => pool.applyAsync(notes, [log, n]));
  for (const each of [...first, ...second]) console.log(yield* each.get());
  console.log((yield* attempt(() => dying.get())).ok, JSON.stringify(noted()));

  // A queued job is killed: it never runs, and the worker goes on.
  const before = yield* pool.apply(whoami);
  const waiting = pool.applyAsync(waits, [`${folder}/gate`]);
  const killed = spawn(() => pool.apply(notes, [log, 10]));
  const behind = pool.applyAsync(notes, [log, 11]);
  yield* sleep(0);
  yield* killed.kill();
  writeFileSync(`${folder}/gate`, '');
  console.log(yield* waiting.get(), yield* behind.get(), (yield* pool.apply(whoami)) === before);

  // A running job is killed: its worker is replaced, what waited behind it runs once.
  const running = spawn(() => pool.apply(waits, [`${folder}/never`]));
  yield* sleep(0);
  const others = range(12, 14).map(() => pool.applyAsync(whoami));
  while (!existsSync(`${folder}/never-begun`)) yield* sleep(1);
  yield* running.kill();
  for (const each of others) console.log((yield* each.get()) === before);
  console.log(noted().includes(10), noted().length);

  // A long job holds nobody up.
  const two = make(2);
  const long = two.applyAsync(waits, [`${folder}/late`]);
  const short = range(20, 59).map((n) => two.applyAsync(notes, [log, n]));
  for (const each of short) yield* each.get();
  writeFileSync(`${folder}/late`, '');
  console.log(yield* long.get(), noted().length);

  // Values that fit on a board and others, in their order.
  const values = [1, undefined, 'text', null, -0, [1], true, NaN, { a: 1 }, false, 10n, new Date(0)];
  const echoed = values.map((value) => two.applyAsync(same, [value]));
  const all: unknown[] = [];
  for (const each of echoed) all.push(yield* each.get());
  console.log(inspect(all, { breakLength: Number.POSITIVE_INFINITY }));
  console.log((yield* two.map(same, range(1, 1000))).length);
  pool.terminate();
  two.terminate();
  yield* pool.join();
  yield* two.join();
}

if (isMainProcess) {
  if (method !== 'thread') setStartMethod(method as 'process');
  await main(program);
}
