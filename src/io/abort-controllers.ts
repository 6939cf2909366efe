/**
 * Controllers to abort requests with. One that has not been needed serves another request: to make a controller and its signal costs as
 * much as a tenth of a whole `fetch`. The platform keeps listeners on the signal of a request that is over, until it collects
 * garbage, so a controller serves only a few.
 */
import { type AbortControllerLike, host } from '../runtime/host.js';

/** Requests that one controller serves. */
const MOST_USES = 8;
const MOST_KEPT = 128;

/** A controller, lent to one request. */
export interface Lease {
  readonly controller: AbortControllerLike;
  uses: number;
}

const free: Lease[] = [];

export function lend(): Lease {
  const lease = free.pop() ?? { controller: new host.AbortController(), uses: 0 };
  lease.uses++;
  return lease;
}

/** Its request is over, and nothing of it is left that an abort would reach. */
export function giveBack(lease: Lease): void {
  if (lease.uses < MOST_USES && free.length < MOST_KEPT && !lease.controller.signal.aborted) free.push(lease);
}
