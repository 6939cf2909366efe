/**
 * A function that stands in for one of the host's: a proxy, so that to look at it has the same name, length, prototype and properties, and
 * what is set on it is set on the original.
 *
 * Outside of greenlets the proxy has no trap: the host's function is called as if there were none, with no frame in between, and
 * errors have the very stacks that they would have.
 */
import { type HostFunction, inGreenlet } from './patches.js';

/** What a call does in a greenlet. */
export type Inside = (original: HostFunction, self: unknown, args: unknown[]) => unknown;

/** Whose one trap is there in greenlets only. Without a prototype, which would have to be searched at each call. */
function handlerOf(inside: Inside): ProxyHandler<HostFunction> {
  return Object.create(null, { apply: { get: () => (inGreenlet() ? inside : undefined) } }) as object;
}

/** `original`, except in greenlets. */
export function wrap(original: HostFunction, inside: Inside): HostFunction {
  return new Proxy(original, handlerOf(inside));
}
