/**
 * Timeouts: deadlines that belong to the greenlet that starts them, and throw there. Mirrors `gevent.Timeout`.
 *
 * A timeout knows its greenlet and the frame that started it, so that code further in can tell that it is not meant
 * (`isExit`) and lets it pass.
 */
import type { Fn, Returned } from './body-types.js';
import { asOperation, Call } from './call.js';
import { checkMs, mismatch } from './check.js';
import { clearTimer, engine, setTimer } from './engine.js';
import { GreenletError, GreenletExit, TimeoutError } from './errors.js';
import { type AnyGenerator, Fiber } from './fiber.js';
import { isErrorClass } from './greenlet.js';
import { host } from './host.js';
import { describe, Operation, placeError } from './operation.js';
import { doors } from './resume.js';
import type { Green } from './types.js';
import { DEAD, type Timed, type Waiter } from './waiter.js';

/** Which timeout threw an error that is not the timeout itself. */
const senders = new WeakMap<object, Timeout>();

let begun = 0;

/** Whether a timeout that `fiber` began may still end its wait. O(timers): for reports. */
export function hasDeadline(fiber: Waiter): boolean {
  for (const each of engine.timers) {
    if ((each instanceof Timeout || each instanceof Deadline) && each._isOf(fiber)) return true;
  }
  return false;
}

/** The rank of the next timeout that begins. */
export function nextRank(): number {
  return begun;
}

export class Timeout extends TimeoutError implements Timed {
  /** ms until it fires, counted from `start()`; `Infinity`: never. */
  readonly ms: number;
  /** What it throws: undefined or false, itself; an error or an error class; a string, itself with that message. */
  readonly exception: unknown;
  #timer = -1;
  #fiber: Fiber | null = null;
  #frame: AnyGenerator | null = null;
  #fired = false;
  #thrown: unknown;

  /**
   * Creates a timeout that has not been started. With `exception === false` its `run` gives `undefined` instead of throwing.
   * Errors: `RangeError` / `TypeError` for a wrong `ms` or `exception`.
   */
  constructor(ms: number = Number.POSITIVE_INFINITY, exception?: unknown) {
    checkMs(ms);
    if (exception !== undefined && exception !== false && typeof exception !== 'string') {
      if (!(exception instanceof Error) && !isErrorClass(exception)) {
        throw mismatch('exception', 'an Error, an Error class, a string or false', exception);
      }
    }
    // A stack is made when it is thrown: most never are.
    const { stackTraceLimit } = host.Error;
    host.Error.stackTraceLimit = 0;
    super(typeof exception === 'string' ? exception : `timed out after ${ms} ms`);
    if (stackTraceLimit !== undefined) host.Error.stackTraceLimit = stackTraceLimit;
    this.ms = ms;
    this.exception = exception;
  }

  /** A timeout that has been started; a `Timeout` that is given is started if it is not pending. */
  static startNew(timeout?: number | Timeout, exception?: unknown): Timeout {
    if (timeout instanceof Timeout) return timeout.pending ? timeout : timeout.start();
    return new Timeout(timeout, exception).start();
  }

  /** Starts it for the current greenlet. Errors: `GreenletError` outside of greenlets, and while it is pending. */
  start(): this {
    const current = engine.current;
    if (current === doors.main || current === doors.hub || !(current instanceof Fiber)) {
      throw new GreenletError(
        'a Timeout is started in the greenlet that it is for; outside of greenlets use withTimeout()',
      );
    }
    if (this.pending)
      throw new GreenletError('this Timeout is pending; cancel() it before starting it again');
    this._startFor(current);
    return this;
  }

  /** Starts it for a run of its own. @internal */
  _enter(fiber: Fiber): void {
    if (this.pending || this.#runs) {
      throw new GreenletError(
        'this Timeout is pending or under way; a run needs one of its own, or cancel() it first',
      );
    }
    this.#runs = true;
    this._startFor(fiber);
  }

  /** @internal */
  _leave(): void {
    this.#runs = false;
    this.cancel();
  }

