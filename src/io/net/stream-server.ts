/**
 * A server with a greenlet for each connection.
 *
 * The host accepts connections as they come; one that finds no place in the pool waits, unread, as if it had not been accepted. One
 * greenlet takes them in, in order. A connection is closed when its handler ends.
 */
import net, { type AddressInfo } from 'node:net';
import { tidy } from '../../runtime/attempt.js';
import { type AnyFn, Call } from '../../runtime/call.js';
import { checkCount, checkFn, checkMs, checkOptions, showValue, timeoutOf } from '../../runtime/check.js';
import { GreenletError } from '../../runtime/errors.js';
import { report } from '../../runtime/hub.js';
import { joinall } from '../../runtime/joinall.js';
import type { Operation } from '../../runtime/operation.js';
import { Greenlet } from '../../runtime/scheduled-greenlet.js';
import { SHOWN } from '../../runtime/shown.js';
import { sleep } from '../../runtime/sleep.js';
import { spawn } from '../../runtime/spawn.js';
import type { Green } from '../../runtime/types.js';
import { Event } from '../../sync/event.js';
import { Group } from '../../sync/group.js';
import { Pool } from '../../sync/pool.js';
import { Queue } from '../../sync/queue.js';
import { byDaemon, forget, release } from '../hold.js';
import { failListeners, forgetFailure, Listening } from './listening.js';
import { Socket } from './socket.js';

/**
 * A port (0: any free one), `[host, port]`, the host's options, or a server of the host that is not listening yet; of a `tls.Server`
 * the encrypted connections are served.
 */
export type Listener = number | readonly [host: string, port: number] | net.ListenOptions | net.Server;

/** Serves one connection. */
export type ConnectionHandler = (socket: Socket, address: AddressInfo) => unknown;

/** What the handlers run in: a pool of that size, a pool or group, or a function that starts them as `spawn` does. */
export type Spawner =
  | number
  | Pool
  | Group
  | ((fn: (...args: unknown[]) => unknown, ...args: unknown[]) => unknown);

export interface StreamServerOptions {
  /** Unless given, a greenlet for each connection, without bound. */
  readonly spawn?: Spawner | undefined;
  /** How many connections the host keeps for a listener that does not accept; 511 unless given. */
  readonly backlog?: number | undefined;
}

export interface StopOptions {
  /** ms that the handlers have to end; then they are killed. For ever unless given. */
  readonly timeout?: number | undefined;
}

const BACKLOG = 511;

export class StreamServer {
  /** How many connections are taken in before other greenlets have their turn. */
  maxAccept = 100;
  readonly #listener: Listener;
  readonly #handle: ConnectionHandler;
  readonly #members: Pool | Group;
  readonly #spawner: AnyFn | null;
  readonly #backlog: number;
  readonly #open = new Map<Greenlet<unknown>, Socket>();
  readonly #stopped = new Event();
  readonly #accepting = new Event();
  #server: net.Server | null = null;
  /** It was started by a daemon: neither it nor its handlers hold the process. */
  #daemon = false;
  #waiting = new Queue<net.Socket>();
  #acceptor: Greenlet<void> | null = null;
  #stopping: Greenlet<Greenlet<unknown>[]> | null = null;

  /**
   * A server on `listener` that calls `handle(socket, address)` in a greenlet for each connection; errors of a handler go to
   * `hub.onError`. Nothing listens before `start()`. Errors: `TypeError`. Mirrors `gevent.server.StreamServer`; it may be
   * started again after it was stopped.
   *
   * @example const server = new StreamServer(7000, function* (socket) { yield* socket.write(yield* socket.readExactly(5)); });
   */
  constructor(listener: Listener, handle: ConnectionHandler, options: StreamServerOptions = {}) {
    checkListener(listener);
    checkFn(handle, 'handle');
    checkOptions(options, 'StreamServer', '{ spawn: 100 }');
    const { spawn: spawner = new Group(), backlog = BACKLOG } = options;
    if (typeof spawner === 'number') checkCount(spawner, 'spawn', 1);
    checkCount(backlog, 'backlog', 1);
    this.#listener = listener;
    this.#handle = handle;
    this.#backlog = backlog;
    this.#spawner = typeof spawner === 'function' ? spawner : null;
    this.#members = membersOf(spawner);
    this.#accepting.set();
    this.#stopped.set();
  }

