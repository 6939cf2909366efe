// Tries what was built, as Node takes it by the name of the package: every entry is there, also for CommonJS, threads and processes
// begin, and stacks show the user's frames only.
import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const require = createRequire(import.meta.url);
const entries = Object.entries(exports).filter(([, target]) => typeof target?.node === 'string');
for (const [entry, { node }] of entries) {
  const name = entry.replace('.', 'greenlets');
  ok(import.meta.resolve(name).endsWith(node.slice(1)), `${name} is not ${node}`);
  // These two patch.
  if (entry.startsWith('./monkey/')) continue;
  const required = require(name);
  for (const [key, value] of Object.entries(await import(name)))
    strictEqual(required[key], value, `${name}: ${key}`);
}

const { Greenlet, spawn, suspend } = await import('greenlets');
const { stack } = await import('greenlets/inspect');
const { ThreadPool } = await import('greenlets/threading');
const { Pool, ref } = await import('greenlets/multiprocessing');

const job = ref('node:path', 'basename');
const threads = new ThreadPool(1);
deepStrictEqual(await threads.apply(job, ['a/thread']), 'thread');
await threads[Symbol.asyncDispose]();
const processes = new Pool(1);
deepStrictEqual(await processes.apply(job, ['a/process']), 'process');
await processes[Symbol.asyncDispose]();

function* waiting() {
  yield* suspend('forever', () => {});
}
const parked = spawn(waiting);
ok(parked instanceof Greenlet);
await new Promise((resolve) => setImmediate(resolve));
deepStrictEqual(
  stack(parked).map((frame) => frame.function),
  ['waiting'],
);
await parked.kill();
