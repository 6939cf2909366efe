/**
 * One answer of a connection: what was asked, and what has been sent of the reply.
 *
 *      waiting --- whole: kept until those ahead are sent ---------------> over
 *         \------- begin (when it is the first) --- put, put, … --- end --/
 */
import type { Socket } from 'node:net';
import type { Operation } from '../../../runtime/operation.js';
import type { Greenlet } from '../../../runtime/scheduled-greenlet.js';
import type { Waiter } from '../../../runtime/waiter.js';
import { endWait } from '../../io-wait.js';
import { type AnswerHead, isBodyless, plainHead, reasonOf, wrongLength } from './answer-head.js';
import type { BodySource, ServerBody } from './body.js';
import { httpDate } from './http-date.js';
import type { ReceivedRequest } from './received-request.js';
import { lengthOf, type Sendable, SendPiece, Turn, write } from './sending.js';

/** How a body goes. */
const NONE = 0;
const LENGTH = 1;
const CHUNKED = 2;
const TO_END = 3;

/** Bytes of a piece that may wait for others. */
const SMALL = 4096;

/** A greenlet that answers a request. */
export interface Answering extends Greenlet<void> {
  /** The other end is gone. */
  disconnected(): void;
}

/** What an answer needs of its connection. */
export interface AnswerConnection {
  readonly socket: Socket;
  /** Those who answer its requests. */
  readonly open: Answering[];
  /** The answer that is sent now, or next. */
  readonly first: Answer | null;
  /** Who waits until more can be sent. */
  drainWaiter: Waiter | null;
  /** The header lines that say what becomes of the connection after `answer`, whose head is made now. */
  persistence(answer: Answer): string;
  /** `answer`, the first one, has been given to the host. */
  sent(answer: Answer): void;
  /** `greenlet`, which has answered `answer`, has ended: nobody reads the body of the request. */
  ended(greenlet: Answering, answer: Answer): void;
  pauseBody(answer: Answer): void;
  resumeBody(answer: Answer): void;
}

export class Answer implements BodySource, Sendable {
  readonly connection: AnswerConnection;
  readonly received: ReceivedRequest;
  /** The one that is sent after it. */
  next: Answer | null = null;
  /** The body of the request, if it has one. */
  body: ServerBody | null = null;
  trailers = '';
  /** The other end waits for 100 before it sends the body. */
  expecting: boolean;
  /** Somebody has begun to read the body. */
  wanted = false;
  /** The connection ends with it. */
  closes = false;
  /** It is settled what is sent, and something of it may have been; all of it has been given. */
  begun = false;
  over = false;
  turnWaiter: Waiter | null = null;
  #framing = NONE;
  #length = 0;
  #sent = 0;
  /** What goes ahead of the next piece. */
  #pending = '';
  /** Small pieces that come in one pass of the host's loop go in one write. */
  #corked = false;
  #kept: { readonly head: AnswerHead; readonly body: string | Uint8Array } | null = null;

  constructor(connection: AnswerConnection, received: ReceivedRequest) {
    this.connection = connection;
    this.received = received;
    this.expecting = received.expects && received.hasBody;
  }

  get label(): string {
    return `${this.received.method} ${this.received.target}`;
  }

  get isLost(): boolean {
    return !this.connection.socket.writable;
  }

  get isFirst(): boolean {
    return this.connection.first === this;
  }

  /** Sends all of it, or keeps it until it is its turn. */
  whole(head: AnswerHead, body: string | Uint8Array): void {
    this.begun = this.over = true;
    if (this.isLost) return;
    if (this.isFirst) this.#sendWhole(head, body);
    else this.#kept = { head, body };
  }

  /** A status and nothing else; the connection ends with it. */
  refuse(status: number): void {
    this.closes = true;
    this.whole(plainHead(status, '', 0), '');
  }

