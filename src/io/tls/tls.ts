/** Sockets that are encrypted. */
import net from 'node:net';
import tls from 'node:tls';
import { checkOptions, showValue, timeoutOf } from '../../runtime/check.js';
import type { Operation } from '../../runtime/operation.js';
import { checkPort, Opening, where } from '../net/connect.js';
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
  /** What is to be encrypted. */
  readonly #plain: Socket | undefined;

  constructor(options: tls.ConnectionOptions, timeout: number, name: string, plain?: Socket) {
    super(timeout);
    this._name = name;
    this.#options = options;
    this.#plain = plain;
  }

  override get _object(): string {
    return this.#plain === undefined ? where(this.#options as net.NetConnectOpts) : String(this.#plain);
  }

  protected get _event(): string {
    return 'secureConnect';
  }

  protected _open(): tls.TLSSocket {
    const { servername, host } = this.#options;
    const name = servername ?? (host === undefined || net.isIP(host) > 0 ? undefined : host);
    const socket = this.#plain?._handOver();
    try {
      return tls.connect({
        ALPNProtocols: [],
        ...this.#options,
        allowHalfOpen: true,
        ...(socket === undefined ? {} : { socket }),
        ...(name === undefined ? {} : { servername: name }),
      } as tls.ConnectionOptions);
    } catch (error) {
      socket?.destroy();
      throw error;
    }
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
  const timeout = timeoutOf(options, 'tls.connect', "{ host: 'example.org', port: 443 }");
  const { timeout: _, ...rest } = options;
  if (rest.path === undefined && rest.socket === undefined) checkPort(rest.port);
  return new Connect(rest, timeout, 'tls.connect');
}

/**
 * Encrypts a connection that exists (STARTTLS). When it runs, `socket` counts as closed, and is really closed with what is given; nothing
 * may be unread in it. Give the `servername` whose certificate is expected: localhost unless given. Errors: those of `connect`;
 * `GreenletError`, `SocketClosed`.
 */
export function upgrade(socket: Socket, options: TlsConnectOptions = {}): Operation<TlsSocket> {
  if (!(socket instanceof Socket)) throw new TypeError(`socket must be a Socket, got ${showValue(socket)}`);
  const timeout = timeoutOf(options, 'tls.upgrade', "{ servername: 'example.org' }");
  const { timeout: _, ...rest } = options;
  return new Connect(rest, timeout, 'tls.upgrade', socket);
}

/** The host's options for the certificate, and those of `StreamServer`. */
export type TlsServerOptions = StreamServerOptions & tls.TlsOptions;

/** A `StreamServer` whose connections are encrypted. Failed handshakes are dropped; so are those under way when it is stopped. */
export class TlsServer extends StreamServer {
  readonly #options: tls.TlsOptions;
  /** Connections that have not shaken hands yet. */
  readonly #halfMade = new Set<net.Socket>();

  constructor(listener: Exclude<Listener, net.Server>, handle: ConnectionHandler, options: TlsServerOptions) {
    checkOptions(options, 'TlsServer', '{ key, cert }');
    // It would be served as it is: not encrypted.
    if ((listener as unknown) instanceof net.Server) {
      throw new TypeError(
        `listener must be a port, [host, port] or { host, port, path }, got ${showValue(listener)}; StreamServer serves a tls.Server`,
      );
    }
    const { spawn, backlog, ...rest } = options;
    super(listener, handle, { spawn, backlog });
    this.#options = rest;
  }

  protected override _create(onConnection: (raw: net.Socket) => void): net.Server {
    const server = tls.createServer({ allowHalfOpen: true, noDelay: true, ...this.#options });
    server.on('connection', (below: net.Socket) => {
      this.#halfMade.add(below);
      below.once('close', () => this.#halfMade.delete(below));
    });
    server.on('secureConnection', (raw) => {
      // The one that it stands on.
      this.#halfMade.delete((raw as unknown as { readonly _parent: net.Socket })._parent);
      onConnection(raw);
    });
    server.on('tlsClientError', (_error, raw) => void raw.destroy());
    return server;
  }

  protected override _dropHalfMade(): void {
    for (const below of this.#halfMade) below.destroy();
  }

  protected override _socket(raw: net.Socket): Socket {
    return new TlsSocket(raw);
  }
}
