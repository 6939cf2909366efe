/** Ten thousand short jobs, fifty at a time. */
import { deepStrictEqual } from 'node:assert';
import { Pool, sleep, spawn } from '../greenlets.mjs';
import { peer } from '../lib/peer.mjs';

const pLimit = await peer('p-limit');
const pQueue = await peer('p-queue');
const effect = await peer('effect');

const MANY = 10_000;
const SIZE = 50;
const ITEMS = Array.from({ length: MANY }, (_, i) => i);
/** Each job gives its item plus one. */
const SUM = (MANY * (MANY + 1)) / 2;

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

function* mapping() {
  most = 0;
  return outcome(yield* new Pool(SIZE).map(job, ITEMS));
}

function* spawning() {
  most = 0;
  const pool = new Pool(SIZE);
  const list = [];
  for (const x of ITEMS) list.push(yield* pool.spawn(job, x));
  yield* pool.join({ raiseError: true });
  return outcome(list.map((each) => each.value));
}

async function asyncJob(x) {
  begin();
  await null;
  working--;
  return x + 1;
}

async function limited() {
  most = 0;
  const limit = pLimit.default(SIZE);
  return outcome(await Promise.all(ITEMS.map((x) => limit(asyncJob, x))));
}

async function queued() {
  most = 0;
  const queue = new pQueue.default({ concurrency: SIZE });
  return outcome(await queue.addAll(ITEMS.map((x) => () => asyncJob(x))));
}

async function asyncWorker(items, values) {
  for (const [i, x] of items) values[i] = await asyncJob(x);
}

/** By hand: so many async functions that share an iterator. */
async function workers() {
  most = 0;
  const values = new Array(MANY);
  const items = ITEMS.entries();
  await Promise.all(Array.from({ length: SIZE }, () => asyncWorker(items, values)));
  return outcome(values);
}

function effectProgram({ Effect }) {
  const effectJob = (x) =>
    Effect.gen(function* () {
      begin();
      yield* Effect.yieldNow;
      working--;
      return x + 1;
    });
  return Effect.gen(function* () {
    most = 0;
    return outcome(yield* Effect.forEach(ITEMS, effectJob, { concurrency: SIZE }));
  });
}

/** `map` keeps the order, whoever ends first. */
async function verify() {
  function* uneven(x) {
    for (let i = x % 7; i > 0; i--) yield* sleep(0);
    return x;
  }
  deepStrictEqual(await new Pool(SIZE).map(uneven, ITEMS), ITEMS);
}

export default () => {
  const task = { ops: MANY, expected: { sum: SUM, bounded: true } };
  const program = effect && effectProgram(effect);
  return {
    title: `pool: ${MANY.toLocaleString('en')} jobs that give way once, ${SIZE} at a time`,
    weight: 'medium',
    contestants: [
      {
        id: 'map',
        label: `greenlets: \`Pool(${SIZE}).map\``,
        run: () => spawn(mapping).get().promise(),
        ...task,
      },
      {
        id: 'spawn',
        label: `greenlets: \`Pool(${SIZE}).spawn\` in a loop, then \`join\``,
        run: () => spawn(spawning).get().promise(),
        ...task,
      },
      {
        id: 'workers',
        label: `async functions: ${SIZE} that share an iterator`,
        run: workers,
        ...task,
      },
      { id: 'p-limit', label: `async functions: p-limit(${SIZE})`, peer: pLimit, run: limited, ...task },
      {
        id: 'p-queue',
        label: `async functions: p-queue, \`concurrency: ${SIZE}\``,
        peer: pQueue,
        run: queued,
        ...task,
      },
      {
        id: 'effect',
        label: `effect: \`forEach\`, \`concurrency: ${SIZE}\``,
        peer: effect,
        run: () => effect.Effect.runPromise(program),
        ...task,
      },
    ],
    bars: [
      { text: '`Pool.map`, to p-limit', of: 'map', to: 'p-limit', most: 1 },
      { text: '`Pool.spawn`, to p-limit', of: 'spawn', to: 'p-limit', most: 1 },
    ],
    verify,
  };
};