  /** The host's server for one run of this. @internal */
  protected _create(onConnection: (raw: net.Socket) => void): net.Server {
    const options = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true };
    return net.createServer(options, onConnection);
  }

  /** It is stopped: connections that it has not come to know yet are closed. @internal */
  protected _dropHalfMade(): void {}

  /** @internal */
  protected _socket(raw: net.Socket): Socket {
    return new Socket(raw);
  }

  /**
   * Listens; the operation waits until it does. Acts at the call, does nothing when it is started. Errors: the host's
   * (`EADDRINUSE`, `EACCES`), after which it is as before; with nobody waiting they go to `hub.onError`.
   */
  start(): Operation<void> {
    if (this.#server === null) this.#listen();
    return new Listening(this.#server as net.Server);
  }

  #listen(): void {
    const given = this.#listener instanceof net.Server ? this.#listener : null;
    const server = given ?? this._create(this.#onConnection);
    given?.on(connectionEvent(given), this.#onConnection);
    forgetFailure(server);
    this.#server = server;
    this.#daemon = byDaemon();
    this.#stopped.clear();
    this.#stopping = null;
    this.#waiting = new Queue<net.Socket>();
    server.on('error', this.#onError);
    if (given?.listening !== true) server.listen(listenOptions(this.#listener, this.#backlog));
    if (this.#daemon) release(server);
    this.#acceptor = spawn(
      { name: 'StreamServer.accept', daemon: true },
      acceptAll as never,
      this,
      this.#waiting,
    ) as Greenlet<void>;
  }

  /** It could not listen, or not accept. */
  readonly #onError = (error: Error) => {
    const server = this.#server;
    if (server === null) return;
    if (server.listening) {
      report(error, null);
      return;
    }
    this.#end(server);
    if (!failListeners(server, error)) report(error, null);
  };

  #end(server: net.Server): void {
    this.#server = null;
    forget(server);
    server.off(connectionEvent(server), this.#onConnection);
    server.off('error', this.#onError);
    this._dropHalfMade();
    this.#acceptor?._kill(undefined);
    this.#acceptor = null;
    const waiting = this.#waiting;
    while (!waiting.empty()) waiting.getNowait().destroy();
    void waiting.shutdown();
    this.#stopped.set();
  }

  readonly #onConnection = (raw: net.Socket) => {
    raw.on('error', () => {});
    if (this.#daemon) raw.unref();
    if (this.#waiting.isShutdown) raw.destroy();
    else this.#waiting.putNowait(raw);
  };

  /** Waits until one more connection may be served. @internal */
  *_mayServe(): Green<void> {
    yield* this.#accepting.wait();
    yield* this.#members.waitAvailable();
  }

  /** Has `raw` served. @internal */
  *_serve(raw: net.Socket): Green<void> {
    const socket = this._socket(raw);
    if (this.#daemon) socket._hold.release();
    raw.resume();
    const address = {
      address: raw.remoteAddress ?? '',
      port: raw.remotePort ?? 0,
      family: raw.remoteFamily ?? '',
    };
    if (this.#spawner !== null) {
      const started = yield* new Call(this.#spawner, [serveOne, this.#handle, socket, address]);
      if (started instanceof Greenlet) this.#watch(started, socket);
      return;
    }
    const member = new Greenlet<unknown>(this.#handle, socket, address);
    if (this.#daemon) member.unref();
    this.#watch(member, socket);
    this.#members._place(member);
  }

  #watch(member: Greenlet<unknown>, socket: Socket): void {
    this.#open.set(member, socket);
    member._link({ _waiter: null, _died: () => this.#served(member) });
  }

  #served(member: Greenlet<unknown>): void {
    const socket = this.#open.get(member);
    this.#open.delete(member);
    void socket?.close();
  }

  /** Lets connections wait from now on, unread. Never switches. */
  stopAccepting(): void {
    this.#accepting.clear();
  }

  /** Takes connections in again. Never switches. */
  startAccepting(): void {
    this.#accepting.set();
  }

  /**
   * Listens no more, and waits for the handlers; those that have not ended after `timeout` ms are killed. Acts at the call; the operation
   * gives those that were killed, when all have ended. Does nothing more when it is not started.
   */
  stop(options?: StopOptions): Operation<Greenlet<unknown>[]> {
    const timeout = timeoutOf(options, 'StreamServer.stop');
    if (this.#stopping === null || timeout !== Number.POSITIVE_INFINITY) {
      if (this.#server !== null) this.#unlisten(this.#server);
      this.#stopping = spawn({ name: 'StreamServer.stop' }, stopAll, [...this.#open.keys()], timeout);
    }
    return this.#stopping.get();
  }

  #unlisten(server: net.Server): void {
    // The host may be looking up its address, and listens after that all the same.
    if (!server.listening) server.on('listening', () => this.#server !== server && server.close());
    this.#end(server);
    server.close();
    failListeners(server, new GreenletError(`${this.constructor.name} was stopped before it listened`));
  }

  /** Starts it and waits until it is stopped. Interrupted, it is stopped, with `stopTimeout` ms (1000) for the handlers. */
  serveForever(options: { readonly stopTimeout?: number | undefined } = {}): Operation<void> {
    checkOptions(options, 'StreamServer.serveForever', '{ stopTimeout: 1000 }');
    const { stopTimeout = 1000 } = options;
    checkMs(stopTimeout, 'stopTimeout');
    return new Call(serveAll as never, [this, stopTimeout], 'StreamServer.serveForever');
  }

  /** @internal */
  get _stopped(): Event {
    return this.#stopped;
  }

  /** It listens, or is about to. */
  get started(): boolean {
    return this.#server !== null;
  }

  /** There is no place for another handler. */
  full(): boolean {
    return this.#members.full();
  }

  /** How many connections are being served. */
  get connections(): number {
    return this.#open.size;
  }

  /** Where it listens: address, family and port, or the path; null while it does not. */
  get address(): AddressInfo | string | null {
    return this.#server?.address() ?? null;
  }

  /** The port that it listens on. Errors: `GreenletError` while it does not. */
  get port(): number {
    const { address } = this;
    if (typeof address === 'object' && address !== null) return address.port;
    throw new GreenletError(
      `${this} has no port: ${address === null ? 'start() it first' : 'it listens on a path'}`,
    );
  }

  [Symbol.dispose](): void {
    void this.stop({ timeout: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ timeout: 0 });
  }

  toString(): string {
    const { address } = this;
    const at =
      address === null
        ? 'stopped'
        : typeof address === 'string'
          ? address
          : `${address.address}:${address.port}`;
    return `<${this.constructor.name} ${at}, ${this.connections} connections>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }
}

/** One that encrypts tells of a connection when both have shaken hands. */
function connectionEvent(server: net.Server): string {
  return 'setSecureContext' in server ? 'secureConnection' : 'connection';
}

function checkListener(listener: unknown): void {
  if (Array.isArray(listener)) {
    if (typeof listener[0] === 'string' && typeof listener[1] === 'number') return;
  } else if (typeof listener === 'number' || (typeof listener === 'object' && listener !== null)) {
    return;
  }
  throw new TypeError(
    `listener must be a port, [host, port], { host, port, path } or a net.Server, got ${showValue(listener)}`,
  );
}

function listenOptions(listener: Listener, backlog: number): net.ListenOptions {
  if (typeof listener === 'number') return { port: listener, backlog };
  if (Array.isArray(listener)) return { host: listener[0] as string, port: listener[1] as number, backlog };
  return listener instanceof net.Server
    ? { port: 0, backlog }
    : { backlog, ...(listener as net.ListenOptions) };
}

function membersOf(spawner: unknown): Pool | Group {
  if (typeof spawner === 'number') return new Pool(spawner);
  if (spawner instanceof Pool || spawner instanceof Group) return spawner;
  if (typeof spawner === 'function') return new Group();
  throw new TypeError(`spawn must be a number, a Pool, a Group or a function, got ${showValue(spawner)}`);
}

function* acceptAll(server: StreamServer, connections: Queue<net.Socket>): Green<void> {
  for (let count = 1; ; count++) {
    const raw = yield* connections.get();
    let served = false;
    try {
      yield* server._mayServe();
      // It may have been stopped, or the other end be gone.
      if (connections.isShutdown || raw.destroyed) continue;
      yield* server._serve(raw);
      served = true;
    } catch (error) {
      if (connections.isShutdown) throw error;
      report(error, null);
    } finally {
      if (!served) raw.destroy();
    }
    if (count % server.maxAccept === 0) yield* sleep(0);
  }
}

/** For a `spawn` of the user's, whose greenlets are not known. */
function* serveOne(handle: AnyFn, socket: Socket, address: AddressInfo): Green<void> {
  try {
    yield* new Call(handle, [socket, address]);
  } finally {
    void socket.close();
  }
}

function* stopAll(handlers: readonly Greenlet<unknown>[], timeout: number): Green<Greenlet<unknown>[]> {
  yield* joinall(handlers, { timeout });
  const late = handlers.filter((each) => !each.dead);
  for (const each of late) each._kill(undefined);
  yield* joinall(late);
  return late;
}

function* serveAll(server: StreamServer, stopTimeout: number): Green<void> {
  yield* server.start();
  try {
    yield* server._stopped.wait();
  } finally {
    if (server.started) yield* tidy(server.stop({ timeout: stopTimeout }));
  }
}
