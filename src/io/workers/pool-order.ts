/** From what a user asks for to what can be sent. */
import { checkTimeout, showValue } from '../../runtime/check.js';
import { type Packed, pack } from './codec.js';
import type { JobOptions, JobOrder } from './pool-job.js';
import { compact } from './pool-lists.js';
import type { JobKind } from './pool-worker.js';
import { referenceTo } from './references.js';

/** Errors: for a closure, for what cannot be cloned, for a `timeout` that is none. */
export function makeOrder(
  fn: unknown,
  kind: JobKind,
  args: readonly unknown[],
  options: JobOptions,
): JobOrder {
  checkTimeout(options.timeout);
  const ref = referenceTo(fn);
  if (kind === 'call' && args.length === 1 && isPlain(args[0])) {
    return { fn: ref, kind: 'one', args: { value: args[0], marked: false }, options };
  }
  return { fn: ref, kind, args: packArgs(kind, args), options };
}

/** There is nothing in it to be looked at. */
function isPlain(value: unknown): boolean {
  const type = typeof value;
  return value === null || (type !== 'object' && type !== 'function' && type !== 'symbol');
}

function packArgs(kind: JobKind, args: readonly unknown[]): Packed {
  const whole = kind === 'map' || kind === 'each' ? compact(args) : args;
  return whole instanceof Float64Array ? { value: whole, marked: false } : pack(whole, 'args');
}

export function checkArgs(args: readonly unknown[] | undefined): readonly unknown[] {
  if (args === undefined) return [];
  if (!Array.isArray(args)) throw new TypeError(`args must be an array, got ${showValue(args)}; write [arg]`);
  return args;
}
