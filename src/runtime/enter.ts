/** Resources inside greenlets: used, and let go whatever happens. */
import type { Fn, Returned } from './body-types.js';
import { type AnyFn, Call } from './call.js';
import { checkFn, isPromiseLike, showValue } from './check.js';
import { Operation } from './operation.js';
import { Greenlet } from './scheduled-greenlet.js';
import type { Green } from './types.js';
import { until } from './until.js';

/** Something with an end: both symbols, or one of them. */
export type Resource = Disposable | AsyncDisposable;

function* entered(given: unknown, fn: AnyFn): Green<unknown> {
  const resource = given instanceof Operation ? yield* given : given;
  checkResource(resource);
  try {
    return yield* new Call(fn, [resource]);
  } finally {
    yield* dispose(resource);
  }
}

function* dispose(resource: Resource): Green<void> {
  if (resource instanceof Greenlet) {
    yield* resource.kill();
  } else if (Symbol.asyncDispose in resource) {
    const end: unknown = resource[Symbol.asyncDispose]();
    if (isPromiseLike(end)) yield* until(end);
  } else {
    resource[Symbol.dispose]();
  }
}

function checkResource(resource: unknown): asserts resource is Resource {
  if (typeof resource === 'object' && resource !== null) {
    if (Symbol.asyncDispose in resource || Symbol.dispose in resource) return;
  }
  throw new TypeError(`resource must have Symbol.dispose or Symbol.asyncDispose, got ${showValue(resource)}`);
}

/**
 * Runs `fn(resource)` in the current greenlet and then disposes the resource, waiting for its end. An operation is run for the
 * resource first. What `await using` is for async functions.
 */
export function enter<T extends Resource, R>(
  resource: T | Operation<T>,
  fn: Fn<[T], R>,
): Operation<Returned<R>> {
  if (!(resource instanceof Operation)) checkResource(resource);
  checkFn(fn);
  return new Call(entered, [resource, fn as unknown as AnyFn], 'enter');
}
