/** The timers of `node:timers/promises`, as operations. */
import { Call } from '../runtime/call.js';
import { checkMs, checkOptions } from '../runtime/check.js';
import { engine } from '../runtime/engine.js';
import { onAbort } from '../runtime/on-abort.js';
import type { Operation } from '../runtime/operation.js';
import { Results } from '../runtime/results.js';
import { select } from '../runtime/select.js';
import { idle, sleep } from '../runtime/sleep.js';
import { suspend } from '../runtime/suspend.js';
import type { Green } from '../runtime/types.js';
import { aborted } from './errors.js';

export interface TimerOptions {
  /** False: it does not hold the process. */
  readonly ref?: boolean | undefined;
  /** Ends the wait with an `AbortError`, when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

function* gives<T>(wait: Operation<void>, value: T, signal: AbortSignal | undefined): Green<T> {
  yield* unlessAborted(wait, signal);
  return value;
}

function* unlessAborted(wait: Operation<void>, signal: AbortSignal | undefined): Green<void> {
  if (signal === undefined) yield* wait;
  else if (signal.aborted) throw aborted(signal.reason);
  else yield* select({ signal: abortOf(signal), wait });
}

/** Fails when `signal` is aborted. */
function abortOf(signal: AbortSignal): Operation<never> {
  return suspend<never>('timers.signal', (waker) =>
    onAbort(signal, () => waker.reject(aborted(signal.reason))),
  );
}

/** Waits `ms` and gives `value`. Errors: `RangeError` / `TypeError` at the call; an `AbortError`. Always switches. */
export function setTimeout<T = void>(ms: number, value?: T, options?: TimerOptions): Operation<T> {
  return new Call(gives as never, [sleep(ms, options), value, options?.signal], 'timers.setTimeout');
}

/** Waits until the host has had a pass, and gives `value`. Errors: `TypeError` at the call; an `AbortError`. Always switches. */
export function setImmediate<T = void>(value?: T, options?: TimerOptions): Operation<T> {
  if (options !== undefined) checkOptions(options, 'timers.setImmediate', '{ signal }');
  return new Call(gives as never, [idle(), value, options?.signal], 'timers.setImmediate');
}

/** `wait(ms)` and `yield()`: the same under the names of the platform's scheduler. */
export const scheduler = {
  wait: (ms: number, options?: TimerOptions): Operation<void> => setTimeout(ms, undefined, options),
  yield: (): Operation<void> => setImmediate(),
};

/**
 * A tick every `ms`, each with `value`: at multiples of `ms` from the first reading on. Ticks that nobody was there for come at once,
 * one after the other, as those of `node:timers/promises` do.
 */
export function setInterval<T = void>(ms: number, value?: T, options?: TimerOptions): Results<T> {
  checkMs(ms);
  if (options !== undefined) checkOptions(options, 'timers.setInterval', '{ ref: false }');
  return new Ticks(ms, value as T, options);
}

class Ticks<T> extends Results<T> {
  readonly #ms: number;
  readonly #value: T;
  readonly #options: TimerOptions | undefined;
  #next: number | null = null;

  constructor(ms: number, value: T, options: TimerOptions | undefined) {
    super();
    this.#ms = ms;
    this.#value = value;
    this.#options = options;
  }

  protected _pull(): Operation<IteratorResult<T, undefined>> {
    return new Call(tick as never, [this], 'timers.setInterval');
  }

  /** Waits for the next tick; an interrupted wait leaves it due. @internal */
  *_tick(): Green<IteratorResult<T, undefined>> {
    this.#next ??= engine.clock.now() + this.#ms;
    const wait = sleep(Math.max(0, this.#next - engine.clock.now()), this.#options);
    yield* unlessAborted(wait, this.#options?.signal);
    this.#next += this.#ms;
    return { done: false, value: this.#value };
  }
}

function tick<T>(ticks: Ticks<T>): Green<IteratorResult<T, undefined>> {
  return ticks._tick();
}
