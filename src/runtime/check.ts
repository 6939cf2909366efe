/** Checks of arguments, made at the call: the message names the argument, the value and the mend. */

/** A value as it may stand in a message. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (typeof value === 'object' && value !== null)
    return `an instance of ${value.constructor?.name ?? 'Object'}`;
  return `${String(value)} (${typeof value})`;
}

/** A span of time: a number of milliseconds from 0 to `Infinity`. */
export function checkMs(ms: unknown, name = 'ms'): asserts ms is number {
  if (typeof ms !== 'number') {
    throw new TypeError(
      `${name} must be a number of milliseconds, got ${showValue(ms)}; for seconds write seconds(n)`,
    );
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

// biome-ignore lint/suspicious/noExplicitAny: any function will do
export function checkFn(fn: unknown, name = 'fn', hint = ''): asserts fn is (...args: any[]) => unknown {
  if (typeof fn !== 'function') throw noFunction(fn, name, hint);
}

// By itself, so that the check is small enough to be inlined everywhere.
function noFunction(value: unknown, name: string, hint: string): TypeError {
  return new TypeError(`${name} must be a function, got ${showValue(value)}${hint}`);
}

/** A whole number of at least `least`, or `Infinity`. */
export function checkCount(count: unknown, name: string, least = 0): asserts count is number {
  if (typeof count !== 'number') throw new TypeError(`${name} must be a number, got ${showValue(count)}`);
  if (!(count >= least) || (!Number.isInteger(count) && count !== Number.POSITIVE_INFINITY)) {
    throw new RangeError(`${name} must be a whole number of at least ${least}, got ${count}`);
  }
}

/** Options, which come in one object; `example` shows how they are written. */
export function checkOptions(options: unknown, example: string): asserts options is object {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`options must be an object such as ${example}, got ${showValue(options)}`);
}

/** A finite number from `least` to `most`. */
export function checkNumber(
  value: unknown,
  name: string,
  least: number,
  most = Number.MAX_VALUE,
): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${showValue(value)}`);
  if (!(value >= least && value <= most)) {
    const range = most === Number.MAX_VALUE ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new RangeError(`${name} must be a finite number ${range}, got ${value}`);
  }
}

export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
