/**
 * One connection of a server: the host's socket, the parser, and the answers that are still to be sent, in the order of their requests.
 *
 *      data --> parser --> Answer --> server: a greenlet each      sent in order, one at a time --> socket
 *
 * Requests may be sent on unasked; they are worked on side by side, as many as `MOST_AHEAD`, then the other end has to wait. What is
 * malformed or late is answered when all before it has been, and the connection ends. It ends gently: what the other end still
 * sends is read for a while, since an answer may be lost there when the connection is closed on it while it sends.
 */
import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { openTurn, runTurn } from '../../../runtime/hub.js';
import type { Waiter } from '../../../runtime/waiter.js';
import { endWait } from '../../io-wait.js';
import { Refusal } from '../refusal.js';
import { Answer, type AnswerConnection, type Answering } from './answer.js';
import { reasonOf } from './answer-head.js';
import { ServerBody } from './body.js';
import { RequestIncomplete, statusOfRefusal } from './errors.js';
import type { ReceivedRequest } from './received-request.js';
import { type RequestEvents, RequestParser } from './request-parser.js';
import { Phase, type ServerTimes } from './times.js';

/** Whose connection it is. */
export interface ConnectionOwner {
  readonly maxHeaderSize: number;
  readonly times: ServerTimes;
  /** It takes no more requests. */
  readonly stopped: boolean;
  /** Header lines that say how long a connection is kept. */
  readonly persistence: string;
  /** Has a request answered. */
  answer(answer: Answer): void;
  /** The connection is closed, and nobody answers it any more. */
  gone(connection: ServerConnection): void;
}

/** Requests that are worked on at once. */
const MOST_AHEAD = 32;
/** Bytes of a body that nobody wants which are read all the same, to keep the connection. */
const MOST_DROPPED = 1024 * 1024;

/** Why the socket is paused. */
const FOR_BODY = 1;
const FOR_ANSWERS = 2;

