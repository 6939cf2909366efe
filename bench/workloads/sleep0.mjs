/** A hundred coroutines that give way to one another. */
import { deepStrictEqual } from 'node:assert';
import { joinall, sleep, spawn } from '../greenlets.mjs';
import { coRow, effectionRow, effectRow } from '../lib/peer.mjs';
import { programRow } from '../lib/tools.mjs';

const MANY = 100;
/** Of all together, and of each at least. */
const STEPS = 100_000;
const LEAST = 50;
/** For those that take far longer. */
const FEWER = 5000;

function* giving(turns) {
  let steps = 0;
  while (steps < turns) {
    steps++;
    yield* sleep(0);
  }
  return steps;
}

function* all(many, turns) {
  const list = [];
  for (let i = 0; i < many; i++) list.push(spawn(giving, turns));
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

function delegating(many, turns) {
  const list = [];
  for (let i = 0; i < many; i++) list.push(delegatingGiving(turns));
  return roundRobinResuming(list);
}

function bare(many, turns) {
  const list = [];
  for (let i = 0; i < many; i++) list.push(bareGiving(turns));
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

async function asyncAll(many, turns) {
  const list = [];
  for (let i = 0; i < many; i++) list.push(asyncGiving(turns));
  let steps = 0;
  for (const each of await Promise.all(list)) steps += each;
  return steps;
}

/** co waits for promises only. */
const coProgram = (co) => {
  const settled = Promise.resolve();
  function* giving(turns) {
    let steps = 0;
    while (steps < turns) {
      steps++;
      yield settled;
    }
    return steps;
  }
  return async () => {
    let steps = 0;
    for (const each of await Promise.all(Array.from({ length: MANY }, () => co(giving, FEWER / MANY))))
      steps += each;
    return steps;
  };
};

const total = (list) => list.reduce((sum, each) => sum + each, 0);

function effectProgram({ Effect }) {
  const giving = Effect.gen(function* () {
    let steps = 0;
    while (steps < FEWER / MANY) {
      steps++;
      yield* Effect.yieldNow;
    }
    return steps;
  });
  const all = Array.from({ length: MANY }, () => giving);
  return Effect.map(Effect.all(all, { concurrency: 'unbounded' }), total);
}

/** It has no operation that gives way; a settled promise is the nearest. */
function effectionProgram({ all, until }) {
  function* giving() {
    let steps = 0;
    while (steps < FEWER / MANY) {
      steps++;
      yield* until(Promise.resolve());
    }
    return steps;
  }
  return function* () {
    return total(yield* all(Array.from({ length: MANY }, giving)));
  };
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

export default ({ size: many = MANY }) => {
  const turns = Math.max(LEAST, STEPS / many);
  const task = { ops: many * turns, expected: many * turns };
  const less = { ops: FEWER, expected: FEWER };
  return {
    title: `sleep(0): ${many.toLocaleString('en')} that give way to one another`,
    growth: { what: 'how many', sizes: [100, 1000, 10_000] },
    contestants: [
      {
        id: 'greenlets',
        label: 'greenlets: `yield* sleep(0)`',
        family: 'greenlets',
        run: () => spawn(all, many, turns).get().promise(),
        ...task,
      },
      {
        id: 'generators',
        label: 'bare generators, stepped round-robin through a ring',
        family: 'bare generators',
        run: () => bare(many, turns),
        ...task,
      },
      {
        id: 'delegating',
        label: 'the floor: bare generators that `yield*` a constant iterator, in the same ring',
        family: 'floor',
        run: () => delegating(many, turns),
        ...task,
      },
      {
        id: 'async',
        label: 'async functions: `await null`',
        family: 'async/await',
        run: () => asyncAll(many, turns),
        ...task,
      },
      coRow({
        id: 'co',
        label: 'co: `yield` of a settled promise',
        program: coProgram,
        grows: false,
        ...less,
      }),
      effectRow({ id: 'effect', label: 'effect: `Effect.yieldNow`', program: effectProgram, ...less }),
      effectionRow({
        id: 'effection',
        label: 'effection: `until(Promise.resolve())`',
        program: effectionProgram,
        ...less,
      }),
      programRow({
        id: 'go',
        label: 'Go: `runtime.Gosched()`',
        family: 'Go',
        tool: 'go',
        args: ['sleep0', MANY, STEPS / MANY],
      }),
      programRow({
        id: 'gevent',
        label: 'gevent: `gevent.sleep(0)`',
        family: 'gevent',
        tool: 'gevent',
        args: ['sleep0', MANY, 100],
      }),
      programRow({
        id: 'threads',
        label: 'Python threads: `time.sleep(0)`',
        family: 'Python threads',
        tool: 'python',
        args: ['sleep0', MANY, 10],
      }),
    ],
    bars: [
      {
        text: '`sleep(0)`, to a bare generator stepped round-robin',
        of: 'greenlets',
        to: 'generators',
        most: 1.8,
        goal: 1.4,
        floor: 'delegating',
      },
      { text: '`sleep(0)`, to `await null`', of: 'greenlets', to: 'async', most: 1, floor: 'delegating' },
    ],
    verify,
  };
};
