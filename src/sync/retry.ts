/**
 * Calling a function again until it gives a value. What is hard to write by hand is what must not be tried again: a
 * kill, or a timeout that began further out, is on its way through, and whoever catches it stands in its way.
 */
import type { Attempt } from '../runtime/attempt.js';
import type { Body, Fn, Returned } from '../runtime/body-types.js';
import { type AnyFn, Call } from '../runtime/call.js';
import { checkCount, checkFn, checkMs, checkNumber, checkOptions } from '../runtime/check.js';
import type { Clock } from '../runtime/clock.js';
import { engine } from '../runtime/engine.js';
import { GreenletExit } from '../runtime/errors.js';
import type { Fiber } from '../runtime/fiber.js';
import { Operation } from '../runtime/operation.js';
import { sleep } from '../runtime/sleep.js';
import { isExit } from '../runtime/timeout.js';
import type { Green } from '../runtime/types.js';

export interface RetryOptions {
  /** How many calls there may be, the first included; 3 unless given. `Infinity`: as many as it takes. */
  readonly tries?: number | undefined;
  /** ms before the second call; 100 unless given. 0: it only gives way. */
  readonly delay?: number | undefined;
  /** What the delay is multiplied by for each later call, at least 1; 2 unless given. */
  readonly factor?: number | undefined;
  /** ms that no delay is longer than; 30 000 unless given, or `delay` if that is longer. */
  readonly maxDelay?: number | undefined;
  /**
   * The share of each delay that is random, from 0 (default: exact) to 1: with 0.5 it is from half of it to the
   * whole.
   */
  readonly jitter?: number | undefined;
  /**
   * Whether to try again after this error of the call number `attempt`. Waited for if it blocks; not asked after the
   * last call. What it throws is thrown.
   */
  readonly when?: ((error: unknown, attempt: number) => Body<boolean>) | undefined;
}

/** The options of a run, checked and complete. */
interface Policy {
  readonly tries: number;
  readonly delay: number;
  readonly factor: number;
  readonly maxDelay: number;
  readonly jitter: number;
  readonly when: AnyFn | undefined;
}

/**
 * Calls `fn` until it gives a value, and gives that. Between two calls it waits `delay` ms, then `factor` times as
 * long, and so on. `fn` gets the number of the call, from 1, and runs in the current greenlet, outside of greenlets
 * in a new one. When the last call has failed its error is thrown, the very one.
 *
 * An exit ends it at once: a kill, `GreenletExit`, a `Timeout` that began outside of it; also if `fn` made another
 * error of it. A `Timeout` of `fn`'s own is a failure like any other. Switches between calls and where `fn` does.
 * Errors: `RangeError` / `TypeError` for wrong options. Many clients of one server should set `jitter`, lest they all
 * come again at the same moment.
 *
 * @example const page = yield* retry(() => withTimeout(5000, download, url), { tries: 5, jitter: 0.5 });
 */
export function retry<R>(fn: Fn<[attempt: number], R>, options?: RetryOptions): Operation<Returned<R>>;
export function retry<T>(operation: Operation<T>, options?: RetryOptions): Operation<T>;
export function retry(fn: unknown, options: RetryOptions = {}): Operation<unknown> {
  checkWork(fn);
  checkOptions(options, 'retry', '{ tries: 3 }');
  const { tries = 3, delay = 100, factor = 2, jitter = 0, when } = options;
  checkCount(tries, 'tries', 1);
  checkMs(delay, 'delay');
  checkNumber(factor, 'factor', 1);
  const { maxDelay = Math.max(delay, 30_000) } = options;
  checkMs(maxDelay, 'maxDelay');
  checkNumber(jitter, 'jitter', 0, 1);
  if (when !== undefined) checkFn(when, 'when');
  const policy: Policy = { tries, delay, factor, maxDelay, jitter, when: when as AnyFn | undefined };
  return new Call(retrying, [fn, policy], 'retry');
}

function* retrying(fn: AnyFn | Operation<unknown>, policy: Policy): Green<unknown> {
  const { tries, factor, maxDelay, jitter, when } = policy;
  let delay = Math.min(policy.delay, maxDelay);
  for (let attempt = 1; ; attempt++) {
    const outcome = yield* runOnce(fn, attempt);
    if (outcome.ok) return outcome.value;
    const { error } = outcome;
    if (attempt >= tries) throw error;
    if (when !== undefined && !(yield* new Call(when, [error, attempt]))) throw error;
    yield* sleep(delay * (1 - randomShare(jitter)));
    delay = Math.min(delay * factor, maxDelay);
  }
}

/** What is called again and again: a generator object could be run only once. */
export function checkWork(fn: unknown): void {
  if (!(fn instanceof Operation))
    checkFn(fn, 'fn', ': pass the function itself, not its result (or an operation)');
}

/**
 * One run of `fn`. A failure that may be tried again is given as a value; an exit is thrown, also in the guise of
 * another error.
 */
export function* runOnce(fn: AnyFn | Operation<unknown>, ...args: unknown[]): Green<Attempt<unknown>> {
  const fiber = engine.current as Fiber;
  const before = killsThrown(fiber);
  try {
    return { ok: true, value: yield* fn instanceof Operation ? fn : new Call(fn, args) };
  } catch (error) {
    if (isExit(error) || killsThrown(fiber) > before || wrapsTimeout(error)) throw error;
    return { ok: false, error };
  }
}

/**
 * How many kills `fiber` has seen: those that a shield holds up, or that wait for its next suspension, come later.
 */
function killsThrown(fiber: Fiber): number {
  const extra = fiber._extra;
  if (extra === null) return 0;
  return extra.kills.length - extra.pending.filter(({ error }) => extra.kills.includes(error)).length;
}

/** How far a chain of causes is followed. */
const MOST_CAUSES = 16;

/** A timeout of an outer frame is the cause: it fires only once, so that whoever went on would go on for ever. */
function wrapsTimeout(error: unknown): boolean {
  let cause = error;
  for (let i = 0; i < MOST_CAUSES && cause instanceof Error; i++) {
    // The GreenletExit of somebody else may well be the cause of a failure.
    if (!(cause instanceof GreenletExit) && isExit(cause)) return true;
    cause = cause.cause;
  }
  return false;
}

/** A random share from 0 up to `jitter`. In virtual time the test's clock draws it, so that the seed replays it. */
export function randomShare(jitter: number): number {
  if (jitter === 0) return 0;
  const clock = engine.clock as Clock & { random?(): number };
  return jitter * (clock.random?.() ?? Math.random());
}
