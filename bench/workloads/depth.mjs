/** An explicit switch, made by both sides at a depth of 1, 10 and 50 frames above their own function. */
import { call, greenlet } from '../greenlets.mjs';

const DEPTHS = [1, 10, 50];
const TURNS = 5000;
const SWITCHES = 2 * TURNS;

let steps = 0;
let left;
let right;

function* ping(depth) {
  if (depth > 0) return yield* call(ping, depth - 1);
  for (let i = 0; i < TURNS; i++) {
    steps++;
    yield* right.switch();
  }
}

function* pong(depth) {
  if (depth > 0) return yield* call(pong, depth - 1);
  for (;;) {
    steps++;
    yield* left.switch();
  }
}

function* nativePing(depth) {
  if (depth > 0) return yield* nativePing(depth - 1);
  for (let i = 0; i < TURNS; i++) {
    steps++;
    yield* right.switch();
  }
}

function* nativePong(depth) {
  if (depth > 0) return yield* nativePong(depth - 1);
  for (;;) {
    steps++;
    yield* left.switch();
  }
}

function greenlets(one, other, depth) {
  steps = 0;
  left = new greenlet(() => one(depth));
  right = new greenlet(() => other(depth));
  left.switch();
  return steps;
}

function* barePing(depth) {
  if (depth > 0) return yield* barePing(depth - 1);
  for (let i = 0; i < TURNS; i++) {
    steps++;
    yield;
  }
}

function* barePong(depth) {
  if (depth > 0) return yield* barePong(depth - 1);
  for (;;) {
    steps++;
    yield;
  }
}

function generators(depth) {
  steps = 0;
  let current = barePing(depth);
  let other = barePong(depth);
  while (!current.next().done) {
    const next = other;
    other = current;
    current = next;
  }
  return steps;
}

async function asyncPlayer(depth) {
  if (depth > 0) return await asyncPlayer(depth - 1);
  for (let i = 0; i < TURNS; i++) {
    steps++;
    await null;
  }
}

async function asyncFunctions(depth) {
  steps = 0;
  await Promise.all([asyncPlayer(depth), asyncPlayer(depth)]);
  return steps;
}

const KINDS = [
  { id: 'call', label: 'greenlets, frames of `call`', run: (depth) => greenlets(ping, pong, depth) },
  {
    id: 'native',
    label: 'greenlets, frames of native `yield*`',
    run: (depth) => greenlets(nativePing, nativePong, depth),
  },
  { id: 'generators', label: 'bare generators, frames of native `yield*`', run: generators },
  { id: 'async', label: 'async functions, `await null`', run: asyncFunctions },
];

export default () => ({
  title: 'depth: a switch many frames deep',
  contestants: KINDS.flatMap(({ id, label, run }) =>
    DEPTHS.map((depth) => ({
      id: `${id}-${depth}`,
      label: `${label}: ${depth}`,
      run: () => run(depth),
      ops: SWITCHES,
      expected: SWITCHES,
    })),
  ),
  bars: [
    { text: 'a switch 50 `call` frames deep, to one at depth 1', of: 'call-50', to: 'call-1', most: 1.3 },
  ],
});
