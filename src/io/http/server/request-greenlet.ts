/** The greenlet that answers one request. */
import { type AnyFn, Call } from '../../../runtime/call.js';
import type { Fiber } from '../../../runtime/fiber.js';
import { report } from '../../../runtime/hub.js';
import { Greenlet } from '../../../runtime/scheduled-greenlet.js';
import { isExit } from '../../../runtime/timeout.js';
import type { Green } from '../../../runtime/types.js';
import { ENTER, NEW, START } from '../../../runtime/waiter.js';
import type { Answer, Answering } from './answer.js';
import { statusOf } from './errors.js';
import { letGo, send, stream } from './reply.js';
import type { ServerRequest } from './request.js';

/** What it needs of its server. */
export interface Answers {
  readonly handler: AnyFn;
  readonly onError: AnyFn | undefined;
  readonly killOnDisconnect: boolean;
}

export class RequestGreenlet extends Greenlet<void> implements Answering {
  readonly request: ServerRequest;
  readonly #answer: Answer;
  readonly #answers: Answers;
  /** The handler has ended, and what it gave is sent or being sent. */
  #answered = false;

  constructor(answers: Answers, request: ServerRequest, answer: Answer) {
    super(answers.handler, request);
    this.request = request;
    this.#answer = answer;
    this.#answers = answers;
    answer.connection.open.push(this);
  }

  disconnected(): void {
    if (this.#answers.killOnDisconnect && !this.#answer.over) this._kill(undefined);
  }

  /** The handler has failed: `onError` may answer, else the status says what went wrong. */
  *#failed(error: unknown): Green<void> {
    const status = statusOf(error);
    const { onError } = this.#answers;
    const answer = this.#answer;
    if (onError === undefined && status === 500) report(error, null);
    const value = onError === undefined ? undefined : yield* new Call(onError, [error, this.request]);
    if (answer.begun || answer.isLost) {
      letGo(value);
      if (!answer.over) answer.cut();
    } else if (value === undefined) answer.refuse(status);
    else if (send(answer, value)) yield* stream(answer, value as Response);
  }

  /** Sends what takes a while; as carefully as what the handler does. */
  *#stream(value: Response): Green<void> {
    try {
      yield* stream(this.#answer, value);
    } catch (error) {
      if (isExit(error)) throw error;
      yield* this.#failed(error);
    }
  }

  /** What is still to be done when the handler has ended, null when nothing is. */
  #rest(outcome: unknown, threw: boolean): Green<void> | null {
    const answer = this.#answer;
    if (threw) return isExit(outcome) ? null : this.#failed(outcome);
    try {
      if (answer.isLost) letGo(outcome);
      else if (send(answer, outcome)) return this.#stream(outcome as Response);
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
    const answer = this.#answer;
    // Killed before it could answer, or `onError` has failed, too.
    if (!answer.over && !answer.isLost) {
      if (answer.begun) answer.cut();
      else answer.refuse(this.killed ? 503 : 500);
    }
    answer.connection.ended(this, answer);
    return next;
  }
}
