/** Reading a stream of the host. */
import { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';
import { SocketClosed } from '../errors.js';
import { ByteReader } from '../net/byte-reader.js';
import { placed, type ReadEnd } from '../net/reading.js';

/** The bytes of a stream, read as those of a socket are. */
export class StreamReader extends ByteReader implements Disposable, AsyncDisposable {
  /** The host's stream. */
  readonly raw: Readable;
  #ended = false;
  #closed = false;
  #error: { readonly error: unknown } | null = null;

  /** Makes the host's stream, which must not be in object mode, green. */
  constructor(raw: Readable) {
    super();
    this.raw = raw;
    raw.on('data', (chunk: Buffer | string) =>
      this._arrived(typeof chunk === 'string' ? Buffer.from(chunk) : chunk),
    );
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

  protected _pause(): void {
    this.raw.pause();
  }

  protected _resume(): void {
    this.raw.resume();
  }

  protected _end(): ReadEnd {
    if (this.#error !== null) return this.#error;
    if (this.#ended || this.raw.readableEnded) return null;
    return this.#closed || this.raw.destroyed
      ? { error: placed(SocketClosed, `${this} is closed`) }
      : undefined;
  }

  /** Lets go of the stream: what has not been read is lost. Never switches. */
  close(): void {
    this.raw.destroy();
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
