/** A hundred who all want one lock, and give way while they hold it. */
import { deepStrictEqual } from 'node:assert';
import { joinall, Lock, sleep, spawn } from '../greenlets.mjs';
import { peer } from '../lib/peer.mjs';

const asyncMutex = await peer('async-mutex');
const pLimit = await peer('p-limit');
const effect = await peer('effect');
const effection = await peer('effection');

const MANY = 100;
const TURNS = 50;
const TIMES = MANY * TURNS;

/** What the lock guards: read before the switch and written after it, so that two at once would lose a step. */
let steps = 0;

function* taking(lock) {
  for (let i = 0; i < TURNS; i++) {
    yield* lock.acquire();
    const seen = steps;
    yield* sleep(0);
    steps = seen + 1;
    lock.release();
  }
}

function* greenlets() {
  steps = 0;
  const lock = new Lock();
  const list = [];
  for (let i = 0; i < MANY; i++) list.push(spawn(taking, lock));
  yield* joinall(list, { raiseError: true });
  return steps;
}

/** The least: whoever holds it is stepped, and the next one in a ring gets it. */
function* bareTaking() {
  for (let i = 0; i < TURNS; i++) {
    const seen = steps;
    yield;
    steps = seen + 1;
    yield;
  }
}

function generators() {
  steps = 0;
  const ring = Array.from({ length: MANY }, bareTaking);
  for (let head = 0; ring.length > 0; head = (head + 1) % ring.length) {
    ring[head].next();
    if (ring[head].next().done) return steps;
  }
  return steps;
}

async function asyncTaking(mutex) {
  for (let i = 0; i < TURNS; i++) {
    const release = await mutex.acquire();
    const seen = steps;
    await null;
    steps = seen + 1;
    release();
  }
}

async function guarded() {
  const seen = steps;
  await null;
  steps = seen + 1;
}

async function asyncTakingWith(mutex) {
  for (let i = 0; i < TURNS; i++) await mutex.runExclusive(guarded);
}

async function limitedTaking(limit) {
  for (let i = 0; i < TURNS; i++) await limit(guarded);
}

async function asyncFunctions(one, lock) {
  steps = 0;
  await Promise.all(Array.from({ length: MANY }, () => one(lock)));
  return steps;
}

/** The same for effect: a description, made once. */
function effectProgram({ Effect, Semaphore }) {
  const step = Effect.gen(function* () {
    const seen = steps;
    yield* Effect.yieldNow;
    steps = seen + 1;
  });
  return Effect.gen(function* () {
    steps = 0;
    const semaphore = yield* Semaphore.make(1);
    const guardedStep = semaphore.withPermits(1)(step);
    const taker = Effect.gen(function* () {
      for (let i = 0; i < TURNS; i++) yield* guardedStep;
    });
    const takers = Array.from({ length: MANY }, () => taker);
    yield* Effect.all(takers, { concurrency: 'unbounded', discard: true });
    return steps;
  });
}

/** effection has no lock; one of its own primitives. */
class EffectionMutex {
  #held = false;
  #waiting = [];

  *acquire() {
    if (!this.#held) {
      this.#held = true;
      return;
    }
    const { operation, resolve } = effection.withResolvers();
    this.#waiting.push(resolve);
    yield* operation;
  }

  release() {
    const next = this.#waiting.shift();
    if (next === undefined) this.#held = false;
    else next();
  }
}

function* effectionTaking(mutex) {
  for (let i = 0; i < TURNS; i++) {
    yield* mutex.acquire();
    const seen = steps;
    yield* effection.until(Promise.resolve());
    steps = seen + 1;
    mutex.release();
  }
}

function* effectionAll() {
  steps = 0;
  const mutex = new EffectionMutex();
  yield* effection.all(Array.from({ length: MANY }, () => effectionTaking(mutex)));
  return steps;
}

/** First come, first served. */
async function verify() {
  const lock = new Lock();
  const order = [];
  function* noted(name) {
    for (let i = 0; i < 2; i++) {
      yield* lock.acquire();
      order.push(name);
      yield* sleep(0);
      lock.release();
    }
  }
  await joinall(
    ['a', 'b', 'c'].map((name) => spawn(noted, name)),
    { raiseError: true },
  );
  deepStrictEqual(order, ['a', 'b', 'c', 'a', 'b', 'c']);
}

export default () => {
  const task = { ops: TIMES, expected: TIMES };
  const program = effect && effectProgram(effect);
  return {
    title: `mutex: ${MANY} that take one lock in turn and give way while they hold it, an acquisition`,
    weight: 'medium',
    contestants: [
      {
        id: 'greenlets',
        label: 'greenlets: `Lock`, `yield* sleep(0)` inside',
        run: () => spawn(greenlets).get().promise(),
        ...task,
      },
      {
        id: 'generators',
        label: 'bare generators, each stepped twice when its turn comes',
        run: generators,
        ...task,
      },
      {
        id: 'async-mutex',
        label: 'async functions: async-mutex, `acquire` and `release`, `await null` inside',
        peer: asyncMutex,
        run: () => asyncFunctions(asyncTaking, new asyncMutex.Mutex()),
        ...task,
      },
      {
        id: 'async-mutex-with',
        label: 'async functions: async-mutex, `runExclusive`, `await null` inside',
        peer: asyncMutex,
        run: () => asyncFunctions(asyncTakingWith, new asyncMutex.Mutex()),
        ...task,
      },
      {
        id: 'p-limit',
        label: 'async functions: p-limit(1), `await null` inside',
        peer: pLimit,
        run: () => asyncFunctions(limitedTaking, pLimit.default(1)),
        ...task,
      },
      {
        id: 'effect',
        label: 'effect: `Semaphore.withPermits(1)`, `Effect.yieldNow` inside',
        peer: effect,
        run: () => effect.Effect.runPromise(program),
        ...task,
      },
      {
        id: 'effection',
        label: 'effection: a lock of `withResolvers`, `until(Promise.resolve())` inside',
        peer: effection,
        run: () => effection.run(effectionAll),
        ...task,
      },
    ],
    bars: ['async-mutex', 'async-mutex-with', 'p-limit', 'effect', 'effection'].map((to) => ({
      text: `a contended \`Lock\`, to ${to}`,
      of: 'greenlets',
      to,
      most: 1,
    })),
    verify,
  };
};
