/** Ending many that are parked, with their `finally` blocks. */
import { killall, spawn, suspend } from '../greenlets.mjs';
import { settled } from '../lib/settled.mjs';

const MANY = 100_000;

let parked = 0;
let closed = 0;

const parking = suspend('park', () => {
  parked++;
});

function* waiting() {
  try {
    yield* parking;
  } finally {
    closed++;
  }
}

async function parkGreenlets() {
  parked = closed = 0;
  const list = [];
  for (let i = 0; i < MANY; i++) list.push(spawn(waiting));
  await settled(() => parked === MANY);
  return list;
}

function* killAndWait(list) {
  yield* killall(list);
  let killed = 0;
  for (const each of list) if (each.killed) killed++;
  return killed + closed;
}

function* bareWaiting() {
  try {
    parked++;
    yield;
  } finally {
    closed++;
  }
}

async function parkGenerators() {
  parked = closed = 0;
  const list = [];
  for (let i = 0; i < MANY; i++) {
    const generator = bareWaiting();
    generator.next();
    list.push(generator);
  }
  await settled(() => parked === MANY);
  return list;
}

function returnAll(list) {
  let ended = 0;
  for (const each of list) if (each.return().done) ended++;
  return ended + closed;
}

class Exit extends Error {}

let rejects = [];

async function asyncWaiting() {
  try {
    await new Promise((_, reject) => {
      parked++;
      rejects.push(reject);
    });
  } finally {
    closed++;
  }
}

async function parkAsync() {
  parked = closed = 0;
  rejects = [];
  const list = [];
  for (let i = 0; i < MANY; i++) list.push(asyncWaiting());
  await settled(() => parked === MANY);
  return list;
}

/** The stack of an error is the dearest part of it; the runtime's exits have none, so these have none. */
async function rejectAll(list) {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  for (const reject of rejects) reject(new Exit());
  Error.stackTraceLimit = stackTraceLimit;
  let ended = 0;
  for (const each of await Promise.allSettled(list)) if (each.reason instanceof Exit) ended++;
  return ended + closed;
}

export default () => {
  const task = { ops: MANY, expected: 2 * MANY };
  return {
    title: `kill: ${MANY.toLocaleString('en')} that are parked inside \`try … finally\``,
    weight: 'slow',
    contestants: [
      {
        id: 'greenlets',
        label: 'greenlets: `killall`, and all are dead',
        prepare: parkGreenlets,
        run: (list) => spawn(killAndWait, list).get().promise(),
        ...task,
      },
      {
        id: 'generators',
        label: 'bare generators: `return` of each',
        prepare: parkGenerators,
        run: returnAll,
        ...task,
      },
      {
        id: 'async',
        label: 'async functions: `reject` of each, then `Promise.allSettled`',
        prepare: parkAsync,
        run: rejectAll,
        ...task,
      },
    ],
  };
};
