/** An explicit switch, made by both sides at a depth of 1, 10 and 50 frames above their own function. */
import { call, greenlet } from '../greenlets.mjs';
import { effectRow } from '../lib/peer.mjs';
import { programRow } from '../lib/tools.mjs';

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
  {
    id: 'call',
    family: 'greenlets',
    label: 'greenlets, frames of `call`',
    run: (depth) => greenlets(ping, pong, depth),
  },
  {
    id: 'native',
    label: 'greenlets, frames of native `yield*`',
    run: (depth) => greenlets(nativePing, nativePong, depth),
  },
  {
    id: 'generators',
    family: 'bare generators',
    label: 'bare generators, frames of native `yield*`',
    run: generators,
  },
  { id: 'async', family: 'async/await', label: 'async functions, `await null`', run: asyncFunctions },
];

/** Two that give way, each so many `Effect.gen` deep. */
function effectProgram({ Effect }, depth) {
  const player = (depth) =>
    Effect.gen(function* () {
      if (depth > 0) return yield* player(depth - 1);
      for (let i = 0; i < TURNS; i++) {
        steps++;
        yield* Effect.yieldNow;
      }
    });
  return Effect.gen(function* () {
    steps = 0;
    const both = [player(depth), player(depth)];
    yield* Effect.all(both, { concurrency: 'unbounded', discard: true });
    return steps;
  });
}

export default ({ size }) => {
  const task = { ops: SWITCHES, expected: SWITCHES };
  const depths = size === undefined ? DEPTHS : [size];
  return {
    title: 'depth: a switch many frames deep',
    growth: { what: 'frames', sizes: [1, 10, 100] },
    contestants: depths.flatMap((depth) => {
      const which = size === undefined ? `depth ${depth}` : '';
      const named = (id) => (size === undefined ? `${id}-${depth}` : id);
      return [
        ...KINDS.map(({ id, family, label, run }) => ({
          id: named(id),
          case: which,
          family,
          label: `${label}: ${depth}`,
          run: () => run(depth),
          ...task,
        })),
        effectRow({
          id: named('effect'),
          case: which,
          label: `effect, frames of \`Effect.gen\`, \`yieldNow\`: ${depth}`,
          program: (effect) => effectProgram(effect, depth),
          ...task,
        }),
        programRow({
          id: named('go'),
          case: which,
          label: `Go, a channel each: ${depth}`,
          family: 'Go',
          tool: 'go',
          args: ['depth', TURNS, depth],
        }),
        programRow({
          id: named('greenlet'),
          case: which,
          label: `Python's greenlet: ${depth}`,
          family: 'gevent',
          tool: 'gevent',
          args: ['switch', TURNS, depth],
        }),
      ];
    }),
    bars:
      size === undefined
        ? [
            {
              text: 'a switch 50 `call` frames deep, to one at depth 1',
              of: 'call-50',
              to: 'call-1',
              most: 1.3,
              goal: 1.1,
            },
          ]
        : [],
  };
};
