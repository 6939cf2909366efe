/** A connection whose reads and writes block only their greenlet. */
import { Buffer } from 'node:buffer';
import type { AddressInfo, Socket as HostSocket } from 'node:net';
import { showValue, timeoutOf } from '../../runtime/check.js';
import { openTurn, runTurn } from '../../runtime/hub.js';
import { done, type Operation } from '../../runtime/operation.js';
import { WaitQueue } from '../../runtime/wait-queue.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import { SocketClosed } from '../errors.js';
import { Hold } from '../hold.js';
import { endAll, QueuedWait } from '../io-wait.js';
import { ByteReader, type ReadOptions } from './byte-reader.js';
import { placed, type ReadEnd } from './reading.js';
import { Ended, type Sink, Write } from './sending.js';

/** ms that what was written may take to be sent after `close()`. */
const LINGER = 5000;

export class Socket extends ByteReader implements Sink, Disposable, AsyncDisposable {
  /** The host's socket. Listening to its data, or writing to it, while this one is used mixes both up. */
  readonly raw: HostSocket;
  /** @internal */
  readonly _hold: Hold;
  #ended = false;
  #closed = false;
  /** `close()` was called. */
  #closing = false;
  #handedOver = false;
  /** What `bytesWritten` was when what was on its way was given up: the host does not know it then. */
  #written: number | null = null;
  #error: { readonly error: unknown } | null = null;
  readonly #writers = new WaitQueue();
  /** Those that wait until all has been sent, and until it is closed. */
  readonly #enders = new WaitQueue();
  readonly #closers = new WaitQueue();

  /** Makes the host's socket, which must be connected, green. What it has received stays readable. */
  constructor(raw: HostSocket) {
    super();
    this.raw = raw;
    this._hold = new Hold(raw);
    for (const [event, listener] of Object.entries(this.#listeners)) raw.on(event, listener);
  }

  readonly #listeners = {
    data: (chunk: Buffer) => {
      const opened = openTurn();
      this._arrived(chunk);
      if (opened) runTurn();
    },
    end: () => this.#end(),
    error: (error: unknown) => this.#fail(error),
    close: () => this.#gone(),
    drain: () => this.#drained(),
    finish: () => this.#sent(),
  };

  /** The host's socket, for another one to stand on. Errors: `GreenletError` when something is unread. @internal */
  _handOver(): HostSocket {
    this._checkUnread();
    const failure = this._writeError();
    if (failure !== null) throw failure.error;
    this.#handedOver = this.#closing = true;
    for (const [event, listener] of Object.entries(this.#listeners)) this.raw.off(event, listener);
    // Whoever stands on it hears of its errors in another way.
    this.raw.on('error', () => {});
    return this.raw;
  }

  /** @internal */
  get _gone(): boolean {
    return this.#handedOver || this.raw.closed;
  }

  #end(): void {
    this.#ended = true;
    this._serve();
  }

  #fail(error: unknown): void {
    this.#error ??= { error };
    this._serve();
    this.#drained();
  }

  /** The handle is gone: everything that waits is told. */
  #gone(): void {
    this.#closed = true;
    this._serve();
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

  /** All has been sent. Behind `end()` the host tells of no more room. */
  #sent(): void {
    endAll(this.#writers, null);
    endAll(this.#enders, null);
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
  _endError(): { readonly error: unknown } | null {
    return this.raw.destroyed ? this._writeError() : null;
  }

  /**
   * Writes `data`; waits while more is on its way than the host will keep. Errors: the host's (`EPIPE`, `ECONNRESET`), `SocketClosed`,
   * `Timeout`. Interrupted, a part may have been sent: see `bytesWritten`. Switches only if it has to wait.
   */
  write(data: string | Uint8Array, options?: ReadOptions): Operation<void> {
    checkData(data);
    return new Write(this, this.#writers, data, timeoutOf(options, 'write'));
  }

  /** Says that nothing more will be written; reading goes on. Acts at the call; the operation waits until all has been sent. */
  end(data?: string | Uint8Array): Operation<void> {
    if (data !== undefined) {
      checkData(data);
      const failure = this._writeError();
      if (failure !== null) throw failure.error;
      this.raw.end(data);
    } else if (this.raw.writable && !this.#handedOver) {
      this.raw.end();
    }
    return new Ended(this, this.#enders);
  }

  /** Closes it when what was written has been sent. Acts at the call; the operation waits until it is closed. */
  close(): Operation<void> {
    if (!this.#closing && !this.#closed) {
      this.#closing = true;
      this.raw.destroySoon();
      if (!this.raw.destroyed)
        this.raw.setTimeout(LINGER, () => {
          this.#written = this.bytesWritten;
          this.raw.destroy();
        });
      this._serve();
      this.#drained();
    }
    return new Closed(this, this.#closers);
  }

  /** Closes it at once: what is on its way is lost, and over TCP the other end sees a reset. Never switches. */
  abort(): void {
    if (this.#handedOver) return;
    this.#closing = true;
    if (this.raw.destroyed) return;
    this.#written = this.bytesWritten;
    // Only TCP has resets, and the host would first wait until all has been sent.
    if (this.raw.remoteFamily !== undefined && !('encrypted' in this.raw)) this.raw.resetAndDestroy();
    this.raw.destroy();
    this._serve();
    this.#drained();
  }

  /** It has been closed, at this end or by an error. */
  get closed(): boolean {
    return this.#closed || this.#closing || this.#error !== null;
  }

  /** Bytes that have arrived so far. */
  get bytesRead(): number {
    return this.raw.bytesRead;
  }

  /** Bytes that the operating system has taken so far: without those that wait for the other end to read. */
  get bytesWritten(): number {
    return this.#written ?? this.raw.bytesWritten - unsent(this.raw);
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

  override toString(): string {
    const { remoteAddress, remotePort, localPort } = this.raw;
    const where = remoteAddress === undefined ? 'local' : `${remoteAddress}:${remotePort}`;
    return `<Socket ${where}${localPort === undefined ? '' : ` from ${localPort}`}${this.closed ? ', closed' : ''}>`;
  }
}

class Closed extends QueuedWait<void> {
  readonly _name = 'Socket.close';
  readonly #socket: Socket;

  constructor(socket: Socket, queue: WaitQueue) {
    super(socket, queue);
    this.#socket = socket;
  }

  override get _isRequest(): boolean {
    return true;
  }

  /** @internal */
  override get _hold(): Hold {
    return this.#socket._hold;
  }

  _start(waiter: Waiter): Started {
    return this.#socket._gone ? done(waiter, undefined) : this._wait(waiter);
  }
}

function checkData(data: unknown): void {
  if (typeof data === 'string' || data instanceof Uint8Array) return;
  throw new TypeError(`data must be a string or bytes, got ${showValue(data)}`);
}

/** What the host counts as written, and keeps: the writes that wait behind the present one, and the rest of that. */
function unsent(raw: HostSocket): number {
  const { _handle, writableBuffer = [] } = raw as unknown as {
    readonly _handle?: { readonly writeQueueSize?: number } | null;
    readonly writableBuffer?: readonly {
      readonly chunk: string | Buffer;
      readonly encoding: BufferEncoding;
    }[];
  };
  let bytes = _handle?.writeQueueSize ?? 0;
  for (const { chunk, encoding } of writableBuffer) {
    bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length;
  }
  return bytes;
}
