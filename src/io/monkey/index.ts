/**
 * `greenlets/monkey`: functions that have the promises and streams of other code wait cooperatively. Importing it patches nothing.
 *
 * @module
 */
export { DuplexStream } from './duplex-stream.js';
export { type PatchOptions, patchAll } from './patch-all.js';
export { patchChildProcess } from './patch-child-process.js';
export { patchDns } from './patch-dns.js';
export { patchFetch } from './patch-fetch.js';
export { patchFs } from './patch-fs.js';
export { patchNet } from './patch-net.js';
export { patchPromise, type ThenableClass } from './patch-promise.js';
export { patchTimers } from './patch-timers.js';
export { getOriginal, isPatched, unpatchAll } from './patches.js';
