/** Many pending timers with spread deadlines: CPU time of the process, all threads, from the first to the last. */
import { deepStrictEqual } from 'node:assert';
import { setTimeout as wait } from 'node:timers/promises';
import { joinall, sleep, spawn } from '../greenlets.mjs';
import { effectionRow, effectRow } from '../lib/peer.mjs';
import { programRow } from '../lib/tools.mjs';

const MANY = 100_000;
const LONGEST = 50;

/** 1 … 50 ms, in no order: whole ones, which suit the host's timers best. */
const delaysOf = (many) => Array.from({ length: many }, (_, i) => 1 + (((i * 7919) % 10_007) % LONGEST));
const total = (values) => values.reduce((sum, ms) => sum + ms, 0);

function* sleeper(ms) {
  yield* sleep(ms);
  return ms;
}

function* greenlets(delays) {
  const list = delays.map((ms) => spawn(sleeper, ms));
  let sum = 0;
  for (const each of yield* joinall(list)) sum += each.value;
  return sum;
}

async function promises(delays) {
  const list = delays.map((ms) => new Promise((resolve) => setTimeout(resolve, ms, ms)));
  let sum = 0;
  for (const ms of await Promise.all(list)) sum += ms;
  return sum;
}

async function asyncSleeper(ms) {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return ms;
}

/** What users write. */
async function waiter(ms) {
  await wait(ms);
  return ms;
}

async function asyncFunctions(delays, each) {
  return total(await Promise.all(delays.map((ms) => each(ms))));
}

function effectProgram({ Effect }, delays) {
  const sleeper = (ms) => Effect.as(Effect.sleep(ms), ms);
  return Effect.map(Effect.all(delays.map(sleeper), { concurrency: 'unbounded' }), total);
}

function effectionProgram({ all, sleep }, delays) {
  function* sleeper(ms) {
    yield* sleep(ms);
    return ms;
  }
  return function* () {
    return total(yield* all(delays.map(sleeper)));
  };
}

function* bareSleeper(ms) {
  yield ms;
  return ms;
}

function generators(delays) {
  return new Promise((resolve) => {
    let sum = 0;
    let alive = delays.length;
    const step = (generator) => {
      const { done, value } = generator.next();
      if (!done) {
        setTimeout(step, value, generator);
      } else {
        sum += value;
        if (--alive === 0) resolve(sum);
      }
    };
    for (const ms of delays) step(bareSleeper(ms));
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

export default ({ size: many = MANY, quick }) => {
  const delays = delaysOf(many);
  const task = { ops: many, expected: total(delays), clock: 'cpu' };
  const fewer = delaysOf(quick ? 500 : 2000);
  const less = quick ? delaysOf(20_000) : delays;
  const ofGevent = quick ? 10_000 : MANY;
  const like = (to, text) => ({
    text: `CPU of ${many.toLocaleString('en')} timers, to ${text}`,
    of: 'greenlets',
    to,
    most: 0.5,
  });
  return {
    title: `timers: CPU of ${many.toLocaleString('en')} pending ones, 1-${LONGEST} ms`,
    short: 'timers, CPU',
    growth: { what: 'how many', sizes: [10_000, 100_000, 1_000_000] },
    contestants: [
      {
        id: 'greenlets',
        label: 'greenlets: `yield* sleep(ms)`, spawned and joined',
        family: 'greenlets',
        run: () => spawn(greenlets, delays).get().promise(),
        ...task,
      },
      {
        id: 'generators',
        label: 'bare generators, each with a `setTimeout` that steps it',
        family: 'bare generators',
        run: () => generators(delays),
        ...task,
      },
      {
        id: 'wait',
        label: 'async functions: `await setTimeout(ms)` of `node:timers/promises`',
        family: 'async/await',
        run: () => asyncFunctions(delays, waiter),
        ...task,
      },
      {
        id: 'async',
        label: 'async functions: `await new Promise((r) => setTimeout(r, ms))`',
        family: 'async/await',
        run: () => asyncFunctions(delays, asyncSleeper),
        ...task,
      },
      {
        id: 'promises',
        label: 'no functions: `new Promise((r) => setTimeout(r, ms, ms))`, `Promise.all`',
        run: () => promises(delays),
        ...task,
      },
      effectRow({
        id: 'effect',
        label: `effect: \`Effect.sleep(ms)\`, ${less.length.toLocaleString('en')} of them`,
        program: (effect) => effectProgram(effect, less),
        grows: false,
        ...task,
        ops: less.length,
        expected: total(less),
      }),
      effectionRow({
        id: 'effection',
        label: `effection: \`sleep(ms)\`, ${fewer.length.toLocaleString('en')} of them`,
        program: (effection) => effectionProgram(effection, fewer),
        ...task,
        ops: fewer.length,
        expected: total(fewer),
      }),
      programRow({
        id: 'go',
        label: 'Go: `time.Sleep`',
        family: 'Go',
        tool: 'go',
        args: ['timers', MANY, LONGEST],
      }),
      programRow({
        id: 'gevent',
        label: `gevent: \`gevent.sleep\`, ${ofGevent.toLocaleString('en')} of them`,
        family: 'gevent',
        tool: 'gevent',
        args: ['timers', ofGevent, LONGEST],
      }),
    ],
    bars: [
      like('wait', '`await setTimeout(ms)` of `node:timers/promises`'),
      like('async', 'async functions that await a `setTimeout` promise'),
      like('promises', '`setTimeout` promises alone'),
    ],
    verify,
  };
};
