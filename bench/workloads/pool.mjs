/** Ten thousand short jobs, fifty at a time. */
import { deepStrictEqual } from 'node:assert';
import { Pool, sleep, spawn } from '../greenlets.mjs';
import { effectRow } from '../lib/peer.mjs';
import { programRow } from '../lib/tools.mjs';

const MANY = 10_000;
const SIZE = 50;
/** Each job gives its item plus one. */
const itemsOf = (many) => Array.from({ length: many }, (_, i) => i);

/** How many are at work, and how many were at once. */
let working = 0;
let most = 0;

function begin() {
  if (++working > most) most = working;
}

function outcome(values) {
  let sum = 0;
  for (const value of values) sum += value;
  return { sum, bounded: most <= SIZE };
}

function* job(x) {
  begin();
  yield* sleep(0);
  working--;
  return x + 1;
}

function* mapping(items) {
  most = 0;
  return outcome(yield* new Pool(SIZE).map(job, items));
}

function* spawning(items) {
  most = 0;
  const pool = new Pool(SIZE);
  const list = [];
  for (const x of items) list.push(yield* pool.spawn(job, x));
  yield* pool.join({ raiseError: true });
  return outcome(list.map((each) => each.value));
}

async function asyncJob(x) {
  begin();
  await null;
  working--;
  return x + 1;
}

async function limited(items, pLimit) {
  most = 0;
  const limit = pLimit.default(SIZE);
  return outcome(await Promise.all(items.map((x) => limit(asyncJob, x))));
}

async function queued(items, pQueue) {
  most = 0;
  const queue = new pQueue.default({ concurrency: SIZE });
  return outcome(await queue.addAll(items.map((x) => () => asyncJob(x))));
}

async function asyncWorker(items, values) {
  for (const [i, x] of items) values[i] = await asyncJob(x);
}

/** By hand: so many async functions that share an iterator. */
async function workers(list) {
  most = 0;
  const values = new Array(list.length);
  const items = list.entries();
  await Promise.all(Array.from({ length: SIZE }, () => asyncWorker(items, values)));
  return outcome(values);
}

function effectProgram({ Effect }, items) {
  const effectJob = (x) =>
    Effect.gen(function* () {
      begin();
      yield* Effect.yieldNow;
      working--;
      return x + 1;
    });
  return Effect.gen(function* () {
    most = 0;
    return outcome(yield* Effect.forEach(items, effectJob, { concurrency: SIZE }));
  });
}

/** `map` keeps the order, whoever ends first. */
async function verify() {
  const items = itemsOf(MANY);
  function* uneven(x) {
    for (let i = x % 7; i > 0; i--) yield* sleep(0);
    return x;
  }
  deepStrictEqual(await new Pool(SIZE).map(uneven, items), items);
}

export default ({ size: many = MANY, quick }) => {
  const items = itemsOf(many);
  const task = { ops: many, expected: { sum: (many * (many + 1)) / 2, bounded: true } };
  return {
    title: `pool: ${many.toLocaleString('en')} jobs that give way once, ${SIZE} at a time`,
    growth: { what: 'jobs', sizes: [1000, 10_000, 100_000] },
    contestants: [
      {
        id: 'map',
        label: `greenlets: \`Pool(${SIZE}).map\``,
        family: 'greenlets',
        run: () => spawn(mapping, items).get().promise(),
        ...task,
      },
      {
        id: 'spawn',
        label: `greenlets: \`Pool(${SIZE}).spawn\` in a loop, then \`join\``,
        run: () => spawn(spawning, items).get().promise(),
        ...task,
      },
      {
        id: 'workers',
        label: `async functions: ${SIZE} that share an iterator`,
        family: 'async/await',
        run: () => workers(items),
        ...task,
      },
      {
        id: 'p-limit',
        label: `async functions: p-limit(${SIZE})`,
        family: 'p-limit',
        peer: 'p-limit',
        run: (_, pLimit) => limited(items, pLimit),
        ...task,
      },
      {
        id: 'p-queue',
        label: `async functions: p-queue, \`concurrency: ${SIZE}\``,
        family: 'p-queue',
        peer: 'p-queue',
        run: (_, pQueue) => queued(items, pQueue),
        ...task,
      },
      effectRow({
        id: 'effect',
        label: `effect: \`forEach\`, \`concurrency: ${SIZE}\``,
        program: (effect) => effectProgram(effect, items),
        ...task,
      }),
      programRow({
        id: 'go',
        label: `Go: a channel of ${SIZE} places, a goroutine a job`,
        family: 'Go',
        tool: 'go',
        args: ['pool', MANY, SIZE],
      }),
      programRow({
        id: 'gevent',
        label: `gevent: \`Pool(${SIZE}).map\``,
        family: 'gevent',
        tool: 'gevent',
        args: ['pool', quick ? 2000 : MANY, SIZE],
      }),
    ],
    bars: [
      { text: '`Pool.map`, to p-limit', of: 'map', to: 'p-limit', most: 1 },
      { text: '`Pool.spawn`, to p-limit', of: 'spawn', to: 'p-limit', most: 1 },
    ],
    verify,
  };
};
