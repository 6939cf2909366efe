/** What it costs to be parked: bytes of heap, each kind in a process of its own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SCRIPT = fileURLToPath(new URL('../fixtures/park.mjs', import.meta.url));

const KINDS = [
  { id: 'suspend', label: 'greenlets in one shared `suspend(…)`, each with its waker kept' },
  { id: 'sleep', label: 'greenlets in `sleep(1e9)`' },
  { id: 'generator', label: 'bare generators at a `yield`' },
  { id: 'async', label: 'async functions awaiting a promise, each with its `resolve` kept' },
  { id: 'async-shared', label: 'async functions awaiting one promise that all share' },
  { id: 'async-timer', label: 'async functions awaiting `setTimeout` of 1e9 ms' },
];

async function bytes(kind, count) {
  const args = ['--expose-gc', SCRIPT, kind, String(count)];
  return Number((await promisify(execFile)(process.execPath, args)).stdout);
}

export default ({ count }) => ({
  title: `parked: bytes of heap each, ${count.toLocaleString('en')} of them`,
  weight: 'huge',
  contestants: KINDS.map(({ id, label }) => ({ id, label, unit: 'bytes', take: () => bytes(id, count) })),
  bars: [
    { text: `one of ${count.toLocaleString('en')} parked in \`suspend(…)\``, of: 'suspend', most: 380 },
    { text: `one of ${count.toLocaleString('en')} parked in \`sleep(1e9)\``, of: 'sleep', most: 380 },
  ],
});
