/** One that puts numbers in a queue and one that takes them out and adds them up: each way of writing it. */
import { deepStrictEqual } from 'node:assert';
import { Queue, spawn } from '../greenlets.mjs';
import { AsyncQueue } from './async-queue.mjs';
import { effectRow } from './peer.mjs';
import { programRow } from './tools.mjs';

const sumOf = (count) => (count * (count - 1)) / 2;

function* producing(queue, count) {
  for (let i = 0; i < count; i++) yield* queue.put(i);
}

function* consuming(queue, count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += yield* queue.get();
  return sum;
}

function greenlets(maxsize, count) {
  const queue = new Queue(maxsize);
  spawn(producing, queue, count);
  return spawn(consuming, queue, count).get().promise();
}

async function asyncProducing(queue, count) {
  for (let i = 0; i < count; i++) await queue.put(i);
}

async function asyncConsuming(queue, count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += await queue.get();
  return sum;
}

async function asyncFunctions(maxsize, count) {
  const queue = new AsyncQueue(maxsize);
  const [, sum] = await Promise.all([asyncProducing(queue, count), asyncConsuming(queue, count)]);
  return sum;
}

/** A ring whose length is a power of two, of which at most `maxsize` places are used. */
let ring = [];
let head = 0;
let tail = 0;

function clear(maxsize) {
  ring = new Array(1 << Math.ceil(Math.log2(maxsize))).fill(0);
  head = tail = 0;
}

/** Steps one and then the other, until the consumer is done; gives what it gives. */
function inTurn(producer, consumer) {
  for (;;) {
    producer.next();
    const { done, value } = consumer.next();
    if (done) return value;
  }
}

function* bareProducing(maxsize, count) {
  const mask = ring.length - 1;
  for (let i = 0; i < count; i++) {
    while (tail - head === maxsize) yield;
    ring[tail++ & mask] = i;
  }
}

function* bareConsuming(count) {
  const mask = ring.length - 1;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    while (tail === head) yield;
    sum += ring[head++ & mask];
  }
  return sum;
}

/** The limit: two generators that have the ring in their own loops. There is no queue that anybody could pass on. */
function generators(maxsize, count) {
  clear(maxsize);
  return inTurn(bareProducing(maxsize, count), bareConsuming(count));
}

/** A queue of bare generators: a put and a get are calls that may have to wait. */
class GeneratorQueue {
  #maxsize;

  constructor(maxsize) {
    this.#maxsize = maxsize;
    clear(maxsize);
  }

