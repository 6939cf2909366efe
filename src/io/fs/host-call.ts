/**
 * Calls of the file system as operations. The callback functions of `node:fs` are the faster ones and give the same; the promise
 * functions of `node:fs/promises` do the rest.
 *
 * A call that the operating system has been given cannot be taken back. Interrupted, it runs to its end and nobody hears of it;
 * what it opened is closed (`_late`). What waits is told by `waiter._slot`: it holds this run's key as long as the run is waited
 * for, and never again.
 */
import { openTurn, runTurn } from '../../runtime/hub.js';
import type { Operation } from '../../runtime/operation.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import { endWait, IoOperation } from '../io-wait.js';
import { unplaced } from './failure.js';

/** The error first, then the value. */
export type Answer = (error: unknown, value?: unknown) => void;

// biome-ignore lint/suspicious/noExplicitAny: the functions of the host, whose types are those of what is exported
export type HostFunction = (...args: any[]) => any;

/** A call of the host, as far as reports show it. */
export abstract class HostCall<T> extends IoOperation<T> {
  readonly _name: string;
  readonly #what: unknown;

  constructor(name: string, what: unknown) {
    super(Number.POSITIVE_INFINITY);
    this._name = name;
    this.#what = what;
  }

  /** `'/the/path'`, or the file handle. */
  override get _object(): unknown {
    const what = this.#what;
    if (typeof what === 'string' || what instanceof URL || what instanceof Uint8Array) return `'${what}'`;
    return what;
  }

  /** What came after the wait was given up. @internal */
  protected _late(_value: unknown): void {}

  /** The run of `key` has its outcome. */
  protected answer(waiter: Waiter, key: unknown, error: unknown, value: unknown): void {
    if (waiter._slot === key) {
      if (error != null) endWait(waiter, unplaced(error), true);
      else endWait(waiter, value);
    } else if (error == null) {
      this._late(value);
    }
  }

  /** The same, told by the host from its loop: who waits goes on at once. */
  protected called(waiter: Waiter, key: unknown, error: unknown, value: unknown): void {
    // Errors that need no call of the operating system come in a job instead.
    const opened = error == null && openTurn();
    this.answer(waiter, key, error, value);
    if (opened) runTurn();
  }

  protected _forget(_waiter: Waiter): void {}
}

/** `fn(...args, callback)` of `node:fs`. */
export class CallbackCall<T> extends HostCall<T> {
  readonly #fn: HostFunction;
  readonly #args: readonly unknown[];

  constructor(name: string, what: unknown, fn: HostFunction, args: readonly unknown[]) {
    super(name, what);
    this.#fn = fn;
    this.#args = args;
  }

  _start(waiter: Waiter): Started {
    const answer: Answer = (error, value) => this.called(waiter, answer, error, value);
    this.#fn(...this.#args, answer);
    return this._wait(waiter, answer);
  }
}

/** What an interrupted run has to know. */
export class Run {
  over = false;
  /** Called when it is interrupted. */
  onAbandon: (() => unknown) | null = null;
  #controller: AbortController | null = null;

  /** Aborted when the run is interrupted, and when `signal` is. */
  signal(signal?: AbortSignal | null): AbortSignal {
    this.#controller ??= new AbortController();
    const own = this.#controller.signal;
    return signal == null ? own : AbortSignal.any([signal, own]);
  }

  abandon(): void {
    this.over = true;
    this.#controller?.abort();
    this.onAbandon?.();
  }
}

/** A call that gives a promise. */
export class PromiseCall<T> extends HostCall<T> {
  readonly #begin: (run: Run) => PromiseLike<unknown>;
  readonly #late: ((value: never) => void) | undefined;

  constructor(
    name: string,
    what: unknown,
    begin: (run: Run) => PromiseLike<unknown>,
    late?: (value: never) => void,
  ) {
    super(name, what);
    this.#begin = begin;
    this.#late = late;
  }

  _start(waiter: Waiter): Started {
    const run = new Run();
    this.#begin(run).then(
      (value) => this.answer(waiter, run, null, value),
      (error: unknown) => this.answer(waiter, run, error ?? new Error(String(error)), undefined),
    );
    return this._wait(waiter, run);
  }

  protected override _late(value: unknown): void {
    this.#late?.(value as never);
  }

  protected override _forget(waiter: Waiter): void {
    (waiter._slot as Run).abandon();
  }
}

/** Waits for what was asked for already, and only waits: `close()`. */
export class Closing extends PromiseCall<void> {
  override get _isRequest(): boolean {
    return true;
  }
}

/** A call of the promise function that is aborted by an interruption, beside the signal of the user. */
export function abortable<T>(
  name: string,
  what: unknown,
  options: unknown,
  begin: (options: unknown, run: Run) => PromiseLike<unknown>,
): Operation<T> {
  return new PromiseCall(name, what, (run) => {
    if (options != null && typeof options !== 'object' && typeof options !== 'string')
      return begin(options, run);
    const given: { readonly encoding?: unknown; readonly signal?: AbortSignal | null } =
      typeof options === 'string' ? { encoding: options } : (options ?? {});
    if (given.signal != null && !(given.signal instanceof AbortSignal)) return begin(options, run);
    return begin({ ...given, signal: run.signal(given.signal) }, run);
  });
}
