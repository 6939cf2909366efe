/** A manager that is served over TCP. */
import net, { type AddressInfo, type Socket } from 'node:net';
import { tidy } from '../../runtime/attempt.js';
import { Call } from '../../runtime/call.js';
import { checkCount, checkFn, checkMs, checkOptions, showValue } from '../../runtime/check.js';
import { GreenletError } from '../../runtime/errors.js';
import { inHub, report } from '../../runtime/hub.js';
import type { Operation } from '../../runtime/operation.js';
import { SHOWN } from '../../runtime/shown.js';
import type { Green } from '../../runtime/types.js';
import { until } from '../../runtime/until.js';
import { Guest, type House } from './guest.js';
import { keyOf } from './handshake.js';
import type { Registered } from './root.js';

export interface ServeOptions {
  /** '127.0.0.1' unless given: this machine alone. */
  readonly host?: string | undefined;
  /** 0, the default: any free one. */
  readonly port?: number | undefined;
  /** What clients must know. */
  readonly authkey: string | Uint8Array;
  /** How many clients may be connected at once; 100 unless given. */
  readonly maxConnections?: number | undefined;
  /** Bytes of the longest message, in either direction; 64 MiB unless given. The smaller one of both ends counts. */
  readonly maxMessage?: number | undefined;
  /** ms in which a client has to show that it knows the key; 5000 unless given. */
  readonly handshakeTimeout?: number | undefined;
  /** Told of each connection that was refused, or that was closed because of what it had sent. */
  readonly onRefused?: ((error: Error) => unknown) | undefined;
}

const MOST = 64 * 2 ** 20;
/** How many may be about to show that they know the key, besides those that are connected. */
const MOST_STRANGERS = 64;

/** The limit for messages. */
export function checkMessage(maxMessage: unknown = MOST): number {
  checkCount(maxMessage, 'maxMessage', 1024);
  return Math.min(maxMessage, 2 ** 31 - 1);
}

export function checkPort(port: unknown): asserts port is number {
  checkCount(port, 'port');
  if (port > 65_535) throw new RangeError(`port must be at most 65535, got ${port}`);
}

export function checkHost(host: unknown): asserts host is string {
  if (typeof host !== 'string' || host === '')
    throw new TypeError(`host must be a name, got ${showValue(host)}`);
}

export class ManagerServer implements Disposable, AsyncDisposable {
  readonly #server: net.Server;
  readonly #strangers = new Set<Guest>();
  readonly #guests = new Set<Guest>();
  readonly #listening: Promise<void>;
  readonly #closed: Promise<void>;
  #allGone: () => void = () => {};
  #heard = false;
  #stopped = false;

  /** See `SharedManager.serve`. @internal */
  constructor(registered: Registered, options: ServeOptions) {
    checkOptions(options, 'Manager.serve', "{ port: 5000, authkey: 'secret' }");
    const {
      host = '127.0.0.1',
      port = 0,
      maxConnections = 100,
      handshakeTimeout = 5000,
      onRefused,
    } = options;
    checkHost(host);
    checkPort(port);
    checkCount(maxConnections, 'maxConnections', 1);
    checkMs(handshakeTimeout, 'handshakeTimeout');
    if (onRefused !== undefined) checkFn(onRefused, 'onRefused');
    const house: House = {
      key: keyOf(options.authkey),
      maxMessage: checkMessage(options.maxMessage),
      handshakeTimeout,
      registered,
      full: () => this.#guests.size >= maxConnections,
      admitted: (guest) => {
        this.#strangers.delete(guest);
        this.#guests.add(guest);
      },
      left: (guest, error) => {
        this.#strangers.delete(guest);
        this.#guests.delete(guest);
        if (error !== null && onRefused !== undefined) inHub(() => onRefused(error));
        this.#checkGone();
      },
    };
    this.#server = net.createServer((raw) => this.#accept(raw, house));
    this.#closed = new Promise((resolve) => {
      this.#allGone = resolve;
    });
    this.#server.once('close', () => this.#checkGone());
    this.#listening = this.#listen(host, port);
  }

  #listen(host: string, port: number): Promise<void> {
    const server = this.#server;
    const listening = new Promise<void>((resolve, reject) => {
      server.once('listening', resolve);
      server.once('close', () => reject(new GreenletError('the manager was stopped before it listened')));
      server.on('error', (error) => {
        if (server.listening) return report(error, null);
        this.#stopped = true;
        reject(error);
        setImmediate(() => this.#heard || report(error, null));
      });
    });
    listening.catch(() => {});
    server.listen({ host, port });
    return listening;
  }

  #accept(raw: Socket, house: House): void {
    raw.on('error', () => {});
    if (this.#stopped || this.#strangers.size >= MOST_STRANGERS) raw.destroy();
    else this.#strangers.add(new Guest(raw, house));
  }

  #checkGone(): void {
    if (!this.#stopped || this.#server.listening || this.connections + this.#strangers.size > 0) return;
    // The host says so just before its handles are gone.
    setImmediate(this.#allGone);
  }

  /** Waits until it listens. Errors: the host's (`EADDRINUSE`, …). */
  start(): Operation<void> {
    this.#heard = true;
    return until(this.#listening);
  }

  /**
   * Listens no more, and ends all connections: what clients wait for fails there with an `EOFError`, and what they hold is let go of. Acts
   * at the call; the operation waits until all are gone.
   */
  stop(): Operation<void> {
    if (!this.#stopped) {
      this.#stopped = true;
      // It may still be looking up its address.
      if (!this.#server.listening) this.#server.once('listening', () => this.#server.close());
      this.#server.close();
      for (const guest of [...this.#strangers, ...this.#guests]) guest.end();
    }
    return until(this.#closed);
  }

  /** Waits until it is stopped; interrupted, it is stopped. Errors: as `start`. Mirrors `Server.serve_forever`. */
  serveForever(): Operation<void> {
    return new Call(serveForever as never, [this, this.#closed], 'ManagerServer.serveForever');
  }

  /** It listens, or is about to. */
  get started(): boolean {
    return !this.#stopped;
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#guests.size;
  }

  /** Where it listens; null while it does not. */
  get address(): AddressInfo | null {
    return this.#server.address() as AddressInfo | null;
  }

  /** The port that it listens on. Errors: `GreenletError` while it does not. */
  get port(): number {
    const { address } = this;
    if (address !== null) return address.port;
    throw new GreenletError(`${this} has no port: wait for start() first`);
  }

  /** `yield*` waits until it listens, and gives the server. */
  *[Symbol.iterator](): Green<this> {
    yield* this.start();
    return this;
  }

  [Symbol.dispose](): void {
    void this.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  toString(): string {
    const { address } = this;
    const at = address === null ? 'off' : `at ${address.address}:${address.port}`;
    return `<ManagerServer ${at}, ${this.connections} connected>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }
}

function* serveForever(server: ManagerServer, closed: Promise<void>): Green<void> {
  yield* server.start();
  try {
    yield* until(closed);
  } finally {
    if (server.started) yield* tidy(server.stop());
  }
}
