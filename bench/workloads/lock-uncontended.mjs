/** Taking and letting go of what nobody else wants, and what that leaves on the heap. */
import { deepStrictEqual } from 'node:assert';
import { Lock, Semaphore, sleep, spawn } from '../greenlets.mjs';
import { allocated, surviving } from '../lib/heap.mjs';
import { peer } from '../lib/peer.mjs';

const asyncMutex = await peer('async-mutex');

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

export default () => {
  const task = { ops: TIMES, expected: TIMES };
  const lock = new Lock();
  const semaphore = new Semaphore(1);
  const mutex = asyncMutex && new asyncMutex.Mutex();
  const asyncSemaphore = asyncMutex && new asyncMutex.Semaphore(1);
  const heap = [
    { id: 'lock', label: '`Lock`', repeat: (times) => take(lock, times), times: 500_000 },
    { id: 'semaphore', label: '`Semaphore`', repeat: (times) => take(semaphore, times), times: 500_000 },
    {
      id: 'mutex',
      label: 'async-mutex, `Mutex`',
      peer: asyncMutex,
      repeat: (times) => asyncTaking(mutex, times),
      times: 4000,
    },
  ];
  return {
    title: 'a lock that nobody else wants: acquire + release',
    contestants: [
      {
        id: 'lock',
        label: 'greenlets: `Lock`, `yield* acquire()` and `release()`',
        run: () => take(lock, TIMES),
        ...task,
      },
      {
        id: 'semaphore',
        label: 'greenlets: `Semaphore`, `yield* acquire()` and `release()`',
        run: () => take(semaphore, TIMES),
        ...task,
      },
      {
        id: 'with',
        label: 'greenlets: `Lock`, `yield* with(fn)`',
        run: () => takeWith(lock, TIMES),
        ...task,
      },
      {
        id: 'delegating',
        label: 'a bare generator: `yield*` of a constant iterator that is over at once',
        run: () => delegating(TIMES).next().value,
        ...task,
      },
      { id: 'await', label: 'an async function: `await null`', run: () => asyncAwaiting(TIMES), ...task },
      {
        id: 'mutex',
        label: 'async-mutex: `Mutex`, `acquire` and `release`',
        peer: asyncMutex,
        run: () => asyncTaking(mutex, TIMES),
        ...task,
      },
      {
        id: 'mutex-semaphore',
        label: 'async-mutex: `Semaphore`, `acquire` and `release`',
        peer: asyncMutex,
        run: () => asyncSemaphoreTaking(asyncSemaphore, TIMES),
        ...task,
      },
      {
        id: 'mutex-with',
        label: 'async-mutex: `Mutex`, `runExclusive(fn)`',
        peer: asyncMutex,
        run: () => asyncTakingWith(mutex, TIMES),
        ...task,
      },
      ...heap.map(({ id, label, peer, repeat, times }) => ({
        id: `${id}-allocated`,
        label: `heap, allocated: ${label}`,
        peer,
        unit: 'bytes',
        take: () => allocated(repeat, times),
      })),
      ...heap.map(({ id, label, peer, repeat, times }) => ({
        id: `${id}-surviving`,
        label: `heap, left after a collection: ${label}`,
        peer,
        unit: 'bytes',
        take: () => surviving(repeat, times),
      })),
    ],
    bars: [
      { text: '`Lock`, to async-mutex acquire and release', of: 'lock', to: 'mutex', most: 0.2 },
      { text: '`Lock`, to async-mutex `runExclusive`', of: 'lock', to: 'mutex-with', most: 0.2 },
      {
        text: '`Semaphore`, to async-mutex acquire and release',
        of: 'semaphore',
        to: 'mutex-semaphore',
        most: 0.2,
      },
      { text: '`Lock.with`, to async-mutex `runExclusive`', of: 'with', to: 'mutex-with', most: 0.2 },
      { text: 'left by an acquire + release of a `Lock`', of: 'lock-surviving', most: 0.01 },
      { text: 'left by an acquire + release of a `Semaphore`', of: 'semaphore-surviving', most: 0.01 },
    ],
    verify,
  };
};
