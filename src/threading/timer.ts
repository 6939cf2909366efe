/** A call in some time. */
import type { Fn } from '../runtime/body-types.js';
import { type AnyFn, Call } from '../runtime/call.js';
import { checkFn, checkMs } from '../runtime/check.js';
import type { Green } from '../runtime/types.js';
import { Event } from '../sync/event.js';
import { Thread } from './thread.js';
import { checkArgs } from './thread-options.js';

export class Timer<A extends readonly unknown[] = readonly unknown[], R = unknown> extends Thread {
  /** ms from `start()` to the call. */
  readonly interval: number;
  /** Set when it has called, or was cancelled. */
  readonly finished = new Event();
  readonly #fn: AnyFn;
  readonly #args: readonly unknown[];

  /**
   * A thread that calls `fn(...args)` `ms` after its start, unless it is cancelled before. Errors: `RangeError` / `TypeError`.
   * Mirrors `threading.Timer`, in ms.
   *
   * @example const alarm = new Timer(30_000, hello, ['bob']); alarm.start(); alarm.cancel();
   */
  constructor(ms: number, fn: Fn<A, R>, args?: A) {
    super();
    checkMs(ms);
    checkFn(fn);
    if (args !== undefined) checkArgs(args);
    this.interval = ms;
    this.#fn = fn as unknown as AnyFn;
    this.#args = args ?? [];
  }

  /** It will not call; if it has begun to, this does nothing. Acts at the call and never switches. Mirrors `Timer.cancel`. */
  cancel(): void {
    this.finished.set();
  }

  /** Waits for the time to pass, and calls. */
  override *run(): Green<void> {
    yield* this.finished.wait({ timeout: this.interval });
    // Not what the wait gave: it may have been cancelled between the end of the time and its turn.
    if (!this.finished.isSet()) yield* new Call(this.#fn, this.#args, 'Timer.function');
    this.finished.set();
  }
}
