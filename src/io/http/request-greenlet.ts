/** The greenlet that answers one request. */
import type { ServerResponse } from 'node:http';
import { type AnyFn, Call } from '../../runtime/call.js';
import type { Fiber } from '../../runtime/fiber.js';
import { report } from '../../runtime/hub.js';
import { Greenlet } from '../../runtime/scheduled-greenlet.js';
import { isExit } from '../../runtime/timeout.js';
import type { Green } from '../../runtime/types.js';
import { letGo, REFUSED, refuse, send, stream } from './reply.js';
import type { Answering, ServerConnection } from './server-connection.js';
import { statusOf } from './server-errors.js';
import type { ServerRequest } from './server-request.js';

/** What it needs of its server. */
export interface Answers {
  /** A generator function is run as a part of `run`, which is the quicker way. */
  readonly isGenerator: boolean;
  readonly handler: AnyFn;
  readonly onError: AnyFn | undefined;
  readonly killOnDisconnect: boolean;
}

export class RequestGreenlet extends Greenlet<void> implements Answering {
  readonly request: ServerRequest;
  readonly #response: ServerResponse;
  readonly #answers: Answers;
  readonly #connection: ServerConnection;

  constructor(answers: Answers, request: ServerRequest, connection: ServerConnection) {
    super();
    this.request = request;
    this.#response = request._response;
    this.#answers = answers;
    this.#connection = connection;
    connection.open.push(this);
    connection.last = this.#response;
  }

  disconnected(): void {
    if (this.#answers.killOnDisconnect && !this.#response.writableFinished) this._kill(undefined);
  }

  isLast(): void {
    if (!this.#response.headersSent) this.#response.setHeader('connection', 'close');
  }

  override *run(): Green<void> {
    const { isGenerator, handler } = this.#answers;
    const { request } = this;
    const response = this.#response;
    try {
      const value = isGenerator
        ? yield* handler(request as never) as Green<unknown>
        : yield* new Call<unknown>(handler, [request]);
      if (response.destroyed || response.writableEnded) letGo(value);
      else if (send(response, value)) yield* stream(response, value as Response);
    } catch (error) {
      if (isExit(error)) throw error;
      yield* this.#failed(error);
    }
  }

  /** The handler has failed: `onError` may answer, else the status says what went wrong. */
  *#failed(error: unknown): Green<void> {
    const status = statusOf(error);
    const { onError } = this.#answers;
    const response = this.#response;
    if (onError === undefined && status === 500) report(error, null);
    const value = onError === undefined ? undefined : yield* new Call(onError, [error, this.request]);
    if (response.destroyed || response.writableEnded || response.headersSent) {
      letGo(value);
      if (!response.writableEnded) response.destroy();
      return;
    }
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    if (value === undefined) yield* refuse(this.request, status);
    else if (send(response, value)) yield* stream(response, value as Response);
  }

  /** @internal */
  override _ended(outcome: unknown, threw: boolean, first: Fiber | null): Fiber | null {
    const next = super._ended(outcome, threw, first);
    this.#connection.ended(this);
    this.request._release();
    const response = this.#response;
    // Killed before it could answer, or `onError` has failed, too.
    if (!response.writableEnded && !response.destroyed) {
      if (response.headersSent) response.destroy();
      else response.writeHead(this.killed ? 503 : 500, REFUSED).end();
    }
    return next;
  }
}
