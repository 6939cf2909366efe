/**
 * So many per second: a bucket of tokens.
 *
 * The bucket holds `burst` tokens and gets `rate` of them every `per` ms, while it is not full. It is kept as two
 * numbers: when it was full last, and how many were taken since. The time at which the next token is there follows
 * from these by one multiplication and one division, so that rounding never adds up. One timer is set, for whoever is
 * first in the queue.
 */
import { blockTimeout, checkCount, checkMs, checkOptions, showValue } from '../runtime/check.js';
import type { Clock } from '../runtime/clock.js';
import { clearTimer, engine, setTimer, wake } from '../runtime/engine.js';
import { holdsProcess } from '../runtime/holds.js';
import { done, type Operation } from '../runtime/operation.js';
import { type HandsOut, waitUndone } from '../runtime/undoing.js';
import { WaitQueue } from '../runtime/wait-queue.js';
import type { Started, Timed, Waiter } from '../runtime/waiter.js';
import { SyncObject, type SyncOptions, waitingText } from './sync-object.js';
import { handTo, UntilReady, WaitOperation } from './wait-operation.js';

export interface RateLimitOptions extends SyncOptions {
  /** How many may be taken every `per` ms. A fraction will do. */
  readonly rate: number;
  /** ms; 1000 unless given. */
  readonly per?: number | undefined;
  /** How many may be taken at once after a rest; 1 unless given: takes are spaced evenly. */
  readonly burst?: number | undefined;
}

export interface TakeOptions {
  /** ms after which it gives false. */
  readonly timeout?: number | undefined;
  /** False: it does not wait; the same as `timeout: 0`. */
  readonly block?: boolean | undefined;
}

export interface RateLimitStatistics {
  /** How many could be taken at once, were it not for a pause and for those who wait. */
  readonly free: number;
  /** ms until the end of the pause; 0 when there is none. */
  readonly pausedFor: number;
  readonly waiters: number;
}

export class RateLimit extends SyncObject implements Timed, HandsOut {
  readonly rate: number;
  readonly per: number;
  readonly burst: number;
  /** @internal */ _timer = -1;
  readonly #queue = new WaitQueue();
  /** When the bucket was full last, and what was taken since. */
  #fullAt = 0;
  #taken = 0;
  #pausedUntil = 0;
  /** What its times were read from. */
  #clock: Clock | null = null;
  /** Its timer keeps the process alive. */
  #held = false;

  /**
   * Creates a limit of `rate` takes every `per` ms. In any time `t` there are at most `burst + rate * t / per` takes;
   * what was not taken in time is lost beyond `burst`. Errors: `RangeError` / `TypeError`.
   *
   * @example const polite = new RateLimit({ rate: 2 }); yield* polite.take(); const page = yield* fetch(url);
   */
  constructor(options: RateLimitOptions) {
    checkOptions(options, 'RateLimit', '{ rate: 5, per: 1000 }');
    super(options);
    const { rate, per = 1000, burst = 1 } = options;
    checkPositive(rate, 'rate');
    checkPositive(per, 'per', ' of milliseconds');
    checkCount(burst, 'burst', 1);
    if (burst === Number.POSITIVE_INFINITY)
      throw new RangeError(
        'burst must be finite, got Infinity; a number as high as your largest burst will do',
      );
    this.rate = rate;
    this.per = per;
    this.burst = burst;
  }