  *put(item) {
    while (tail - head === this.#maxsize) yield;
    ring[tail++ & (ring.length - 1)] = item;
  }

  *get() {
    while (tail === head) yield;
    return ring[head++ & (ring.length - 1)];
  }
}

function generatorQueue(maxsize, count) {
  const queue = new GeneratorQueue(maxsize);
  return inTurn(producing(queue, count), consuming(queue, count));
}

/** The floor: a put and a get are constant iterators, which nothing is made for; the item is handed over beside them. */
const WAITING = { done: false, value: undefined };
const DONE = { done: true, value: undefined };
let maximum = 0;
let item = 0;
const put = {
  [Symbol.iterator]: () => put,
  next() {
    if (tail - head === maximum) return WAITING;
    ring[tail++ & (ring.length - 1)] = item;
    DONE.value = undefined;
    return DONE;
  },
};
const get = {
  [Symbol.iterator]: () => get,
  next() {
    if (tail === head) return WAITING;
    DONE.value = ring[head++ & (ring.length - 1)];
    return DONE;
  },
};

function* delegatingProducing(count) {
  for (let i = 0; i < count; i++) {
    item = i;
    yield* put;
  }
}

function* delegatingConsuming(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += yield* get;
  return sum;
}

function delegating(maxsize, count) {
  clear(maxsize);
  maximum = maxsize;
  return inTurn(delegatingProducing(count), delegatingConsuming(count));
}

/** `make(Queue)`: the effect that makes the queue. */
function effects({ Effect, Fiber, Queue }, make, count) {
  return Effect.gen(function* () {
    const queue = yield* make(Queue);
    yield* Effect.forkChild(
      Effect.gen(function* () {
        for (let i = 0; i < count; i++) yield* Queue.offer(queue, i);
      }),
    );
    const consumer = yield* Effect.forkChild(
      Effect.gen(function* () {
        let sum = 0;
        for (let i = 0; i < count; i++) sum += yield* Queue.take(queue);
        return sum;
      }),
    );
    return yield* Fiber.join(consumer);
  });
}

/** Items come out in the order in which they went in, and never are there more than the queue may hold. */
async function inOrder(maxsize) {
  const queue = new Queue(maxsize);
  const count = 1000;
  spawn(producing, queue, count);
  function* checking() {
    let right = 0;
    for (let i = 0; i < count; i++) if ((yield* queue.get()) === i && queue.qsize() <= maxsize) right++;
    return right;
  }
  return (await spawn(checking).get()) === count;
}

/** The contestants, for a queue of `maxsize` places (Infinity: without a bound) and so many items. */
export function contestantsOf(maxsize, count, quick) {
  const bounded = maxsize !== Number.POSITIVE_INFINITY;
  // Room for all is as good as no bound.
  const places = bounded ? maxsize : count;
  const name = bounded ? `Queue(${maxsize})` : 'Queue()';
  const task = { ops: count, expected: sumOf(count) };
  const fewer = quick ? 20_000 : Math.min(count, 200_000);
  return [
    {
      id: 'greenlets',
      label: `greenlets: \`${name}\``,
      family: 'greenlets',
      run: () => greenlets(maxsize, count),
      ...task,
    },
    {
      id: 'generators',
      label: 'bare generators and no queue: both have the ring in their own loops',
      family: 'bare generators',
      run: () => generators(places, count),
      ...task,
    },
    {
      id: 'generator-queue',
      label: 'bare generators with a queue: `yield*` of generator methods `put` and `get`',
      run: () => generatorQueue(places, count),
      ...task,
    },
    {
      id: 'delegating',
      label: 'the floor: bare generators, `put` and `get` are constant iterators, for which nothing is made',
      family: 'floor',
      run: () => delegating(places, count),
      ...task,
    },
    {
      id: 'async',
      label: bounded
        ? `async functions: a queue of promises, at most ${maxsize} items`
        : 'async functions: a queue of promises',
      family: 'async/await',
      run: () => asyncFunctions(maxsize, count),
      ...task,
    },
    effectRow({
      id: 'effect',
      label: bounded ? `effect: \`Queue.bounded(${maxsize})\`` : 'effect: `Queue.unbounded()`',
      program: (effect) =>
        effects(effect, (Queue) => (bounded ? Queue.bounded(maxsize) : Queue.unbounded()), count),
      ...task,
    }),
    programRow({
      id: 'go',
      label: bounded ? `Go: a channel of ${maxsize}` : 'Go: a channel with room for all',
      family: 'Go',
      tool: 'go',
      args: ['queue', places, count],
    }),
    programRow({
      id: 'gevent',
      label: `gevent: \`${name}\``,
      family: 'gevent',
      tool: 'gevent',
      args: ['queue', bounded ? maxsize : 0, fewer],
    }),
    programRow({
      id: 'threads',
      label: `Python threads: \`${name}\``,
      family: 'Python threads',
      tool: 'python',
      args: ['queue', bounded ? maxsize : 0, 20_000],
    }),
  ];
}

export function barsOf(maxsize, count) {
  const name = maxsize === Number.POSITIVE_INFINITY ? '`Queue()`' : `\`Queue(${maxsize})\``;
  const text = `${name}, ${count.toLocaleString('en')} items`;
  const bar = { of: 'greenlets', floor: 'delegating' };
  return [
    { ...bar, text: `${text}, to bare generators with the ring in their loops`, to: 'generators', most: 2 },
    { ...bar, text: `${text}, to a queue of promises`, to: 'async', most: 1 },
  ];
}

export const verifyOrder = async (maxsize) => deepStrictEqual(await inOrder(maxsize), true);
