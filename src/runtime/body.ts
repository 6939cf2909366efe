/**
 * The one rule for every function: a generator that it returns is run, an operation is run, a promise is waited for (one
 * level); anything else is the value.
 */
import { checkFn, isPromiseLike } from './check.js';
import { type AnyGenerator, Fiber } from './fiber.js';
import { Operation } from './operation.js';
import type { Green } from './types.js';
import { until } from './until.js';

const GENERATOR_FUNCTION = Object.getPrototypeOf(function* () {});

/** Stands on generator objects that were handed over as objects, and cannot be again: a `WeakSet` of them costs twenty times as much. */
const USED = Symbol('used');

export function isGenerator(value: unknown): value is Green<unknown> {
  if (typeof value !== 'object' || value === null || value instanceof Operation) return false;
  const { next, throw: raise, return: close } = value as Record<string, unknown>;
  // An async generator has these too, and gives promises.
  const iterable = typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function';
  return iterable && typeof next === 'function' && typeof raise === 'function' && typeof close === 'function';
}

/** Takes a generator object over; one that was taken before is refused. */
export function claim(generator: Green<unknown>): AnyGenerator {
  const marked = generator as { [USED]?: true };
  if (marked[USED]) {
    throw new TypeError('this generator was used already: pass the function and its arguments');
  }
  // Of one that is frozen nobody can tell.
  if (Object.isExtensible(generator)) marked[USED] = true;
  return generator;
}

/** It is run itself, and may stand for a function that gives it. */
export function isRun(work: unknown): boolean {
  return work instanceof Operation || isGenerator(work);
}

/** The function of a greenlet; an operation or a generator object may stand for one. */
export function functionOf(work: unknown, hint = ''): (...args: never[]) => unknown {
  if (isRun(work)) return () => work;
  checkFn(work, 'fn', hint);
  return work;
}

function* runOperation(operation: Operation<unknown>): Green<unknown> {
  return yield* operation;
}

/** The generator functions that were called last: asking V8 for a function's prototype costs more than the rest of a start. */
let recent: unknown;
let former: unknown;

function isGeneratorFunction(fn: unknown): boolean {
  if (fn === recent || fn === former) return true;
  if (Object.getPrototypeOf(fn) !== GENERATOR_FUNCTION) return false;
  former = recent;
  recent = fn;
  return true;
}

/** A body as a generator, or null when `result` is just a value. `fn` is the function that gave it. */
export function toGenerator(result: unknown, fn: unknown): AnyGenerator | null {
  if (typeof result !== 'object' || result === null) return null;
  if (isGeneratorFunction(fn)) return result as AnyGenerator;
  if (result instanceof Operation) return runOperation(result);
  if (result instanceof Fiber) return null;
  if (isGenerator(result)) return claim(result);
  if (isPromiseLike(result)) return runOperation(until(result));
  return null;
}

/** The first step of a fiber whose function gave `result`. */
export function adopt(fiber: Fiber, result: unknown, fn: unknown): IteratorResult<unknown, unknown> {
  const generator = toGenerator(result, fn);
  if (generator === null) return { done: true, value: result };
  fiber._gen = generator;
  return generator.next(undefined);
}
