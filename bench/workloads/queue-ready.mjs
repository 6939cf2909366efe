/** A `put` that finds room and a `get` that finds an item: nobody waits. */
import { Queue, spawn } from '../greenlets.mjs';
import { AsyncQueue } from '../lib/async-queue.mjs';

const TIMES = 20_000;
const BOUND = 100;
/** How many items lie in a queue all the while: they are what is got first. */
const LYING = 10;
const LEFT = TIMES - LYING;
const SUM = (LEFT * (LEFT - 1)) / 2;

const lying = () => new Array(LYING).fill(0);

function* passing(queue) {
  let sum = 0;
  for (let i = 0; i < TIMES; i++) {
    yield* queue.put(i);
    sum += yield* queue.get();
  }
  return sum;
}

const pass = (maxsize) =>
  spawn(passing, new Queue(maxsize, { items: lying() }))
    .get()
    .promise();

function nowait(queue) {
  let sum = 0;
  for (let i = 0; i < TIMES; i++) {
    queue.putNowait(i);
    sum += queue.getNowait();
  }
  return sum;
}

/** What any two `yield*` cost that are over at once, around the same ring: the least that `put` and `get` can be. */
const DONE = { done: true, value: undefined };
const leaf = { [Symbol.iterator]: () => leaf, next: () => DONE };
const ring = new Array(128);

function* delegating() {
  let sum = 0;
  let head = 0;
  let tail = LYING;
  for (let i = 0; i < TIMES; i++) {
    ring[tail++ & 127] = i;
    DONE.value = undefined;
    yield* leaf;
    DONE.value = ring[head++ & 127];
    sum += yield* leaf;
  }
  return sum;
}

function delegated() {
  ring.fill(0);
  return delegating().next().value;
}

async function asyncPassing(queue) {
  let sum = 0;
  for (let i = 0; i < TIMES; i++) {
    await queue.put(i);
    sum += await queue.get();
  }
  return sum;
}

async function asyncPass(maxsize) {
  const queue = new AsyncQueue(maxsize);
  await Promise.all(lying().map((item) => queue.put(item)));
  return await asyncPassing(queue);
}

export default () => {
  const task = { ops: TIMES, expected: SUM };
  return {
    title: 'a queue with room and with items: put + get',
    short: 'a queue that is ready',
    contestants: [
      {
        id: 'bounded',
        family: 'greenlets',
        label: `greenlets: \`Queue(${BOUND})\`, \`yield* put(item)\` and \`yield* get()\``,
        run: () => pass(BOUND),
        ...task,
      },
      {
        id: 'unbounded',
        label: 'greenlets: `Queue()`, the same',
        run: () => pass(Number.POSITIVE_INFINITY),
        ...task,
      },
      {
        id: 'nowait',
        label: `greenlets: \`Queue(${BOUND})\`, \`putNowait(item)\` and \`getNowait()\``,
        run: () => nowait(new Queue(BOUND, { items: lying() })),
        ...task,
      },
      {
        id: 'delegating',
        family: 'floor',
        label:
          'the floor: a bare generator, two `yield*` of a constant iterator that is over at once, and a ring',
        run: delegated,
        ...task,
      },
      {
        id: 'async-bounded',
        family: 'async/await',
        label: `async functions: a queue of promises, at most ${BOUND} items`,
        run: () => asyncPass(BOUND),
        ...task,
      },
      {
        id: 'async-unbounded',
        label: 'async functions: a queue of promises',
        run: () => asyncPass(),
        ...task,
      },
    ],
    bars: [
      {
        text: 'put + get that find room and an item, bounded, to a queue of promises',
        of: 'bounded',
        to: 'async-bounded',
        most: 0.2,
        floor: 'delegating',
      },
      {
        text: 'put + get that find room and an item, unbounded, to a queue of promises',
        of: 'unbounded',
        to: 'async-unbounded',
        most: 0.2,
        floor: 'delegating',
      },
    ],
  };
};
