/**
 * Patches of `greenlets/monkey`: what they cost code outside of greenlets, and what `yield*` of a promise costs inside. What it
 * cannot cost less than is shown by bare generators that `promise.then` drives, with the least that is needed: `yield promise`, and
 * `yield*` with an iterator that a property of `Promise.prototype` gives.
 */
import { promises, readFileSync } from 'node:fs';
import timers from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { patchAll, unpatchAll } from '../../dist/io/monkey/index.js';
import { joinall, spawn } from '../greenlets.mjs';

const READS = 300;
const TIMERS = 3000;
const GREENLETS = 100;
const WAITS = 200;
const LONG = 20_000;
const FILE = fileURLToPath(new URL('../package.json', import.meta.url));
const LENGTH = readFileSync(FILE).length;
const settled = Promise.resolve(1);

/** The iterator of the bare generators: promises have it only while they are measured. */
class BareWait {
  constructor(promise) {
    this.promise = promise;
  }

  next(value) {
    if (resuming) {
      resuming = false;
      DONE.value = value;
      return DONE;
    }
    awaited = this.promise;
    return SUSPENDED;
  }
}
const SUSPENDED = { done: false, value: undefined };
const DONE = { done: true, value: undefined };
let resuming = false;
let awaited = null;
function bareWait() {
  return new BareWait(this);
}

/** Changes `Promise.prototype` only between contestants: every change has code optimised anew. */
let state = 'unpatched';
const change = (to, act) => () => {
  if (state === to) return;
  if (state === 'patched') unpatchAll();
  if (state === 'bare') delete Promise.prototype[Symbol.iterator];
  state = to;
  act();
};
const unpatched = change('unpatched', () => {});
const patched = change('patched', () => patchAll({ warn: false }));
const bare = change('bare', () => {
  Object.defineProperty(Promise.prototype, Symbol.iterator, { configurable: true, get: () => bareWait });
});

async function read() {
  let length = 0;
  for (let i = 0; i < READS; i++) length = (await promises.readFile(FILE)).length;
  return length;
}

async function immediates() {
  let sum = 0;
  for (let i = 0; i < TIMERS; i++) sum += await timers.setImmediate(1);
  return sum;
}

async function awaiting(waits) {
  let sum = 0;
  for (let i = 0; i < waits; i++) sum += await settled;
  return sum;
}

function* yielding(waits) {
  let sum = 0;
  for (let i = 0; i < waits; i++) sum += yield* settled;
  return sum;
}

function* bareYielding(waits) {
  let sum = 0;
  for (let i = 0; i < waits; i++) sum += yield settled;
  return sum;
}

function* bareDelegating(waits) {
  let sum = 0;
  for (let i = 0; i < waits; i++) sum += yield* settled;
  return sum;
}

/** Drives a bare generator; `promiseOf` tells what it waits for. */
const drive = (generator, promiseOf) =>
  new Promise((resolve, reject) => {
    const go = (result) => {
      if (result.done) resolve(result.value);
      else promiseOf(result).then(onValue, reject);
    };
    const onValue = (value) => {
      resuming = promiseOf === takeAwaited;
      go(generator.next(value));
    };
    go(generator.next());
  });
const yielded = (result) => result.value;
const takeAwaited = () => awaited;

const total = (values) => values.reduce((sum, each) => sum + each, 0);
const asyncFunctions = async (count, waits) =>
  total(await Promise.all(Array.from({ length: count }, () => awaiting(waits))));
const greenlets = async (count, waits) =>
  total(
    (await joinall(Array.from({ length: count }, () => spawn(yielding, waits)))).map(({ value }) => value),
  );

const bareGenerators = async (count, make, promiseOf) =>
  total(await Promise.all(Array.from({ length: count }, () => drive(make(), promiseOf))));

const contestant = (id, label, run, ops, expected, prepare) => ({
  id,
  label,
  run,
  ops,
  expected,
  prepare,
  clock: 'cpu',
});
const MANY = GREENLETS * WAITS;

export default () => ({
  title:
    'monkey: calls outside of greenlets with patches and without; `yield*` of a settled promise (CPU time)',
  contestants: [
    contestant('read', '`await readFile`, not patched', read, READS, LENGTH, unpatched),
    contestant('read-patched', '`await readFile`, patched', read, READS, LENGTH, patched),
    contestant('immediate', '`await setImmediate()`, not patched', immediates, TIMERS, TIMERS, unpatched),
    contestant('immediate-patched', '`await setImmediate()`, patched', immediates, TIMERS, TIMERS, patched),
    contestant(
      'await',
      `\`await\` in ${GREENLETS} async functions`,
      () => asyncFunctions(GREENLETS, WAITS),
      MANY,
      MANY,
      unpatched,
    ),
    contestant(
      'yield',
      `\`yield*\` in ${GREENLETS} greenlets`,
      () => greenlets(GREENLETS, WAITS),
      MANY,
      MANY,
      patched,
    ),
    contestant(
      'bare',
      `\`yield\` in ${GREENLETS} bare generators, driven by \`then\``,
      () => bareGenerators(GREENLETS, () => bareYielding(WAITS), yielded),
      MANY,
      MANY,
      bare,
    ),
    contestant(
      'bare-star',
      `\`yield*\` in ${GREENLETS} bare generators, driven by \`then\``,
      () => bareGenerators(GREENLETS, () => bareDelegating(WAITS), takeAwaited),
      MANY,
      MANY,
      bare,
    ),
    contestant(
      'await-one',
      '`await` in one async function',
      () => asyncFunctions(1, LONG),
      LONG,
      LONG,
      unpatched,
    ),
    contestant('yield-one', '`yield*` in one greenlet', () => greenlets(1, LONG), LONG, LONG, patched),
    contestant(
      'bare-star-one',
      '`yield*` in one bare generator, driven by `then`',
      () => bareGenerators(1, () => bareDelegating(LONG), takeAwaited),
      LONG,
      LONG,
      bare,
    ),
  ],
  bars: [
    {
      text: 'readFile outside of greenlets, patched, to not patched',
      of: 'read-patched',
      to: 'read',
      most: 1.03,
    },
    {
      text: 'setImmediate outside of greenlets, patched, to not patched',
      of: 'immediate-patched',
      to: 'immediate',
      most: 1.03,
    },
    { text: '`yield*` of a settled promise, to `await`', of: 'yield', to: 'await', most: 1.2 },
    { text: 'the same in one greenlet', of: 'yield-one', to: 'await-one', most: 1.2 },
  ],
});
