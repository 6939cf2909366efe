/**
 * The host's own time, for what lives on the wire and longer than a run: `patch` of `runVirtual` changes the globals, and forgets at its
 * end the timers that were set through them.
 */
import { performance } from 'node:perf_hooks';

export { clearInterval, clearTimeout, setInterval, setTimeout } from 'node:timers';

/** ms, growing only. */
export const now = performance.now.bind(performance);