  /** @internal */
  _startFor(fiber: Fiber): void {
    this.#fired = false;
    this.#thrown = undefined;
    this.#fiber = fiber;
    this.#frame = fiber._gen;
    this.#rank = begun++;
    setTimer(this, this.ms, fiber._extra?.unreferenced !== true);
  }

  #rank = 0;
  #runs = false;

  /** Stops it; one that has fired but has not been thrown yet is taken back. It may be started again. */
  cancel(): void {
    clearTimer(this);
    this.#fiber?._withdraw(this);
    this.#fiber = null;
    this.#frame = null;
  }

  /** It has been started and has not fired. */
  get pending(): boolean {
    return this.#timer !== -1;
  }

  /** @internal */
  get _timer(): number {
    return this.#timer;
  }

  set _timer(at: number) {
    this.#timer = at;
  }

  /** Whether `error` was thrown by this timeout. */
  mine(error: unknown): boolean {
    return error === this || (this.#fired && error !== undefined && error === this.#thrown);
  }

  /** Runs `fn` under this timeout. Gives its value; `undefined` when it fires and its exception is `false`. */
  run<A extends unknown[], R>(fn: Fn<A, R>, ...args: A): Operation<Returned<R> | undefined>;
  run<T>(operation: Operation<T>): Operation<T | undefined>;
  run(work: unknown, ...args: unknown[]): Operation<unknown> {
    const silent = this.exception === false;
    return new Call(limited, [this, asOperation(work, args), silent, undefined], 'Timeout.run');
  }

  /** Cancels it. */
  [Symbol.dispose](): void {
    this.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel();
  }

  /** It belongs to `fiber`, has fired, and the frame that started it is still there: whoever is further in lets it pass. @internal */
  _isForeignTo(fiber: Waiter): boolean {
    if (!this.#fired || this.#fiber !== fiber || this.#frame === null) return false;
    if (this.#fiber._gen === this.#frame) return true;
    for (let frame = this.#fiber._frame; frame !== null; frame = frame.below) {
      if (frame.gen === this.#frame) return true;
    }
    return false;
  }

  /** @internal */
  _isOf(fiber: Waiter): boolean {
    return this.#fiber === fiber;
  }

  /** Throws it into `fiber` as one that `frame` started. @internal */
  _fire(fiber: Fiber, frame: AnyGenerator | null, rank: number): void {
    this.#fiber = fiber;
    this.#frame = frame;
    this.#rank = rank;
    this._expired();
  }

  /** @internal */
  _expired(): void {
    const fiber = this.#fiber;
    if (fiber === null || fiber._mode === DEAD) return;
    this.#fired = true;
    const { exception } = this;
    let thrown: unknown = this;
    if (isErrorClass(exception)) thrown = new exception();
    else if (exception instanceof Error) thrown = exception;
    else {
      if (typeof exception !== 'string') this.message = `timed out after ${this.ms} ms${inOperation(fiber)}`;
      this._unplaced = true;
    }
    if (thrown !== this) senders.set(thrown as object, this);
    this.#thrown = thrown;
    fiber._interrupt({ error: thrown, rank: this.#rank, source: this });
  }
}
Object.defineProperty(Timeout.prototype, 'name', { value: 'Timeout', configurable: true, writable: true });

function inOperation(waiter: Waiter): string {
  const operation = waiter._op;
  return operation === null ? ` in ${waiter}` : ` in ${describe(operation)} (${waiter})`;
}

/** The `Timeout` of an operation that was given a time of its own. */
export function timedOut(what: string, ms: number, waiter: Waiter): Timeout {
  const error = new Timeout(ms);
  error.message =
    ms === 0
      ? `${what} is not ready (${waiter._self})`
      : `${what} timed out after ${ms} ms (${waiter._self})`;
  error._unplaced = true;
  // Thrown at once, by the call itself.
  if (ms === 0) placeError(error);
  return error;
}

/** Runs `work` under `timeout`; `value` stands for a timeout when `silent`. */
function* limited(
  timeout: Timeout,
  work: Operation<unknown>,
  silent: boolean,
  value: unknown,
): Green<unknown> {
  timeout._enter(engine.current as Fiber);
  try {
    return yield* work;
  } catch (error) {
    if (silent && timeout.mine(error)) return value;
    throw error;
  } finally {
    timeout._leave();
  }
}

/** What a timeout gives instead of throwing. */
export interface WithTimeoutOptions<V> {
  readonly timeoutValue: V;
}

/**
 * Runs `fn`, or an operation, for at most `ms`: after that it is ended as by a kill, with a `Timeout` that this throws (or
 * gives `timeoutValue` for). Of several timeouts that are due together the outermost wins. A body that swallows its timeout
 * and returns gives its value. Mirrors `gevent.with_timeout`.
 */
export function withTimeout<A extends unknown[], R>(
  ms: number,
  fn: Fn<A, R>,
  ...args: A
): Operation<Returned<R>>;
export function withTimeout<T>(ms: number, operation: Operation<T>): Operation<T>;
export function withTimeout<A extends unknown[], R, V>(
  ms: number,
  options: WithTimeoutOptions<V>,
  fn: Fn<A, R>,
  ...args: A
): Operation<Returned<R> | V>;
export function withTimeout<T, V>(
  ms: number,
  options: WithTimeoutOptions<V>,
  operation: Operation<T>,
): Operation<T | V>;
export function withTimeout(ms: number, ...rest: unknown[]): Operation<unknown> {
  checkMs(ms);
  const [first] = rest;
  const options =
    typeof first === 'object' && first !== null && !(first instanceof Operation) && 'timeoutValue' in first
      ? (rest.shift() as WithTimeoutOptions<unknown>)
      : null;
  const work = asOperation(rest[0], rest.slice(1));
  return new Call(timeLimited, [ms, work, options !== null, options?.timeoutValue], 'withTimeout');
}

/** The deadline of a `withTimeout`: its `Timeout`, an error, is made only when it fires. */
class Deadline implements Timed {
  _timer = -1;
  timeout: Timeout | null = null;
  readonly #ms: number;
  readonly #fiber: Fiber;
  readonly #frame: AnyGenerator | null;
  readonly #rank = begun++;

  constructor(ms: number, fiber: Fiber) {
    this.#ms = ms;
    this.#fiber = fiber;
    this.#frame = fiber._gen;
    setTimer(this, ms, fiber._extra?.unreferenced !== true);
  }

  _isOf(fiber: Waiter): boolean {
    return this.#fiber === fiber;
  }

  _expired(): void {
    this.timeout = new Timeout(this.#ms);
    this.timeout._fire(this.#fiber, this.#frame, this.#rank);
  }

  cancel(): void {
    clearTimer(this);
    this.timeout?.cancel();
  }
}

function* timeLimited(ms: number, work: Operation<unknown>, silent: boolean, value: unknown): Green<unknown> {
  const deadline = new Deadline(ms, engine.current as Fiber);
  try {
    return yield* work;
  } catch (error) {
    if (silent && deadline.timeout !== null && error === deadline.timeout) return value;
    throw error;
  } finally {
    deadline.cancel();
  }
}

/**
 * Whether `error` is on its way out through the current greenlet and must be let pass: a `GreenletExit`, the error of a kill
 * being delivered, or a `Timeout` that belongs to an outer frame. Never switches.
 */
export function isExit(error: unknown): boolean {
  if (error instanceof GreenletExit) return true;
  const current = engine.current;
  if (current instanceof Fiber && current._extra?.kills.includes(error)) return true;
  const timeout = error instanceof Timeout ? error : isObject(error) ? senders.get(error) : undefined;
  return timeout?._isForeignTo(current) ?? false;
}

/** Throws `error` again if it is an exit; for the first line of a `catch`. */
export function rethrowExit(error: unknown): void {
  if (isExit(error)) throw error;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
