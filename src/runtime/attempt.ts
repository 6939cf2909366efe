/** Running a function in the current greenlet, with its errors as values or its kills postponed. */
import type { Fn, Returned } from './body-types.js';
import { asOperation, Call } from './call.js';
import { clearTimer, engine, setTimer } from './engine.js';
import type { Fiber } from './fiber.js';
import { condemn } from './grace.js';
import type { Operation } from './operation.js';
import { isExit, nextRank } from './timeout.js';
import type { Green } from './types.js';
import { RUNNING, RUNNING_PENDING } from './waiter.js';

export type Attempt<T> =
  | { readonly ok: true; readonly value: T; readonly error?: undefined }
  | { readonly ok: false; readonly error: unknown; readonly value?: undefined };

function* attempting(work: Operation<unknown>): Green<Attempt<unknown>> {
  try {
    return { ok: true, value: yield* work };
  } catch (error) {
    if (isExit(error)) throw error;
    return { ok: false, error };
  }
}

/**
 * Runs `fn` in the current greenlet and gives its outcome as a value: `{ ok: true, value }` or `{ ok: false, error }`. A kill,
 * and a timeout that began further out, are never caught by it.
 */
export function attempt<A extends unknown[], R>(fn: Fn<A, R>, ...args: A): Operation<Attempt<Returned<R>>>;
export function attempt<T>(operation: Operation<T>): Operation<Attempt<T>>;
export function attempt(work: unknown, ...args: unknown[]): Operation<Attempt<unknown>> {
  return new Call(attempting, [asOperation(work, args)], 'attempt');
}

function* shielded(work: Operation<unknown>): Green<unknown> {
  const fiber = engine.current as Fiber;
  const extra = fiber._more();
  const outer = extra.shieldRank;
  extra.shields++;
  extra.shieldRank = nextRank();
  try {
    return yield* work;
  } finally {
    extra.shields--;
    extra.shieldRank = outer;
    deliverPostponed(fiber);
  }
}

/** The shields have ended: what they held up is thrown here, and the grace of a kill begins. */
function deliverPostponed(fiber: Fiber): void {
  const extra = fiber._more();
  if (extra.shields === 0 && extra.postponedGrace !== null) {
    condemn(fiber, extra.postponedGrace);
    extra.postponedGrace = null;
  }
  if (fiber._mode === RUNNING && extra.pending.length > 0) fiber._mode = RUNNING_PENDING;
  const interruption = extra.pending.length > 0 ? fiber._takePending() : null;
  if (interruption !== null) throw interruption.error;
}

/**
 * Runs `fn` in the current greenlet; kills and timeouts that arrive meanwhile are thrown by this when `fn` has ended, and
 * their grace begins only then.
 */
export function shield<A extends unknown[], R>(fn: Fn<A, R>, ...args: A): Operation<Returned<R>>;
export function shield<T>(operation: Operation<T>): Operation<T>;
export function shield(work: unknown, ...args: unknown[]): Operation<unknown> {
  return new Call(shielded, [asOperation(work, args)], 'shield');
}

function* tidied(work: Operation<unknown>): Green<unknown> {
  const { grace } = (engine.current as Fiber)._more();
  const runs = grace !== null && grace._timer !== -1;
  if (runs) clearTimer(grace);
  try {
    return yield* shielded(work);
  } finally {
    if (runs) setTimer(grace, grace.ms, true);
  }
}

/**
 * `shield` for the end of what a killed greenlet runs, where that has a limit of its own: the grace of the kill begins anew after
 * it. A shield of the user's does not hold it, since a loop of shields could never be killed.
 */
export function tidy<T>(work: Operation<T>): Operation<T> {
  return new Call(tidied, [work], 'shield');
}
