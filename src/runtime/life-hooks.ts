/** Who else wants to know of the starts and ends of scheduled greenlets: debug mode, tracing, diagnostics. Null costs nothing. */
import type { greenlet } from './greenlet.js';

export const hooks: {
  starting: ((started: greenlet) => void) | null;
  ended: ((ended: greenlet, failed: boolean) => void) | null;
} = { starting: null, ended: null };
