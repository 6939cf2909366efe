/**
 * An HTTP server with a greenlet for each request. The protocol is the host's: `node:http` parses and writes, keeps connections alive
 * and times them out.
 */
import { createServer, type IncomingMessage, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type ServerOptions as SecureOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { shield } from '../../runtime/attempt.js';
import { type AnyFn, Call } from '../../runtime/call.js';
import { checkCount, checkFn, checkTimeout, showValue } from '../../runtime/check.js';
import { GreenletError } from '../../runtime/errors.js';
import { report } from '../../runtime/hub.js';
import { joinall } from '../../runtime/joinall.js';
import type { Operation } from '../../runtime/operation.js';
import { Greenlet } from '../../runtime/scheduled-greenlet.js';
import { idle } from '../../runtime/sleep.js';
import { spawn } from '../../runtime/spawn.js';
import { isExit, withTimeout } from '../../runtime/timeout.js';
import type { Green } from '../../runtime/types.js';
import { Event } from '../../sync/event.js';
import { Group } from '../../sync/group.js';
import { Pool } from '../../sync/pool.js';
import { letGo, refuse, send, stream } from './reply.js';
import { statusOf } from './server-errors.js';
import { ServerRequest } from './server-request.js';
import { ServerRun } from './server-run.js';

/** Answers one request. */
export type RequestHandler = (request: ServerRequest) => unknown;

export interface ServeOptions {
  /** 0, the default: any free one. */
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  /** A unix socket, instead of a port. */
  readonly path?: string | undefined;
  /** How many requests are worked on at once, or the pool or group that they are worked on in; no bound unless given. */
  readonly pool?: number | Pool | Group | undefined;
  /** ms that requests have to end when the server is stopped; then they are killed. 1000 unless given. */
  readonly stopTimeout?: number | undefined;
  /** Gets what a handler throws, and may give the answer; unless given the error goes to `hub.onError`. */
  readonly onError?: ((error: unknown, request: ServerRequest) => unknown) | undefined;
  /** The greenlet of a request is killed when the other end goes away. True unless given. */
  readonly killOnDisconnect?: boolean | undefined;
  /** Bytes of the largest body that is read as a whole; 10 MiB unless given. */
  readonly maxBodySize?: number | undefined;
  /** ms: see `node:http`. */
  readonly headersTimeout?: number | undefined;
  readonly requestTimeout?: number | undefined;
  readonly keepAliveTimeout?: number | undefined;
  /** Bytes of the largest head. */
  readonly maxHeaderSize?: number | undefined;
  /** Key and certificate: it serves HTTPS. */
  readonly tls?: SecureOptions | undefined;
}

const MAX_BODY = 10 * 1024 * 1024;

const REFUSED = { connection: 'close', 'content-length': 0 };

export class HttpServer {
  readonly #handler: RequestHandler;
  readonly #options: ServeOptions;
  readonly #members: Pool | Group;
  readonly #open = new Map<Greenlet<unknown>, ServerRequest>();
  readonly #stopped = new Event();
  #run: ServerRun | null = null;
  #stopping: Greenlet<Greenlet<unknown>[]> | null = null;

  /** See `serve`. */
  constructor(handler: RequestHandler, options: ServeOptions) {
    checkFn(handler, 'handler');
    const { pool = new Group(), port = 0, maxBodySize = MAX_BODY, stopTimeout = 1000, onError } = options;
    checkCount(port, 'port');
    checkCount(maxBodySize, 'maxBodySize');
    checkTimeout(stopTimeout);
    if (onError !== undefined) checkFn(onError, 'onError');
    if (typeof pool === 'number') checkCount(pool, 'pool', 1);
    else if (!(pool instanceof Pool || pool instanceof Group)) {
      throw new TypeError(`pool must be a number, a Pool or a Group, got ${showValue(pool)}`);
    }
    this.#handler = handler;
    this.#options = { ...options, maxBodySize, stopTimeout };
    this.#members = typeof pool === 'number' ? new Pool(pool) : pool;
  }

  /** Listens, when it does not; the operation waits until it does. Acts at the call. Errors: the host's (`EADDRINUSE`). */
  start(): Operation<void> {
    return new Start(this.#listen());
  }

  /** @internal */
  _start(): void {
    this.#listen();
  }

  #listen(): ServerRun {
    if (this.#run !== null && !this.#run.stopped) return this.#run;
    const { tls, headersTimeout, requestTimeout, keepAliveTimeout, maxHeaderSize } = this.#options;
    const { port = 0, host, path } = this.#options;
    const options: ServerOptions = {
      noDelay: true,
      ...defined({ headersTimeout, requestTimeout, keepAliveTimeout, maxHeaderSize }),
    };
    const onRequest = (raw: IncomingMessage, response: ServerResponse) => this.#begin(run, raw, response);
    const server =
      tls === undefined
        ? createServer(options, onRequest)
        : createSecureServer({ ...options, ...tls }, onRequest);
    this.#stopped.clear();
    this.#stopping = null;
    const run = new ServerRun(server, path === undefined ? defined({ port, host }) : { path }, () => {
      if (this.#run !== run) return;
      this.#run = null;
      this.#stopped.set();
    });
    this.#run = run;
    return run;
  }

  #begin(run: ServerRun, raw: IncomingMessage, response: ServerResponse): void {
    const { maxBodySize, tls, killOnDisconnect = true } = this.#options;
    run.unsent.add(response);
    if (run.stopped) {
      response.on('close', () => run.unsent.delete(response));
      response.writeHead(503, REFUSED).end();
      return;
    }
    const request = new ServerRequest(raw, response, maxBodySize as number, tls !== undefined);
    const member = new Greenlet<unknown>(answer, this, request);
    this.#open.set(member, request);
    member._link({ _waiter: null, _died: () => this.#ended(member, request) });
    const closed = () => {
      run.unsent.delete(response);
      if (killOnDisconnect && !member.dead && !response.writableFinished) member._kill(undefined);
    };
    response.on('close', closed);
    // Behind others on its connection it is not told of the end of that.
    if (response.socket === null) whileOpen(raw, response, closed);
    this.#members._place(member, false);
  }

  #ended(member: Greenlet<unknown>, request: ServerRequest): void {
    this.#open.delete(member);
    request._release();
    const response = request._response;
    if (response.writableEnded || response.destroyed) return;
    // Killed before it could answer, or `onError` has failed, too.
    if (response.headersSent) response.destroy();
    else response.writeHead(member.killed ? 503 : 500, REFUSED).end();
  }

  /** @internal */
  get _handler(): RequestHandler {
    return this.#handler;
  }

  /** @internal */
  get _onError(): ServeOptions['onError'] {
    return this.#options.onError;
  }

  /**
   * Listens no more, and waits until the requests under way have been answered; those that have not after `timeout` ms (`stopTimeout`
   * unless given) are killed, and answered with 503 as far as they can be. Acts at the call; called again with a `timeout`, that
   * counts, too. The operation gives those that were killed, when all connections are gone.
   */
  stop(options: { readonly timeout?: number | undefined } = {}): Operation<Greenlet<unknown>[]> {
    const { timeout = this.#options.stopTimeout as number } = options;
    checkTimeout(timeout);
    if (this.started || this.#stopping === null || options.timeout !== undefined) {
      this.#run?.stop();
      this.#stopped.set();
      const members = [...this.#open.keys()];
      this.#stopping = spawn({ name: 'HttpServer.stop' }, stopAll, this.#run, members, timeout);
    }
    return this.#stopping.get();
  }

  /** Waits until it is stopped, and the requests have ended. Interrupted, it is stopped. Errors: as `start`. */
  serveForever(): Operation<void> {
    return new Call(serveAll as never, [this], 'HttpServer.serveForever');
  }

  /** @internal */
  get _stopped(): Event {
    return this.#stopped;
  }

  /** @internal */
  get _stopping(): Greenlet<unknown> | null {
    return this.#stopping;
  }

  /** It listens, or is about to. */
  get started(): boolean {
    return this.#run !== null && !this.#run.stopped;
  }

  /** How many requests are being worked on. */
  get requests(): number {
    return this.#open.size;
  }

  /** Where it listens; null while it does not. */
  get address(): AddressInfo | string | null {
    return this.#run?.server.address() ?? null;
  }

  /** The port that it listens on. Errors: `GreenletError` while it listens on none. */
  get port(): number {
    const { address } = this;
    if (typeof address === 'object' && address !== null) return address.port;
    throw new GreenletError(`${this} listens on no port`);
  }

  /** Its root, for clients on this machine. Errors: as `port`. */
  get url(): string {
    const { tls, host = '' } = this.#options;
    const name = /^(|::|0\.0\.0\.0)$/.test(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host;
    return `${tls === undefined ? 'http' : 'https'}://${name}:${this.port}/`;
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
    return `<HttpServer ${this.started ? 'on' : 'off'}, ${this.requests} requests>`;
  }
}

function defined<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

/** Calls `closed` at the end of the connection, until `response` has been sent. */
function whileOpen(raw: IncomingMessage, response: ServerResponse, closed: () => void): void {
  const { socket } = raw;
  // As many as have come at once.
  socket.setMaxListeners(0);
  socket.on('close', closed);
  response.on('close', () => socket.off('close', closed));
}

/** Waits until a server listens. */
class Start extends Call<void> {
  constructor(run: ServerRun) {
    super(() => run.listening(), [], 'HttpServer.start');
  }

  override get _isRequest(): boolean {
    return true;
  }
}

function* answer(server: HttpServer, request: ServerRequest): Green<void> {
  try {
    yield* reply(request._response, yield* new Call(server._handler as AnyFn, [request]));
  } catch (error) {
    if (isExit(error)) throw error;
    yield* fail(server, request, error);
  }
}

function* reply(response: ServerResponse, value: unknown): Green<void> {
  if (response.destroyed || response.writableEnded) letGo(value);
  else if (send(response, value)) yield* stream(response, value as Response);
}

/** The handler has failed: `onError` may answer, else the status says what went wrong. */
function* fail(server: HttpServer, request: ServerRequest, error: unknown): Green<void> {
  const status = statusOf(error);
  const { _onError: onError } = server;
  const { _response: response } = request;
  if (onError === undefined && status === 500) report(error, null);
  const value = onError === undefined ? undefined : yield* new Call(onError as AnyFn, [error, request]);
  if (response.destroyed || response.writableEnded || response.headersSent) {
    letGo(value);
    if (!response.writableEnded) response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  if (value !== undefined) yield* reply(response, value);
  else yield* refuse(request, status);
}

function* stopAll(
  run: ServerRun | null,
  members: readonly Greenlet<unknown>[],
  timeout: number,
): Green<Greenlet<unknown>[]> {
  yield* withTimeout(timeout, { timeoutValue: undefined }, finishing, run, members);
  const late = members.filter((each) => !each.dead);
  for (const each of late) each._kill(undefined);
  yield* joinall(late);
  if (run === null) return late;
  // A pass of the host, in which those who were killed are told so.
  if (late.length > 0) yield* idle();
  yield* run.close();
  return late;
}

function* finishing(run: ServerRun | null, members: readonly Greenlet<unknown>[]): Green<void> {
  yield* joinall(members);
  if (run !== null) yield* run.sent();
}

function* serveAll(server: HttpServer): Green<void> {
  try {
    yield* server.start();
    yield* server._stopped.wait();
  } finally {
    if (server.started) void server.stop();
    if (server._stopping !== null) yield* shield(server._stopping.join());
  }
}

/**
 * Serves HTTP (or HTTPS with `tls`): `handler(request)` answers each request in a greenlet of its own. It may give a `Response`; a string
 * (text), bytes, an object (JSON); null or nothing (204); `Results`, a `Readable` or what else can be iterated asynchronously, which
 * is sent as it comes, the head with the first piece. It listens from
 * now on; `yield*` of the server waits until it does. An error answers 500 and goes to `onError` or `hub.onError`; a request whose
 * other end goes away is killed.
 *
 * @example const server = yield* http.serve(function* (request) { return { path: request.path }; }, { port: 8080 });
 */
export function serve(handler: RequestHandler, options: ServeOptions = {}): HttpServer {
  const server = new HttpServer(handler, options);
  server._start();
  return server;
}
