/** The platform's `fetch`. */
import { apply, type HostFunction, replace, replaceFunction } from './patches.js';
import { addSignal, joined } from './with-signal.js';
import { follow } from './work.js';
import { type Inside, wrap } from './wrap.js';

/** What aborts the bodies that greenlets have fetched. */
const aborts = new WeakMap<object, () => void>();

/** The methods that read a whole body. */
const READERS = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'];

const read: (name: string) => Inside = (name) => (original, self, args) =>
  follow(original.apply(self, args), {
    name: `response.${name}`,
    abort: aborts.get(self as object),
  });

const fetchInside: Inside = (original, self, args) => {
  const controller = new AbortController();
  const added = withOurs(args, controller.signal);
  if (added === null) return follow(original.apply(self, args), { name: 'fetch' });
  const abort = () => controller.abort();
  // A promise of ours, so that a rejection of which nobody takes note stays one.
  const answer = (original.apply(self, added) as Promise<object>).then((response) => {
    aborts.set(response, abort);
    patchBodies(response);
    return response;
  });
  return follow(answer, { name: 'fetch', abort });
};

function withOurs(args: readonly unknown[], ours: AbortSignal): unknown[] | null {
  const init = args[1] as { signal?: unknown } | null | undefined;
  if (init?.signal === null) return addSignal([args[0], { ...init, signal: undefined }], { at: 1 }, ours);
  // The signal of a Request counts unless the options have one.
  const input = args[0];
  if (init?.signal === undefined && typeof input === 'object' && input instanceof Request) {
    const both = joined(input.signal, ours) as AbortSignal;
    return addSignal([input, { ...init }], { at: 1 }, both);
  }
  return addSignal(args, { at: 1, encoding: init === null }, ours);
}

/** Not before there is a response: to look at the class loads all of the platform's `fetch`. */
function patchBodies(response: object): void {
  const prototype = Object.getPrototypeOf(response) as object;
  if (bodies.has(prototype)) return;
  bodies.add(prototype);
  for (const name of READERS) {
    replaceFunction('fetch', prototype, name, (original) => wrap(original, read(name)));
  }
}

let bodies = new WeakSet<object>();

/**
 * `fetch` in a greenlet: `yield*` of its promise gives the platform's response, whose methods (`text`, `json`, …) give promises that are
 * `yield*`-able too; interrupted, the request or the reading of the body is aborted. For a response with operations, and
 * without a patch, see `fetch` of `greenlets`. Twice is harmless.
 */
export function patchFetch(): void {
  apply('fetch', () => {
    bodies = new WeakSet();
    const before = Object.getOwnPropertyDescriptor(globalThis, 'fetch');
    if (before?.configurable !== true) return;
    const original = globalThis.fetch as HostFunction;
    // It may be an accessor: the descriptor keeps its shape.
    const patched = wrap(original, fetchInside);
    if ('value' in before) replace('fetch', globalThis, 'fetch', { ...before, value: patched });
    else replace('fetch', globalThis, 'fetch', { ...before, get: () => patched });
  });
}
