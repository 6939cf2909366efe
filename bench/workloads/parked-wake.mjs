/** Waking many that are parked, and joining them. */
import { joinall, spawn, suspend } from '../greenlets.mjs';
import { settled } from '../lib/settled.mjs';

let wakers = [];

const parking = suspend('park', (waker) => {
  wakers.push(waker);
});

function* parked(x) {
  return x + (yield* parking);
}

async function parkGreenlets(count) {
  wakers = [];
  const list = [];
  for (let i = 0; i < count; i++) list.push(spawn(parked, i));
  await settled(() => wakers.length === count);
  return list;
}

function* wakeAndJoin(list) {
  for (const each of wakers) each.resolve(1);
  let sum = 0;
  for (const each of yield* joinall(list)) sum += each.value;
  return sum;
}

function* bareParked(x) {
  return x + (yield);
}

async function parkGenerators(count) {
  const list = [];
  for (let i = 0; i < count; i++) {
    const generator = bareParked(i);
    generator.next();
    list.push(generator);
  }
  await settled(() => true);
  return list;
}

function wakeGenerators(list) {
  let sum = 0;
  for (const each of list) {
    const { done, value } = each.next(1);
    if (done) sum += value;
  }
  return sum;
}

async function asyncParked(x) {
  return x + (await new Promise(park));
}

function park(resolve) {
  wakers.push(resolve);
}

async function parkAsync(count) {
  wakers = [];
  const list = [];
  for (let i = 0; i < count; i++) list.push(asyncParked(i));
  await settled(() => wakers.length === count);
  return list;
}

async function wakeAsync(list) {
  for (const resolve of wakers) resolve(1);
  let sum = 0;
  for (const each of await Promise.all(list)) sum += each;
  return sum;
}

export default ({ count }) => {
  const task = { ops: count, expected: (count * (count + 1)) / 2 };
  return {
    title: `parked: wake and join ${count.toLocaleString('en')}`,
    weight: count > 100_000 ? 'huge' : 'heavy',
    contestants: [
      {
        id: 'greenlets',
        label: 'greenlets in `suspend(…)`: `waker.resolve` of each, then `joinall`',
        prepare: () => parkGreenlets(count),
        run: (list) => spawn(wakeAndJoin, list).get().promise(),
        ...task,
      },
      {
        id: 'generators',
        label: 'bare generators at a `yield`: `next` of each',
        prepare: () => parkGenerators(count),
        run: wakeGenerators,
        ...task,
      },
      {
        id: 'async',
        label: 'async functions awaiting a promise: `resolve` of each, then `Promise.all`',
        prepare: () => parkAsync(count),
        run: wakeAsync,
        ...task,
      },
    ],
    bars: [
      {
        text: `waking and joining ${count.toLocaleString('en')}, to the same with promises`,
        of: 'greenlets',
        to: 'async',
        most: 0.6,
      },
    ],
  };
};
