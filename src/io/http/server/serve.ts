/** An HTTP server with a greenlet for each request, straight on the host's sockets (connection.ts). */
import type { AddressInfo, ListenOptions } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { tidy } from '../../../runtime/attempt.js';
import { type AnyFn, Call } from '../../../runtime/call.js';
import {
  checkCount,
  checkFn,
  checkMs,
  checkOptions,
  checkType,
  showValue,
  timeoutOf,
} from '../../../runtime/check.js';
import { GreenletError } from '../../../runtime/errors.js';
import { joinall } from '../../../runtime/joinall.js';
import type { Operation } from '../../../runtime/operation.js';
import type { Greenlet } from '../../../runtime/scheduled-greenlet.js';
import { SHOWN } from '../../../runtime/shown.js';
import { idle } from '../../../runtime/sleep.js';
import { spawn } from '../../../runtime/spawn.js';
import { withTimeout } from '../../../runtime/timeout.js';
import type { Green } from '../../../runtime/types.js';
import { Event } from '../../../sync/event.js';
import { Group } from '../../../sync/group.js';
import { Pool } from '../../../sync/pool.js';
import type { Answer } from './answer.js';
import { ServerRequest } from './request.js';
import { type Answers, RequestGreenlet } from './request-greenlet.js';
import { ServerRun } from './run.js';
import type { Limits } from './times.js';

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
  /** ms until the head of a request has come; then it is answered with 408. 60 s unless given; 0 or `Infinity`: no limit. */
  readonly headersTimeout?: number | undefined;
  /** ms until all of a request has come. 300 s unless given. */
  readonly requestTimeout?: number | undefined;
  /** ms that an idle connection is kept. 5 s unless given. */
  readonly keepAliveTimeout?: number | undefined;
  /** Bytes of the largest head; 16 KiB unless given. A larger one is answered with 431. */
  readonly maxHeaderSize?: number | undefined;
  /** Key and certificate: it serves HTTPS. */
  readonly tls?: TlsOptions | undefined;
}

const MAX_BODY = 10 * 1024 * 1024;
const MAX_HEAD = 16 * 1024;

export class HttpServer {
  readonly #options: ServeOptions;
  readonly #limits: Limits & { readonly maxHeaderSize: number };
  readonly #target: ListenOptions;
  readonly #answers: Answers;
  readonly #members: Pool | Group | null;
  readonly #stopped = new Event();
  #run: ServerRun | null = null;
  #stopping: Greenlet<Greenlet<unknown>[]> | null = null;

  /** See `serve`. */
  constructor(handler: RequestHandler, options: ServeOptions) {
    checkFn(handler, 'handler');
    checkOptions(options, 'http.serve', '{ port: 8080 }');
    const { pool, port = 0, maxBodySize = MAX_BODY, stopTimeout = 1000, onError } = options;
    const { killOnDisconnect = true } = options;
    checkCount(port, 'port');
    checkCount(maxBodySize, 'maxBodySize');
    checkMs(stopTimeout, 'stopTimeout');
    checkType(killOnDisconnect, 'killOnDisconnect', 'boolean');
    const { headersTimeout = 60_000, requestTimeout = 300_000, keepAliveTimeout = 5000 } = options;
    const { maxHeaderSize = MAX_HEAD } = options;
    checkMs(headersTimeout, 'headersTimeout');
    checkMs(requestTimeout, 'requestTimeout');
    checkMs(keepAliveTimeout, 'keepAliveTimeout');
    checkCount(maxHeaderSize, 'maxHeaderSize', 1);
    if (onError !== undefined) checkFn(onError, 'onError');
    if (typeof pool === 'number') checkCount(pool, 'pool', 1);
    else if (pool !== undefined && !(pool instanceof Pool || pool instanceof Group)) {
      throw new TypeError(`pool must be a number, a Pool or a Group, got ${showValue(pool)}`);
    }
    this.#answers = {
      handler: handler as AnyFn,
      onError: onError as AnyFn | undefined,
      killOnDisconnect,
    };
    this.#options = { ...options, maxBodySize, stopTimeout };
    this.#limits = { headersTimeout, requestTimeout, keepAliveTimeout, maxHeaderSize };
    const { host, path } = options;
    this.#target = path !== undefined ? { path } : host === undefined ? { port } : { port, host };
    this.#members = typeof pool === 'number' ? new Pool(pool) : (pool ?? null);
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
    this.#stopped.clear();
    this.#stopping = null;
    const run = new ServerRun({
      ...this.#limits,
      target: this.#target,
      tls: this.#options.tls,
      answer: this.#answer,
      failed: () => {
        if (this.#run !== run) return;
        this.#run = null;
        this.#stopped.set();
      },
    });
    this.#run = run;
    return run;
  }