  #sendWhole(head: AnswerHead, body: string | Uint8Array): void {
    const { socket } = this.connection;
    const text = this.#headText(head);
    if (body.length === 0 || this.received.method === 'HEAD') socket.write(text, 'latin1');
    else write(socket, text, body);
    this.connection.sent(this);
  }

  /** It is the first one now. */
  comesFirst(): void {
    if (this.wanted) this.#continue();
    const kept = this.#kept;
    const waiter = this.turnWaiter;
    this.#kept = this.turnWaiter = null;
    if (kept !== null) this.#sendWhole(kept.head, kept.body);
    else if (waiter !== null) endWait(waiter, true);
  }

  /** The connection is gone. */
  lost(): void {
    const waiter = this.turnWaiter;
    this.#kept = this.turnWaiter = null;
    if (waiter !== null) endWait(waiter, false);
  }

  /** Waits until it may begin: false when the connection ends before. */
  turn(): Operation<boolean> {
    return new Turn(this);
  }

  /** Its head, which goes with the first piece; with `hasBody` it is one that comes bit by bit. */
  begin(head: AnswerHead, hasBody: boolean): void {
    this.begun = true;
    this.#length = head.length;
    if (!hasBody || this.received.method === 'HEAD' || isBodyless(head.status)) this.#framing = NONE;
    else if (head.length !== -1) this.#framing = LENGTH;
    else this.#framing = this.received.minor === 1 ? CHUNKED : TO_END;
    this.#pending = this.#headText(head);
  }

  /** Sends a piece, after `begin`. Errors: `TypeError` for what is no piece, and for more than the head says. */
  send(piece: unknown): Operation<boolean> {
    return new SendPiece(this, piece);
  }

  put(piece: unknown): boolean {
    const length = lengthOf(piece);
    // An empty chunk would be the last one.
    if (length === 0) return true;
    this.#sent += length;
    if (this.#framing === LENGTH && this.#sent > this.#length) throw wrongLength(this.#sent, this.#length);
    let head = this.#pending;
    this.#pending = '';
    const { socket } = this.connection;
    if (!this.#corked && length <= SMALL) {
      this.#corked = true;
      socket.cork();
      setImmediate(uncork, this);
    }
    if (this.#framing !== CHUNKED) return write(socket, head, piece as string) || !socket.writableNeedDrain;
    head += `${length.toString(16)}\r\n`;
    return write(socket, head, piece as string, '\r\n') || !socket.writableNeedDrain;
  }

  /** All pieces have been sent. Errors: `TypeError` when they are less than the head says. */
  end(): void {
    if (this.#framing === LENGTH && this.#sent < this.#length) throw wrongLength(this.#sent, this.#length);
    this.over = true;
    if (this.isLost) return;
    const last = this.#framing === CHUNKED ? `${this.#pending}0\r\n\r\n` : this.#pending;
    if (last !== '') this.connection.socket.write(last, 'latin1');
    this.uncork();
    this.connection.sent(this);
  }

  uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.connection.socket.uncork();
  }

  /** What was begun cannot be ended: the connection is cut, so that it does not look whole. */
  cut(): void {
    const { socket } = this.connection;
    this.over = true;
    // Nothing but the end of the connection tells the end of such a body.
    if (this.#framing === TO_END && socket.remoteFamily !== undefined && !('encrypted' in socket))
      socket.resetAndDestroy();
    socket.destroy();
  }

  #headText(head: AnswerHead): string {
    const { status, reason, fields, dated } = head;
    if (head.closes) this.closes = true;
    const chunked = this.#framing === CHUNKED;
    // A client of HTTP/1.0 knows the end of such an answer by that of the connection only.
    if (this.received.minor === 0 && head.length === -1) this.closes = true;
    const text = `HTTP/1.1 ${status} ${reason}\r\n${fields}${dated ? '' : `Date: ${httpDate()}\r\n`}`;
    return `${text}${this.connection.persistence(this)}${chunked ? 'Transfer-Encoding: chunked\r\n\r\n' : '\r\n'}`;
  }

  bodyWanted(): void {
    if (this.wanted) return;
    this.wanted = true;
    if (this.isFirst) this.#continue();
  }

  #continue(): void {
    if (!this.expecting || this.begun || this.isLost) return;
    this.expecting = false;
    this.connection.socket.write(`HTTP/1.1 100 ${reasonOf(100)}\r\n\r\n`, 'latin1');
  }

  pauseBody(): void {
    this.connection.pauseBody(this);
  }

  resumeBody(): void {
    this.connection.resumeBody(this);
  }
}

function uncork(answer: Answer): void {
  answer.uncork();
}
