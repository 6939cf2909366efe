/** Datagrams. */
import dgram from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { checkCount, checkOptions, checkType, showValue, timeoutOf } from '../runtime/check.js';
import { GreenletError } from '../runtime/errors.js';
import { openTurn, runTurn } from '../runtime/hub.js';
import { done, type Operation } from '../runtime/operation.js';
import { SHOWN } from '../runtime/shown.js';
import { WaitQueue } from '../runtime/wait-queue.js';
import type { Started, Waiter } from '../runtime/waiter.js';
import { SocketClosed } from './errors.js';
import { byDaemon, Hold } from './hold.js';
import { endAll, endWait, hostWait, QueuedWait } from './io-wait.js';
import { checkPort } from './net/connect.js';
import { placed } from './net/reading.js';

export interface Datagram {
  readonly data: Buffer;
  readonly address: string;
  readonly port: number;
  readonly family: string;
}

export interface BindOptions {
  /** 0, the default: any free one. */
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  readonly type?: 'udp4' | 'udp6' | undefined;
  readonly reuseAddr?: boolean | undefined;
  /** How many datagrams are kept for who receives; the oldest are dropped, as the operating system does. 1024 unless given. */
  readonly maxPending?: number | undefined;
}

const MAX_PENDING = 1024;

export class UdpSocket implements Disposable, AsyncDisposable {
  /** The host's socket. */
  readonly raw: dgram.Socket;
  /** @internal */
  readonly _hold: Hold;
  readonly #arrived: Datagram[] = [];
  readonly #receivers = new WaitQueue();
  readonly #closers = new WaitQueue();
  readonly #maxPending: number;
  /** What the host has not answered. It never does, once it is closed, where it looks a name up. */
  readonly #asked = new Set<(error: unknown) => void>();
  /** What came while nobody received: the next one is told. */
  #failure: { readonly error: unknown } | null = null;
  #dropped = 0;
  #closed = false;

