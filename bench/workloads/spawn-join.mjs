/** A hundred thousand short lives of one shared function with an argument, and their results. */
import { joinall, sleep, spawn } from '../greenlets.mjs';
import { coRow, effectionRow, effectRow } from '../lib/peer.mjs';
import { programRow } from '../lib/tools.mjs';

const MANY = 100_000;
/** Each life gives its argument plus one. */
const sumOf = (many) => (many * (many + 1)) / 2;

/** Its start, on the next turn, is its one wait, as `await null` is the async function's. */
function* life(x) {
  return x + 1;
}

function* yieldingLife(x) {
  yield* sleep(0);
  return x + 1;
}

function* spawnAndJoin(fn, many) {
  const list = [];
  for (let i = 0; i < many; i++) list.push(spawn(fn, i));
  let sum = 0;
  for (const each of yield* joinall(list)) sum += each.value;
  return sum;
}

function* bareLife(x) {
  yield;
  return x + 1;
}

/** Begins all, then steps all to their end. */
function generators(many) {
  const list = [];
  for (let i = 0; i < many; i++) list.push(bareLife(i));
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

async function asyncFunctions(many) {
  const list = [];
  for (let i = 0; i < many; i++) list.push(asyncLife(i));
  let sum = 0;
  for (const each of await Promise.all(list)) sum += each;
  return sum;
}

function coProgram(co) {
  const settled = Promise.resolve();
  function* life(x) {
    yield settled;
    return x + 1;
  }
  return async (many) => {
    const list = [];
    for (let i = 0; i < many; i++) list.push(co(life, i));
    let sum = 0;
    for (const each of await Promise.all(list)) sum += each;
    return sum;
  };
}

function effectProgram({ Effect, Fiber }, many) {
  const life = (x) => Effect.sync(() => x + 1);
  return Effect.gen(function* () {
    const list = [];
    for (let i = 0; i < many; i++) list.push(yield* Effect.forkChild(life(i)));
    let sum = 0;
    for (const each of list) sum += yield* Fiber.join(each);
    return sum;
  });
}

function effectionProgram({ spawn }, many) {
  return function* () {
    const list = [];
    for (let i = 0; i < many; i++) list.push(yield* spawn(() => life(i)));
    let sum = 0;
    for (const each of list) sum += yield* each;
    return sum;
  };
}

export default ({ size: many = MANY, quick }) => {
  const task = { ops: many, expected: sumOf(many) };
  const fewer = quick ? 500 : 2000;
  return {
    title: `spawn + join: ${many.toLocaleString('en')} of one generator function with an argument`,
    growth: { what: 'how many', sizes: [10_000, 100_000, 1_000_000] },
    contestants: [
      {
        id: 'greenlets',
        label: 'greenlets: `joinall` of `spawn(fn, x)`, which begin on the next turn',
        family: 'greenlets',
        run: () => spawn(spawnAndJoin, life, many).get().promise(),
        ...task,
      },
      {
        id: 'yielding',
        label: 'greenlets, and each does one `yield* sleep(0)` more',
        run: () => spawn(spawnAndJoin, yieldingLife, many).get().promise(),
        ...task,
      },
      {
        id: 'generators',
        label: 'bare generators that yield once, stepped by hand',
        family: 'bare generators',
        run: () => generators(many),
        ...task,
      },
      {
        id: 'async',
        label: 'async functions that await once: `Promise.all`',
        family: 'async/await',
        run: () => asyncFunctions(many),
        ...task,
      },
      coRow({
        id: 'co',
        label: 'co: `Promise.all` of them; each yields a settled promise',
        program: coProgram,
        ...task,
        run: (_, program) => program(many),
      }),
      effectRow({
        id: 'effect',
        label: 'effect: `forkChild` and `Fiber.join`',
        program: (effect) => effectProgram(effect, many),
        ...task,
      }),
      effectionRow({
        id: 'effection',
        label: `effection: \`spawn\`, ${fewer.toLocaleString('en')} of them`,
        program: (effection) => effectionProgram(effection, fewer),
        ops: fewer,
        expected: sumOf(fewer),
      }),
      programRow({
        id: 'go',
        label: 'Go: a `WaitGroup`',
        family: 'Go',
        tool: 'go',
        args: ['spawn', MANY],
      }),
      programRow({
        id: 'gevent',
        label: `gevent: \`joinall\`, ${(quick ? 10_000 : MANY).toLocaleString('en')} of them`,
        family: 'gevent',
        tool: 'gevent',
        args: ['spawn', quick ? 10_000 : MANY],
      }),
      programRow({
        id: 'threads',
        label: 'Python threads: 1,000 of them',
        family: 'Python threads',
        tool: 'python',
        args: ['spawn', 1000],
      }),
    ],
    bars: [
      {
        text: 'spawn + join, to an async function that awaits once',
        of: 'greenlets',
        to: 'async',
        most: 0.5,
        goal: 0.35,
        floor: 'generators',
      },
    ],
  };
};
