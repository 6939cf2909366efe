/** Writing, and waiting until what was written has been sent. */
import type { Writable } from 'node:stream';
import { done } from '../../runtime/operation.js';
import type { WaitQueue } from '../../runtime/wait-queue.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import type { Hold } from '../hold.js';
import { QueuedWait } from '../io-wait.js';

/** What is written to. */
export interface Sink {
  readonly raw: Writable;
  /** @internal */
  readonly _hold: Hold | null;
  /** Why nothing can be written, null while something can. @internal */
  _writeError(): { readonly error: unknown } | null;
  /** Why its end will not come, null while it may. @internal */
  _endError(): { readonly error: unknown } | null;
}

export class Write extends QueuedWait<void> {
  get _name(): string {
    return `${this.#sink.constructor.name}.write`;
  }

  readonly #sink: Sink;
  readonly #data: string | Uint8Array;

  constructor(sink: Sink, queue: WaitQueue, data: string | Uint8Array, timeout: number) {
    super(sink, queue, timeout);
    this.#sink = sink;
    this.#data = data;
  }

  /** @internal */
  override get _hold(): Hold | null {
    return this.#sink._hold;
  }

  _start(waiter: Waiter): Started {
    const failure = this.#sink._writeError();
    if (failure !== null) throw failure.error;
    return this.#sink.raw.write(this.#data) ? done(waiter, undefined) : this._wait(waiter);
  }
}

export class Ended extends QueuedWait<void> {
  get _name(): string {
    return `${this.#sink.constructor.name}.end`;
  }

  readonly #sink: Sink;

  constructor(sink: Sink, queue: WaitQueue) {
    super(sink, queue);
    this.#sink = sink;
  }

  override get _isRequest(): boolean {
    return true;
  }

  /** @internal */
  override get _hold(): Hold | null {
    return this.#sink._hold;
  }

  _start(waiter: Waiter): Started {
    if (this.#sink.raw.writableFinished) return done(waiter, undefined);
    const failure = this.#sink._endError();
    if (failure !== null) throw failure.error;
    return this._wait(waiter);
  }
}
