/** Two coroutines that hand control to one another by name: G1 of the README, in a loop. */
import { deepStrictEqual } from 'node:assert';
import { greenlet } from '../greenlets.mjs';

const TURNS = 50_000;
const SWITCHES = 2 * TURNS;

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

export default () => ({
  title: 'switch: two that hand control to one another',
  contestants: [
    {
      id: 'greenlets',
      label: 'greenlets: `yield* other.switch()`',
      run: greenlets,
      ops: SWITCHES,
      expected: SWITCHES,
    },
    {
      id: 'generators',
      label: 'bare generators, stepped in turn',
      run: generators,
      ops: SWITCHES,
      expected: SWITCHES,
    },
    {
      id: 'delegating',
      label: 'bare generators that `yield*` a constant iterator, stepped in turn',
      run: delegating,
      ops: SWITCHES,
      expected: SWITCHES,
    },
    {
      id: 'async',
      label: 'async functions: `await null`',
      run: asyncFunctions,
      ops: SWITCHES,
      expected: SWITCHES,
    },
  ],
  bars: [
    {
      text: 'an explicit switch, to a bare generator stepped by hand',
      of: 'greenlets',
      to: 'generators',
      most: 2,
    },
    { text: 'an explicit switch, to `await null`', of: 'greenlets', to: 'async', most: 1 },
  ],
  verify,
});