export class ServerConnection implements RequestEvents, AnswerConnection {
  readonly socket: Socket;
  readonly open: Answering[] = [];
  first: Answer | null = null;
  drainWaiter: Waiter | null = null;
  readonly phase: Phase;
  #last: Answer | null = null;
  #count = 0;
  /** Whose request has not come to its end. */
  #reading: Answer | null = null;
  /** What has come behind the requests that are worked on. */
  #rest: Buffer | null = null;
  #paused = 0;
  /** No more requests are taken. */
  #over = false;
  /** With this status it ends, when all answers have been sent. */
  #refusal = 0;
  #lingers = false;
  readonly #owner: ConnectionOwner;
  readonly #parser = new RequestParser(this);

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.socket = socket;
    this.#owner = owner;
    this.phase = new Phase(owner.times);
    this.#parser.begin(owner.maxHeaderSize);
    socket.on('data', (chunk: Buffer) => this.#data(chunk));
    socket.on('drain', () => {
      this.#drained(true);
      if ((this.#paused & FOR_ANSWERS) !== 0) setImmediate(this.#goOn);
    });
    socket.on('end', () => this.#ended());
    socket.on('error', () => {});
    socket.on('close', () => this.#closed());
  }

  persistence(answer: Answer): string {
    const { received } = answer;
    if (answer === this.#reading) {
      // What will not be read to its end would be taken for the next request.
      const dropped = !answer.wanted && this.#parser.left > MOST_DROPPED && !received.chunked;
      if (dropped || answer.expecting) answer.closes = true;
    }
    if (!received.keepAlive || (this.#owner.stopped && answer.next === null)) answer.closes = true;
    return answer.closes ? 'Connection: close\r\n' : this.#owner.persistence;
  }

  #data(chunk: Buffer): void {
    const opened = openTurn();
    const before = this.#count;
    this.#arrived(chunk);
    if (!opened) return;
    // Several answers go in one write.
    const several = this.#count - before > 1;
    if (several) this.socket.cork();
    runTurn();
    if (several) this.socket.uncork();
  }

  #arrived(chunk: Buffer): void {
    if (this.#over) {
      this.#lingers = true;
      return;
    }
    let used: number;
    try {
      used = this.#parser.execute(chunk, chunk.length);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#refuse(statusOfRefusal(error), error.code, error.message);
      return;
    }
    if (used === chunk.length) return;
    if (this.#over) this.#lingers = true;
    else {
      this.#rest = chunk.subarray(used);
      this.#pause(FOR_ANSWERS);
    }
  }

  onHead(received: ReceivedRequest): void {
    const answer = new Answer(this, received);
    if (this.#last === null) this.first = answer;
    else this.#last.next = answer;
    this.#last = answer;
    this.#count++;
    this.phase.messages++;
    this.#reading = answer;
    if (received.hasBody) answer.body = new ServerBody(answer, false);
    if (!received.expectsMore) this.#owner.answer(answer);
    else {
      this.#stopReading();
      answer.refuse(417);
    }
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    const answer = this.#reading as Answer;
    const body = answer.body as ServerBody;
    answer.expecting = false;
    body._feed(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
    if (body._dropped <= MOST_DROPPED) return;
    this.#stopReading();
    answer.closes = true;
    if (answer.over && this.first === null) this.#end();
  }

  onTrailers(text: string): void {
    (this.#reading as Answer).trailers = text;
  }

  onComplete(): void {
    const answer = this.#reading as Answer;
    this.#reading = null;
    answer.body?._finish();
    this.#unpause(FOR_BODY);
    if (!answer.received.keepAlive) this.#over = true;
    else if (this.#mayTake) this.#parser.begin(this.#owner.maxHeaderSize);
    else this.#pause(FOR_ANSWERS);
  }

  /** One more request may come: those before are not too many, and the other end takes the answers. */
  get #mayTake(): boolean {
    return this.#count < MOST_AHEAD && !this.socket.writableNeedDrain;
  }

  sent(answer: Answer): void {
    const { next } = answer;
    this.first = next;
    if (next === null) this.#last = null;
    this.#count--;
    if (answer.closes) this.#end();
    else if (next !== null) next.comesFirst();
    else if (this.#refusal !== 0) this.#sendRefusal();
    else if (this.#owner.stopped) this.#end();
    if ((this.#paused & FOR_ANSWERS) !== 0 && !this.#over) setImmediate(this.#goOn);
  }

  /** Takes the requests that had to wait. */
  readonly #goOn = (): void => {
    if (this.#over || (this.#paused & FOR_ANSWERS) === 0 || !this.#mayTake) return;
    const rest = this.#rest;
    this.#rest = null;
    this.#parser.begin(this.#owner.maxHeaderSize);
    this.#unpause(FOR_ANSWERS);
    if (rest !== null) this.#data(rest);
  };

  ended(greenlet: Answering, answer: Answer): void {
    const { open } = this;
    if (open.length === 1) open.pop();
    else open.splice(open.indexOf(greenlet), 1);
    answer.body?.close();
    if (open.length === 0 && this.socket.closed) this.#owner.gone(this);
  }

  pauseBody(answer: Answer): void {
    if (answer === this.#reading) this.#pause(FOR_BODY);
  }

  resumeBody(answer: Answer): void {
    if (answer === this.#reading) this.#unpause(FOR_BODY);
  }

  #pause(why: number): void {
    this.#paused |= why;
    this.socket.pause();
  }

  #unpause(why: number): void {
    if ((this.#paused & why) === 0) return;
    this.#paused &= ~why;
    if (this.#paused === 0) this.socket.resume();
  }

  /** What comes from now on is dropped; whoever reads the body of a request that has not come as a whole gets `error`. */
  #stopReading(error?: RequestIncomplete): void {
    const body = this.#reading?.body ?? null;
    this.#over = this.#lingers = true;
    this.#rest = this.#reading = null;
    this.#parser.stop();
    if (body !== null) body._fail(error ?? gone());
    this.#paused = 0;
    this.socket.resume();
  }

  /** What comes is no request, or does not come: `status` says so, or the error that whoever reads the body gets. */
  #refuse(status: number, code: string, message: string): void {
    const answer = this.#reading;
    this.#stopReading(new RequestIncomplete(message, code, status));
    if (answer === null) {
      this.#refusal = status;
      if (this.first === null) this.#sendRefusal();
      return;
    }
    answer.closes = true;
    if (answer.over && this.first === null) this.#end();
  }

  #sendRefusal(): void {
    this.socket.write(`HTTP/1.1 ${this.#refusal} ${reasonOf(this.#refusal)}\r\nConnection: close\r\n\r\n`);
    this.#end();
  }

  /** The last answer has been given to the host. */
  #end(): void {
    if (this.#reading !== null || this.#rest !== null || this.#parser.isInHead) this.#stopReading();
    this.#over = true;
    if (this.#lingers) this.socket.end();
    else this.socket.destroySoon();
    // What was asked behind it is not answered.
    if (this.first !== null) for (const each of [...this.open]) each.disconnected();
  }

  /** The server is stopped: it ends when nothing is under way. */
  stop(): void {
    if (this.first !== null || this.#parser.isInHead || this.#parser.isInBody) return;
    this.#over = true;
    this.socket.destroySoon();
  }

  /** Its last answer has been sent, but not by the host. */
  get sending(): boolean {
    const { socket } = this;
    return socket.writableEnded && !socket.writableFinished && !socket.destroyed;
  }

  /** The other end sends nothing more. As for Node's server it is gone by that: who wants an answer keeps its end open. */
  #ended(): void {
    const isInBody = this.#parser.isInBody;
    const isCut = isInBody || this.#parser.isInHead;
    const answer = this.#reading;
    this.#stopReading();
    if (this.socket.writableEnded) {
      // It has answered, and lingers.
      if (this.socket.writableFinished) this.socket.destroy();
      return;
    }
    if (isCut && (isInBody ? this.first === answer && answer?.begun === false : this.first === null)) {
      this.#refusal = 400;
      this.#sendRefusal();
    } else this.socket.end();
  }

  #closed(): void {
    for (const each of [...this.open]) each.disconnected();
    this.#stopReading();
    for (let each = this.first; each !== null; each = each.next) each.lost();
    this.first = this.#last = null;
    this.#drained(false);
    if (this.open.length === 0) this.#owner.gone(this);
  }

  #drained(room: boolean): void {
    const waiter = this.drainWaiter;
    this.drainWaiter = null;
    if (waiter !== null) endWait(waiter, room);
  }

  /** Called once a tick: what takes too long is cut. */
  tick(): void {
    const { socket } = this;
    if (socket.destroyed) return;
    const parser = this.#parser;
    switch (this.phase.late(parser, this.first !== null, socket)) {
      case 'request':
        this.#refuse(408, 'ERR_HTTP_REQUEST_TIMEOUT', 'the request was too late');
        break;
      case 'idle':
        this.#over = true;
        socket.destroySoon();
        break;
      case 'linger':
        socket.destroy();
    }
  }
}

function gone(): RequestIncomplete {
  return new RequestIncomplete('the connection has ended before the request had come', 'ECONNRESET', 400);
}
