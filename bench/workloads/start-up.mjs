/** From the start of a process to its end: one that imports the package, beside an empty one. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

async function wholeLife(file) {
  const begun = performance.now();
  await promisify(execFile)(process.execPath, [
    fileURLToPath(new URL(`../fixtures/${file}`, import.meta.url)),
  ]);
  return performance.now() - begun;
}

export default () => ({
  title: 'start-up: the whole life of a process',
  contestants: [
    {
      id: 'import',
      label: 'imports greenlets',
      unit: 'ms',
      take: () => wholeLife('import.mjs'),
    },
    { id: 'empty', label: 'imports nothing', unit: 'ms', take: () => wholeLife('empty.mjs') },
  ],
});
