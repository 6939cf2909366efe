/** All patches at once. */
import { checkOptions, showValue } from '../../runtime/check.js';
import { warnIfLate } from './late.js';
import { patchChildProcess } from './patch-child-process.js';
import { patchDns } from './patch-dns.js';
import { patchFetch } from './patch-fetch.js';
import { patchFs } from './patch-fs.js';
import { patchNet } from './patch-net.js';
import { patchPromise } from './patch-promise.js';
import { patchTimers } from './patch-timers.js';
import { isPatched } from './patches.js';

const PATCHES = {
  promise: ['Promise', patchPromise],
  fetch: ['fetch', patchFetch],
  fs: ['fs', patchFs],
  net: ['net', patchNet],
  timers: ['timers', patchTimers],
  dns: ['dns', patchDns],
  childProcess: ['child_process', patchChildProcess],
} as const;

/** What is patched: everything but what is false. */
export interface PatchOptions {
  readonly promise?: boolean | undefined;
  readonly fetch?: boolean | undefined;
  readonly fs?: boolean | undefined;
  readonly net?: boolean | undefined;
  readonly timers?: boolean | undefined;
  readonly dns?: boolean | undefined;
  readonly childProcess?: boolean | undefined;
  /** False: no warning when modules were loaded before. */
  readonly warn?: boolean | undefined;
}

/**
 * Applies every patch that the options do not refuse: from then on, in greenlets, calls of other code's promises block only the greenlet
 * that waits for them by `yield*`. No function changes what it returns, and code outside of greenlets sees what it saw before. Names that ES
 * modules have imported are replaced, too. Applied again, it adds what is missing. Warns (`PATCHED_LATE`) when CommonJS modules were loaded before.
 * Never switches. Mirrors `gevent.monkey.patch_all`.
 *
 * @example patchAll(); const page = spawn(function* () { return yield* (yield* fetch(url)).text(); });
 */
export function patchAll(options: PatchOptions = {}): void {
  checkOptions(options, 'patchAll', '{ fs: false }');
  const known: readonly string[] = [...Object.keys(PATCHES), 'warn'];
  for (const [key, value] of Object.entries(options)) {
    if (!known.includes(key))
      throw new TypeError(`patchAll has no option ${key}; it has ${known.join(', ')}`);
    if (value !== undefined && typeof value !== 'boolean') {
      throw new TypeError(`${key} must be a boolean, got ${showValue(value)}`);
    }
  }
  const wanted = Object.entries(PATCHES).filter(([key]) => options[key as keyof PatchOptions] !== false);
  const missing = wanted.filter(([, [name]]) => !isPatched(name));
  for (const [, [, patch]] of missing) patch();
  if (missing.length > 0 && options.warn !== false) warnIfLate();
}
