/**
 * Being told of an abort. However many wait for one signal, it has one listener of ours: the host warns of more than ten, and
 * looks through all of them for the one to remove.
 */
import type { AbortSignalLike } from './types.js';

interface Listeners extends Set<() => void> {
  /** Tells them all. */
  readonly tell: () => void;
}

const watched = new WeakMap<AbortSignalLike, Listeners>();

/**
 * Calls `fn`, a function of that call alone, when `signal` aborts, in the order of the calls, until what is given is called; at once
 * if it has aborted.
 */
export function onAbort(signal: AbortSignalLike, fn: () => void): () => void {
  if (signal.aborted) {
    fn();
    return () => {};
  }
  const all: Listeners =
    watched.get(signal) ??
    Object.assign(new Set<() => void>(), {
      tell: () => {
        for (const each of all) each();
      },
    });
  if (all.size === 0) {
    watched.set(signal, all);
    signal.addEventListener('abort', all.tell, { once: true });
  }
  all.add(fn);
  return () => {
    if (all.delete(fn) && all.size === 0) signal.removeEventListener('abort', all.tell);
  };
}
