/** A time limit that is not reached: set, work done, taken back. */
import { joinall, sleep, spawn, withTimeout } from '../greenlets.mjs';
import { effectionRow, effectRow } from '../lib/peer.mjs';
import { programRow } from '../lib/tools.mjs';

const MANY = 20_000;
const LIMIT = 10_000;
/** How often each, where several do it at once. */
const TURNS = 50;
const sumOf = (count) => (count * (count + 1)) / 2;
/** For those that take far longer. */
const FEWER = 2000;
const FEWEST = 200;

function* work(x) {
  yield* sleep(0);
  return x + 1;
}

function* limited(from, step, count) {
  let sum = 0;
  for (let i = from; i < count; i += step) sum += yield* withTimeout(LIMIT, work, i);
  return sum;
}

/** So many at once, which share the work. */
function* allLimited(many, count) {
  const list = [];
  for (let i = 0; i < many; i++) list.push(spawn(limited, i, many, count));
  let sum = 0;
  for (const each of yield* joinall(list)) sum += each.value;
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

async function asyncLimited(from, step, count) {
  let sum = 0;
  for (let i = from; i < count; i += step) sum += await raced(LIMIT, asyncWork(i));
  return sum;
}

async function asyncFunctions(many, count) {
  const list = [];
  for (let i = 0; i < many; i++) list.push(asyncLimited(i, many, count));
  let sum = 0;
  for (const each of await Promise.all(list)) sum += each;
  return sum;
}

function effectProgram({ Effect }) {
  const work = (x) => Effect.map(Effect.yieldNow, () => x + 1);
  return Effect.gen(function* () {
    let sum = 0;
    for (let i = 0; i < FEWER; i++) sum += yield* Effect.timeout(work(i), LIMIT);
    return sum;
  });
}

function effectionProgram({ race, sleep, until }) {
  function* work(x) {
    yield* until(Promise.resolve());
    return x + 1;
  }
  function* limit() {
    yield* sleep(LIMIT);
    throw new Error('timed out');
  }
  return function* () {
    let sum = 0;
    for (let i = 0; i < FEWEST; i++) sum += yield* race([work(i), limit()]);
    return sum;
  };
}

export default ({ size: many = 1 }) => {
  const count = Math.max(MANY, many * TURNS);
  const task = { ops: count, expected: sumOf(count) };
  const less = { ops: FEWER, expected: sumOf(FEWER) };
  return {
    title: 'withTimeout that does not fire, around a function that waits once',
    short: 'withTimeout that does not fire',
    growth: { what: 'at once', sizes: [10, 100, 1000] },
    contestants: [
      {
        id: 'greenlets',
        label: 'greenlets: `yield* withTimeout(ms, fn, x)`',
        family: 'greenlets',
        run: () => spawn(allLimited, many, count).get().promise(),
        ...task,
      },
      {
        id: 'unlimited',
        label: 'greenlets, without a limit: `yield* fn(x)`',
        grows: false,
        run: () => spawn(unlimited).get().promise(),
        ...task,
      },
      {
        id: 'generators',
        label: 'bare generators, `setTimeout` and `clearTimeout`',
        family: 'bare generators',
        grows: false,
        run: generators,
        ...task,
      },
      {
        id: 'async',
        label: 'async functions: `Promise.race` with a `setTimeout`, cleared after',
        family: 'async/await',
        run: () => asyncFunctions(many, count),
        ...task,
      },
      effectRow({ id: 'effect', label: 'effect: `Effect.timeout`', program: effectProgram, ...less }),
      effectionRow({
        id: 'effection',
        label: 'effection: `race` with a `sleep`',
        program: effectionProgram,
        ops: FEWEST,
        expected: sumOf(FEWEST),
      }),
      programRow({
        id: 'go',
        label: 'Go: `context.WithTimeout`, a goroutine and a channel',
        family: 'Go',
        tool: 'go',
        args: ['timeout', MANY],
      }),
      programRow({
        id: 'gevent',
        label: 'gevent: `with gevent.Timeout`',
        family: 'gevent',
        tool: 'gevent',
        args: ['timeout', FEWER],
      }),
    ],
  };
};
