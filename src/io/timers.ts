/** The timers of `node:timers/promises`, as operations. */
import { Call } from '../runtime/call.js';
import { checkMs, checkOptions } from '../runtime/check.js';
import { engine } from '../runtime/engine.js';
import type { Operation } from '../runtime/operation.js';
import { Results } from '../runtime/results.js';
import { idle, sleep } from '../runtime/sleep.js';
import type { Green } from '../runtime/types.js';

export interface TimerOptions {
  /** False: it does not hold the process. */
  readonly ref?: boolean | undefined;
}

function* gives<T>(wait: Operation<void>, value: T): Green<T> {
  yield* wait;
  return value;
}

/** Waits `ms` and gives `value`. */
export function setTimeout<T = void>(ms: number, value?: T, options?: TimerOptions): Operation<T> {
  return new Call(gives as never, [sleep(ms, options), value], 'timers.setTimeout');
}

/** Waits until the host has had a pass, and gives `value`. */
export function setImmediate<T = void>(value?: T): Operation<T> {
  return new Call(gives as never, [idle(), value], 'timers.setImmediate');
}

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
    yield* sleep(Math.max(0, this.#next - engine.clock.now()), this.#options);
    this.#next += this.#ms;
    return { done: false, value: this.#value };
  }
}

function tick<T>(ticks: Ticks<T>): Green<IteratorResult<T, undefined>> {
  return ticks._tick();
}