  /** Makes the host's socket, which is bound, green. */
  constructor(raw: dgram.Socket, maxPending = MAX_PENDING) {
    checkCount(maxPending, 'maxPending', 1);
    this.raw = raw;
    this._hold = new Hold(raw);
    this.#maxPending = maxPending;
    raw.on('message', (data, from) =>
      this.#receive({ data, address: from.address, port: from.port, family: from.family }),
    );
    raw.on('error', (error) => {
      if (this.#receivers.length === 0) this.#failure = { error };
      else endAll(this.#receivers, { error });
    });
    raw.on('close', () => {
      this.#closed = true;
      gone.add(raw);
      endAll(this.#receivers, { error: this._closedError() });
      for (const fail of [...this.#asked]) fail(this._closedError());
      endAll(this.#closers, null);
    });
  }

  #receive(datagram: Datagram): void {
    const receiver = this.#receivers.shift();
    if (receiver !== null) {
      const opened = openTurn();
      endWait(receiver, datagram);
      if (opened) runTurn();
      return;
    }
    this.#arrived.push(datagram);
    if (this.#arrived.length <= this.#maxPending) return;
    this.#arrived.shift();
    this.#dropped++;
  }

  /**
   * Gives the next datagram; whoever has waited longest gets it. Errors: `Timeout`, `SocketClosed`, the host's: a connected one that
   * nobody listens to at the other end has `ECONNREFUSED`, also for who receives after it has come.
   */
  receive(options?: { readonly timeout?: number | undefined }): Operation<Datagram> {
    return new Receive(this, this.#receivers, timeoutOf(options, 'UdpSocket.receive'));
  }

  /** @internal */
  _take(): Datagram | undefined {
    const datagram = this.#arrived.shift();
    if (datagram !== undefined || this.#failure === null) return datagram;
    const { error } = this.#failure;
    this.#failure = null;
    throw error;
  }

  /** @internal */
  _closedError(): Error {
    return placed(SocketClosed, `${this} is closed`);
  }

  /**
   * Sends `data` in one datagram; gives its bytes when the host has taken it. To this machine unless there is a `host`; without a
   * `port`, to what it is connected to. Errors: the host's (`EMSGSIZE`, …), `SocketClosed`; `TypeError`, `RangeError` at the call.
   */
  send(data: string | Uint8Array, port?: number, host?: string): Operation<number> {
    if (typeof data !== 'string' && !(data instanceof Uint8Array)) {
      throw new TypeError(`data must be a string or bytes, got ${showValue(data)}`);
    }
    if (port !== undefined || host !== undefined) checkTarget(port, host);
    const where = port === undefined ? '' : ` to ${host ?? 'localhost'}:${port}`;
    return this.#ask<number>(`UdpSocket.send${where}`, (answer) => {
      if (port === undefined) this.raw.send(data, answer);
      else this.raw.send(data, port, host, answer);
    });
  }

  /**
   * Sends to `host` (this machine unless given) from now on, and receives from there alone. Errors: the host's, `SocketClosed`; `TypeError`,
   * `RangeError` at the call. Interrupted, it may be connected all the same. Always switches.
   */
  connect(port: number, host?: string): Operation<void> {
    checkTarget(port, host);
    return this.#ask<void>(`UdpSocket.connect to ${host ?? 'localhost'}:${port}`, (answer) => {
      const connected = (error?: Error) => {
        this.raw.off('connect', connected);
        answer(error);
      };
      this.raw.connect(port, host, connected as () => void);
    });
  }

  /** A call that the host answers, unless it is closed. */
  #ask<T>(name: string, begin: (answer: (error?: Error | null, value?: T) => void) => void): Operation<T> {
    return hostWait<T>(name, (waker) => {
      if (this.#closed) throw this._closedError();
      begin((error, value) => {
        if (error != null) return fail(error);
        this.#asked.delete(fail);
        waker.resolve(value as T);
      });
      const fail = (error: unknown) => {
        this.#asked.delete(fail);
        waker.reject(error);
      };
      this.#asked.add(fail);
      return () => void this.#asked.delete(fail);
    });
  }

  /** Closes it. Acts at the call; the operation waits until it is closed. */
  close(): Operation<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.raw.close();
    }
    return new Closed(this.raw, this.#closers, this);
  }

  /** Datagrams that were dropped because nobody received them in time. */
  get dropped(): number {
    return this.#dropped;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get address(): AddressInfo {
    if (this.#closed) throw new GreenletError(`${this} has no address`);
    return this.raw.address();
  }

  get port(): number {
    return this.address.port;
  }

  [Symbol.dispose](): void {
    void this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  toString(): string {
    return `<UdpSocket ${this.#closed ? 'closed' : portOf(this.raw)}>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }
}

/** One that is not bound, or that the host has closed, has none. */
function portOf(raw: dgram.Socket): number | string {
  try {
    return raw.address().port;
  } catch {
    return 'without a port';
  }
}

/** Errors: `RangeError`, `TypeError`. */
function checkTarget(port: unknown, host: unknown): void {
  checkPort(port);
  if (Number(port) === 0) throw new RangeError('port must be from 1 to 65535, got 0: nobody can be at it');
  if (host !== undefined) checkType(host, 'host', 'string');
}

class Receive extends QueuedWait<Datagram> {
  readonly _name = 'UdpSocket.receive';
  readonly #socket: UdpSocket;

  constructor(socket: UdpSocket, queue: WaitQueue, timeout: number) {
    super(socket, queue, timeout);
    this.#socket = socket;
  }

  /** @internal */
  override get _hold(): Hold {
    return this.#socket._hold;
  }

  _start(waiter: Waiter): Started {
    const datagram = this.#socket._take();
    if (datagram !== undefined) return done(waiter, datagram);
    if (this.#socket.closed) throw this.#socket._closedError();
    return this._wait(waiter);
  }
}

/** Sockets whose handle is gone. */
const gone = new WeakSet<dgram.Socket>();

class Closed extends QueuedWait<void> {
  readonly _name = 'UdpSocket.close';
  readonly #raw: dgram.Socket;

  constructor(raw: dgram.Socket, queue: WaitQueue, socket: UdpSocket) {
    super(socket, queue);
    this.#raw = raw;
  }

  override get _isRequest(): boolean {
    return true;
  }

  _start(waiter: Waiter): Started {
    return gone.has(this.#raw) ? done(waiter, undefined) : this._wait(waiter);
  }
}

/**
 * Binds a socket for datagrams. Errors: the host's (`EADDRINUSE`, …). Interrupted, nothing stays open.
 *
 * @example const socket = yield* udp.bind({ port: 5353 }); const { data } = yield* socket.receive({ timeout: 1000 });
 */
export function bind(options: BindOptions = {}): Operation<UdpSocket> {
  checkOptions(options, 'udp.bind', '{ port: 5353 }');
  const { port = 0, host, type = 'udp4', reuseAddr = false, maxPending } = options;
  if (host !== undefined) checkType(host, 'host', 'string');
  checkType(reuseAddr, 'reuseAddr', 'boolean');
  if (type !== 'udp4' && type !== 'udp6')
    throw new TypeError(`type must be 'udp4' or 'udp6', got ${showValue(type)}`);
  checkPort(port);
  if (maxPending !== undefined) checkCount(maxPending, 'maxPending', 1);
  return hostWait<UdpSocket>(`udp.bind of ${port}`, (waker) => {
    const daemon = byDaemon();
    const raw = dgram.createSocket({ type, reuseAddr });
    const giveUp = () => {
      raw.removeAllListeners();
      raw.on('error', () => {});
      raw.close();
    };
    raw.once('error', (error) => {
      giveUp();
      waker.reject(error);
    });
    try {
      raw.bind(port, host, () => {
        raw.removeAllListeners('error');
        const socket = new UdpSocket(raw, maxPending);
        if (daemon) socket._hold.release();
        waker.resolve(socket);
      });
    } catch (error) {
      giveUp();
      throw error;
    }
    return giveUp;
  });
}
