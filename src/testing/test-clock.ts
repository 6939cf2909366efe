/** Time that stands still until it is moved on. */
import { checkMs } from '../runtime/check.js';
import { engine } from '../runtime/engine.js';
import { Operation, park } from '../runtime/operation.js';
import type { Started, Waiter } from '../runtime/waiter.js';
import { randomFrom } from './random.js';

/** A greenlet that has time moved on, and waits for the quiet after it. */
export interface Advance {
  /** Up to where; null: to the next timer there is when all are quiet. */
  until: number | null;
  readonly waiter: Waiter;
}

export class TestClock {
  /** What the order of ready greenlets and `random` are drawn from; undefined: first in, first out. */
  readonly seed: number | undefined;
  /** @internal */ readonly _advances: Advance[] = [];
  readonly #random: () => number;
  #now = 0;
  #fire: () => void = () => {};

  constructor(seed?: number) {
    this.seed = seed;
    this.#random = randomFrom(seed ?? 0);
  }

  /** Virtual milliseconds since the beginning of the run. */
  now(): number {
    return this.#now;
  }

  /** A number from 0 up to 1, drawn from the seed. */
  random(): number {
    return this.#random();
  }

  /** Moves time on by `ms`, timer by timer, and returns when all is quiet. Errors: `RangeError` / `TypeError` for no time. */
  advance(ms: number): Operation<void> {
    checkMs(ms);
    return new Advancing(this, ms);
  }

  /** Moves time on to the next timer, if there is one, and returns when all is quiet. */
  next(): Operation<void> {
    return new Advancing(this, null);
  }

  /** With `hold` what the hub needs of a clock; these two are not in its public type, so it does not say that it is one. @internal */
  set(_deadline: number, fire: () => void): void {
    this.#fire = fire;
  }

  /** @internal */
  hold(): void {}

  /** It is `time` now: what is due fires. @internal */
  _jump(time: number): void {
    this.#now = Math.max(this.#now, time);
    if (engine.timers.earliest <= this.#now) this.#fire();
  }
}

class Advancing extends Operation<void> {
  readonly _name = 'TestClock.advance';
  readonly #clock: TestClock;
  readonly #ms: number | null;

  constructor(clock: TestClock, ms: number | null) {
    super();
    this.#clock = clock;
    this.#ms = ms;
  }

  _start(waiter: Waiter): Started {
    const until = this.#ms === null ? null : this.#clock.now() + this.#ms;
    const advance: Advance = { until, waiter };
    this.#clock._advances.push(advance);
    return park(waiter, this, advance);
  }

  override _undo(waiter: Waiter): void {
    const { _advances: advances } = this.#clock;
    advances.splice(advances.indexOf(waiter._slot as Advance), 1);
  }
}
