/**
 * A connection whose reads and writes block only their greenlet.
 *
 * What arrives is kept until it is read, at most `HIGH_WATER` bytes, or as many as the reader needs: then the other end has to
 * wait. A reader looks for what it wants each time something arrives, and takes it in the step in which it has it, so that an
 * interrupted read loses nothing.
 */
import { Buffer } from 'node:buffer';
import type { AddressInfo, Socket as HostSocket } from 'node:net';
import { checkCount, checkTimeout, showValue } from '../../runtime/check.js';
import { engine } from '../../runtime/engine.js';
import { GreenletError } from '../../runtime/errors.js';
import { describe, type Operation } from '../../runtime/operation.js';
import type { Results } from '../../runtime/results.js';
import { WaitQueue } from '../../runtime/wait-queue.js';
import type { Waiter } from '../../runtime/waiter.js';
import { ConcurrentUseError } from '../../sync/errors.js';
import { SocketClosed } from '../errors.js';
import { endWait } from '../io-wait.js';
import { ByteBuffer } from './byte-buffer.js';
import { Pieces } from './pieces.js';
import {
  type ByteSource,
  placed,
  Read,
  type ReadEnd,
  ReadExactly,
  type Reading,
  ReadLine,
  ReadUntil,
} from './reading.js';
import { Closed, Ended, endAll, type Sink, Write } from './sending.js';

/** Bytes that are kept before the other end has to wait. */
const HIGH_WATER = 64 * 1024;
const MAX_LINE = 65_536;
/** ms that what was written may take to be sent after `close()`. */
const LINGER = 5000;

export interface ReadOptions {
  /** ms; `Timeout` after that. */
  readonly timeout?: number | undefined;
}

export interface ReadLineOptions extends ReadOptions {
  /** Of the text; 'utf8' unless given. */
  readonly encoding?: BufferEncoding | undefined;
  /** Keeps the `\n` (or `\r\n`) at its end. */
  readonly keepEnd?: boolean | undefined;
  /** Bytes of the longest line; 65536 unless given. */
  readonly maxLength?: number | undefined;
}

export interface ReadUntilOptions extends ReadOptions {
  /** Bytes, with the delimiter; 65536 unless given. */
  readonly maxLength?: number | undefined;
}

export class Socket implements ByteSource, Sink, Disposable, AsyncDisposable {
  /** The host's socket. Listening to its data, or writing to it, while this one is used mixes both up. */
  readonly raw: HostSocket;
  readonly #buffer = new ByteBuffer();
  #paused = false;
  #ended = false;
  #closed = false;
  /** `close()` was called. */
  #closing = false;
  #error: { readonly error: unknown } | null = null;
  #reader: Waiter | null = null;
  readonly #writers = new WaitQueue();
  /** Those that wait until all has been sent, and until it is closed. */
  readonly #enders = new WaitQueue();
  readonly #closers = new WaitQueue();
  #read: Read | null = null;

