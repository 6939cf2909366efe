/** Starting something again when it fails, but not for ever. */
import type { Body, Fn, Returned } from '../runtime/body-types.js';
import { type AnyFn, Call } from '../runtime/call.js';
import { checkCount, checkFn, checkMs, checkOptions } from '../runtime/check.js';
import { engine } from '../runtime/engine.js';
import type { Operation } from '../runtime/operation.js';
import { sleep } from '../runtime/sleep.js';
import type { Green } from '../runtime/types.js';
import { checkWork, runOnce } from './retry.js';

export interface SuperviseOptions {
  /** How many restarts there may be within `within` ms; 3 unless given. `Infinity`: any number. */
  readonly restarts?: number | undefined;
  /** ms in which restarts are counted; 60 000 unless given. `Infinity`: all of them. */
  readonly within?: number | undefined;
  /** ms before each restart; 0 unless given: it only gives way. */
  readonly delay?: number | undefined;
  /**
   * Whether to start again after this error, the failure number `failures` since the beginning; also the place to log
   * it. Waited for if it blocks; not asked about the last failure. What it throws is thrown.
   */
  readonly when?: ((error: unknown, failures: number) => Body<boolean>) | undefined;
}

/**
 * Runs `fn`, and again whenever it fails; gives its value when it has one. When there would be more than `restarts`
 * restarts within `within` ms the last error is thrown, the very one: what fails at once, every time, fails. `fn`
 * runs in the current greenlet, outside of greenlets in a new one.
 *
 * An exit ends it at once, as with `retry`. Switches before each restart and where `fn` does. Errors: `RangeError` /
 * `TypeError` for wrong options. Unlike `retry` it forgets failures that are long over: it is for what is meant to
 * run for ever. Mirrors the restart intensity of Erlang's supervisors.
 *
 * @example spawn(() => supervise(consumer, { restarts: 5, within: 60_000, delay: 1000 }));
 */
export function supervise<R>(fn: Fn<[], R>, options?: SuperviseOptions): Operation<Returned<R>>;
export function supervise<T>(operation: Operation<T>, options?: SuperviseOptions): Operation<T>;
export function supervise(fn: unknown, options: SuperviseOptions = {}): Operation<unknown> {
  checkWork(fn);
  checkOptions(options, 'supervise', '{ restarts: 3, within: 60_000 }');
  const { restarts = 3, within = 60_000, delay = 0, when } = options;
  checkCount(restarts, 'restarts');
  checkMs(within, 'within');
  checkMs(delay, 'delay');
  if (when !== undefined) checkFn(when, 'when');
  return new Call(supervising, [fn, restarts, within, delay, when], 'supervise');
}

function* supervising(
  fn: AnyFn | Operation<unknown>,
  restarts: number,
  within: number,
  delay: number,
  when: AnyFn | undefined,
): Green<unknown> {
  const times: number[] = [];
  for (let failures = 1; ; failures++) {
    const outcome = yield* runOnce(fn);
    if (outcome.ok) return outcome.value;
    const { error } = outcome;
    if (restarts !== Number.POSITIVE_INFINITY && noteFailure(times, within) > restarts) throw error;
    if (when !== undefined && !(yield* new Call(when, [error, failures]))) throw error;
    yield* sleep(delay);
  }
}

/** Notes the time of a failure; gives how many there were in the last `within` ms, and forgets the others. */
function noteFailure(times: number[], within: number): number {
  const now = engine.clock.now();
  times.push(now);
  while (now - (times[0] as number) > within) times.shift();
  return times.length;
}
