/** The connections to one origin: a limit, the free ones (the last used first), and who waits for one (first come, first served). */

import net, { type Socket as HostSocket, type NetConnectOpts, type OnReadOpts } from 'node:net';
import tls, { type ConnectionOptions } from 'node:tls';
import { now } from '../../host-time.js';
import { Connection, type Customer, type Keeper } from './connection.js';

/** A request that wants a connection. */
export interface Applicant extends Customer {
  /** It has one, which may not be open yet. */
  assigned(connection: Connection): void;
}

/** How a connection is opened: by TLS or not. */
export interface Route {
  readonly secure: boolean;
  readonly options: object;
}

/** What a pool needs to know of its agent. */
export interface PoolRules {
  readonly maxSockets: number;
  readonly maxFreeSockets: number;
  readonly idleTimeout: number;
  /** Connections of another one are not kept. @internal */
  readonly _generation: number;
  /** One is idle, until `expires`. @internal */
  _rests(expires: number): void;
  /** It has connections or somebody waiting. @internal */
  _isUsed(pool: OriginPool): void;
  /** Nothing is left of it. @internal */
  _isEmpty(pool: OriginPool): void;
}

export class OriginPool implements Keeper {
  readonly key: string;
  readonly #route: Route;
  readonly #rules: PoolRules;
  readonly #idle: Connection[] = [];
  readonly #waiting = new Set<Applicant>();
  /** Those who had their turn, and lost what they got: they come first, and want a new one. */
  readonly #fresh = new Set<Applicant>();
  #size = 0;
  /** The last TLS session, which makes the next handshake shorter. */
  #session: Buffer | undefined;

  constructor(key: string, route: Route, rules: PoolRules) {
    this.key = key;
    this.#route = route;
    this.#rules = rules;
  }

  /** Connections, opening ones and used ones included; how many of them are idle; who waits. */
  get counts(): { readonly sockets: number; readonly free: number; readonly waiting: number } {
    return { sockets: this.#size, free: this.#idle.length, waiting: this.#waiting.size + this.#fresh.size };
  }

  /** `applicant` gets a connection, at once or later; with `fresh` it is a new one. Errors: the host's, of opening one. */
  apply(applicant: Applicant, fresh: boolean): void {
    if (!fresh) {
      const connection = this.#takeIdle();
      if (connection !== null) {
        connection.workFor(applicant);
        applicant.assigned(connection);
        return;
      }
    } else if (this.#size >= this.#rules.maxSockets) this.#idle[0]?.destroy();
    // It may have been dropped with its last connection, above.
    this.#rules._isUsed(this);
    if (this.#size >= this.#rules.maxSockets) {
      (fresh ? this.#fresh : this.#waiting).add(applicant);
      return;
    }
    try {
      this.#open(applicant);
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  /** `applicant` does not want one any more. */
  withdraw(applicant: Applicant): void {
    this.#waiting.delete(applicant);
    this.#fresh.delete(applicant);
    this.#drop();
  }

  released(connection: Connection): void {
    if (this.#fresh.size > 0 || connection.generation !== this.#rules._generation) {
      connection.destroy();
      return;
    }
    const next = this.#nextWaiting();
    if (next !== null) {
      connection.workFor(next);
      next.assigned(connection);
      return;
    }
    const hint = connection.idleTimeout;
    // Some time ahead of the server, which closes it in that moment.
    const ms = Math.min(this.#rules.idleTimeout, hint - Math.min(1000, hint / 4));
    if (!(ms > 0) || this.#idle.length >= this.#rules.maxFreeSockets) {
      connection.destroy();
      return;
    }
    connection.expires = now() + ms;
    connection.rest();
    this.#idle.push(connection);
    this.#rules._rests(connection.expires);
  }

  gone(connection: Connection): void {
    this.#size--;
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    this.#serve();
    this.#drop();
  }

  /** Closes those that have been idle for too long at `time`; gives when the next will have been. */
  sweep(time: number): number {
    let first = Number.POSITIVE_INFINITY;
    for (const connection of [...this.#idle]) {
      if (connection.expires <= time) connection.destroy();
      else first = Math.min(first, connection.expires);
    }
    return first;
  }

  #takeIdle(): Connection | null {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.isUsable && connection.expires > now()) return connection;
      connection.destroy();
    }
    return null;
  }

  #nextWaiting(): Applicant | null {
    const queue = this.#fresh.size > 0 ? this.#fresh : this.#waiting;
    for (const applicant of queue) {
      queue.delete(applicant);
      return applicant;
    }
    return null;
  }

  /** There is room: the first who waits gets a new connection. */
  #serve(): void {
    while (this.#size < this.#rules.maxSockets) {
      const next = this.#nextWaiting();
      if (next === null) return;
      try {
        this.#open(next);
      } catch (error) {
        next.onLost(null, error);
      }
    }
  }

  #drop(): void {
    if (this.#size === 0 && this.#waiting.size + this.#fresh.size === 0) this.#rules._isEmpty(this);
  }

  #open(applicant: Applicant): void {
    const { secure, options } = this.#route;
    const connect = (onread: OnReadOpts): HostSocket => {
      if (!secure) return net.connect({ noDelay: true, ...options, onread } as unknown as NetConnectOpts);
      const session = this.#session === undefined ? {} : { session: this.#session };
      const socket = tls.connect({
        noDelay: true,
        ...session,
        ...options,
        onread,
      } as unknown as ConnectionOptions);
      socket.on('session', (ticket: Buffer) => {
        this.#session = ticket;
      });
      return socket;
    };
    const event = secure ? 'secureConnect' : 'connect';
    const connection = new Connection(connect, event, this, applicant, this.#rules._generation);
    this.#size++;
    applicant.assigned(connection);
  }
}
