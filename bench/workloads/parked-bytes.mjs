/** What it costs to be parked: bytes of heap. What keeps them (the arrays of greenlets, promises, wakers) was there before and does not count. */
import { sleep, spawn, suspend } from '../greenlets.mjs';
import { programRow } from '../lib/tools.mjs';

let kept;
let wakers;
let parked = 0;

const parking = suspend('park', (waker) => {
  wakers[parked++] = waker;
});

function* suspended(x) {
  return x + (yield* parking);
}

function* sleeping(x) {
  parked++;
  yield* sleep(1e9);
  return x;
}

function* yielding(x) {
  parked++;
  return x + (yield);
}

async function awaiting(x) {
  return (
    x +
    (await new Promise((resolve) => {
      wakers[parked++] = resolve;
    }))
  );
}

const never = new Promise(() => {});

async function awaitingShared(x) {
  parked++;
  return x + (await never);
}

async function awaitingTimer(x) {
  parked++;
  await new Promise((resolve) => setTimeout(resolve, 1e9));
  return x;
}

function beginGenerator(x) {
  const generator = yielding(x);
  generator.next();
  return generator;
}

/** Fibers that all wait for one deferred. */
function effectBegin({ Deferred, Effect }) {
  const never = Deferred.makeUnsafe();
  const waiting = (x) =>
    Effect.gen(function* () {
      parked++;
      return x + (yield* Deferred.await(never));
    });
  return (x) => Effect.runFork(waiting(x));
}

function effectionBegin({ createScope, suspend }) {
  const [scope] = createScope();
  return (x) =>
    scope.run(function* () {
      parked++;
      yield* suspend();
      return x;
    });
}

function used() {
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The collector itself takes minutes over a million fibers of the heavier peers. */
const HEAVY = 20_000;

async function bytes(count, begin) {
  kept = new Array(count).fill(null);
  wakers = new Array(count).fill(null);
  const before = used();
  for (let i = 0; i < count; i++) kept[i] = begin(i);
  // Greenlets begin on the next turn, and a turn is 5 ms.
  while (parked < count) await new Promise((resolve) => setTimeout(resolve, 1));
  return (used() - before) / kept.length;
}

const KINDS = [
  {
    id: 'suspend',
    family: 'greenlets',
    label: 'greenlets in one shared `suspend(…)`, each with its waker kept',
    begin: () => (x) => spawn(suspended, x),
  },
  { id: 'sleep', label: 'greenlets in `sleep(1e9)`', begin: () => (x) => spawn(sleeping, x) },
  {
    id: 'generator',
    family: 'bare generators',
    label: 'bare generators at a `yield`',
    begin: () => beginGenerator,
  },
  {
    id: 'async',
    family: 'async/await',
    label: 'async functions awaiting a promise, each with its `resolve` kept',
    begin: () => awaiting,
  },
  {
    id: 'async-shared',
    label: 'async functions awaiting one promise that all share',
    begin: () => awaitingShared,
  },
  { id: 'async-timer', label: 'async functions awaiting `setTimeout` of 1e9 ms', begin: () => awaitingTimer },
  {
    id: 'effect',
    family: 'effect',
    peer: 'effect',
    label: 'effect: fibers waiting for one `Deferred`',
    begin: effectBegin,
    most: HEAVY,
  },
  {
    id: 'effection',
    family: 'effection',
    peer: 'effection',
    label: 'effection: tasks in `suspend()`',
    begin: effectionBegin,
    most: HEAVY,
  },
];

const text = (number) => number.toLocaleString('en');

export default ({ size: count = 100_000, quick }) => {
  const row = (row) => programRow({ unit: 'bytes', ...row });
  const most = (limit) => Math.min(limit, quick ? 10_000 : count);
  return {
    title: `parked: bytes of heap each, ${text(count)} of them`,
    short: 'parked: bytes',
    growth: { what: 'how many', sizes: [10_000, 100_000, 1_000_000] },
    contestants: [
      ...KINDS.map(({ label, most = count, ...kind }) => ({
        unit: 'bytes',
        label: most < count ? `${label}; ${text(most)} of them` : label,
        take: (begin) => bytes(Math.min(most, count), begin),
        ...kind,
      })),
      row({
        id: 'go',
        label: 'Go: goroutines that wait for a channel, stack and heap',
        family: 'Go',
        tool: 'go',
        args: ['parked', count],
      }),
      row({
        id: 'gevent',
        label: `gevent: greenlets that wait for one event, resident memory; ${text(most(100_000))} of them`,
        family: 'gevent',
        tool: 'gevent',
        args: ['parked', most(100_000)],
      }),
      row({
        id: 'threads',
        label: 'Python threads that wait for one event, resident memory; 1,000 of them',
        family: 'Python threads',
        tool: 'python',
        args: ['parked', 1000],
      }),
    ],
    bars: [
      {
        text: `one of ${text(count)} parked in \`suspend(…)\``,
        of: 'suspend',
        most: 380,
        goal: 300,
        floor: 'generator',
      },
      {
        text: `one of ${text(count)} parked in \`sleep(1e9)\``,
        of: 'sleep',
        most: 380,
        goal: 300,
        floor: 'generator',
      },
    ],
  };
};
