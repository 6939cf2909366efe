/** Doing something again and again, at fixed times. */
import type { Fn } from '../runtime/body-types.js';
import { type AnyFn, Call } from '../runtime/call.js';
import { checkMs, checkNumber, checkOptions } from '../runtime/check.js';
import { engine } from '../runtime/engine.js';
import { Operation } from '../runtime/operation.js';
import { sleep } from '../runtime/sleep.js';
import type { Green } from '../runtime/types.js';
import { checkWork, randomShare } from './retry.js';

export interface EveryOptions {
  /** The share of the interval, from 0 (default: exact) to 1, by which a run may come early, at random. */
  readonly jitter?: number | undefined;
  /** The first run is at once, and not after `ms`; false unless given. */
  readonly immediate?: boolean | undefined;
}

/**
 * Runs `fn` every `ms` milliseconds until it is interrupted or `fn` throws; it gives no value. Runs are at the
 * multiples of `ms` counted from its start, so that they do not drift, and never overlap: after one that took too
 * long the next is at the next multiple that is not over, and those that were missed are left out. `fn` runs in the
 * current greenlet, outside of greenlets in a new one; what it gives is dropped.
 *
 * Nothing is caught: an error of `fn`, a kill and a timeout end it at once; `supervise` or `attempt` inside `fn` has
 * it go on. Always switches, also before a run that is due. Errors: `RangeError` / `TypeError`. Unlike `setInterval`
 * it waits for `fn`.
 *
 * @example const beat = spawn(() => every(10_000, () => connection.ping(), { jitter: 0.1 }));
 */
export function every<R>(
  ms: number,
  fn: Fn<[], R> | Operation<R>,
  options: EveryOptions = {},
): Operation<never> {
  checkMs(ms);
  if (ms === 0)
    throw new RangeError('ms must be above 0, got 0; to run without a pause write a loop with sleep(0)');
  checkWork(fn);
  checkOptions(options, 'every', '{ immediate: true }');
  const { jitter = 0, immediate = false } = options;
  checkNumber(jitter, 'jitter', 0, 1);
  return new Call(repeating, [ms, fn, jitter, immediate], 'every');
}

function* repeating(
  ms: number,
  fn: AnyFn | Operation<unknown>,
  jitter: number,
  immediate: boolean,
): Green<never> {
  const start = engine.clock.now();
  if (immediate) yield* toRun(fn);
  for (let turn = 1; ; turn++) {
    const now = engine.clock.now();
    turn = Math.max(turn, Math.floor((now - start) / ms));
    // Division rounds; what decides is the time itself.
    if (start + turn * ms < now) turn++;
    yield* sleep(Math.max(start + (turn - randomShare(jitter)) * ms - now, 0));
    yield* toRun(fn);
  }
}

function toRun(fn: AnyFn | Operation<unknown>): Operation<unknown> {
  return fn instanceof Operation ? fn : new Call(fn, []);
}
