/** Sockets that are encrypted. */
import net from 'node:net';
import tls from 'node:tls';
import { checkTimeout, showValue } from '../../runtime/check.js';
import type { Operation } from '../../runtime/operation.js';
import { Opening, where } from '../net/connect.js';
import { Socket } from '../net/socket.js';
import {
  type ConnectionHandler,
  type Listener,
  StreamServer,
  type StreamServerOptions,
} from '../net/stream-server.js';

/** A socket whose other end is known. */
export class TlsSocket extends Socket {
  declare readonly raw: tls.TLSSocket;

  /** Whether the certificate of the other end was verified. */
  get authorized(): boolean {
    return this.raw.authorized;
  }

  /** The protocol that both agreed on (ALPN); false for none. */
  get alpnProtocol(): string | false | null {
    return this.raw.alpnProtocol;
  }

  /** The certificate of the other end. */
  getPeerCertificate(): tls.PeerCertificate {
    return this.raw.getPeerCertificate();
  }
}

/** The host's options, and `timeout` in ms for connection and handshake. */
export type TlsConnectOptions = tls.ConnectionOptions & { readonly timeout?: number | undefined };

class Connect extends Opening<tls.TLSSocket, TlsSocket> {
  readonly _name: string;
  readonly #options: tls.ConnectionOptions;

  constructor(options: tls.ConnectionOptions, timeout: number, name: string) {
    super(timeout);
    this._name = name;
    this.#options = options;
  }

  override get _object(): string {
    return this.#options.socket === undefined
      ? where(this.#options as net.NetConnectOpts)
      : String(this.#options.socket);
  }

  protected get _event(): string {
    return 'secureConnect';
  }

  protected _open(): tls.TLSSocket {
    const { servername, host } = this.#options;
    const name = servername ?? (host === undefined || net.isIP(host) > 0 ? undefined : host);
    return tls.connect({
      ALPNProtocols: [],
      ...this.#options,
      ...(name === undefined ? {} : { servername: name }),
    });
  }

  protected _opened(handle: tls.TLSSocket): TlsSocket {
    return new TlsSocket(handle);
  }
}

/**
 * Opens an encrypted connection: the host's `tls.connect`. Errors: the host's (`CERT_HAS_EXPIRED`, `ECONNREFUSED`, …), `Timeout` after
 * `timeout` ms. Interrupted, at any stage, nothing stays open. Always switches.
 *
 * @example const socket = yield* tls.connect({ host: 'example.org', port: 443 });
 */
export function connect(options: TlsConnectOptions): Operation<TlsSocket> {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be { host, port, … }, got ${showValue(options)}`);
  }
  const { timeout, ...rest } = options;
  return new Connect(rest, checkTimeout(timeout), 'tls.connect');
}

/** Encrypts a connection that exists (STARTTLS). `socket` must not be used any more, and nothing may be unread in it. */
export function upgrade(socket: Socket, options: TlsConnectOptions = {}): Operation<TlsSocket> {
  const { timeout, ...rest } = options;
  return new Connect({ ...rest, socket: socket._handOver() }, checkTimeout(timeout), 'tls.upgrade');
}

/** The host's options for the certificate, and those of `StreamServer`. */
export type TlsServerOptions = StreamServerOptions & tls.TlsOptions;

/** A `StreamServer` whose connections are encrypted. Failed handshakes are dropped. */
export class TlsServer extends StreamServer {
  readonly #options: tls.TlsOptions;

  constructor(listener: Exclude<Listener, net.Server>, handle: ConnectionHandler, options: TlsServerOptions) {
    if (typeof options !== 'object' || options === null) {
      throw new TypeError(`options must be { key, cert, … }, got ${showValue(options)}`);
    }
    const { spawn, backlog, ...rest } = options;
    super(listener, handle, { spawn, backlog });
    this.#options = rest;
  }

  protected override _create(onConnection: (raw: net.Socket) => void): net.Server {
    const server = tls.createServer({ allowHalfOpen: true, noDelay: true, ...this.#options });
    server.on('secureConnection', onConnection);
    server.on('tlsClientError', (_error, raw) => void raw.destroy());
    return server;
  }

  protected override _socket(raw: net.Socket): Socket {
    return new TlsSocket(raw);
  }
}
