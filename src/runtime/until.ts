/** Waiting for the world of promises and callbacks. */
import { checkFn, checkOptions, isPromiseLike, mismatch, showValue } from './check.js';
import { wake } from './engine.js';
import { type AbortControllerLike, host } from './host.js';
import { onAbort } from './on-abort.js';
import { done, Operation, park } from './operation.js';
import type { Signal } from './types.js';
import type { Started, Waiter } from './waiter.js';

/** How many waits for the world outside are under way: virtual time does not pass while there are any. */
export const outside = { waits: 0 };

/** Set by call.ts: a callback that may block, in a greenlet of its own. */
export const lateCalls: { spawn: (fn: (value: never) => unknown, value: unknown) => void } = {
  spawn: () => {},
};

interface Run {
  over: boolean;
  controller: AbortControllerLike | null;
  unlisten: (() => void) | null;
}

/** A wait whose end comes from a callback of the host. */
abstract class Outside<T> extends Operation<T> {
  /** Begins the work; `settle` works once. @internal */
  abstract _begin(run: Run, settle: (value: unknown, failed: boolean) => void): void;

  /** What comes after the wait was given up. @internal */
  _late(_value: unknown, _failed: boolean): void {}

  /** @internal */
  _start(waiter: Waiter): Started {
    const run: Run = { over: false, controller: null, unlisten: null };
    let early: { value: unknown; failed: boolean } | null = null;
    let parked = false;
    this._begin(run, (value, failed) => {
      if (run.over) {
        this._late(value, failed);
        return;
      }
      run.over = true;
      run.unlisten?.();
      if (!parked) {
        early = { value, failed };
        return;
      }
      outside.waits--;
      wake(waiter, value, failed);
    });
    if (early !== null) {
      const { value, failed } = early as { value: unknown; failed: boolean };
      if (failed) throw value;
      return done(waiter, value);
    }
    parked = true;
    outside.waits++;
    return park(waiter, this, run);
  }

  /** @internal */
  override _undo(waiter: Waiter): void {
    const run = waiter._slot as Run;
    run.over = true;
    outside.waits--;
    run.unlisten?.();
    run.controller?.abort();
  }
}

interface UntilOptions<T> {
  readonly signal?: Signal | undefined;
  readonly late?: ((value: T) => unknown) | undefined;
}

class Until<T> extends Outside<T> {
  readonly _name = 'until';
  readonly #work: PromiseLike<T> | ((signal: Signal) => PromiseLike<T>);
  readonly #signal: Signal | undefined;
  readonly #dispose: ((value: T) => unknown) | undefined;

  constructor(work: PromiseLike<T> | ((signal: Signal) => PromiseLike<T>), options?: UntilOptions<T>) {
    super();
    this.#work = work;
    this.#signal = options?.signal;
    this.#dispose = options?.late;
  }

  _begin(run: Run, settle: (value: unknown, failed: boolean) => void): void {
    const signal = this.#signal;
    let promise = this.#work;
    if (typeof promise === 'function') {
      if (signal?.aborted) throw signal.reason;
      run.controller = new host.AbortController();
      promise = promise(run.controller.signal);
      if (!isPromiseLike(promise)) {
        throw new TypeError(`the function given to until() must return a promise, got ${showValue(promise)}`);
      }
    }
    if (signal !== undefined) {
      run.unlisten = onAbort(signal, () => {
        run.controller?.abort(signal.reason);
        settle(signal.reason, true);
      });
    }
    // Also when the signal has ended the wait: what the promise gives later is taken care of.
    promise.then(
      (value) => settle(value, false),
      (error: unknown) => settle(error, true),
    );
  }

  override _late(value: unknown, failed: boolean): void {
    if (!failed && this.#dispose !== undefined)
      lateCalls.spawn(this.#dispose as (value: never) => unknown, value);
  }
}

/**
 * Waits for a promise, or for the promise that a function makes of an `AbortSignal`; gives its value or throws its error.
 * Interrupted, the signal is aborted and what comes later is ignored, or given to `late` (in a greenlet of its own), so that a
 * resource that arrives too late can be let go. `signal` ends the wait with its reason. Switches unless the work is refused at once.
 *
 * @example const response = yield* until((signal) => fetch(url, { signal }));
 */
export function until<T>(
  work: PromiseLike<T> | ((signal: Signal) => PromiseLike<T>),
  options?: UntilOptions<T>,
): Operation<T> {
  if (typeof work !== 'function' && !isPromiseLike(work)) {
    throw mismatch('work', 'a promise or a function that returns one', work);
  }
  if (options !== undefined) {
    checkOptions(options, 'until', '{ signal }');
    if (options.late !== undefined) checkFn(options.late, 'late');
  }
  return new Until(work, options);
}

/** A Node-style callback: the error first. */
export type NodeCallback<T> = (error?: unknown, value?: T) => void;

class Callback<T> extends Outside<T> {
  readonly _name = 'callback';
  readonly #register: (callback: NodeCallback<T>, signal: Signal) => void;

  constructor(register: (callback: NodeCallback<T>, signal: Signal) => void) {
    super();
    this.#register = register;
  }

  _begin(run: Run, settle: (value: unknown, failed: boolean) => void): void {
    run.controller = new host.AbortController();
    this.#register((error, value) => {
      if (error != null) settle(error, true);
      else settle(value, false);
    }, run.controller.signal);
  }
}

/**
 * Waits for a Node-style callback: gives its value or throws its error. Interrupted, `signal` is aborted and the callback
 * ignored.
 *
 * @example const text = yield* callback<string>((cb) => fs.readFile(path, 'utf8', cb));
 */
export function callback<T>(register: (callback: NodeCallback<T>, signal: Signal) => void): Operation<T> {
  checkFn(register, 'register');
  return new Callback(register);
}