  /** Makes the host's socket, which must be connected, green. What it has received stays readable. */
  constructor(raw: HostSocket) {
    this.raw = raw;
    for (const [event, listener] of Object.entries(this.#listeners)) raw.on(event, listener);
  }

  readonly #listeners = {
    data: (chunk: Buffer) => this.#arrived(chunk),
    end: () => this.#end(),
    error: (error: unknown) => this.#fail(error),
    close: () => this.#gone(),
    drain: () => this.#drained(),
    finish: () => endAll(this.#enders, null),
  };

  /** The host's socket, for another one to stand on. Errors: `GreenletError` when something is unread. @internal */
  _handOver(): HostSocket {
    if (this.#buffer.length > 0 || this.#reader !== null) {
      throw new GreenletError(
        `${this} cannot be handed over: ${this.#buffer.length} bytes are unread, or somebody reads`,
      );
    }
    for (const [event, listener] of Object.entries(this.#listeners)) this.raw.off(event, listener);
    return this.raw;
  }

  #arrived(chunk: Buffer): void {
    this.#buffer.push(chunk);
    if (this.#reader !== null) this.#serve();
    if (this.#buffer.length >= this.#wanted && !this.#paused) {
      this.#paused = true;
      this.raw.pause();
    }
  }

  /** How much is kept before the other end has to wait. */
  get #wanted(): number {
    const reader = this.#reader;
    return reader === null ? HIGH_WATER : Math.max(HIGH_WATER, (reader._op as Reading<unknown>)._needs + 1);
  }

  #end(): void {
    this.#ended = true;
    this.#serve();
  }

  #fail(error: unknown): void {
    this.#error ??= { error };
    this.#serve();
    this.#drained();
  }

  /** The handle is gone: everything that waits is told. */
  #gone(): void {
    this.#closed = true;
    this.#serve();
    this.#drained();
    endAll(this.#closers, null);
  }

  /** There is room again, or there never will be. */
  #drained(): void {
    const failure = this._writeError();
    endAll(this.#writers, failure);
    if (failure !== null && !this.raw.writableFinished && !this.#closing) endAll(this.#enders, failure);
    if (this.#closed) endAll(this.#enders, this.raw.writableFinished ? null : failure);
  }

  /** Whoever reads may have what it wants now. */
  #serve(): void {
    const reader = this.#reader;
    if (reader === null) return;
    const operation = reader._op as Reading<unknown>;
    let value: unknown;
    try {
      value = operation._look(this.#buffer, this.#readEnd());
    } catch (error) {
      this.#reader = null;
      endWait(reader, error, true);
      return;
    }
    if (value === undefined) return;
    this.#reader = null;
    endWait(reader, value);
  }

  #readEnd(): ReadEnd {
    if (this.#closing) return { error: placed(SocketClosed, `${this} was closed at this end`) };
    if (this.#error !== null) return this.#error;
    if (this.#ended) return null;
    return this.#closed ? { error: placed(SocketClosed, `${this} is closed`) } : undefined;
  }

  /** Why nothing can be written, null while something can. @internal */
  _writeError(): { readonly error: unknown } | null {
    if (this.#error !== null) return this.#error;
    if (!this.#closed && !this.#closing && this.raw.writable) return null;
    return { error: placed(SocketClosed, `${this} is closed for writing`) };
  }

  /** @internal */
  _startReading<T>(waiter: Waiter, reading: Reading<T>): T | undefined {
    const other = this.#reader;
    if (other !== null) {
      throw new ConcurrentUseError(
        `${waiter._self} cannot begin ${describe(reading)} while ${other._self} waits in ${(other._op as Reading<unknown>)._name}`,
      );
    }
    if (this.#closing) throw placed(SocketClosed, `${this} was closed at this end`);
    const value = reading._look(this.#buffer, this.#readEnd());
    if (this.#paused && (value === undefined || this.#buffer.length < HIGH_WATER)) {
      this.#paused = false;
      this.raw.resume();
    }
    return value;
  }

  /** @internal */
  _setReader(waiter: Waiter | null): void {
    this.#reader = waiter;
  }

  /**
   * Gives what has arrived, at most `max` bytes, waiting for something; null at the end. Errors: the host's (`ECONNRESET`, …), also
   * `SocketClosed`, `Timeout`, `ConcurrentUseError` when another greenlet reads. Switches only if nothing is there.
   */
  read(max?: number, options?: ReadOptions): Operation<Buffer | null> {
    if (max === undefined && options === undefined && engine.watch === null) {
      this.#read ??= new Read(this, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
      return this.#read;
    }
    if (max !== undefined) checkCount(max, 'max', 1);
    return new Read(this, max ?? Number.POSITIVE_INFINITY, checkTimeout(options?.timeout));
  }

  /** Gives exactly `count` bytes. Errors: `IncompleteRead` when the end comes first, with what there was in `partial`. */
  readExactly(count: number, options?: ReadOptions): Operation<Buffer> {
    checkCount(count, 'count');
    return new ReadExactly(this, count, checkTimeout(options?.timeout));
  }

  /**
   * Gives the next line as text, without its end; null at the end. The last line need not end. Errors: `LineTooLong` when there are
   * more than `maxLength` bytes without a newline; what has arrived stays.
   */
  readLine(options: ReadLineOptions = {}): Operation<string | null> {
    const { encoding = 'utf8', keepEnd = false, maxLength = MAX_LINE } = options;
    checkCount(maxLength, 'maxLength', 1);
    return new ReadLine(this, encoding, keepEnd, maxLength, checkTimeout(options.timeout));
  }

  /**
   * Gives everything up to `delimiter`, and with it. Errors: `IncompleteRead` when the end comes first; `LineTooLong` when it is more
   * than `maxLength` bytes, which stay.
   */
  readUntil(delimiter: string | Uint8Array, options: ReadUntilOptions = {}): Operation<Buffer> {
    const { maxLength = MAX_LINE } = options;
    const bytes = Buffer.from(delimiter as Uint8Array);
    if (bytes.length === 0) throw new RangeError('delimiter must not be empty, got an empty one');
    checkCount(maxLength, 'maxLength', 1);
    return new ReadUntil(this, bytes, maxLength, checkTimeout(options.timeout));
  }

  /** The lines that follow. */
  lines(options?: ReadLineOptions): Results<string> {
    return new Pieces(() => this.readLine(options));
  }

  /** What follows, as it arrives. */
  chunks(): Results<Buffer> {
    return new Pieces(() => this.read());
  }

  /** Puts `bytes` back: the next read gets them first. Never switches. */
  unread(bytes: Uint8Array): void {
    this.#buffer.unshift(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  /**
   * Writes `data`; waits while more is on its way than the host will keep. Errors: the host's (`EPIPE`, `ECONNRESET`), `SocketClosed`,
   * `Timeout`. Interrupted, a part may have been sent: see `bytesWritten`. Switches only if it has to wait.
   */
  write(data: string | Uint8Array, options?: ReadOptions): Operation<void> {
    if (typeof data !== 'string' && !(data instanceof Uint8Array)) {
      throw new TypeError(`data must be a string or bytes, got ${showValue(data)}`);
    }
    return new Write(this, this.#writers, data, checkTimeout(options?.timeout));
  }

  /** Says that nothing more will be written; reading goes on. Acts at the call; the operation waits until all has been sent. */
  end(data?: string | Uint8Array): Operation<void> {
    if (data === undefined) this.raw.end();
    else this.raw.end(data);
    return new Ended(this, this.#enders);
  }

  /** Closes it when what was written has been sent. Acts at the call; the operation waits until it is closed. */
  close(): Operation<void> {
    if (!this.#closing && !this.#closed) {
      this.#closing = true;
      this.raw.destroySoon();
      if (!this.raw.destroyed) this.raw.setTimeout(LINGER, () => this.raw.destroy());
      this.#serve();
      this.#drained();
    }
    return new Closed(this, this.#closers);
  }

  /** Closes it at once; the other end sees a reset. Never switches. */
  abort(): void {
    this.#closing = true;
    if (this.raw.destroyed) return;
    this.raw.resetAndDestroy();
    this.#serve();
    this.#drained();
  }

  /** It has been closed, at this end or by an error. */
  get closed(): boolean {
    return this.#closed || this.#closing;
  }

  /** Bytes that were read and written so far. */
  get bytesRead(): number {
    return this.raw.bytesRead;
  }

  get bytesWritten(): number {
    return this.raw.bytesWritten;
  }

  get remoteAddress(): string | undefined {
    return this.raw.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.raw.remotePort;
  }

  get localAddress(): string | undefined {
    return this.raw.localAddress;
  }

  get localPort(): number | undefined {
    return this.raw.localPort;
  }

  address(): AddressInfo | Record<string, never> {
    return this.raw.address() as AddressInfo;
  }

  setNoDelay(on = true): this {
    this.raw.setNoDelay(on);
    return this;
  }

  setKeepAlive(on = true, initialDelay = 0): this {
    this.raw.setKeepAlive(on, initialDelay);
    return this;
  }

  /** It holds the process, or does not. */
  ref(): this {
    this.raw.ref();
    return this;
  }

  unref(): this {
    this.raw.unref();
    return this;
  }

  [Symbol.dispose](): void {
    void this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  toString(): string {
    const { remoteAddress, remotePort, localPort } = this.raw;
    const where = remoteAddress === undefined ? 'local' : `${remoteAddress}:${remotePort}`;
    return `<Socket ${where}${localPort === undefined ? '' : ` from ${localPort}`}${this.closed ? ', closed' : ''}>`;
  }
}
