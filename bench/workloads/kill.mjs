/** Ending many that are parked, with their `finally` blocks. */
import { hub, killall, spawn, suspend } from '../greenlets.mjs';
import { settled } from '../lib/settled.mjs';
import { programRow } from '../lib/tools.mjs';

const MANY = 100_000;

// On a slow machine they take longer to end, all together, than one of them may.
hub.killGrace = 60_000;

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

async function parkGreenlets(many) {
  parked = closed = 0;
  const list = [];
  for (let i = 0; i < many; i++) list.push(spawn(waiting));
  await settled(() => parked === many);
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

async function parkGenerators(many) {
  parked = closed = 0;
  const list = [];
  for (let i = 0; i < many; i++) {
    const generator = bareWaiting();
    generator.next();
    list.push(generator);
  }
  await settled(() => parked === many);
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

async function parkAsync(many) {
  parked = closed = 0;
  rejects = [];
  const list = [];
  for (let i = 0; i < many; i++) list.push(asyncWaiting());
  await settled(() => parked === many);
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

function effectBegin({ Effect, Fiber }) {
  const waiting = Effect.ensuring(
    Effect.suspend(() => {
      parked++;
      return Effect.never;
    }),
    Effect.sync(() => {
      closed++;
    }),
  );
  return {
    async park(many) {
      parked = closed = 0;
      const list = [];
      for (let i = 0; i < many; i++) list.push(Effect.runFork(waiting));
      await settled(() => parked === many);
      return list;
    },
    async kill(list) {
      await Effect.runPromise(Fiber.interruptAll(list));
      let ended = 0;
      for (const each of list) if (each.pollUnsafe() !== undefined) ended++;
      return ended + closed;
    },
  };
}

function effectionBegin({ createScope, suspend }) {
  const [scope] = createScope();
  function* waiting() {
    try {
      parked++;
      yield* suspend();
    } finally {
      closed++;
    }
  }
  return {
    async park(many) {
      parked = closed = 0;
      const list = [];
      for (let i = 0; i < many; i++) list.push(scope.run(waiting));
      await settled(() => parked === many);
      return list;
    },
    async kill(list) {
      let ended = 0;
      await Promise.all(list.map((each) => each.halt().then(() => ended++)));
      return ended + closed;
    },
  };
}

export default ({ size: many = MANY, quick }) => {
  const task = { ops: many, expected: 2 * many };
  const [less, fewer] = quick ? [20_000, 500] : [many, 2000];
  const ofGevent = quick ? 10_000 : MANY;
  return {
    title: `kill: ${many.toLocaleString('en')} that are parked inside \`try … finally\``,
    growth: { what: 'how many', sizes: [10_000, 100_000, 1_000_000] },
    contestants: [
      {
        id: 'greenlets',
        label: 'greenlets: `killall`, and all are dead',
        family: 'greenlets',
        prepare: () => parkGreenlets(many),
        run: (list) => spawn(killAndWait, list).get().promise(),
        ...task,
      },
      {
        id: 'generators',
        label: 'bare generators: `return` of each',
        family: 'bare generators',
        prepare: () => parkGenerators(many),
        run: returnAll,
        ...task,
      },
      {
        id: 'async',
        label: 'async functions: `reject` of each, then `Promise.allSettled`',
        family: 'async/await',
        prepare: () => parkAsync(many),
        run: rejectAll,
        ...task,
      },
      {
        id: 'effect',
        label: `effect: \`Fiber.interruptAll\`, ${less.toLocaleString('en')} of them`,
        family: 'effect',
        peer: 'effect',
        grows: false,
        begin: effectBegin,
        prepare: ({ park }) => park(less),
        run: (list, { kill }) => kill(list),
        ops: less,
        expected: 2 * less,
      },
      {
        id: 'effection',
        label: `effection: \`halt\` of each, ${fewer.toLocaleString('en')} of them`,
        family: 'effection',
        peer: 'effection',
        grows: false,
        begin: effectionBegin,
        prepare: ({ park }) => park(fewer),
        run: (list, { kill }) => kill(list),
        ops: fewer,
        expected: 2 * fewer,
      },
      programRow({
        id: 'go',
        label: 'Go: a channel that is closed, a deferred function each',
        family: 'Go',
        tool: 'go',
        args: ['kill', MANY],
      }),
      programRow({
        id: 'gevent',
        label: `gevent: \`killall\`, ${ofGevent.toLocaleString('en')} of them`,
        family: 'gevent',
        tool: 'gevent',
        args: ['kill', ofGevent],
      }),
    ],
  };
};
