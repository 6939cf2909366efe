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

class Handler implements ProxyHandler<HostFunction> {
  readonly #trap: Inside;

  constructor(trap: Inside) {
    this.#trap = trap;
  }

  get apply(): Inside {
    return (inGreenlet() ? this.#trap : undefined) as Inside;
  }
}

/** `original`, except in greenlets. */
export function wrap(original: HostFunction, inside: Inside): HostFunction {
  return new Proxy(original, new Handler(inside));
}
