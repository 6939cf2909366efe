/** One time that a server listens: from its start until the last of its connections is gone. */
import type { Server } from 'node:http';
import type { ListenOptions, Socket } from 'node:net';
import { GreenletError } from '../../runtime/errors.js';
import { report } from '../../runtime/hub.js';
import type { Operation } from '../../runtime/operation.js';
import type { Green } from '../../runtime/types.js';
import { until } from '../../runtime/until.js';
import { byDaemon, forget, release } from '../hold.js';
import { type Answering, ServerConnection } from './server-connection.js';

export class ServerRun {
  readonly server: Server;
  /** It was started by a daemon: neither it nor the requests hold the process. */
  readonly daemon = byDaemon();
  /** Those that are there, and those that are being answered though they are gone. */
  readonly #connections = new Set<ServerConnection>();
  readonly #idle = (connection: ServerConnection) => void this.#connections.delete(connection);
  readonly #sockets = new Set<Socket>();
  readonly #listening: Promise<void>;
  readonly #closed: Promise<void>;
  #waiting = 0;
  #heard = false;
  #stopped = false;

  /** Listens at `target`. Errors go to those who wait, or else to `hub.onError`; `failed` is called when it cannot listen. */
  constructor(server: Server, secure: boolean, target: ListenOptions, failed: () => void) {
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
    // Of an encrypted one that is the socket below.
    server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#connections.add(new ServerConnection(socket, this.#idle));
    });
    server.listen(target);
    if (this.daemon) release(server);
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
    for (const member of this.members()) member.isLast();
  }

  /** Those who answer requests now. */
  members(): Answering[] {
    return [...this.#connections].flatMap(({ open }) => open);
  }

  /** Waits until all answers that are under way have been sent, or their connections are gone. */
  *sent(): Green<void> {
    for (const connection of [...this.#connections]) {
      while (connection.sending) yield* until(closed(connection));
    }
  }

  /** Ends what is left of the connections; the operation waits until they are gone. */
  close(): Operation<void> {
    for (const socket of this.#sockets) socket.destroy();
    return until(this.#closed);
  }
}

/** The last answer of `connection` has been sent, or is lost. */
function closed({ last, socket }: ServerConnection): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      last?.off('close', over);
      socket.off('close', over);
      resolve();
    };
    last?.on('close', over);
    socket.on('close', over);
  });
}
