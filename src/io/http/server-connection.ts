/** One connection of a server: what is being answered on it. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Greenlet } from '../../runtime/scheduled-greenlet.js';

const CONNECTION = Symbol('greenlets connection');

/** A greenlet that answers a request. */
export interface Answering extends Greenlet<void> {
  /** The other end is gone. */
  disconnected(): void;
  /** The connection is to end with this answer. */
  isLast(): void;
}

type Known = Socket & { [CONNECTION]?: ServerConnection };

export class ServerConnection {
  readonly socket: Socket;
  /** Those who answer its requests; several when the other end has sent on unasked. */
  readonly open: Answering[] = [];
  /** The last answer that was begun: when that is sent, all are. */
  last: ServerResponse | null = null;
  readonly #idle: (connection: ServerConnection) => void;

  /** `idle` is called when it is closed and nobody answers it any more. */
  constructor(socket: Socket, idle: (connection: ServerConnection) => void) {
    this.socket = socket;
    this.#idle = idle;
    (socket as Known)[CONNECTION] = this;
    socket.once('close', () => {
      for (const each of [...this.open]) each.disconnected();
      if (this.open.length === 0) idle(this);
    });
  }

  /** The one of a socket of the host. */
  static of(socket: Socket): ServerConnection {
    return (socket as Known)[CONNECTION] as ServerConnection;
  }

  ended(greenlet: Answering): void {
    const { open } = this;
    if (open.length === 1) open.pop();
    else open.splice(open.indexOf(greenlet), 1);
    if (open.length === 0 && this.socket.closed) this.#idle(this);
  }

  /** Some answer is neither sent nor lost. */
  get sending(): boolean {
    return this.last !== null && !this.last.writableFinished && !this.socket.destroyed;
  }
}
