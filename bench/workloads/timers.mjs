/** Many pending timers with spread deadlines: CPU time of the process, all threads, from the first to the last. */
import { deepStrictEqual } from 'node:assert';
import { joinall, sleep, spawn } from '../greenlets.mjs';

const MANY = 100_000;
const LONGEST = 50;

/** 1 … 50 ms, in no order: whole ones, which suit the host's timers best. */
const DELAYS = Array.from({ length: MANY }, (_, i) => 1 + (((i * 7919) % 10_007) % LONGEST));
const SUM = DELAYS.reduce((sum, ms) => sum + ms, 0);

function* sleeper(ms) {
  yield* sleep(ms);
  return ms;
}

function* greenlets() {
  const list = DELAYS.map((ms) => spawn(sleeper, ms));
  let sum = 0;
  for (const each of yield* joinall(list)) sum += each.value;
  return sum;
}

async function promises() {
  const list = DELAYS.map((ms) => new Promise((resolve) => setTimeout(resolve, ms, ms)));
  let sum = 0;
  for (const ms of await Promise.all(list)) sum += ms;
  return sum;
}

async function asyncSleeper(ms) {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return ms;
}

async function asyncFunctions() {
  let sum = 0;
  for (const ms of await Promise.all(DELAYS.map(asyncSleeper))) sum += ms;
  return sum;
}

function* bareSleeper(ms) {
  yield ms;
  return ms;
}

function generators() {
  return new Promise((resolve) => {
    let sum = 0;
    let alive = MANY;
    const step = (generator) => {
      const { done, value } = generator.next();
      if (!done) {
        setTimeout(step, value, generator);
      } else {
        sum += value;
        if (--alive === 0) resolve(sum);
      }
    };
    for (const ms of DELAYS) step(bareSleeper(ms));
  });
}

/** Nobody wakes early, and deadlines come in order. */
async function verify() {
  const woken = [];
  function* noted(ms) {
    const begun = performance.now();
    yield* sleep(ms);
    deepStrictEqual(performance.now() - begun >= ms, true, `sleep(${ms}) was too short`);
    woken.push(ms);
  }
  await joinall(
    [30, 10, 20].map((ms) => spawn(noted, ms)),
    { raiseError: true },
  );
  deepStrictEqual(woken, [10, 20, 30]);
}

export default () => {
  const task = { ops: MANY, expected: SUM, clock: 'cpu' };
  return {
    title: `timers: CPU of ${MANY.toLocaleString('en')} pending ones, 1-${LONGEST} ms`,
    weight: 'slow',
    contestants: [
      {
        id: 'greenlets',
        label: 'greenlets: `yield* sleep(ms)`, spawned and joined',
        run: () => spawn(greenlets).get().promise(),
        ...task,
      },
      {
        id: 'generators',
        label: 'bare generators, each with a `setTimeout` that steps it',
        run: generators,
        ...task,
      },
      {
        id: 'promises',
        label: '`new Promise((r) => setTimeout(r, ms))`, `Promise.all`',
        run: promises,
        ...task,
      },
      {
        id: 'async',
        label: 'async functions that await such a promise',
        run: asyncFunctions,
        ...task,
      },
    ],
    bars: [
      { text: 'CPU of 100,000 timers, to `setTimeout` promises', of: 'greenlets', to: 'promises', most: 0.5 },
    ],
    verify,
  };
};
