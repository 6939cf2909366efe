/** Streams of the host, read and written by operations. */
import { Buffer } from 'node:buffer';
import { Readable, Writable } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import { checkTimeout, showValue } from '../../runtime/check.js';
import { done, type Operation } from '../../runtime/operation.js';
import { WaitQueue } from '../../runtime/wait-queue.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import { SocketClosed } from '../errors.js';
import { IoOperation } from '../io-wait.js';
import { ByteReader, type ReadOptions } from '../net/byte-reader.js';
import { placed, type ReadEnd } from '../net/reading.js';
import { endAll } from '../net/sending.js';

/** What `from` takes: a Readable, a web stream, or an iterable of bytes or text. */
export type ReadableSource =
  | Readable
  | ReadableStream<Uint8Array>
  | AsyncIterable<string | Uint8Array>
  | Iterable<string | Uint8Array>;

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

/** A stream that is written to; `write` waits while the host keeps enough. */
export class StreamWriter implements AsyncDisposable {
  /** The host's stream. */
  readonly raw: Writable;
  readonly #writers = new WaitQueue();
  readonly #enders = new WaitQueue();
  #error: { readonly error: unknown } | null = null;

  constructor(raw: Writable) {
    this.raw = raw;
    raw.on('drain', () => endAll(this.#writers, null));
    raw.on('finish', () => endAll(this.#enders, null));
    raw.on('error', (error) => {
      this.#error ??= { error };
      this.#failed();
    });
    raw.on('close', () => {
      if (!raw.writableFinished) this.#failed();
    });
  }

  #failed(): void {
    const failure = this._failure() ?? { error: placed(SocketClosed, `${this} is closed`) };
    endAll(this.#writers, failure);
    endAll(this.#enders, failure);
  }

  /** Why nothing can be written, null while something can. @internal */
  _failure(): { readonly error: unknown } | null {
    if (this.#error !== null) return this.#error;
    return this.raw.writable ? null : { error: placed(SocketClosed, `${this} is closed for writing`) };
  }

  /** Writes `data`; waits while more is on its way than the host will keep. Errors: the stream's, `Timeout`. */
  write(data: string | Uint8Array, options: ReadOptions = {}): Operation<void> {
    return new Write(this, this.#writers, checkTimeout(options.timeout), data);
  }

  /** Says that nothing more comes. Acts at the call; the operation waits until all has been written. */
  end(data?: string | Uint8Array): Operation<void> {
    if (data === undefined) this.raw.end();
    else this.raw.end(data);
    return new Ended(this, this.#enders, Number.POSITIVE_INFINITY);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  toString(): string {
    return `<StreamWriter ${this.raw.constructor.name}>`;
  }
}

abstract class Waiting extends IoOperation<void> {
  protected readonly writer: StreamWriter;
  readonly #queue: WaitQueue;

  constructor(writer: StreamWriter, queue: WaitQueue, timeout: number) {
    super(timeout);
    this.writer = writer;
    this.#queue = queue;
  }

  override get _object(): unknown {
    return this.writer;
  }

  protected override _wait(waiter: Waiter): Started {
    this.#queue.push(waiter);
    return super._wait(waiter);
  }

  protected _forget(waiter: Waiter): void {
    this.#queue.remove(waiter);
  }
}

class Write extends Waiting {
  readonly _name = 'StreamWriter.write';
  readonly #data: string | Uint8Array;

  constructor(writer: StreamWriter, queue: WaitQueue, timeout: number, data: string | Uint8Array) {
    super(writer, queue, timeout);
    this.#data = data;
  }

  _start(waiter: Waiter): Started {
    const failure = this.writer._failure();
    if (failure !== null) throw failure.error;
    return this.writer.raw.write(this.#data) ? done(waiter, undefined) : this._wait(waiter);
  }
}

class Ended extends Waiting {
  readonly _name = 'StreamWriter.end';

  override get _isRequest(): boolean {
    return true;
  }

  _start(waiter: Waiter): Started {
    const { raw } = this.writer;
    if (raw.writableFinished) return done(waiter, undefined);
    const failure = raw.destroyed ? this.writer._failure() : null;
    if (failure !== null) throw failure.error;
    return this._wait(waiter);
  }
}

/**
 * A stream of bytes, to be read by chunks, counts, lines or delimiters; also of text, which is read as UTF-8. A stream in object mode is
 * for `each`. Errors: `TypeError` for what is no stream.
 *
 * @example const input = stream.from(process.stdin); const name = yield* input.readLine();
 */
export function from(source: ReadableSource): StreamReader {
  if (source instanceof Readable) return new StreamReader(source);
  if (typeof source === 'object' && source !== null) {
    if ('getReader' in source) return new StreamReader(Readable.fromWeb(source as ReadableStream));
    if (Symbol.asyncIterator in source || Symbol.iterator in source) {
      return new StreamReader(Readable.from(source, { objectMode: false }));
    }
  }
  throw new TypeError(
    `source must be a Readable, a web stream or an iterable of bytes, got ${showValue(source)}`,
  );
}

/** A stream to be written to. Errors: `TypeError` for what is no stream. */
export function to(target: Writable | WritableStream<Uint8Array>): StreamWriter {
  if (target instanceof Writable) return new StreamWriter(target);
  if (typeof target === 'object' && target !== null) {
    if ('getWriter' in target) return new StreamWriter(Writable.fromWeb(target as WritableStream));
    if ('write' in target && 'once' in target) return new StreamWriter(target as Writable);
  }
  throw new TypeError(`target must be a Writable or a web stream, got ${showValue(target)}`);
}
