/**
 * Patches of `greenlets/monkey`: what they cost code outside of greenlets, and what `yield*` of a promise costs inside. What that
 * cannot cost less than is shown by bare generators which `promise.then` drives, with the least that is needed: `yield promise`, and
 * `yield*` with an iterator that a property of `Promise.prototype` gives.
 */
import { promises, readFileSync } from 'node:fs';
import timers from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { patchAll, unpatchAll } from '../../dist/node/io/monkey/index.js';
import { joinall, spawn } from '../greenlets.mjs';
import { median } from '../lib/figures.mjs';

const READS = 200;
const TIMERS = 5000;
const GREENLETS = 100;
const WAITS = 200;
const LONG = 20_000;
const FILE = fileURLToPath(new URL('../package.json', import.meta.url));
const LENGTH = readFileSync(FILE).length;
const settled = Promise.resolve(1);

/** The iterator of the bare generators. */
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

/** Once a process: every change of `Promise.prototype` has code optimised anew. */
const once = (act) => {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
};
const patched = once(() => patchAll({ warn: false }));
const bare = once(() => {
  Object.defineProperty(Promise.prototype, Symbol.iterator, { configurable: true, get: () => bareWait });
});

async function read() {
  let length = 0;
  for (let i = 0; i < READS; i++) length = (await promises.readFile(FILE)).length;
  if (length !== LENGTH) throw new Error(`${length} bytes were read`);
}

async function immediates() {
  let sum = 0;
  for (let i = 0; i < TIMERS; i++) sum += await timers.setImmediate(1);
  if (sum !== TIMERS) throw new Error(`${sum} immediates have come`);
}

const PAIRS = 15;
const WARM = 3;

/** CPU time of `run` with the patches, to that without: the median of pairs in one process, each a few runs after the change. */
async function toUnpatched(run) {
  const timed = async () => {
    for (let i = 0; i < WARM; i++) await run();
    const { user, system } = process.cpuUsage();
    for (let i = 0; i < WARM; i++) await run();
    const spent = process.cpuUsage({ user, system });
    return spent.user + spent.system;
  };
  const pairs = [];
  for (let i = 0; i < PAIRS; i++) {
    unpatchAll();
    const without = await timed();
    patchAll({ warn: false });
    pairs.push((await timed()) / without);
  }
  unpatchAll();
  return median(pairs);
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

/** As `yielding`, with the feedback of its own iterator. */
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
const make = (count, one) => Array.from({ length: count }, one);
const asyncFunctions = async (count, waits) => total(await Promise.all(make(count, () => awaiting(waits))));
const greenlets = async (count, waits) =>
  total((await joinall(make(count, () => spawn(yielding, waits)))).map(({ value }) => value));
const bareGenerators = async (count, begin, promiseOf) =>
  total(await Promise.all(make(count, () => drive(begin(), promiseOf))));

/** The same waits, in so many at once. */
function inside(count, waits) {
  const at = count === 1 ? 'one' : `${count}`;
  const row = (id, label, family, prepare, run) => ({
    id: `${id}-${at}`,
    label,
    family,
    case: `\`yield*\` of a settled promise, in ${at}`,
    prepare,
    run,
    ops: count * waits,
    expected: count * waits,
    clock: 'cpu',
  });
  return [
    row('await', '`await`', 'async/await', undefined, () => asyncFunctions(count, waits)),
    row('yield', '`yield*` in greenlets', 'greenlets', patched, () => greenlets(count, waits)),
    row('bare', '`yield` in bare generators, driven by `then`', 'bare generators', undefined, () =>
      bareGenerators(count, () => bareYielding(waits), yielded),
    ),
    row('floor', 'the floor: `yield*` in bare generators, driven by `then`', 'floor', bare, () =>
      bareGenerators(count, () => bareDelegating(waits), takeAwaited),
    ),
  ];
}

const outside = (id, label, run) => ({
  id,
  label,
  case: 'outside of greenlets, patched, to not patched',
  unit: '×',
  take: () => toUnpatched(run),
});

export default () => ({
  title:
    'monkey: calls outside of greenlets with patches and without; `yield*` of a settled promise (CPU time)',
  contestants: [
    outside('read', '`await readFile(…)`', read),
    outside('immediate', '`await setImmediate()`', immediates),
    ...inside(GREENLETS, WAITS),
    ...inside(1, LONG),
  ],
  bars: [
    { text: 'readFile outside of greenlets, patched, to not patched', of: 'read', most: 1.03 },
    { text: 'setImmediate outside of greenlets, patched, to not patched', of: 'immediate', most: 1.03 },
    {
      text: '`yield*` of a settled promise, to `await`',
      of: 'yield-100',
      to: 'await-100',
      floor: 'floor-100',
      most: 1.2,
    },
    { text: 'the same in one greenlet', of: 'yield-one', to: 'await-one', floor: 'floor-one', most: 1.2 },
  ],
});
