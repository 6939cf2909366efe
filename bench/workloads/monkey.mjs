/** Patches of `greenlets/monkey`: what they cost code outside of greenlets, and what `yield*` of a promise costs inside. */
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

const patched = () => patchAll({ warn: false });

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

const total = (values) => values.reduce((sum, each) => sum + each, 0);
const asyncFunctions = async (count, waits) =>
  total(await Promise.all(Array.from({ length: count }, () => awaiting(waits))));
const greenlets = async (count, waits) =>
  total(
    (await joinall(Array.from({ length: count }, () => spawn(yielding, waits)))).map(({ value }) => value),
  );

const contestant = (id, label, run, ops, expected, prepare) => ({ id, label, run, ops, expected, prepare });
const MANY = GREENLETS * WAITS;

export default () => ({
  title: 'monkey: calls outside of greenlets with patches and without; `yield*` of a settled promise',
  contestants: [
    contestant('read', '`await readFile`, not patched', read, READS, LENGTH, unpatchAll),
    contestant('read-patched', '`await readFile`, patched', read, READS, LENGTH, patched),
    contestant('immediate', '`await setImmediate()`, not patched', immediates, TIMERS, TIMERS, unpatchAll),
    contestant('immediate-patched', '`await setImmediate()`, patched', immediates, TIMERS, TIMERS, patched),
    contestant(
      'await',
      `\`await\` in ${GREENLETS} async functions`,
      () => asyncFunctions(GREENLETS, WAITS),
      MANY,
      MANY,
      unpatchAll,
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
      'await-one',
      '`await` in one async function',
      () => asyncFunctions(1, LONG),
      LONG,
      LONG,
      unpatchAll,
    ),
    contestant('yield-one', '`yield*` in one greenlet', () => greenlets(1, LONG), LONG, LONG, patched),
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
