/** Many small files, read whole, 64 at a time: the same workers over the same names, each in its own way. */
import { mkdirSync, mkdtempSync, readFile as readFileCallback, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fs } from '../../dist/node/io/index.js';
import { joinall, spawn } from '../greenlets.mjs';

const AT_ONCE = 64;
const SIZE = 1024;

let many;
let paths;

/** Writes them. */
function setup() {
  const folder = mkdtempSync(join(tmpdir(), 'greenlets-fs-read-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  paths = Array.from({ length: many }, (_, i) => {
    const sub = join(folder, String(i % 100));
    if (i < 100) mkdirSync(sub);
    const path = join(sub, `${i}.txt`);
    writeFileSync(path, 'x'.repeat(SIZE));
    return path;
  });
}

function* worker(from) {
  let sum = 0;
  for (let i = from; i < many; i += AT_ONCE) sum += (yield* fs.readFile(paths[i])).length;
  return sum;
}

function* greenlets() {
  const list = Array.from({ length: AT_ONCE }, (_, i) => spawn(worker, i));
  let sum = 0;
  for (const each of yield* joinall(list)) sum += each.value;
  return sum;
}

async function asyncWorker(from) {
  let sum = 0;
  for (let i = from; i < many; i += AT_ONCE) sum += (await readFile(paths[i])).length;
  return sum;
}

async function asyncFunctions() {
  let sum = 0;
  for (const each of await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => asyncWorker(i))))
    sum += each;
  return sum;
}

function callbacks() {
  return new Promise((resolve, reject) => {
    let sum = 0;
    let left = many;
    const step = (i) => {
      readFileCallback(paths[i], (error, data) => {
        if (error) return reject(error);
        sum += data.length;
        if (--left === 0) resolve(sum);
        else if (i + AT_ONCE < many) step(i + AT_ONCE);
      });
    };
    for (let i = 0; i < AT_ONCE; i++) step(i);
  });
}

export default ({ size, quick }) => {
  many = size ?? (quick ? 2000 : 10_000);
  const task = { ops: many, expected: many * SIZE };
  return {
    title: `files: ${many.toLocaleString('en')} of ${SIZE} bytes, read whole, ${AT_ONCE} at a time`,
    contestants: [
      {
        id: 'greenlets',
        family: 'greenlets',
        label: 'greenlets: `yield* fs.readFile(path)`',
        run: () => spawn(greenlets).get().promise(),
        ...task,
      },
      {
        id: 'async',
        family: 'async/await',
        label: 'async functions: `await fsPromises.readFile(path)`',
        run: asyncFunctions,
        ...task,
      },
      {
        id: 'callbacks',
        family: 'Node, callbacks',
        label: 'callbacks: `fs.readFile(path, callback)`',
        run: callbacks,
        ...task,
      },
    ],
    growth: { what: 'files', sizes: [100, 1000, 10_000] },
    setup,
    bars: [{ text: 'reading small files, to `fs/promises`', of: 'greenlets', to: 'async', most: 1 }],
  };
};
