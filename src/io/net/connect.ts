/** Opening a connection. */
import net from 'node:net';
import { checkTimeout, showValue } from '../../runtime/check.js';
import type { Operation } from '../../runtime/operation.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import { byDaemon, forget, release } from '../hold.js';
import { endWait, IoOperation } from '../io-wait.js';
import { Socket } from './socket.js';

/** The host's options, and `timeout` in ms for the connection to be made. */
export type ConnectOptions = net.NetConnectOpts & { readonly timeout?: number | undefined };

/** A handle that is being opened; given up, it is destroyed. */
export abstract class Opening<H extends net.Socket, T extends Socket> extends IoOperation<T> {
  /** Begins; the handle. @internal */
  protected abstract _open(): H;

  /** The event that says that it is open. @internal */
  protected abstract get _event(): string;

  /** What is given for it. @internal */
  protected abstract _opened(handle: H): T;

  _start(waiter: Waiter): Started {
    const handle = this._open();
    const daemon = byDaemon();
    if (daemon) release(handle);
    const onOpen = () => {
      handle.off('error', onError);
      forget(handle);
      const opened = this._opened(handle);
      if (daemon) opened._hold.release();
      endWait(waiter, opened);
    };
    const onError = (error: unknown) => {
      this.#leave(handle);
      endWait(waiter, error, true);
    };
    handle.once(this._event, onOpen);
    handle.once('error', onError);
    return this._wait(waiter, handle);
  }

  protected _forget(waiter: Waiter): void {
    this.#leave(waiter._slot as H);
  }

  /** What comes after the wait is nobody's. */
  #leave(handle: H): void {
    forget(handle);
    handle.removeAllListeners(this._event);
    handle.removeAllListeners('error');
    handle.on('error', () => {});
    handle.destroy();
  }
}

class Connect extends Opening<net.Socket, Socket> {
  readonly _name = 'net.connect';
  readonly #options: net.NetConnectOpts;

  constructor(options: net.NetConnectOpts, timeout: number) {
    super(timeout);
    this.#options = options;
  }

  override get _object(): string {
    return where(this.#options);
  }

  protected get _event(): string {
    return 'connect';
  }

  protected _open(): net.Socket {
    const options = { ...this.#options, allowHalfOpen: true };
    const handle = new net.Socket(options as net.SocketConstructorOpts);
    try {
      return handle.connect(options);
    } catch (error) {
      handle.destroy();
      throw error;
    }
  }

  protected _opened(handle: net.Socket): Socket {
    return new Socket(handle);
  }
}

/** `host:port`, or the path. */
export function where(options: net.NetConnectOpts): string {
  if ('path' in options && options.path !== undefined) return options.path;
  const { host = 'localhost', port } = options as net.TcpNetConnectOpts;
  return `${host}:${port}`;
}

/** The host refuses it as well, but later, and keeps the handle. */
export function checkPort(port: unknown): void {
  const number = typeof port === 'string' && port.trim() !== '' ? Number(port) : port;
  if (Number.isInteger(number) && (number as number) >= 0 && (number as number) <= 65_535) return;
  throw new RangeError(`port must be a whole number from 0 to 65535, got ${showValue(port)}`);
}

/** The two spellings as one. */
export function connectOptions(first: unknown, host: unknown): ConnectOptions {
  if (typeof first === 'number') {
    if (host !== undefined && typeof host !== 'string') {
      throw new TypeError(`host must be a string, got ${showValue(host)}`);
    }
    checkPort(first);
    return host === undefined ? { port: first } : { port: first, host };
  }
  if (typeof first === 'object' && first !== null && ('port' in first || 'path' in first)) {
    if ('port' in first && !('path' in first)) checkPort(first.port);
    return first as ConnectOptions;
  }
  throw new TypeError(`options must be a port, or { host, port } or { path }, got ${showValue(first)}`);
}

/**
 * Opens a connection to `host` (localhost unless given), or to a unix socket at `path`. Errors: the host's (`ECONNREFUSED`,
 * `ENOTFOUND`, …), `Timeout` after `timeout` ms. Interrupted, nothing stays open. Always switches. Either end may close its direction
 * alone: a connection is closed by `close()`. Mirrors `gevent.socket.create_connection`.
 *
 * @example const socket = yield* connect(7, 'localhost'); yield* socket.write('hello\n'); yield* socket.readLine();
 */
export function connect(options: ConnectOptions): Operation<Socket>;
export function connect(port: number, host?: string): Operation<Socket>;
export function connect(first: ConnectOptions | number, host?: string): Operation<Socket> {
  const { timeout, ...options } = connectOptions(first, host);
  return new Connect(options as net.NetConnectOpts, checkTimeout(timeout));
}
