/**
 * Patches that come late: a module that was loaded before may have kept a function of the host's (`const { readFile } = require('fs').promises`,
 * `promisify(exec)`). Names that ES modules import are replaced in place, and what they keep otherwise cannot be known; the CommonJS modules
 * that are loaded can.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { HOME } from '../../runtime/home.js';
import { warn } from '../../runtime/hub.js';
import { here } from '../../runtime/place.js';

/** How many are named. */
const NAMED = 8;
/** The library's own folder; a bundle has none. */
const OWN = HOME === '' ? null : fileURLToPath(HOME);
/** Those that load programs, and have nothing of the program's. */
const LOADERS = new Set(['tsx', 'esbuild', 'get-tsconfig', 'ts-node', 'source-map-support', 'vitest']);

/** The packages, and files of no package, that CommonJS has loaded. */
export function loadedBefore(files: Iterable<string>): string[] {
  const names = new Set<string>();
  for (const file of files) {
    if ((OWN !== null && file.startsWith(OWN)) || !/[/\\]/.test(file)) continue;
    const inPackage = /.*[/\\]node_modules[/\\]((?:@[^/\\]+[/\\])?[^/\\]+)/
      .exec(file)?.[1]
      ?.replace('\\', '/');
    const name = inPackage ?? file;
    if (!LOADERS.has(name)) names.add(name);
  }
  return [...names];
}

/** Warns if something was loaded before. */
export function warnIfLate(): void {
  const modules = Object.values(createRequire(import.meta.url).cache ?? {});
  // One that an ES module imports is there as soon as that is linked, and has run only once it says that it is loaded.
  const names = loadedBefore(modules.filter((each) => each?.loaded).map((each) => each?.filename ?? ''));
  if (names.length === 0) return;
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  warn({
    code: 'PATCHED_LATE',
    message:
      `these were imported before the patches: ${names.slice(0, NAMED).join(', ')}${more}. A function that they kept is the ` +
      "unpatched one: a kill does not abort its calls. Let import 'greenlets/monkey/auto' come first, or start with node --import greenlets/monkey/auto",
    at: here(),
  });
}
