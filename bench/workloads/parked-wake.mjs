/** Waking many that are parked, and joining them. */
import { joinall, spawn, suspend } from '../greenlets.mjs';
import { settled } from '../lib/settled.mjs';
import { programRow } from '../lib/tools.mjs';

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

/** Fibers, each of which waits for a deferred of its own. */
function effectBegin({ Deferred, Effect, Fiber }) {
  const parkedOn = (deferred, x) => Effect.map(Deferred.await(deferred), (value) => x + value);
  return {
    async park(count) {
      wakers = [];
      const list = [];
      for (let i = 0; i < count; i++) {
        const deferred = Deferred.makeUnsafe();
        wakers.push(deferred);
        list.push(Effect.runFork(parkedOn(deferred, i)));
      }
      await settled(() => true);
      return list;
    },
    async wake(list) {
      for (const each of wakers) Deferred.doneUnsafe(each, Effect.succeed(1));
      let sum = 0;
      for (const each of await Effect.runPromise(Fiber.joinAll(list))) sum += each;
      return sum;
    },
  };
}

export default ({ size: count = 100_000, quick }) => {
  const task = { ops: count, expected: (count * (count + 1)) / 2 };
  const text = count.toLocaleString('en');
  const ofGevent = Math.min(quick ? 10_000 : 100_000, count);
  return {
    title: `parked: wake and join ${text}`,
    short: 'parked: wake and join',
    growth: { what: 'how many', sizes: [10_000, 100_000, 1_000_000] },
    contestants: [
      {
        id: 'greenlets',
        label: 'greenlets in `suspend(…)`: `waker.resolve` of each, then `joinall`',
        family: 'greenlets',
        prepare: () => parkGreenlets(count),
        run: (list) => spawn(wakeAndJoin, list).get().promise(),
        ...task,
      },
      {
        id: 'generators',
        label: 'bare generators at a `yield`: `next` of each',
        family: 'bare generators',
        prepare: () => parkGenerators(count),
        run: wakeGenerators,
        ...task,
      },
      {
        id: 'async',
        label: 'async functions awaiting a promise: `resolve` of each, then `Promise.all`',
        family: 'async/await',
        prepare: () => parkAsync(count),
        run: wakeAsync,
        ...task,
      },
      ...(count > 100_000
        ? []
        : [
            {
              id: 'effect',
              label: 'effect: fibers awaiting a `Deferred` each, done one by one, then `joinAll`',
              family: 'effect',
              peer: 'effect',
              grows: false,
              begin: effectBegin,
              prepare: ({ park }) => park(count),
              run: (list, { wake }) => wake(list),
              ...task,
            },
          ]),
      programRow({
        id: 'go',
        label: 'Go: a channel each, then a `WaitGroup`',
        family: 'Go',
        tool: 'go',
        args: ['wake', count],
      }),
      programRow({
        id: 'gevent',
        label: `gevent: an \`AsyncResult\` each, then \`joinall\`; ${ofGevent.toLocaleString('en')} of them`,
        family: 'gevent',
        tool: 'gevent',
        args: ['wake', ofGevent],
      }),
    ],
    bars: [
      {
        text: `waking and joining ${text}, to the same with promises`,
        of: 'greenlets',
        to: 'async',
        most: 0.6,
        goal: 0.35,
        floor: 'generators',
      },
    ],
  };
};
