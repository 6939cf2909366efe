/** A hundred coroutines that give way to one another. */
import { deepStrictEqual } from 'node:assert';
import { joinall, sleep, spawn } from '../greenlets.mjs';

const MANY = 100;
const TURNS = 1000;
const STEPS = MANY * TURNS;

function* giving(turns) {
  let steps = 0;
  while (steps < turns) {
    steps++;
    yield* sleep(0);
  }
  return steps;
}

function* all(turns) {
  const list = [];
  for (let i = 0; i < MANY; i++) list.push(spawn(giving, turns));
  yield* joinall(list);
  let steps = 0;
  for (const each of list) steps += each.value;
  return steps;
}

function* bareGiving(turns) {
  let steps = 0;
  while (steps < turns) {
    steps++;
    yield;
  }
  return steps;
}

/** What any `yield*` costs that stops at an iterator of the library: the least that `sleep(0)` can be. */
let resuming = false;
const SUSPENDED = { done: false, value: undefined };
const DONE = { done: true, value: undefined };
const leaf = {
  [Symbol.iterator]: () => leaf,
  next() {
    if (!resuming) return SUSPENDED;
    resuming = false;
    return DONE;
  },
};

function* delegatingGiving(turns) {
  let steps = 0;
  while (steps < turns) {
    steps++;
    yield* leaf;
  }
  return steps;
}

/** What anybody would write: a ring of those that are alive, the first of which has its step. */
function roundRobin(generators) {
  const ring = new Array(1 << Math.ceil(Math.log2(generators.length + 1))).fill(null);
  const mask = ring.length - 1;
  let head = 0;
  let tail = 0;
  let sum = 0;
  for (const each of generators) ring[tail++] = each;
  while (head !== tail) {
    const generator = ring[head];
    head = (head + 1) & mask;
    const { done, value } = generator.next();
    if (done) {
      sum += value;
    } else {
      ring[tail] = generator;
      tail = (tail + 1) & mask;
    }
  }
  return sum;
}

function roundRobinResuming(generators) {
  const ring = new Array(1 << Math.ceil(Math.log2(generators.length + 1))).fill(null);
  const mask = ring.length - 1;
  let head = 0;
  let tail = 0;
  let sum = 0;
  for (const each of generators) {
    each.next();
    ring[tail++] = each;
  }
  while (head !== tail) {
    const generator = ring[head];
    head = (head + 1) & mask;
    resuming = true;
    const result = generator.next();
    if (result !== SUSPENDED) {
      sum += result.value;
    } else {
      ring[tail] = generator;
      tail = (tail + 1) & mask;
    }
  }
  return sum;
}

function delegating(turns) {
  const list = [];
  for (let i = 0; i < MANY; i++) list.push(delegatingGiving(turns));
  return roundRobinResuming(list);
}

function bare(turns) {
  const list = [];
  for (let i = 0; i < MANY; i++) list.push(bareGiving(turns));
  return roundRobin(list);
}

async function asyncGiving(turns) {
  let steps = 0;
  while (steps < turns) {
    steps++;
    await null;
  }
  return steps;
}

async function asyncAll(turns) {
  const list = [];
  for (let i = 0; i < MANY; i++) list.push(asyncGiving(turns));
  let steps = 0;
  for (const each of await Promise.all(list)) steps += each;
  return steps;
}

/** They do take turns, in order. */
async function verify() {
  const order = [];
  function* noted(name) {
    for (let i = 0; i < 2; i++) {
      order.push(name);
      yield* sleep(0);
    }
  }
  await joinall(['a', 'b', 'c'].map((name) => spawn(noted, name)));
  deepStrictEqual(order, ['a', 'b', 'c', 'a', 'b', 'c']);
}

export default () => ({
  title: `sleep(0): ${MANY} that give way to one another`,
  contestants: [
    {
      id: 'greenlets',
      label: 'greenlets: `yield* sleep(0)`',
      run: () => spawn(all, TURNS).get().promise(),
      ops: STEPS,
      expected: STEPS,
    },
    {
      id: 'generators',
      label: 'bare generators, stepped round-robin through a ring',
      run: () => bare(TURNS),
      ops: STEPS,
      expected: STEPS,
    },
    {
      id: 'delegating',
      label: 'bare generators that `yield*` a constant iterator, in the same ring',
      run: () => delegating(TURNS),
      ops: STEPS,
      expected: STEPS,
    },
    {
      id: 'async',
      label: 'async functions: `await null`',
      run: () => asyncAll(TURNS),
      ops: STEPS,
      expected: STEPS,
    },
  ],
  bars: [
    {
      text: '`sleep(0)`, to a bare generator stepped round-robin',
      of: 'greenlets',
      to: 'generators',
      most: 1.8,
    },
    { text: '`sleep(0)`, to `await null`', of: 'greenlets', to: 'async', most: 1 },
  ],
  verify,
});
