/** One time that a server listens: from its start until the last of its connections is gone. */
import type { Server, ServerResponse } from 'node:http';
import type { ListenOptions, Socket } from 'node:net';
import { GreenletError } from '../../runtime/errors.js';
import { report } from '../../runtime/hub.js';
import type { Operation } from '../../runtime/operation.js';
import type { Green } from '../../runtime/types.js';
import { until } from '../../runtime/until.js';

export class ServerRun {
  readonly server: Server;
  /** Answers that have not been sent as a whole. */
  readonly unsent = new Set<ServerResponse>();
  readonly #sockets = new Set<Socket>();
  readonly #listening: Promise<void>;
  readonly #closed: Promise<void>;
  #waiting = 0;
  #heard = false;
  #stopped = false;

  /** Listens at `target`. Errors go to those who wait, or else to `hub.onError`; `failed` is called when it cannot listen. */
  constructor(server: Server, target: ListenOptions, failed: () => void) {
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
        failed();
        if (this.#waiting === 0) setImmediate(() => this.#heard || report(error, null));
      });
    });
    this.#listening.catch(() => {});
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.listen(target);
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
    this.server.close();
    for (const response of this.unsent) {
      if (!response.headersSent) response.setHeader('connection', 'close');
    }
  }

  /** Waits until all answers that are under way have been sent, or their connections are gone. */
  *sent(): Green<void> {
    for (const each of [...this.unsent]) {
      if (this.unsent.has(each)) yield* until(new Promise((resolve) => each.once('close', resolve)));
    }
  }

  /** Ends what is left of the connections; the operation waits until they are gone. */
  close(): Operation<void> {
    for (const socket of this.#sockets) socket.destroy();
    return until(this.#closed);
  }
}
