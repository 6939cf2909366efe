/** Checks of arguments, made at the call: the message names the argument, the value and the mend. */
import type { AbortSignalLike } from './types.js';

/** A value as it may stand in a message. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (typeof value === 'object' && value !== null)
    return `an instance of ${value.constructor?.name || Object.prototype.toString.call(value).slice(8, -1)}`;
  return `${String(value)} (${typeof value})`;
}

/** The error for a value of the wrong kind. */
export function mismatch(name: string, what: string, value: unknown, hint = ''): TypeError {
  return new TypeError(`${name} must be ${what}, got ${showValue(value)}${hint}`);
}

/** A span of time: a number of milliseconds from 0 to `Infinity`. */
export function checkMs(ms: unknown, name = 'ms'): asserts ms is number {
  if (typeof ms !== 'number') {
    throw mismatch(name, 'a number of milliseconds', ms, '; for seconds write seconds(n)');
  }
  if (!(ms >= 0)) {
    throw new RangeError(`${name} must be 0 or more milliseconds, got ${ms}; Infinity means never`);
  }
}

/** An optional `timeout`: `undefined` is `Infinity`. */
export function checkTimeout(timeout: number | undefined): number {
  if (timeout === undefined) return Number.POSITIVE_INFINITY;
  checkMs(timeout, 'timeout');
  return timeout;
}

export function checkFn(fn: unknown, name = 'fn', hint = ''): asserts fn is (...args: never[]) => unknown {
  if (typeof fn !== 'function') throw mismatch(name, 'a function', fn, hint);
}

/** A whole number of at least `least`, or `Infinity`. */
export function checkCount(count: unknown, name: string, least = 0): asserts count is number {
  if (typeof count !== 'number') throw mismatch(name, 'a number', count);
  if (!(count >= least) || (!Number.isInteger(count) && count !== Number.POSITIVE_INFINITY)) {
    throw new RangeError(`${name} must be a whole number of at least ${least}, got ${count}`);
  }
}

/** Options that are true or false wherever they are known. */
const FLAGS = new Set(['block', 'blocking', 'daemon', 'immediate', 'raiseError', 'ref']);

/**
 * Options, which come in one object, and the kind of those that mean the same everywhere. `where` is the function that they were
 * given to; `example` shows how they are written.
 */
export function checkOptions(
  options: unknown,
  where: string,
  example = '{ timeout: 1000 }',
): asserts options is object {
  if (!isRecord(options)) throw mismatch(`${where}: options`, `an object such as ${example}`, options);
  for (const name in options) {
    const value: unknown = options[name];
    if (value === undefined) continue;
    if (name === 'timeout') checkMs(value, name);
    if (name === 'signal') checkSignal(value);
    if (name === 'name') checkType(value, name, 'string');
    if (FLAGS.has(name)) checkType(value, name, 'boolean');
  }
}

/** A list and an error are objects, but none to be read for options. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(Symbol.iterator in value || value instanceof Error);
}

/** A record or an array as it is written: asked first, for what else an object might be costs more to find out. */
export function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.getPrototypeOf(value) === Object.prototype || Array.isArray(value);
}

/** The `timeout` of the options of `where`, which may have been left out. */
export function timeoutOf(
  options: { readonly timeout?: number | undefined } | undefined,
  where: string,
  example?: string,
): number {
  if (options === undefined) return Number.POSITIVE_INFINITY;
  checkOptions(options, where, example);
  return options.timeout ?? Number.POSITIVE_INFINITY;
}

/** The same of options that also know `block`; false is `timeout: 0`. */
export function blockTimeout(
  options: { readonly block?: boolean | undefined; readonly timeout?: number | undefined } | undefined,
  where: string,
): number {
  const timeout = timeoutOf(options, where);
  return options?.block === false ? 0 : timeout;
}

/** A string or a boolean. */
export function checkType(value: unknown, name: string, type: 'string' | 'boolean'): void {
  if (typeof value !== type) throw mismatch(name, `a ${type}`, value);
}

/** An `AbortSignal`. */
export function checkSignal(signal: unknown, hint?: string): asserts signal is AbortSignalLike {
  // A request of the host's has a property `aborted`, too.
  if (!isRecord(signal) || !('aborted' in signal) || !('addEventListener' in signal))
    throw mismatch('signal', 'an AbortSignal', signal, hint);
}

/** A finite number from `least` to `most`. */
export function checkNumber(
  value: unknown,
  name: string,
  least: number,
  most = Number.MAX_VALUE,
): asserts value is number {
  if (typeof value !== 'number') throw mismatch(name, 'a number', value);
  if (!(value >= least && value <= most)) {
    const range = most === Number.MAX_VALUE ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new RangeError(`${name} must be a finite number ${range}, got ${value}`);
  }
}

/** The arguments of a call, none unless given. */
export function checkArgs<A extends readonly unknown[]>(args: A | undefined): A {
  if (args === undefined) return [] as readonly unknown[] as A;
  if (!Array.isArray(args)) throw mismatch('args', 'an array', args, '; write [arg]');
  return args;
}

export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
