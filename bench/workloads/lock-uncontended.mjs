/** Taking and letting go of what nobody else wants, and what that leaves on the heap. */
import { deepStrictEqual } from 'node:assert';
import { Lock, Semaphore, sleep, spawn } from '../greenlets.mjs';
import { allocated, surviving } from '../lib/heap.mjs';
import { effectRow } from '../lib/peer.mjs';
import { programRow } from '../lib/tools.mjs';

const TIMES = 10_000;

/** Takes what gives no switch, and lets go. */
function* taking(lock, times) {
  let taken = 0;
  for (let i = 0; i < times; i++) {
    if (yield* lock.acquire()) taken++;
    lock.release();
  }
  return taken;
}

function* takingWith(lock, fn, times) {
  let taken = 0;
  for (let i = 0; i < times; i++) taken += yield* lock.with(fn);
  return taken;
}

const one = () => 1;

const take = (lock, times) => spawn(taking, lock, times).get().promise();
const takeWith = (lock, times) => spawn(takingWith, lock, one, times).get().promise();

/** What any `yield*` costs that is over at once: the least that `acquire` can be. */
const DONE = { done: true, value: true };
const leaf = { [Symbol.iterator]: () => leaf, next: () => DONE };

function* delegating(times) {
  let taken = 0;
  for (let i = 0; i < times; i++) if (yield* leaf) taken++;
  return taken;
}

async function asyncTaking(lock, times) {
  let taken = 0;
  for (let i = 0; i < times; i++) {
    const release = await lock.acquire();
    taken++;
    release();
  }
  return taken;
}

async function asyncSemaphoreTaking(semaphore, times) {
  let taken = 0;
  for (let i = 0; i < times; i++) {
    const [value, release] = await semaphore.acquire();
    taken += value;
    release();
  }
  return taken;
}

async function asyncTakingWith(lock, times) {
  let taken = 0;
  for (let i = 0; i < times; i++) taken += await lock.runExclusive(one);
  return taken;
}

async function asyncAwaiting(times) {
  let taken = 0;
  for (let i = 0; i < times; i++) {
    await null;
    taken++;
  }
  return taken;
}

/** It is taken, and free again. */
async function verify() {
  for (const lock of [new Lock(), new Semaphore(1)]) {
    const seen = [];
    function* holding() {
      yield* lock.acquire();
      seen.push(lock.locked(), yield* lock.acquire({ blocking: false }));
      yield* sleep(0);
      lock.release();
      seen.push(lock.locked());
    }
    await spawn(holding).get();
    deepStrictEqual(seen, [true, false, false]);
  }
}

function effectProgram({ Effect, Semaphore }) {
  return Effect.gen(function* () {
    const semaphore = yield* Semaphore.make(1);
    const one = semaphore.withPermits(1)(Effect.succeed(1));
    let taken = 0;
    for (let i = 0; i < TIMES; i++) taken += yield* one;
    return taken;
  });
}

