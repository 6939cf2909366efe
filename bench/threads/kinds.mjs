/** What a task may run in. */
import { fileURLToPath } from 'node:url';
import { JOBS } from './job.mjs';

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const node = (file) => (job, count, port, more) => [
  process.execPath,
  '--expose-gc',
  here(file),
  job,
  `${count}`,
  `${port}`,
  ...(more ?? []),
];

/** More than a machine can hold of anything but coroutines. */
const MANY = 100_000;

/**
 * `counts`: how many tasks there are in a run; `memory`: what is counted as theirs. `command` gives the program and its arguments, or null where
 * the machine has it not; `tools`: findTools of ../lib/tools.mjs.
 */
export const KINDS = [
  {
    id: 'greenlets',
    label: 'greenlets',
    colour: '#1a7f37',
    counts: [10, 100, MANY],
    jobs: JOBS,
    command: node('greenlets.mjs'),
  },
  {
    id: 'pool',
    label: 'greenlets and a `ThreadPool`',
    colour: '#7fbf3f',
    counts: [10, 100, MANY],
    jobs: ['cpu', 'mixed'],
    command: (job, count, port) => node('greenlets.mjs')(job, count, port, ['pool']),
  },
  {
    id: 'threads',
    label: 'worker threads',
    colour: '#d95f02',
    counts: [10, 100],
    jobs: JOBS,
    command: node('threads.mjs'),
  },
  {
    id: 'processes',
    label: 'child processes',
    colour: '#7570b3',
    counts: [10, 100],
    jobs: JOBS,
    command: node('processes.mjs'),
  },
  {
    id: 'gevent',
    label: 'gevent',
    needs: 'gevent (Debian: python3-gevent)',
    colour: '#1f9fbf',
    counts: [10, 100, MANY],
    jobs: JOBS,
    command: python('gevent'),
  },
  {
    id: 'python',
    label: 'Python threads',
    needs: 'Python (Debian: python3)',
    colour: '#98b34a',
    counts: [10, 100],
    jobs: JOBS,
    command: python('threads', 'python'),
  },
];

function python(kind, tool = kind) {
  return (job, count, port, _, tools) => {
    if (tools[tool] === undefined) return null;
    return [tools[tool][0], '-B', here('tasks.py'), kind, job, `${count}`, `${port}`];
  };
}
