/** Connections that are kept and used again, by origin. */
import { isIP, type LookupFunction } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { checkCount, checkMs, checkOptions } from '../../../runtime/check.js';
import { SHOWN } from '../../../runtime/shown.js';
import { clearTimeout, now, setTimeout } from '../../host-time.js';
import { OriginPool, type PoolRules, type Route } from './pool.js';

/** The host's options for TLS: `ca`, `cert`, `key`, `rejectUnauthorized`, `servername`, … */
export type TlsOptions = ConnectionOptions;

export interface AgentOptions {
  /** Connections to one origin at a time; as many as are asked for unless given. */
  readonly maxSockets?: number | undefined;
  /** Idle connections to one origin that are kept; 256 unless given. */
  readonly maxFreeSockets?: number | undefined;
  /** ms that an idle connection is kept, if the server keeps it as long (`Keep-Alive: timeout=`); 4000 unless given. 0: none is. */
  readonly idleTimeout?: number | undefined;
  /** For all connections by TLS. */
  readonly tls?: TlsOptions | undefined;
  /** Finds addresses: the host's `dns.lookup` unless given. */
  readonly lookup?: LookupFunction | undefined;
  /** The address of this end. */
  readonly localAddress?: string | undefined;
  /** 4 or 6: only addresses of that family. */
  readonly family?: 4 | 6 | undefined;
}

export interface AgentStatistics {
  readonly origins: number;
  /** Connections: those that are being opened, used or idle. */
  readonly sockets: number;
  readonly free: number;
  /** Requests that wait for a connection. */
  readonly waiting: number;
}

const MAX_FREE = 256;
const IDLE_TIMEOUT = 4000;

/** Sets of TLS options are told apart by the object. */
const numbers = new WeakMap<object, number>();
let counted = 0;

function numberOf(options: object): number {
  const known = numbers.get(options);
  if (known !== undefined) return known;
  numbers.set(options, ++counted);
  return counted;
}

export class Agent implements PoolRules, Disposable, AsyncDisposable {
  readonly maxSockets: number;
  readonly maxFreeSockets: number;
  readonly idleTimeout: number;
  readonly #options: AgentOptions;
  readonly #pools = new Map<string, OriginPool>();
  #generation = 0;
  #timer: NodeJS.Timeout | null = null;

  /**
   * Keeps connections and has them used again, the last used first. Requests that find `maxSockets` busy wait, first come, first
   * served. Idle connections do not hold the process. Errors: `TypeError`, `RangeError`. Mirrors `http.Agent` and
   * `requests.Session`.
   *
   * @example const agent = new Agent({ maxSockets: 6 }); yield* http.get(url, { agent });
   */
  constructor(options: AgentOptions = {}) {
    checkOptions(options, 'http.Agent', '{ maxSockets: 6 }');
    const {
      maxSockets = Number.POSITIVE_INFINITY,
      maxFreeSockets = MAX_FREE,
      idleTimeout = IDLE_TIMEOUT,
    } = options;
    checkCount(maxSockets, 'maxSockets', 1);
    checkCount(maxFreeSockets, 'maxFreeSockets');
    checkMs(idleTimeout, 'idleTimeout');
    this.maxSockets = maxSockets;
    this.maxFreeSockets = maxFreeSockets;
    this.idleTimeout = idleTimeout;
    this.#options = options;
  }

  /** Counts the times that it was closed. @internal */
  get _generation(): number {
    return this.#generation;
  }

  /** Closes the idle connections now, and those in use when they fall free. Acts at the call. It may be used again. */
  close(): void {
    this.#generation++;
    for (const pool of [...this.#pools.values()]) pool.sweep(Number.POSITIVE_INFINITY);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** What it has now. Never switches. */
  statistics(): AgentStatistics {
    const sum = { origins: this.#pools.size, sockets: 0, free: 0, waiting: 0 };
    for (const { counts } of this.#pools.values()) {
      sum.sockets += counts.sockets;
      sum.free += counts.free;
      sum.waiting += counts.waiting;
    }
    return Object.freeze(sum);
  }

  toString(): string {
    const { sockets, free, waiting } = this.statistics();
    return `<Agent ${sockets} sockets, ${free} free${waiting === 0 ? '' : `, ${waiting} waiting`}>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }

  /** The connections to the origin of `url`, or to `socketPath`. @internal */
  _pool(url: URL, socketPath: string | undefined, tls: TlsOptions | undefined): OriginPool {
    let key = `${url.protocol}//${url.host}`;
    if (socketPath !== undefined) key += ` ${socketPath}`;
    if (tls !== undefined) key += ` ${numberOf(tls)}`;
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = new OriginPool(key, this.#route(url, socketPath, tls), this);
    }
    return pool;
  }

  #route(url: URL, socketPath: string | undefined, tls: TlsOptions | undefined): Route {
    const secure = url.protocol === 'https:';
    const { lookup, localAddress, family, tls: common } = this.#options;
    const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
    const where =
      socketPath === undefined
        ? { host, port: url.port === '' ? (secure ? 443 : 80) : Number(url.port) }
        : { path: socketPath };
    const how = {
      ...(lookup === undefined ? {} : { lookup }),
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(family === undefined ? {} : { family }),
    };
    if (!secure) return { secure, options: { ...where, ...how } };
    const name = isIP(host) === 0 ? { servername: host } : {};
    return { secure, options: { ALPNProtocols: ['http/1.1'], ...name, ...common, ...tls, ...where, ...how } };
  }

  /** @internal */
  _isUsed(pool: OriginPool): void {
    this.#pools.set(pool.key, pool);
  }

  /** @internal */
  _isEmpty(pool: OriginPool): void {
    if (this.#pools.get(pool.key) === pool) this.#pools.delete(pool.key);
  }

  /** @internal */
  _rests(expires: number): void {
    // The timer that is set is early enough: what rests later expires later, or is looked at again when it fires.
    if (this.#timer !== null || expires === Number.POSITIVE_INFINITY) return;
    const ms = Math.min(Math.max(expires - now(), 1), 2 ** 31 - 1);
    this.#timer = setTimeout(() => this.#sweep(), ms);
    this.#timer.unref();
  }

  #sweep(): void {
    this.#timer = null;
    const time = now();
    let first = Number.POSITIVE_INFINITY;
    for (const pool of [...this.#pools.values()]) first = Math.min(first, pool.sweep(time));
    this._rests(first);
  }
}

/** The agent of requests that name none. */
export const globalAgent = new Agent();