export default () => {
  const task = { ops: TIMES, expected: TIMES };
  const mutex = { family: 'async-mutex', peer: 'async-mutex', ...task };
  const heap = [
    {
      id: 'lock',
      label: 'greenlets: `Lock`',
      family: 'greenlets',
      make: () => new Lock(),
      repeat: take,
      times: 500_000,
    },
    {
      id: 'semaphore',
      label: 'greenlets: `Semaphore`',
      make: () => new Semaphore(1),
      repeat: take,
      times: 500_000,
    },
    {
      id: 'mutex',
      label: 'async-mutex, `Mutex`',
      family: 'async-mutex',
      peer: 'async-mutex',
      make: ({ Mutex }) => new Mutex(),
      repeat: asyncTaking,
      times: 4000,
    },
  ].map(({ id, label, make, repeat, times, ...row }) => ({
    ...row,
    id,
    label,
    unit: 'bytes',
    begin: (module) => {
      const lock = make(module);
      return (count = times) => repeat(lock, count);
    },
    times,
  }));
  return {
    title: 'a lock that nobody else wants: acquire + release',
    short: 'a free lock',
    contestants: [
      {
        id: 'lock',
        label: 'greenlets: `Lock`, `yield* acquire()` and `release()`',
        family: 'greenlets',
        begin: () => new Lock(),
        run: (_, lock) => take(lock, TIMES),
        ...task,
      },
      {
        id: 'semaphore',
        label: 'greenlets: `Semaphore`, `yield* acquire()` and `release()`',
        begin: () => new Semaphore(1),
        run: (_, semaphore) => take(semaphore, TIMES),
        ...task,
      },
      {
        id: 'with',
        label: 'greenlets: `Lock`, `yield* with(fn)`',
        begin: () => new Lock(),
        run: (_, lock) => takeWith(lock, TIMES),
        ...task,
      },
      {
        id: 'delegating',
        label: 'the floor: a bare generator, `yield*` of a constant iterator that is over at once',
        family: 'floor',
        run: () => delegating(TIMES).next().value,
        ...task,
      },
      {
        id: 'await',
        label: 'an async function: `await null`, and no lock',
        run: () => asyncAwaiting(TIMES),
        ...task,
      },
      {
        id: 'mutex',
        label: 'async-mutex: `Mutex`, `acquire` and `release`',
        begin: ({ Mutex }) => new Mutex(),
        run: (_, lock) => asyncTaking(lock, TIMES),
        ...mutex,
      },
      {
        id: 'mutex-semaphore',
        label: 'async-mutex: `Semaphore`, `acquire` and `release`',
        begin: ({ Semaphore }) => new Semaphore(1),
        run: (_, semaphore) => asyncSemaphoreTaking(semaphore, TIMES),
        ...mutex,
      },
      {
        id: 'mutex-with',
        label: 'async-mutex: `Mutex`, `runExclusive(fn)`',
        begin: ({ Mutex }) => new Mutex(),
        run: (_, lock) => asyncTakingWith(lock, TIMES),
        ...mutex,
      },
      effectRow({
        id: 'effect',
        label: 'effect: `Semaphore.withPermits(1)`',
        program: effectProgram,
        ...task,
      }),
      programRow({
        id: 'go',
        label: 'Go: `sync.Mutex`',
        family: 'Go',
        tool: 'go',
        args: ['lock', TIMES],
      }),
      programRow({
        id: 'gevent',
        label: 'gevent: `BoundedSemaphore(1)`',
        family: 'gevent',
        tool: 'gevent',
        args: ['lock', TIMES],
      }),
      ...heap.map(({ times, ...row }) => ({
        ...row,
        id: `${row.id}-allocated`,
        case: 'heap, allocated',
        take: (repeat) => allocated(repeat, times),
      })),
      ...heap.map(({ times, ...row }) => ({
        ...row,
        id: `${row.id}-surviving`,
        family: undefined,
        case: 'heap, left after a collection',
        take: (repeat) => surviving(repeat, times),
      })),
    ],
    bars: [
      {
        text: '`Lock`, to async-mutex acquire and release',
        of: 'lock',
        to: 'mutex',
        most: 0.2,
        floor: 'delegating',
      },
      {
        text: '`Lock`, to async-mutex `runExclusive`',
        of: 'lock',
        to: 'mutex-with',
        most: 0.2,
        floor: 'delegating',
      },
      {
        text: '`Semaphore`, to async-mutex acquire and release',
        of: 'semaphore',
        to: 'mutex-semaphore',
        most: 0.2,
        floor: 'delegating',
      },
      {
        text: '`Lock.with`, to async-mutex `runExclusive`',
        of: 'with',
        to: 'mutex-with',
        most: 0.2,
        floor: 'delegating',
      },
      { text: 'left by an acquire + release of a `Lock`', of: 'lock-surviving', most: 0.01 },
      { text: 'left by an acquire + release of a `Semaphore`', of: 'semaphore-surviving', most: 0.01 },
    ],
    verify,
  };
};
