/** `node:dns/promises`. */
import promises from 'node:dns/promises';
import { apply, replaceFunction } from './patches.js';
import { followed } from './with-signal.js';
import { wrap } from './wrap.js';

/** The functions that ask somebody. */
const ASKS = /^(lookup|lookupService|resolve\w*|reverse)$/;

/**
 * The questions of `node:dns/promises`, and of its `Resolver`, in a greenlet: `yield*` of their promises. The system's resolver cannot be
 * interrupted: an answer that nobody waits for is dropped. Twice is harmless.
 */
export function patchDns(): void {
  apply('dns', () => {
    const resolver = promises.Resolver.prototype;
    for (const target of [promises, resolver]) {
      for (const name of Object.getOwnPropertyNames(target).filter((each) => ASKS.test(each))) {
        replaceFunction('dns', target, name, (original) => wrap(original, followed(`dns.${name}`)));
      }
    }
  });
}
