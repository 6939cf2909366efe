/** A hundred who all want one lock, and give way while they hold it. */
import { deepStrictEqual } from 'node:assert';
import { joinall, Lock, sleep, spawn } from '../greenlets.mjs';
import { effectionRow, effectRow } from '../lib/peer.mjs';
import { programRow } from '../lib/tools.mjs';

const MANY = 100;
/** How often each takes it. */
const TURNS = 50;

/** What the lock guards: read before the switch and written after it, so that two at once would lose a step. */
let steps = 0;

function* taking(lock, turns) {
  for (let i = 0; i < turns; i++) {
    yield* lock.acquire();
    const seen = steps;
    yield* sleep(0);
    steps = seen + 1;
    lock.release();
  }
}

function* greenlets(many) {
  steps = 0;
  const lock = new Lock();
  const list = [];
  for (let i = 0; i < many; i++) list.push(spawn(taking, lock, TURNS));
  yield* joinall(list, { raiseError: true });
  return steps;
}

/** The least: whoever holds it is stepped, and the next one in a ring gets it. */
function* bareTaking(turns) {
  for (let i = 0; i < turns; i++) {
    const seen = steps;
    yield;
    steps = seen + 1;
    yield;
  }
}

function generators(many) {
  steps = 0;
  const ring = Array.from({ length: many }, () => bareTaking(TURNS));
  for (let head = 0; ring.length > 0; head = (head + 1) % ring.length) {
    ring[head].next();
    if (ring[head].next().done) return steps;
  }
  return steps;
}

/** A lock as it is usually written with promises: whoever lets go wakes the one that has waited longest. */
class PromiseLock {
  #held = false;
  #waiting = [];

  async acquire() {
    if (this.#held) await new Promise((resolve) => this.#waiting.push(resolve));
    this.#held = true;
  }

  release() {
    const next = this.#waiting.shift();
    if (next === undefined) this.#held = false;
    else next();
  }
}

async function promiseTaking(lock, turns) {
  for (let i = 0; i < turns; i++) {
    await lock.acquire();
    const seen = steps;
    await null;
    steps = seen + 1;
    lock.release();
  }
}

async function asyncTaking(mutex, turns) {
  for (let i = 0; i < turns; i++) {
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

async function asyncTakingWith(mutex, turns) {
  for (let i = 0; i < turns; i++) await mutex.runExclusive(guarded);
}

async function limitedTaking(limit, turns) {
  for (let i = 0; i < turns; i++) await limit(guarded);
}

async function asyncFunctions(one, lock, many) {
  steps = 0;
  await Promise.all(Array.from({ length: many }, () => one(lock, TURNS)));
  return steps;
}

/** The same for effect. */
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
function effectionProgram({ all, until, withResolvers }) {
  class Mutex {
    #held = false;
    #waiting = [];

    *acquire() {
      if (!this.#held) {
        this.#held = true;
        return;
      }
      const { operation, resolve } = withResolvers();
      this.#waiting.push(resolve);
      yield* operation;
    }

    release() {
      const next = this.#waiting.shift();
      if (next === undefined) this.#held = false;
      else next();
    }
  }

  function* taking(mutex) {
    for (let i = 0; i < TURNS; i++) {
      yield* mutex.acquire();
      const seen = steps;
      yield* until(Promise.resolve());
      steps = seen + 1;
      mutex.release();
    }
  }

  return function* () {
    steps = 0;
    const mutex = new Mutex();
    yield* all(Array.from({ length: MANY }, () => taking(mutex)));
    return steps;
  };
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

export default ({ size: many = MANY }) => {
  const task = { ops: many * TURNS, expected: many * TURNS };
  const mutex = { family: 'async-mutex', peer: 'async-mutex', begin: (module) => module.Mutex, ...task };
  return {
    title: `mutex: ${many.toLocaleString('en')} that take one lock in turn and give way while they hold it, an acquisition`,
    short: 'a contended mutex',
    growth: { what: 'contenders', sizes: [10, 100, 1000] },
    contestants: [
      {
        id: 'greenlets',
        label: 'greenlets: `Lock`, `yield* sleep(0)` inside',
        family: 'greenlets',
        run: () => spawn(greenlets, many).get().promise(),
        ...task,
      },
      {
        id: 'generators',
        label: 'bare generators and no lock, each stepped twice when its turn comes',
        family: 'bare generators',
        run: () => generators(many),
        ...task,
      },
      {
        id: 'async',
        label: 'async functions: a lock of promises, written by hand, `await null` inside',
        family: 'async/await',
        run: () => asyncFunctions(promiseTaking, new PromiseLock(), many),
        ...task,
      },
      {
        id: 'async-mutex',
        label: 'async functions: async-mutex, `acquire` and `release`, `await null` inside',
        run: (_, Mutex) => asyncFunctions(asyncTaking, new Mutex(), many),
        ...mutex,
      },
      {
        id: 'async-mutex-with',
        label: 'async functions: async-mutex, `runExclusive`, `await null` inside',
        run: (_, Mutex) => asyncFunctions(asyncTakingWith, new Mutex(), many),
        ...mutex,
      },
      {
        id: 'p-limit',
        label: 'async functions: p-limit(1), `await null` inside',
        family: 'p-limit',
        peer: 'p-limit',
        run: (_, pLimit) => asyncFunctions(limitedTaking, pLimit.default(1), many),
        ...task,
      },
      effectRow({
        id: 'effect',
        label: 'effect: `Semaphore.withPermits(1)`, `Effect.yieldNow` inside',
        program: effectProgram,
        ...task,
      }),
      effectionRow({
        id: 'effection',
        label: 'effection: a lock of `withResolvers`, `until(Promise.resolve())` inside',
        program: effectionProgram,
        ...task,
      }),
      programRow({
        id: 'go',
        label: 'Go: `sync.Mutex`, `runtime.Gosched()` inside',
        family: 'Go',
        tool: 'go',
        args: ['mutex', MANY, TURNS],
      }),
      programRow({
        id: 'gevent',
        label: 'gevent: `BoundedSemaphore(1)`, `gevent.sleep(0)` inside',
        family: 'gevent',
        tool: 'gevent',
        args: ['mutex', MANY, TURNS],
      }),
      programRow({
        id: 'threads',
        label: 'Python threads: `Lock`, `time.sleep(0)` inside, 20 of them',
        family: 'Python threads',
        tool: 'python',
        args: ['mutex', 20, 20],
      }),
    ],
    bars: [
      {
        text: 'a contended `Lock`, to a lock of promises written by hand',
        of: 'greenlets',
        to: 'async',
        most: 1,
        goal: 0.8,
        floor: 'generators',
      },
      ...['async-mutex', 'async-mutex-with', 'p-limit', 'effect', 'effection'].map((to) => ({
        text: `a contended \`Lock\`, to ${to}`,
        of: 'greenlets',
        to,
        most: 1,
      })),
    ],
    verify,
  };
};
