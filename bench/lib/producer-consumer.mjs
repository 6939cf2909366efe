/** One that puts numbers in a queue and one that takes them out and adds them up: each way of writing it. */
import { Queue, spawn } from '../greenlets.mjs';
import { AsyncQueue } from './async-queue.mjs';
import { peer } from './peer.mjs';

export const effect = await peer('effect');

export const sumOf = (count) => (count * (count - 1)) / 2;

function* producing(queue, count) {
  for (let i = 0; i < count; i++) yield* queue.put(i);
}

function* consuming(queue, count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += yield* queue.get();
  return sum;
}

export function greenlets(maxsize, count) {
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

export async function asyncFunctions(maxsize, count) {
  const queue = new AsyncQueue(maxsize);
  const [, sum] = await Promise.all([asyncProducing(queue, count), asyncConsuming(queue, count)]);
  return sum;
}

/** A ring whose length is a power of two, of which at most `maxsize` places are used. */
let ring = [];
let head = 0;
let tail = 0;

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

/** The limit: two generators and a ring, stepped in turn. */
export function generators(maxsize, count) {
  ring = new Array(1 << Math.ceil(Math.log2(maxsize))).fill(0);
  head = tail = 0;
  const producer = bareProducing(maxsize, count);
  const consumer = bareConsuming(count);
  for (;;) {
    producer.next();
    const { done, value } = consumer.next();
    if (done) return value;
  }
}

/** `make`: the effect that makes the queue. */
export function effects(make, count) {
  const { Effect, Fiber, Queue } = effect;
  const program = Effect.gen(function* () {
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
  return Effect.runPromise(program);
}

/** Items come out in the order in which they went in, and never are there more than the queue may hold. */
export async function inOrder(maxsize) {
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
