/** From the start of a process to its end: one that imports a package, beside an empty one. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { commandOf } from '../lib/tools.mjs';

const fixture = (name) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** So many lives, of which the fastest counts: a process that starts is disturbed by much. */
const LIVES = 3;

async function wholeLife(command, ...args) {
  let fastest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < LIVES; i++) {
    const begun = performance.now();
    await promisify(execFile)(command, args);
    fastest = Math.min(fastest, performance.now() - begun);
  }
  return fastest;
}

const imports = (name) => () => wholeLife(process.execPath, fixture('import-of.mjs'), name);
const empty = (tool) => () => wholeLife(...commandOf(tool), 'empty');

export default () => ({
  title: 'start-up: the whole life of a process',
  contestants: [
    { id: 'import', label: 'imports greenlets', family: 'greenlets', take: imports('../greenlets.mjs') },
    {
      id: 'empty',
      label: 'Node, imports nothing',
      family: 'async/await',
      take: () => wholeLife(process.execPath, fixture('empty.mjs')),
    },
    { id: 'effect', label: 'imports effect', family: 'effect', peer: 'effect', take: imports('effect') },
    {
      id: 'effection',
      label: 'imports effection',
      family: 'effection',
      peer: 'effection',
      take: imports('effection'),
    },
    { id: 'go', label: 'Go, a program that does nothing', family: 'Go', tool: 'go', take: empty('go') },
    {
      id: 'gevent',
      label: 'Python, imports gevent',
      family: 'gevent',
      tool: 'gevent',
      take: empty('gevent'),
    },
    {
      id: 'python',
      label: 'Python, imports threading',
      family: 'Python threads',
      tool: 'python',
      take: empty('python'),
    },
  ].map((row) => ({ unit: 'ms', ...row })),
  bars: [
    {
      text: 'a process that imports greenlets, to one that imports nothing',
      of: 'import',
      to: 'empty',
      most: 1.5,
    },
    {
      text: 'a process that imports greenlets, to one that imports effection',
      of: 'import',
      to: 'effection',
      most: 1,
    },
  ],
});
