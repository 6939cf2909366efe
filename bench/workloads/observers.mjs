/** What it costs to be watched: a tracer, a store of AsyncLocalStorage, debug mode. */

import { deepStrictEqual } from 'node:assert';
import { AsyncLocalStorage } from 'node:async_hooks';
import { greenlet, hub, joinall, settrace, sleep, spawn } from '../greenlets.mjs';

const MANY = 100;
const TURNS = 500;
const STEPS = MANY * TURNS;
const LIVES = 10_000;
const SWITCHES = 50_000;

function* giving() {
  let steps = 0;
  while (steps < TURNS) {
    steps++;
    yield* sleep(0);
  }
  return steps;
}

function* givingAll() {
  const list = [];
  for (let i = 0; i < MANY; i++) list.push(spawn(giving));
  let sum = 0;
  for (const each of yield* joinall(list)) sum += each.value;
  return sum;
}

function* life(x) {
  return x;
}

function* living() {
  const list = [];
  for (let i = 0; i < LIVES; i++) list.push(spawn(life, 1));
  let sum = 0;
  for (const each of yield* joinall(list)) sum += each.value;
  return sum;
}

function switching() {
  let steps = 0;
  function* ping() {
    for (let i = 0; i < SWITCHES / 2; i++) {
      steps++;
      yield* right.switch();
    }
  }
  function* pong() {
    for (;;) {
      steps++;
      yield* left.switch();
    }
  }
  const left = new greenlet(ping);
  const right = new greenlet(pong);
  left.switch();
  return steps;
}

const store = new AsyncLocalStorage();
let traced = 0;

/** How each is turned on, once, in a process of its own; `around` is how each run is begun. */
const WAYS = [
  { id: 'bare', label: 'as it is', on() {}, around: (run) => run() },
  {
    id: 'trace',
    label: '`settrace` with a function that counts',
    on: () =>
      void settrace(() => {
        traced++;
      }),
    around: (run) => run(),
  },
  {
    id: 'context',
    label: 'a store of `AsyncLocalStorage` is seen',
    on() {},
    around: (run) => store.run({ seen: true }, run),
  },
  {
    id: 'debug',
    label: '`hub.debug = true`',
    on() {
      hub.debug = true;
    },
    around: (run) => run(),
  },
];

const WORK = [
  { case: 'sleep(0)', ops: STEPS, expected: STEPS, run: () => spawn(givingAll).get().promise() },
  { case: 'spawn + join', ops: LIVES, expected: LIVES, run: () => spawn(living).get().promise() },
  { case: 'switch', ops: SWITCHES, expected: SWITCHES, run: switching },
];

/** A tracer is called, and a store is seen. */
async function verify() {
  settrace(() => {
    traced++;
  });
  switching();
  settrace(null);
  deepStrictEqual(traced >= SWITCHES, true, 'the tracer is called');
  function* seeing() {
    yield* sleep(0);
    return store.getStore();
  }
  deepStrictEqual(await store.run('here', () => spawn(seeing).get().promise()), 'here');
}

export default () => ({
  title: 'observers: what a tracer, an async context and debug mode cost',
  contestants: WORK.flatMap(({ case: which, run, ...task }) =>
    WAYS.map(({ id, label, on, around }) => ({
      id: `${which}-${id}`,
      case: which,
      label,
      begin: on,
      run: () => around(run),
      ...task,
    })),
  ),
  verify,
});
