/** From what a user asks for to what can be sent. */
import { checkFn, checkOptions, checkTimeout, mismatch, showValue } from '../../runtime/check.js';
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
  return { fn: ref, kind, args: packArgs(kind, args, options), options };
}

/** Refuses wrong options of `pool[name]`. */
export function checkJob(options: JobOptions, pool: object, name: string): void {
  checkOptions(options, `${pool.constructor.name}.${name}`);
  const { onProgress } = options;
  if (onProgress !== undefined) checkFn(onProgress, 'onProgress');
}

/** Refuses what is no list of items, or no list of lists of arguments. */
export function checkItems(items: Iterable<unknown>, kind: JobKind): void {
  if (
    typeof items !== 'string' &&
    (typeof items !== 'object' || items === null || !(Symbol.iterator in items))
  )
    throw new TypeError(`items must be an iterable, got ${showValue(items)}`);
  if (kind === 'star' && Array.isArray(items)) items.forEach(checkStar);
}

function checkStar(item: unknown, place: number): void {
  if (typeof item === 'object' && item !== null && Symbol.iterator in item) return;
  throw mismatch(`items[${place}]`, 'a list of arguments', item, '; write [arg]');
}

/** There is nothing in it to be looked at. */
function isPlain(value: unknown): boolean {
  const type = typeof value;
  return value === null || (type !== 'object' && type !== 'function' && type !== 'symbol');
}

function packArgs(kind: JobKind, args: readonly unknown[], { transfer }: JobOptions): Packed {
  const whole = kind === 'map' || kind === 'each' ? compact(args) : args;
  return whole instanceof Float64Array ? { value: whole, marked: false } : pack(whole, 'args', { transfer });
}
