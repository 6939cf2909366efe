/** The outcome of what was asked of a pool. */
import { Call } from '../../runtime/call.js';
import { checkTimeout } from '../../runtime/check.js';
import type { Operation } from '../../runtime/operation.js';
import { Timeout } from '../../runtime/timeout.js';
import type { Green } from '../../runtime/types.js';
import type { AsyncResult as SyncResult } from '../../sync/async-result.js';
import { TimeoutError } from './errors.js';

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
export class AsyncResult<T> {
  readonly #result: SyncResult<unknown>;
  readonly #cancel: () => void;

  /** @internal */
  constructor(result: SyncResult<unknown>, cancel: () => void) {
    this.#result = result;
    this.#cancel = cancel;
  }

  /** Waits for the value, or throws the error. Errors: `TimeoutError` when `timeout` ms pass first; the job goes on. */
  get(options: { readonly timeout?: number | undefined } = {}): Operation<T> {
    return new Call(getting as never, [this.#result, checkTimeout(options.timeout)], 'AsyncResult.get');
  }

  /** Waits until it is there, or for `timeout` ms. Never throws. */
  wait(options: { readonly timeout?: number | undefined } = {}): Operation<unknown> {
    return this.#result.wait(options);
  }

  ready(): boolean {
    return this.#result.ready();
  }

  /** It is there, and no error. */
  successful(): boolean {
    return this.#result.successful();
  }

  /** Nobody wants it any more: what runs of it is ended, with its worker, which is replaced. Acts at the call. */
  cancel(): void {
    this.#cancel();
  }

  /** @internal */
  get _result(): SyncResult<unknown> {
    return this.#result;
  }
}
