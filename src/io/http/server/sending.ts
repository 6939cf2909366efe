/** How the parts of an answer get to the socket, and the waits of those who send one bit by bit. */
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { showValue } from '../../../runtime/check.js';
import { done } from '../../../runtime/operation.js';
import type { Started, Waiter } from '../../../runtime/waiter.js';
import { IoOperation } from '../../io-wait.js';

/** Up to here copying is cheaper than a write of several parts. */
const COPIED = 16 * 1024;

/** Writes `head` (Latin-1) and `body` (text is UTF-8) with as few writes as can be: true when there is room for more. */
export function write(socket: Socket, head: string, body: string | Uint8Array, tail = ''): boolean {
  if (typeof body === 'string') {
    // The host writes Latin-1 fastest; ASCII is both.
    if (Buffer.byteLength(body) === body.length) return socket.write(head + body + tail, 'latin1');
    return write(socket, head, Buffer.from(body), tail);
  }
  const { length } = body;
  if (length > COPIED) {
    socket.cork();
    if (head !== '') socket.write(head, 'latin1');
    let room = socket.write(body);
    if (tail !== '') room = socket.write(tail, 'latin1');
    socket.uncork();
    return room;
  }
  const all = Buffer.allocUnsafe(head.length + length + tail.length);
  all.write(head, 0, 'latin1');
  all.set(body, head.length);
  all.write(tail, head.length + length, 'latin1');
  return socket.write(all);
}

/** The bytes of a piece of a body. Errors: `TypeError` when it is none. */
export function lengthOf(piece: unknown): number {
  if (typeof piece === 'string') return Buffer.byteLength(piece);
  if (piece instanceof Uint8Array) return piece.length;
  throw new TypeError(`a body must be made of text and bytes, got ${showValue(piece)}`);
}

/** An answer among others of its connection. */
export interface Sendable {
  readonly label: string;
  readonly connection: { drainWaiter: Waiter | null };
  /** Nothing of it can be sent any more. */
  readonly isLost: boolean;
  /** Those ahead have been sent. */
  readonly isFirst: boolean;
  /** Who waits for its turn. */
  turnWaiter: Waiter | null;
  /** Sends a piece: true when there is room for more. Errors: `TypeError`. */
  put(piece: unknown): boolean;
}

/** Waits until the answers ahead have been sent: false when the connection ends before. */
export class Turn extends IoOperation<boolean> {
  readonly _name = 'http.serve (waiting for the answers ahead)';
  readonly #answer: Sendable;

  constructor(answer: Sendable) {
    super(Number.POSITIVE_INFINITY);
    this.#answer = answer;
  }

  override get _object(): string {
    return this.#answer.label;
  }

  _start(waiter: Waiter): Started {
    const answer = this.#answer;
    if (answer.isLost || answer.isFirst) return done(waiter, !answer.isLost);
    answer.turnWaiter = waiter;
    return this._wait(waiter);
  }

  protected _forget(): void {
    this.#answer.turnWaiter = null;
  }
}

/** Sends a piece; waits while more is on its way than the host will keep. False when the connection has ended. */
export class SendPiece extends IoOperation<boolean> {
  readonly _name = 'http.serve (sending an answer)';
  readonly #answer: Sendable;
  readonly #piece: unknown;

  constructor(answer: Sendable, piece: unknown) {
    super(Number.POSITIVE_INFINITY);
    this.#answer = answer;
    this.#piece = piece;
  }

  override get _object(): string {
    return this.#answer.label;
  }

  _start(waiter: Waiter): Started {
    const answer = this.#answer;
    if (answer.isLost) return done(waiter, false);
    if (answer.put(this.#piece)) return done(waiter, true);
    answer.connection.drainWaiter = waiter;
    return this._wait(waiter);
  }

  protected _forget(): void {
    this.#answer.connection.drainWaiter = null;
  }
}
