/** Sending what a handler gave. */
import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { types } from 'node:util';
import { isPlain, showValue } from '../../../runtime/check.js';
import { each } from '../../../runtime/each.js';
import { Results } from '../../../runtime/results.js';
import type { Green } from '../../../runtime/types.js';
import type { Answer } from './answer.js';
import { type AnswerHead, isBodyless, plainHead, responseHead, wrongLength } from './answer-head.js';

/** What comes bit by bit. */
type Pieces = Results<string | Uint8Array> | Readable | AsyncIterable<string | Uint8Array>;

/** What a handler may give: see `http.serve`. */
export type Reply = Response | string | Uint8Array | Pieces | object | null | undefined;

/** Sends `reply`: what is whole at once, the rest as the other end takes it. True: there is more, for `stream`. */
export function send(answer: Answer, reply: unknown): boolean {
  if (typeof reply === 'string') {
    whole(answer, 'text/plain; charset=utf-8', reply);
  } else if (reply === null || reply === undefined) {
    answer.whole(plainHead(204, '', -1), '');
  } else if (reply instanceof Uint8Array) {
    whole(answer, 'application/octet-stream', reply);
  } else if (typeof reply === 'object') {
    if (reply instanceof Response || Symbol.asyncIterator in reply) return true;
    if (!isPlain(reply)) {
      if (isBody(reply)) return true;
      const bytes = bytesOf(reply);
      if (bytes !== null) {
        whole(answer, 'application/octet-stream', bytes);
        return false;
      }
    }
    const text = JSON.stringify(reply) as string | undefined;
    if (text === undefined)
      throw new TypeError(`${showValue(reply)} has a toJSON that gives nothing to send`);
    whole(answer, 'application/json', text);
  } else {
    throw new TypeError(
      `a handler must give a Response, a string, bytes, an object or null, got ${showValue(reply)}`,
    );
  }
  return false;
}

/** What a `Response` can be made of, and JSON would lose. */
function isBody(value: unknown): value is Blob | FormData | URLSearchParams {
  return value instanceof Blob || value instanceof FormData || value instanceof URLSearchParams;
}

function bytesOf(value: object): Uint8Array | null {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return types.isAnyArrayBuffer(value) ? new Uint8Array(value) : null;
}

function whole(answer: Answer, type: string, body: string | Uint8Array): void {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  answer.whole(plainHead(200, type, length), body);
}

/** Lets go of a reply that is not sent. */
export function letGo(reply: unknown): void {
  if (reply instanceof Readable) reply.destroy();
  else if (reply instanceof Results) reply.close();
  else if (reply instanceof Response) drop(reply.body);
  else if (reply instanceof ReadableStream) drop(reply);
}

function drop(body: ReadableStream | null): void {
  if (body !== null && !body.locked) body.cancel().catch(() => {});
}

/** Sends a reply that comes bit by bit. */
export function* stream(answer: Answer, given: Response | Pieces): Green<void> {
  const reply = isBody(given) ? new Response(given) : given;
  let pieces: Results<string | Uint8Array> | undefined;
  try {
    const head = reply instanceof Response ? responseHead(reply) : plainHead(200, '', -1);
    const body = reply instanceof Response ? reply.body : (reply as Results<string>);
    // An answer to HEAD is a head.
    if (body === null || answer.received.method === 'HEAD') {
      answer.whole(body === null ? withoutBody(answer, head) : head, '');
      return;
    }
    pieces = each<string | Uint8Array>(body as Results<string>);
    let more = yield* pieces.more();
    if (!(yield* answer.turn())) return;
    // With the first piece: what fails before it can still be answered.
    answer.begin(head, true);
    while (more && (yield* answer.send(pieces.value))) more = yield* pieces.more();
    if (!more) answer.end();
  } finally {
    pieces?.close();
    letGo(reply);
    // One that ends early must not look whole.
    if (answer.begun && !answer.over) answer.cut();
  }
}

/** `head`, to which no body belongs. Errors: `TypeError` when it says that there is one. */
function withoutBody(answer: Answer, head: AnswerHead): AnswerHead {
  if (answer.received.method === 'HEAD' || isBodyless(head.status)) return head;
  if (head.length > 0) throw wrongLength(0, head.length);
  return head.length === 0 ? head : { ...head, length: 0, fields: `${head.fields}content-length: 0\r\n` };
}
