/** One time that a server listens: from its start until the last of its connections is gone. */
import { AsyncResource } from 'node:async_hooks';
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { contexts } from '../../../runtime/context.js';
import { GreenletError } from '../../../runtime/errors.js';
import { report } from '../../../runtime/hub.js';
import type { Operation } from '../../../runtime/operation.js';
import type { Green } from '../../../runtime/types.js';
import { until } from '../../../runtime/until.js';
import { byDaemon, forget, release } from '../../hold.js';
import { clearInterval, setInterval } from '../../host-time.js';
import type { Answer, Answering } from './answer.js';
import { type ConnectionOwner, ServerConnection } from './connection.js';
import { type Limits, ServerTimes } from './times.js';

export interface RunOptions extends Limits {
  readonly maxHeaderSize: number;
  readonly target: ListenOptions;
  readonly tls: TlsOptions | undefined;
  /** Has a request answered. */
  readonly answer: (run: ServerRun, answer: Answer) => void;
  /** It cannot listen. */
  readonly failed: () => void;
}

export class ServerRun implements ConnectionOwner {
  readonly server: Server;
  readonly maxHeaderSize: number;
  readonly times: ServerTimes;
  readonly persistence: string;
  /** It was started by a daemon: neither it nor the requests hold the process. */
  readonly daemon = byDaemon();
  readonly #answer: RunOptions['answer'];
  /** Those that are there, and those that are being answered though they are gone. */
  readonly #connections = new Set<ServerConnection>();
  readonly #sockets = new Set<Socket>();
  readonly #listening: Promise<void>;
  readonly #closed: Promise<void>;
  /** Requests are worked on in the async context of whoever started it. */
  readonly #context = new AsyncResource('HttpServer');
  #clock: NodeJS.Timeout | null = null;
  #waiting = 0;
  #heard = false;
  #stopped = false;

  /** Listens at once. Errors go to those who wait, or else to `hub.onError`. */
  constructor(options: RunOptions) {
    const { tls, keepAliveTimeout, headersTimeout, target, failed } = options;
    this.maxHeaderSize = options.maxHeaderSize;
    this.#answer = options.answer;
    this.times = new ServerTimes(options);
    const isKept = keepAliveTimeout > 0 && keepAliveTimeout < Number.POSITIVE_INFINITY;
    const hint = isKept ? `Keep-Alive: timeout=${Math.floor(keepAliveTimeout / 1000)}\r\n` : '';
    this.persistence = `Connection: keep-alive\r\n${hint}`;
    const sockets = { allowHalfOpen: true, noDelay: true };
    // A handshake is a part of the wait for the headers.
    const isTimed = headersTimeout > 0 && headersTimeout < 2 ** 31;
    const handshake = isTimed ? { handshakeTimeout: headersTimeout } : {};
    const server =
      tls === undefined
        ? createServer(sockets)
        : createSecureServer({ ALPNProtocols: ['http/1.1'], ...handshake, ...tls, ...sockets });
    this.server = server;
    this.#closed = new Promise((resolve) => server.once('close', resolve));
    this.#listening = new Promise((resolve, reject) => {
      server.once('listening', () => {
        // A name that was looked up meanwhile.
        if (this.#stopped) server.close();
        resolve();
      });
      server.once('close', () => reject(new GreenletError('the server was stopped before it listened')));
      server.on('error', (error) => {
        // One that could not accept a connection goes on.
        if (server.listening) return report(error, null);
        reject(error);
        forget(server);
        failed();
        if (this.#waiting === 0) setImmediate(() => this.#heard || report(error, null));
      });
    });
    this.#listening.catch(() => {});
    server.on('connection', (socket: Socket) => {
      if (this.daemon) socket.unref();
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    // Of an encrypted one `connection` has the socket below.
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => this.#begin(socket));
    server.on('tlsClientError', (_error: Error, socket: TLSSocket) => socket.destroy());
    server.listen(target);
    if (this.daemon) release(server);
  }

  #begin(socket: Socket): void {
    const connection = new ServerConnection(socket, this);
    this.#connections.add(connection);
    this.#clock ??= setInterval(() => this.#tick(), this.times.interval).unref();
    // A handshake that has ended meanwhile.
    if (this.#stopped) connection.stop();
  }

  #tick(): void {
    this.times.now++;
    for (const connection of this.#connections) connection.tick();
  }

  answer(answer: Answer): void {
    // The host shows the store to what accepts a connection, but not to what reads from it.
    if (contexts.capture === null) this.#answer(this, answer);
    else this.#context.runInAsyncScope(this.#answer, undefined, this, answer);
  }

  gone(connection: ServerConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0 || this.#clock === null) return;
    clearInterval(this.#clock);
    this.#clock = null;
  }

  /** It takes no more connections and requests. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Waits until it listens. */
  *listening(): Green<void> {
    this.#heard = true;
    this.#waiting++;
    try {
      yield* until(this.#listening);
    } finally {
      this.#waiting--;
    }
  }

  /** Listens no more. What is being answered is answered; then the connection ends. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    forget(this.server);
    this.server.close();
    for (const connection of this.#connections) connection.stop();
  }

  /** Those who answer requests now. */
  members(): Answering[] {
    return [...this.#connections].flatMap(({ open }) => open);
  }

  /** Waits until all answers that are under way have been sent, or their connections are gone. */
  *sent(): Green<void> {
    for (const connection of [...this.#connections]) {
      while (connection.sending) yield* until(finished(connection));
    }
  }

  /** Ends what is left of the connections; the operation waits until they are gone. */
  close(): Operation<void> {
    for (const socket of this.#sockets) socket.destroy();
    return until(this.#closed);
  }
}

/** The last answer of `connection` has been sent, or is lost. */
function finished({ socket }: ServerConnection): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      socket.off('finish', over);
      socket.off('close', over);
      resolve();
    };
    socket.on('finish', over);
    socket.on('close', over);
  });
}
