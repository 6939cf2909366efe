/** Writing a stream of the host. */
import type { Writable } from 'node:stream';
import { mismatch, timeoutOf } from '../../runtime/check.js';
import type { Operation } from '../../runtime/operation.js';
import { SHOWN } from '../../runtime/shown.js';
import { WaitQueue } from '../../runtime/wait-queue.js';
import { SocketClosed } from '../errors.js';
import { type Hold, holdOf } from '../hold.js';
import { endAll } from '../io-wait.js';
import type { ReadOptions } from '../net/byte-reader.js';
import { placed } from '../net/reading.js';
import { Ended, type Sink, Write } from '../net/sending.js';

/** A stream that is written to; `write` waits while the host keeps enough. */
export class StreamWriter implements Sink, Disposable, AsyncDisposable {
  /** The host's stream. */
  readonly raw: Writable;
  /** @internal */
  readonly _hold: Hold | null;
  readonly #writers = new WaitQueue();
  readonly #enders = new WaitQueue();
  #error: { readonly error: unknown } | null = null;

  constructor(raw: Writable) {
    this.raw = raw;
    this._hold = holdOf(raw);
    raw.on('drain', () => endAll(this.#writers, null));
    raw.on('finish', () => {
      // Behind `end()` the host tells of no more room.
      endAll(this.#writers, null);
      endAll(this.#enders, null);
    });
    raw.on('error', (error) => {
      this.#error ??= { error };
      this.#failed();
    });
    raw.on('close', () => {
      if (!raw.writableFinished) this.#failed();
    });
  }

  #failed(): void {
    const failure = this._writeError() ?? this.#closed();
    endAll(this.#writers, failure);
    endAll(this.#enders, failure);
  }

  #closed(): { readonly error: unknown } {
    return { error: placed(SocketClosed, `${this} is closed for writing`) };
  }

  /** Why nothing can be written, null while something can. @internal */
  _writeError(): { readonly error: unknown } | null {
    if (this.#error !== null) return this.#error;
    if (this.raw.errored != null) return { error: this.raw.errored };
    // The answer of a server stays writable when it is destroyed.
    return this.raw.writable && !this.raw.destroyed ? null : this.#closed();
  }

  /** Why its end will not come, null while it may. @internal */
  _endError(): { readonly error: unknown } | null {
    return this.raw.destroyed || this.#error !== null ? this._writeError() : null;
  }

  /**
   * Writes `data`; waits while more is on its way than the host will keep. Errors: the stream's, `SocketClosed`, `Timeout`; `TypeError` at
   * the call.
   */
  write(data: string | Uint8Array, options?: ReadOptions): Operation<void> {
    this.#check(data);
    return new Write(this, this.#writers, data, timeoutOf(options, 'write'));
  }

  /**
   * Says that nothing more comes, after `data`. Acts at the call; the operation waits until all has been written. Errors: as `write`, at the
   * call when there is `data`; without, saying so again does nothing.
   */
  end(data?: string | Uint8Array): Operation<void> {
    if (data === undefined) {
      this.raw.end();
    } else {
      this.#check(data);
      const failure = this._writeError();
      if (failure !== null) throw failure.error;
      this.raw.end(data);
    }
    return new Ended(this, this.#enders);
  }

  /** A stream of objects takes what it takes. */
  #check(data: unknown): void {
    if (typeof data === 'string' || ArrayBuffer.isView(data)) return;
    if (!this.raw.writableObjectMode || data === null) throw mismatch('data', 'a string or bytes', data);
  }

  /** Says that nothing more comes. */
  [Symbol.dispose](): void {
    void this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  toString(): string {
    return `<StreamWriter ${this.raw.constructor.name}>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }
}
