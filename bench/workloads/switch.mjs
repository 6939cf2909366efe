/** Two coroutines that hand control to one another by name: G1 of the README, in a loop. */
import { deepStrictEqual } from 'node:assert';
import { greenlet } from '../greenlets.mjs';
import { effectionRow, effectRow } from '../lib/peer.mjs';
import { programRow } from '../lib/tools.mjs';

const TURNS = 50_000;
const SWITCHES = 2 * TURNS;
/** For those that take far longer. */
const FEWER = 2000;

let steps = 0;
let turns = TURNS;

let left;
let right;

function* ping() {
  for (let i = 0; i < turns; i++) {
    steps++;
    yield* right.switch();
  }
}

function* pong() {
  for (;;) {
    steps++;
    yield* left.switch();
  }
}

function greenlets() {
  steps = 0;
  left = new greenlet(ping);
  right = new greenlet(pong);
  left.switch();
  return steps;
}

/** What any `yield*` costs that stops at an iterator of the library: the least that a switch can be. */
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

function* delegatingPlayer() {
  for (let i = 0; i < turns; i++) {
    steps++;
    yield* leaf;
  }
}

function delegating() {
  steps = 0;
  let current = delegatingPlayer();
  let other = delegatingPlayer();
  current.next();
  other.next();
  resuming = true;
  while (current.next() === SUSPENDED) {
    resuming = true;
    const next = other;
    other = current;
    current = next;
  }
  other.next();
  return steps;
}

/** The limit: the order is in the code that steps them. */
function* barePing() {
  for (let i = 0; i < turns; i++) {
    steps++;
    yield;
  }
}

function* barePong() {
  for (;;) {
    steps++;
    yield;
  }
}

function generators() {
  steps = 0;
  let current = barePing();
  let other = barePong();
  while (!current.next().done) {
    const next = other;
    other = current;
    current = next;
  }
  return steps;
}

async function asyncPlayer() {
  for (let i = 0; i < turns; i++) {
    steps++;
    await null;
  }
}

async function asyncFunctions() {
  steps = 0;
  await Promise.all([asyncPlayer(), asyncPlayer()]);
  return steps;
}

/** An explicit switch, as bare generators can have it: each yields whom it switches to, and whoever steps them steps that one. */
function* namingPing() {
  for (let i = 0; i < turns; i++) {
    steps++;
    yield right;
  }
}

function* namingPong() {
  for (;;) {
    steps++;
    yield left;
  }
}

function naming() {
  steps = 0;
  left = namingPing();
  right = namingPong();
  let current = left;
  for (;;) {
    const { done, value } = current.next();
    if (done) return steps;
    current = value;
  }
}

/** The same with promises: each resolves what the other awaits, and awaits its own. */
class Baton {
  #resolve = null;

  pass() {
    this.#resolve();
  }

  await() {
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}

async function handingPing(mine, other) {
  for (let i = 0; i < turns; i++) {
    steps++;
    const back = mine.await();
    other.pass();
    await back;
  }
}

async function handingPong(mine, other) {
  await mine.await();
  for (let i = 1; ; i++) {
    steps++;
    if (i === turns) break;
    const back = mine.await();
    other.pass();
    await back;
  }
  other.pass();
}

async function handing() {
  steps = 0;
  const [left, right] = [new Baton(), new Baton()];
  const pong = handingPong(right, left);
  await Promise.all([handingPing(left, right), pong]);
  return steps;
}

/** effect: each opens the latch of the other and waits for its own. */
function effectProgram({ Effect, Latch }) {
  const player = (mine, other) =>
    Effect.gen(function* () {
      for (let i = 0; i < FEWER; i++) {
        yield* mine.await;
        mine.closeUnsafe();
        steps++;
        other.openUnsafe();
      }
    });
  return Effect.gen(function* () {
    steps = 0;
    const [left, right] = [Latch.makeUnsafe(true), Latch.makeUnsafe(false)];
    yield* Effect.all([player(left, right), player(right, left)], {
      concurrency: 'unbounded',
      discard: true,
    });
    return steps;
  });
}

/** effection: as with promises. */
function effectionProgram({ all, withResolvers }) {
  function* player(batons, me) {
    for (let i = 0; i < FEWER; i++) {
      yield* batons[me].operation;
      batons[me] = withResolvers();
      steps++;
      batons[1 - me].resolve();
    }
  }
  return function* () {
    steps = 0;
    const batons = [withResolvers(), withResolvers()];
    batons[0].resolve();
    yield* all([player(batons, 0), player(batons, 1)]);
    return steps;
  };
}

/** They do take turns. */
function verify() {
  turns = 3;
  const order = [];
  function* noted(name, other) {
    for (let i = 0; i < turns; i++) {
      order.push(name);
      yield* other().switch();
    }
  }
  left = new greenlet(() => noted('left', () => right));
  right = new greenlet(() => noted('right', () => left));
  left.switch();
  deepStrictEqual(order, ['left', 'right', 'left', 'right', 'left', 'right']);
}

export default ({ quick }) => {
  const task = { ops: SWITCHES, expected: SWITCHES };
  const less = { ops: 2 * FEWER, expected: 2 * FEWER };
  return {
    title: 'switch: two that hand control to one another',
    contestants: [
      {
        id: 'greenlets',
        label: 'greenlets: `yield* other.switch()`',
        family: 'greenlets',
        run: greenlets,
        ...task,
      },
      {
        id: 'generators',
        label: 'bare generators, stepped in turn: the order is in the loop that steps them',
        family: 'bare generators',
        run: generators,
        ...task,
      },
      {
        id: 'naming',
        label: 'bare generators that yield whom they switch to; a loop steps that one',
        run: naming,
        ...task,
      },
      {
        id: 'delegating',
        label: 'the floor: bare generators that `yield*` a constant iterator, stepped in turn',
        family: 'floor',
        run: delegating,
        ...task,
      },
      {
        id: 'async',
        label: 'async functions: `await null`',
        family: 'async/await',
        run: asyncFunctions,
        ...task,
      },
      {
        id: 'handing',
        label: 'async functions that hand over by name: resolve what the other awaits, await your own',
        run: handing,
        ...task,
      },
      effectRow({
        id: 'effect',
        label: 'effect: open the latch of the other, wait for your own',
        program: effectProgram,
        ...less,
      }),
      effectionRow({
        id: 'effection',
        label: 'effection: `withResolvers`; resolve the other, wait for your own',
        program: effectionProgram,
        ...less,
      }),
      programRow({
        id: 'go',
        label: 'Go: an unbuffered channel each',
        family: 'Go',
        tool: 'go',
        args: ['switch', TURNS],
      }),
      programRow({
        id: 'greenlet',
        label: "Python's greenlet: `other.switch()`",
        family: 'gevent',
        tool: 'gevent',
        args: ['switch', quick ? 20_000 : TURNS],
      }),
      programRow({
        id: 'threads',
        label: 'Python threads: a semaphore each',
        family: 'Python threads',
        tool: 'python',
        args: ['switch', FEWER],
      }),
    ],
    bars: [
      {
        text: 'an explicit switch, to a bare generator stepped by hand',
        of: 'greenlets',
        to: 'generators',
        most: 2,
        goal: 1.5,
        floor: 'delegating',
      },
      {
        text: 'an explicit switch, to `await null`',
        of: 'greenlets',
        to: 'async',
        most: 1,
        floor: 'delegating',
      },
    ],
    verify,
  };
};
