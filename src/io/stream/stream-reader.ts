/** Reading a stream of the host. */
import { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';
import { showValue } from '../../runtime/check.js';
import { SocketClosed } from '../errors.js';
import { type Hold, holdOf } from '../hold.js';
import { ByteReader } from '../net/byte-reader.js';
import { placed, type ReadEnd } from '../net/reading.js';

/** The bytes of a stream, read as those of a socket are. */
export class StreamReader extends ByteReader implements Disposable, AsyncDisposable {
  /** The host's stream. */
  readonly raw: Readable;
  /** @internal */
  readonly _hold: Hold | null;
  #ended = false;
  #closed = false;
  /** `close()` was called. */
  #closing = false;
  #error: { readonly error: unknown } | null = null;

  /** Makes the host's stream, which must not be in object mode, green. */
  constructor(raw: Readable) {
    super();
    this.raw = raw;
    this._hold = holdOf(raw);
    raw.on('data', (chunk: unknown) => this.#take(chunk));
    raw.on('end', () => {
      this.#ended = true;
      this._serve();
    });
    raw.on('error', (error) => {
      this.#error ??= { error };
      this._serve();
    });
    raw.on('close', () => {
      this.#closed = true;
      this._serve();
    });
  }

  #take(chunk: unknown): void {
    if (chunk instanceof Buffer) this._arrived(chunk);
    else if (typeof chunk === 'string') this._arrived(Buffer.from(chunk));
    else if (chunk instanceof Uint8Array) {
      this._arrived(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    } else {
      const what = `a stream of bytes must give bytes or text, got ${showValue(chunk)}; for objects there is each()`;
      this.#error ??= { error: new TypeError(what) };
      this.raw.destroy();
      this._serve();
    }
  }

  protected _pause(): void {
    this.raw.pause();
  }

  protected _resume(): void {
    this.raw.resume();
  }

  protected override _refused(): Error | null {
    return this.#closing ? placed(SocketClosed, `${this} was closed at this end`) : null;
  }

  protected _end(): ReadEnd {
    const error = this._refused();
    if (error !== null) return { error };
    if (this.#error !== null) return this.#error;
    if (this.#ended || this.raw.readableEnded) return null;
    if (this.raw.errored != null) return { error: this.raw.errored };
    return this.#closed || this.raw.destroyed
      ? { error: placed(SocketClosed, `${this} is closed`) }
      : undefined;
  }

  /** Lets go of the stream: what has not been read is lost, and who reads gets `SocketClosed`. Never switches. */
  close(): void {
    this.#closing = true;
    this.raw.destroy();
    this._serve();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  override toString(): string {
    return `<StreamReader ${this.raw.constructor.name}${this.#ended ? ', ended' : ''}>`;
  }
}
