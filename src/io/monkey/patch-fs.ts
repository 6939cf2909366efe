/** `node:fs/promises`. */
import promises from 'node:fs/promises';
import { apply, replaceFunction } from './patches.js';
import { abortable, followed, type Options } from './with-signal.js';
import { type Inside, wrap } from './wrap.js';

/** Where those that take a signal take it. */
const OPTIONS: Readonly<Record<string, Options>> = {
  readFile: { at: 1, encoding: true },
  writeFile: { at: 2, encoding: true },
  appendFile: { at: 2, encoding: true },
};

/** What was opened for nobody is closed. */
const close = (opened: { close(): Promise<void> }) => opened.close().catch(() => {});

function insideOf(name: string): Inside {
  const options = OPTIONS[name];
  const called = `fs.${name}`;
  if (options !== undefined) return abortable(called, options);
  return followed(called, name === 'open' || name === 'opendir' ? close : undefined);
}

/** These give no promise. */
const ITERATED = ['watch', 'glob'];

/**
 * The functions of `node:fs/promises` (`fs.promises`) in a greenlet: `yield*` of their promises; interrupted, `readFile`, `writeFile` and
 * `appendFile` are aborted; the others, once given to the operating system, run to their end, and what they opened is closed. The promises
 * of the handles and folders that they open are for `patchPromise`. Functions with a callback are as they were:
 * `yield* callback((cb) => fs.stat(path, cb))`. Twice is harmless.
 */
export function patchFs(): void {
  apply('fs', () => {
    for (const name of Object.keys(promises)) {
      if (ITERATED.includes(name)) continue;
      replaceFunction('fs', promises, name, (original) => wrap(original, insideOf(name)));
    }
  });
}