  /**
   * Takes `n`, all together, waiting until the rate allows it: first come, first served. Gives true; false when
   * `timeout` ms pass first, or at once with `block: false`. Interrupted, nothing is taken. Switches only if it has
   * to wait. Errors: `RangeError` for more than `burst`, which are never there together.
   */
  take(n = 1, options?: TakeOptions): Operation<boolean> {
    if (typeof n !== 'number')
      throw new TypeError(
        `n must be a number, got ${showValue(n)}; options come second: take(1, { timeout })`,
      );
    checkCount(n, 'n', 1);
    if (n > this.burst) {
      throw new RangeError(
        `n must be at most ${this.burst}, the burst of ${this}, got ${n}; make it with a larger burst`,
      );
    }
    return new Take(this, this.#queue, n, blockTimeout(options, 'RateLimit.take'));
  }

  /**
   * Gives nothing out for `ms` milliseconds from now, as when a server said Retry-After. Acts at the call; never
   * shortens a pause that is longer. Whoever waits goes on waiting. Never switches.
   */
  pause(ms: number): void {
    checkMs(ms);
    const until = this.#now() + ms;
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
    this.#arm();
  }

  /** One could be taken now. */
  ready(): boolean {
    const now = this.#now();
    return this.#queue.length === 0 && this.#dueAt(1) <= now;
  }

  statistics(): RateLimitStatistics {
    const now = this.#now();
    // What is there by calculation, up to rounding; what decides is when it is due.
    const ahead = this.burst - this.#taken + ((now - this.#fullAt) * this.rate) / this.per;
    const most = Math.min(Math.ceil(ahead), this.burst);
    const free = this.#tokensAt(most) <= now ? most : most - 1;
    const pausedFor = Math.max(this.#pausedUntil - now, 0);
    return Object.freeze({ free, pausedFor, waiters: this.#queue.length });
  }

  protected _stateText(): string {
    const { free, pausedFor, waiters } = this.statistics();
    const paused = pausedFor === 0 ? '' : `, paused for ${Math.ceil(pausedFor)} ms`;
    return `${this.rate} per ${this.per} ms, ${free} free${paused}${waitingText(waiters)}`;
  }

  /** @internal */
  _whenReady(): Operation<this> {
    return new UntilFree<this>(this, this.#queue);
  }

  /** Takes `n` if nobody waits and they are there. @internal */
  _take(n: number): boolean {
    if (this.#queue.length > 0) this._serve();
    const now = this.#now();
    if (this.#queue.length > 0 || this.#dueAt(n) > now) return false;
    this.#taken += n;
    return true;
  }

  /** `waiter` has come to the queue. @internal */
  _came(waiter: Waiter): void {
    if (this.#queue.first === waiter || (!this.#held && holdsProcess(waiter))) this.#arm();
  }

  /** @internal */
  _handOut(): void {
    this._serve();
  }

  /** Gives out what is due, in order, and sets the timer for whoever is first then. @internal */
  _serve(): void {
    const now = this.#now();
    for (let first = this.#queue.first; first !== null; first = this.#queue.first) {
      const n = needOf(first);
      if (this.#dueAt(n) > now) break;
      this.#queue.remove(first);
      if (!(first._op as WaitOperation<unknown>)._looks) this.#taken += n;
      handTo(first, true);
    }
    this.#arm();
  }

  /** @internal */
  _expired(): void {
    this._serve();
  }

  #arm(): void {
    clearTimer(this);
    const { first } = this.#queue;
    if (first === null) return;
    this.#held = false;
    for (const waiter of this.#queue) {
      this.#held = holdsProcess(waiter);
      if (this.#held) break;
    }
    setTimer(this, Math.max(this.#dueAt(needOf(first)) - engine.clock.now(), 0), this.#held);
  }

  /** When `n` can be given out, if nothing else is until then. */
  #dueAt(n: number): number {
    return Math.max(this.#tokensAt(n), this.#pausedUntil);
  }

  /** When there are `n` tokens. */
  #tokensAt(n: number): number {
    return this.#fullAt + ((this.#taken + n - this.burst) * this.per) / this.rate;
  }

  /** The time, after noting that the bucket is full if it is. */
  #now(): number {
    const { clock } = engine;
    const now = clock.now();
    if (clock !== this.#clock) {
      // A test that runs in virtual time has come or gone: its times have nothing to do with the former.
      this.#clock = clock;
      this.#pausedUntil = now;
    } else if (now <= this.#tokensAt(this.burst)) {
      return now;
    }
    this.#fullAt = now;
    this.#taken = 0;
    return now;
  }
}

function checkPositive(value: unknown, name: string, unit = ''): asserts value is number {
  if (typeof value !== 'number')
    throw new TypeError(`${name} must be a number${unit}, got ${showValue(value)}`);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY))
    throw new RangeError(`${name} must be a finite number${unit} above 0, got ${value}`);
}

/** How many `waiter` waits for; who only looks waits for one. */
function needOf(waiter: Waiter): number {
  return (waiter._slot as number | undefined) ?? 1;
}

class Take extends WaitOperation<boolean, RateLimit> {
  readonly _name = 'RateLimit.take';
  readonly #n: number;

  constructor(limit: RateLimit, queue: WaitQueue, n: number, timeout: number) {
    super(limit, queue, timeout);
    this.#n = n;
  }

  _start(waiter: Waiter): Started {
    if (this._of._take(this.#n)) return done(waiter, true);
    if (this._timeout === 0) return done(waiter, false);
    const started = this._wait(waiter, this.#n);
    this._of._came(waiter);
    return started;
  }

  /** Whoever is behind may want less, and have it sooner. */
  override _undo(waiter: Waiter): void {
    super._undo(waiter);
    waitUndone(this._of);
  }

  /** What falls due in the same moment is still in time. */
  override _expire(waiter: Waiter): void {
    this._of._serve();
    if (waiter._op === this) super._expire(waiter);
  }

  protected _late(waiter: Waiter): void {
    wake(waiter, false);
  }
}

class UntilFree<T extends RateLimit> extends UntilReady<T> {
  override _start(waiter: Waiter): Started {
    const started = super._start(waiter);
    if (started.done !== true) this._of._came(waiter);
    return started;
  }

  override _undo(waiter: Waiter): void {
    super._undo(waiter);
    waitUndone(this._of);
  }
}
