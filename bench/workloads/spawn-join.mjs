/** A hundred thousand short lives of one shared function with an argument, and their results. */
import { joinall, sleep, spawn } from '../greenlets.mjs';

const MANY = 100_000;
/** Each life gives its argument plus one. */
const SUM = (MANY * (MANY + 1)) / 2;

/** Its start, on the next turn, is its one wait, as `await null` is the async function's. */
function* life(x) {
  return x + 1;
}

function* yieldingLife(x) {
  yield* sleep(0);
  return x + 1;
}

function* spawnAndJoin(fn) {
  const list = [];
  for (let i = 0; i < MANY; i++) list.push(spawn(fn, i));
  let sum = 0;
  for (const each of yield* joinall(list)) sum += each.value;
  return sum;
}

function* bareLife(x) {
  yield;
  return x + 1;
}

/** Begins all, then steps all to their end. */
function generators() {
  const list = [];
  for (let i = 0; i < MANY; i++) list.push(bareLife(i));
  for (const each of list) each.next();
  let sum = 0;
  for (const each of list) {
    const { done, value } = each.next();
    if (done) sum += value;
  }
  return sum;
}

async function asyncLife(x) {
  await null;
  return x + 1;
}

async function asyncFunctions() {
  const list = [];
  for (let i = 0; i < MANY; i++) list.push(asyncLife(i));
  let sum = 0;
  for (const each of await Promise.all(list)) sum += each;
  return sum;
}

export default () => ({
  title: `spawn + join: ${MANY.toLocaleString('en')} of one generator function with an argument`,
  weight: 'heavy',
  contestants: [
    {
      id: 'greenlets',
      label: 'greenlets: `joinall` of `spawn(fn, x)`, which begin on the next turn',
      run: () => spawn(spawnAndJoin, life).get().promise(),
      ops: MANY,
      expected: SUM,
    },
    {
      id: 'yielding',
      label: 'greenlets, and each does one `yield* sleep(0)` more',
      run: () => spawn(spawnAndJoin, yieldingLife).get().promise(),
      ops: MANY,
      expected: SUM,
    },
    {
      id: 'generators',
      label: 'bare generators that yield once, stepped by hand',
      run: generators,
      ops: MANY,
      expected: SUM,
    },
    {
      id: 'async',
      label: 'async functions that await once: `Promise.all`',
      run: asyncFunctions,
      ops: MANY,
      expected: SUM,
    },
  ],
  bars: [
    { text: 'spawn + join, to an async function that awaits once', of: 'greenlets', to: 'async', most: 0.5 },
  ],
});
