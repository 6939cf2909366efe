/** Calls of the host that take a signal in their options: in a greenlet they get one of ours, beside the caller's. */

import type { Work } from './promise-wait.js';
import { follow } from './work.js';
import type { Inside } from './wrap.js';

/** `options` with `signal` in place of the one in it; its other properties are read off it as ever. */
function withSignal(options: object, signal: AbortSignal): object {
  const prototype = Object.getPrototypeOf(options) as unknown;
  if (prototype === Object.prototype || prototype === null) return { ...options, signal };
  return new Proxy(options, {
    get: (target, key) => (key === 'signal' ? signal : Reflect.get(target, key, target)),
    has: (target, key) => key === 'signal' || Reflect.has(target, key),
  });
}

/** Our signal and the caller's as one; null when his is none, which the host shall say. */
export function joined(theirs: unknown, ours: AbortSignal): AbortSignal | null {
  if (theirs === undefined || theirs === null) return ours;
  return theirs instanceof AbortSignal ? AbortSignal.any([theirs, ours]) : null;
}

/** Which options may stand for none: undefined always. */
export interface Options {
  /** Their place among the arguments. */
  readonly at: number;
  /** A string stands for `{ encoding }`, null for none: `node:fs`. */
  readonly encoding?: boolean;
}

/** `args` with `signal` in the options; null when the options are such that the host must see them as they are. */
export function addSignal(
  args: readonly unknown[],
  { at, encoding = false }: Options,
  signal: AbortSignal,
): unknown[] | null {
  let options = args[at];
  if (encoding && typeof options === 'string') options = { encoding: options };
  else if (options === undefined || (encoding && options === null)) options = {};
  if (typeof options !== 'object' || options === null) return null;
  const theirs = (options as { signal?: unknown }).signal;
  // Null is no signal for fetch, and an error for the others.
  if (theirs === null) return null;
  const both = joined(theirs, signal);
  if (both === null) return null;
  const added = [...args];
  while (added.length < at) added.push(undefined);
  added[at] = withSignal(options, both);
  return added;
}

/** A call that an interrupted `yield*` aborts. */
export function abortable(name: string, options: Options, late?: Work['late']): Inside {
  return (original, self, args) => {
    const controller = new AbortController();
    const added = addSignal(args, options, controller.signal);
    if (added === null) return follow(original.apply(self, args), { name, late });
    return follow(original.apply(self, added), { name, late, abort: () => controller.abort() });
  };
}

/** A call that cannot be aborted; `late` lets go of what it gives to nobody. */
export function followed(name: string, late?: Work['late']): Inside {
  return (original, self, args) => follow(original.apply(self, args), { name, late });
}
