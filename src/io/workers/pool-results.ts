/** The outcome of what was asked of a pool. */
import { Call } from '../../runtime/call.js';
import { timeoutOf } from '../../runtime/check.js';
import type { Operation } from '../../runtime/operation.js';
import { Timeout } from '../../runtime/timeout.js';
import type { Green } from '../../runtime/types.js';
import { AsyncResult as SyncResult } from '../../sync/async-result.js';
import { spawned } from './callbacks.js';
import { TimeoutError } from './errors.js';
import type { JobOptions, Sink } from './pool-job.js';

export interface ApplyAsyncOptions<T> extends JobOptions {
  /** Called with the value, in a greenlet of its own, which has the async context of the call. */
  readonly callback?: ((value: T) => unknown) | undefined;
  readonly errorCallback?: ((error: unknown) => unknown) | undefined;
}

function* getting(result: SyncResult<unknown>, timeout: number): Green<unknown> {
  try {
    return yield* result.get({ timeout });
  } catch (error) {
    if (!(error instanceof Timeout) || result.ready() || !isOwn(error)) throw error;
    throw new TimeoutError(`the result has not come within ${timeout} ms`);
  }
}

/** One that the `get` itself has made, and none of an outer frame's. */
function isOwn(error: Timeout): boolean {
  return error.message.startsWith('AsyncResult.get');
}

/** A result that comes later. Mirrors `multiprocessing.pool.AsyncResult`. */
export class AsyncResult<T> implements Sink {
  readonly #result = new SyncResult<unknown>();
  readonly #callback: ((value: unknown) => unknown) | null;
  readonly #errorCallback: ((error: unknown) => unknown) | null;
  /** @internal */
  _work: { cancel(): void } | null = null;

  /** @internal */
  constructor(options: ApplyAsyncOptions<T>) {
    const { callback, errorCallback } = options;
    this.#callback = callback === undefined ? null : spawned(callback, 'callback');
    this.#errorCallback = errorCallback === undefined ? null : spawned(errorCallback, 'errorCallback');
  }

  /** Waits for the value, or throws the error. Errors: `TimeoutError` when `timeout` ms pass first; the job goes on. */
  get(options?: { readonly timeout?: number | undefined }): Operation<T> {
    const timeout = timeoutOf(options, 'AsyncResult.get');
    if (options?.timeout === undefined) return this.#result.get() as Operation<T>;
    return new Call(getting as never, [this.#result, timeout], 'AsyncResult.get');
  }

  /** Waits until it is there, or for `timeout` ms. Never throws. */
  wait(options?: { readonly timeout?: number | undefined }): Operation<unknown> {
    return this.#result.wait(options);
  }

  ready(): boolean {
    return this.#result.ready();
  }

  /** It is there, and no error. */
  successful(): boolean {
    return this.#result.successful();
  }

  /**
   * Nobody wants it any more: what has not begun never runs; what runs is ended with its worker, which is replaced. Acts at the call; `get`
   * then throws a `ProcessError`.
   */
  cancel(): void {
    this._work?.cancel();
  }

  /** @internal */
  _settled(value: unknown, failed: boolean): void {
    if (failed) this.#result.setException(value);
    else this.#result.set(value);
    if (failed) this.#errorCallback?.(value);
    else this.#callback?.(value);
  }
}
