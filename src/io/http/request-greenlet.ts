/** The greenlet that answers one request. */
import type { ServerResponse } from 'node:http';
import { type AnyFn, Call } from '../../runtime/call.js';
import type { Fiber } from '../../runtime/fiber.js';
import { report } from '../../runtime/hub.js';
import { Greenlet } from '../../runtime/scheduled-greenlet.js';
import { isExit } from '../../runtime/timeout.js';
import type { Green } from '../../runtime/types.js';
import { ENTER, NEW, START } from '../../runtime/waiter.js';
import { letGo, REFUSED, refuse, send, stream } from './reply.js';
import type { Answering, ServerConnection } from './server-connection.js';
import { statusOf } from './server-errors.js';
import type { ServerRequest } from './server-request.js';

/** What it needs of its server. */
export interface Answers {
  readonly handler: AnyFn;
  readonly onError: AnyFn | undefined;
  readonly killOnDisconnect: boolean;
}

export class RequestGreenlet extends Greenlet<void> implements Answering {
  readonly request: ServerRequest;
  readonly #response: ServerResponse;
  readonly #answers: Answers;
  readonly #connection: ServerConnection;
  /** The handler has ended, and what it gave is sent or being sent. */
  #answered = false;

  constructor(answers: Answers, request: ServerRequest, connection: ServerConnection) {
    super(answers.handler, request);
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

  /** Sends what takes a while; as carefully as what the handler does. */
  *#stream(value: Response): Green<void> {
    try {
      yield* stream(this.#response, value);
    } catch (error) {
      if (isExit(error)) throw error;
      yield* this.#failed(error);
    }
  }

  /** What is still to be done when the handler has ended, null when nothing is. */
  #rest(outcome: unknown, threw: boolean): Green<void> | null {
    const response = this.#response;
    if (threw) return isExit(outcome) ? null : this.#failed(outcome);
    try {
      if (response.destroyed || response.writableEnded) letGo(outcome);
      else if (send(response, outcome)) return this.#stream(outcome as Response);
    } catch (error) {
      return this.#failed(error);
    }
    return null;
  }

  /** @internal */
  override _ended(outcome: unknown, threw: boolean, first: Fiber | null): Fiber | null {
    const begun = this._mode !== NEW && this._mode !== START;
    if (begun && !this.#answered && this._extra?.closing !== true) {
      this.#answered = true;
      const rest = this.#rest(outcome, threw);
      if (rest !== null) {
        // It goes on, as it would in a frame around the handler. Most answers are sent by now, and need none.
        this._gen = rest;
        this._mode = ENTER;
        return this;
      }
    }
    const next = super._ended(threw ? outcome : undefined, threw, first);
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
