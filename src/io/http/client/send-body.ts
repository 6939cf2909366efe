/** Sending a body piece by piece, in a greenlet of its own: the server may answer meanwhile. */
import { Buffer } from 'node:buffer';
import { showValue } from '../../../runtime/check.js';
import { each, type Source } from '../../../runtime/each.js';
import { done } from '../../../runtime/operation.js';
import type { Green } from '../../../runtime/types.js';
import type { Started, Waiter } from '../../../runtime/waiter.js';
import { IoOperation } from '../../io-wait.js';
import type { Connection } from './connection.js';
import type { BodyStream } from './request-body.js';

/** Sends some bytes; waits while more is on its way than the host will keep. */
class Send extends IoOperation<void> {
  readonly _name = 'http.request (sending its body)';
  readonly #label: string;
  readonly #connection: Connection;
  readonly #parts: readonly (string | Uint8Array)[];

  constructor(connection: Connection, label: string, parts: readonly (string | Uint8Array)[]) {
    super(Number.POSITIVE_INFINITY);
    this.#connection = connection;
    this.#label = label;
    this.#parts = parts;
  }

  override get _object(): string {
    return this.#label;
  }

  _start(waiter: Waiter): Started {
    const { raw } = this.#connection;
    let room = true;
    raw.cork();
    for (const part of this.#parts) room = raw.write(part as Uint8Array);
    raw.uncork();
    if (room || !raw.writableNeedDrain) return done(waiter, undefined);
    this.#connection.drainWaiter = waiter;
    return this._wait(waiter);
  }

  protected _forget(): void {
    this.#connection.drainWaiter = null;
  }
}

/** What is told of the end. */
export interface SendEvents {
  readonly label: string;
  bodySent(): void;
  bodyFailed(error: unknown): void;
}

/** Sends the pieces of `source`: in chunks, or, of a length that was announced, as they are. */
export function* sendBody(
  connection: Connection,
  source: BodyStream,
  length: number,
  events: SendEvents,
): Green<void> {
  try {
    yield* sendPieces(connection, source, length, events.label);
  } catch (error) {
    // Also a GreenletExit, which the source may have thrown: the request would wait for ever.
    events.bodyFailed(error);
    return;
  }
  events.bodySent();
}

function* sendPieces(connection: Connection, source: BodyStream, length: number, label: string): Green<void> {
  const pieces = each(source as Source<unknown>);
  const chunked = length === -1;
  let left = length;
  try {
    while (yield* pieces.more()) {
      const bytes = bytesOf(pieces.value);
      if (bytes.length === 0) continue;
      if (chunked) yield* new Send(connection, label, [`${bytes.length.toString(16)}\r\n`, bytes, '\r\n']);
      else {
        left -= bytes.length;
        if (left < 0) throw wrongLength(length);
        yield* new Send(connection, label, [bytes]);
      }
    }
    if (chunked) yield* new Send(connection, label, ['0\r\n\r\n']);
    else if (left > 0) throw wrongLength(length);
  } finally {
    pieces.close();
  }
}

function bytesOf(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  if (typeof piece === 'string') return Buffer.from(piece);
  throw new TypeError(`body must be made of text and bytes, got ${showValue(piece)}`);
}

function wrongLength(length: number): TypeError {
  return new TypeError(`body must have the ${length} bytes that headers['content-length'] says`);
}
