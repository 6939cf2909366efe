/**
 * A function that stands in for one of the host's: outside of greenlets it calls that and does nothing else, and to look at it has the same
 * name, length, prototype and properties (`util.promisify.custom` among them).
 */
import { type HostFunction, inGreenlet } from './patches.js';

/** What a call does in a greenlet. */
export type Inside = (original: HostFunction, self: unknown, args: unknown[]) => unknown;

/** `original`, except in greenlets. `values` are given in place of the values of its own properties. */
export function wrap(
  original: HostFunction,
  inside: Inside,
  values: Readonly<Record<symbol, unknown>> = {},
): HostFunction {
  const { prototype } = original;
  let patched: HostFunction;
  if (prototype === undefined) {
    // A method: no constructor either.
    patched = {
      patched(this: unknown, ...args: unknown[]): unknown {
        try {
          return inGreenlet() ? inside(original, this, args) : original.apply(this, args);
        } catch (error) {
          throw unseen(error);
        }
      },
    }.patched;
  } else {
    patched = function (this: unknown, ...args: unknown[]): unknown {
      if (new.target !== undefined) return Reflect.construct(original, args, new.target);
      try {
        return inGreenlet() ? inside(original, this, args) : original.apply(this, args);
      } catch (error) {
        throw unseen(error);
      }
    };
  }
  Object.setPrototypeOf(patched, Object.getPrototypeOf(original));
  const properties: Record<PropertyKey, PropertyDescriptor> = Object.getOwnPropertyDescriptors(original);
  for (const key of Object.getOwnPropertySymbols(values)) {
    properties[key] = { ...properties[key], value: values[key] };
  }
  return Object.defineProperties(patched, properties);
}

const OWN_FILE = import.meta.url.replace(/^file:\/\//, '').replace(/[?#].*$/, '');

/** The frames of this file are no part of what the program did: stacks are as deep as without the patch. */
function unseen(error: unknown): unknown {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return error;
  const lines = error.stack.split('\n');
  const kept = lines.filter((line) => !line.includes(OWN_FILE));
  if (kept.length < lines.length) error.stack = kept.join('\n');
  return error;
}