  readonly #answer = (run: ServerRun, answer: Answer): void => {
    if (run.stopped) {
      answer.refuse(503);
      return;
    }
    const { maxBodySize, tls } = this.#options;
    const request = new ServerRequest(answer, maxBodySize as number, tls !== undefined);
    const member = new RequestGreenlet(this.#answers, request, answer);
    if (run.daemon) member.unref();
    if (this.#members === null) member.start();
    else this.#members._place(member);
  };

  /**
   * Listens no more, and waits until the requests under way have been answered; those that have not after `timeout` ms (`stopTimeout`
   * unless given) are killed, and answered with 503 as far as they can be. Acts at the call; called again with a `timeout`, that
   * counts, too. The operation gives those that were killed, when all connections are gone.
   */
  stop(options?: { readonly timeout?: number | undefined }): Operation<Greenlet<unknown>[]> {
    timeoutOf(options, 'HttpServer.stop');
    const { timeout = this.#options.stopTimeout as number } = options ?? {};
    if (this.started || this.#stopping === null || options?.timeout !== undefined) {
      this.#run?.stop();
      this.#stopped.set();
      this.#stopping = spawn({ name: 'HttpServer.stop' }, stopAll, this.#run, timeout);
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
    return this.#run?.members().length ?? 0;
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

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }
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

function* stopAll(run: ServerRun | null, timeout: number): Green<Greenlet<unknown>[]> {
  if (run === null) return [];
  const members = run.members();
  yield* withTimeout(timeout, { timeoutValue: undefined }, finishing, run, members);
  const late = members.filter((each) => !each.dead);
  for (const each of late) each._kill(undefined);
  yield* joinall(late);
  // A pass of the host, in which those who were killed are told so.
  if (late.length > 0) yield* idle();
  yield* run.close();
  return late;
}

function* finishing(run: ServerRun, members: readonly Greenlet<unknown>[]): Green<void> {
  yield* joinall(members);
  yield* run.sent();
}

function* serveAll(server: HttpServer): Green<void> {
  try {
    yield* server.start();
    yield* server._stopped.wait();
  } finally {
    if (server.started) void server.stop();
    if (server._stopping !== null) yield* tidy(server._stopping.join());
  }
}

/**
 * Serves HTTP (or HTTPS with `tls`): `handler(request)` answers each request in a greenlet of its own. It may give a `Response`; a string
 * (text), bytes, an object (JSON), what a `Response` can be made of; null or nothing (204); `Results`, a `Readable` or what else can be
 * iterated asynchronously, which is sent as it comes, the head with the first piece. It listens from now on; `yield*` of the server
 * waits until it does. An error answers 500 and goes to `onError` or `hub.onError`; a request whose other end goes away is killed.
 *
 * @example const server = yield* http.serve(function* (request) { return { path: request.path }; }, { port: 8080 });
 */
export function serve(handler: RequestHandler, options: ServeOptions = {}): HttpServer {
  const server = new HttpServer(handler, options);
  server._start();
  return server;
}
