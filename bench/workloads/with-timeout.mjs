/** A time limit that is not reached: set, work done, taken back. */
import { sleep, spawn, withTimeout } from '../greenlets.mjs';

const MANY = 20_000;
const LIMIT = 10_000;
const SUM = (MANY * (MANY + 1)) / 2;

function* work(x) {
  yield* sleep(0);
  return x + 1;
}

function* limited() {
  let sum = 0;
  for (let i = 0; i < MANY; i++) sum += yield* withTimeout(LIMIT, work, i);
  return sum;
}

function* unlimited() {
  let sum = 0;
  for (let i = 0; i < MANY; i++) sum += yield* work(i);
  return sum;
}

function* bareWork(x) {
  yield;
  return x + 1;
}

function generators() {
  let sum = 0;
  for (let i = 0; i < MANY; i++) {
    const generator = bareWork(i);
    const timer = setTimeout(() => generator.throw(new Error('timed out')), LIMIT);
    let step = generator.next();
    while (!step.done) step = generator.next();
    clearTimeout(timer);
    sum += step.value;
  }
  return sum;
}

async function asyncWork(x) {
  await null;
  return x + 1;
}

async function raced(ms, work) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('timed out')), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

async function asyncFunctions() {
  let sum = 0;
  for (let i = 0; i < MANY; i++) sum += await raced(LIMIT, asyncWork(i));
  return sum;
}

export default () => ({
  title: 'withTimeout that does not fire, around a function that waits once',
  contestants: [
    {
      id: 'greenlets',
      label: 'greenlets: `yield* withTimeout(ms, fn, x)`',
      run: () => spawn(limited).get().promise(),
      ops: MANY,
      expected: SUM,
    },
    {
      id: 'unlimited',
      label: 'greenlets, without a limit: `yield* fn(x)`',
      run: () => spawn(unlimited).get().promise(),
      ops: MANY,
      expected: SUM,
    },
    {
      id: 'generators',
      label: 'bare generators, `setTimeout` and `clearTimeout`',
      run: generators,
      ops: MANY,
      expected: SUM,
    },
    {
      id: 'async',
      label: 'async functions: `Promise.race` with a `setTimeout`, cleared after',
      run: asyncFunctions,
      ops: MANY,
      expected: SUM,
    },
  ],
});
