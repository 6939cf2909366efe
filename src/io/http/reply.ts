/** Sending what a handler gave. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { attempt } from '../../runtime/attempt.js';
import { showValue } from '../../runtime/check.js';
import { each } from '../../runtime/each.js';
import type { Operation } from '../../runtime/operation.js';
import { Results } from '../../runtime/results.js';
import { isExit, withTimeout } from '../../runtime/timeout.js';
import type { Green } from '../../runtime/types.js';
import { until } from '../../runtime/until.js';
import { StreamWriter } from '../stream/index.js';
import type { ServerRequest } from './server-request.js';

/** What comes bit by bit. */
type Pieces = Results<string | Uint8Array> | Readable | AsyncIterable<string | Uint8Array>;

/** What a handler may give: see `http.serve`. */
export type Reply = Response | string | Uint8Array | Pieces | object | null | undefined;

/** The headers of an answer that nobody gave. */
export const REFUSED = { connection: 'close', 'content-length': 0 };

/** ms for which the rest of a body is read that was refused. */
const LINGER = 1000;

/** Sends `reply`: what is whole at once, the rest as the other end takes it. True: there is more, for `stream`. */
export function send(response: ServerResponse, reply: unknown): boolean {
  if (typeof reply === 'string') {
    whole(response, 'text/plain; charset=utf-8', reply);
  } else if (reply === null || reply === undefined) {
    response.writeHead(204).end();
  } else if (reply instanceof Uint8Array) {
    whole(response, 'application/octet-stream', reply);
  } else if (typeof reply === 'object') {
    if (reply instanceof Response || Symbol.asyncIterator in reply) return true;
    whole(response, 'application/json', JSON.stringify(reply));
  } else {
    throw new TypeError(
      `a handler must give a Response, a string, bytes, an object or null, got ${showValue(reply)}`,
    );
  }
  return false;
}

function whole(response: ServerResponse, type: string, body: string | Uint8Array): void {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  response.writeHead(200, { 'content-type': type, 'content-length': length }).end(body);
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
export function* stream(response: ServerResponse, reply: Response | Pieces): Green<void> {
  const head = reply instanceof Response ? reply : null;
  const body = head === null ? (reply as Results<string>) : head.body;
  // An answer to HEAD is a head.
  if (body === null || response.req.method === 'HEAD') {
    letGo(reply);
    begin(response, head);
    response.end();
    return;
  }
  let pieces: Results<string | Uint8Array> | undefined;
  try {
    pieces = each<string | Uint8Array>(body as Results<string>);
    let more = yield* pieces.more();
    // With the first piece: what fails before it can still be answered.
    begin(response, head);
    const writer = new StreamWriter(response);
    while (more && (yield* sent(response, writer.write(pieces.value)))) more = yield* pieces.more();
    if (!more) yield* sent(response, writer.end());
  } finally {
    pieces?.close();
    letGo(reply);
    // One that ends early must not look whole.
    if (response.headersSent && !response.writableEnded) response.destroy();
  }
}

function begin(response: ServerResponse, head: Response | null): void {
  if (head === null) {
    response.writeHead(200);
    return;
  }
  for (const [name, value] of head.headers) if (name !== 'set-cookie') response.setHeader(name, value);
  const cookies = head.headers.getSetCookie();
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  // A body of another length would be taken for the next answer.
  response.strictContentLength = head.body !== null && response.req.method !== 'HEAD';
  response.writeHead(head.status, head.statusText === '' ? undefined : head.statusText);
}

/** Whether `writing` succeeds; that the other end is gone is no error of the handler's. */
function* sent(response: ServerResponse, writing: Operation<void>): Green<boolean> {
  try {
    yield* writing;
    return true;
  } catch (error) {
    if (response.destroyed && !isExit(error)) return false;
    throw error;
  }
}

/**
 * Answers with a status and nothing else, and ends the connection: what has not been read of the request would be taken for the next one. It is
 * read for a while, since an answer may be lost at the other end when the connection is closed while that still sends.
 */
export function* refuse(request: ServerRequest, status: number): Green<void> {
  const { _response: response, raw } = request;
  response.writeHead(status, REFUSED);
  if (!raw.complete) {
    response.flushHeaders();
    request._release();
    raw.resume();
    const rest = until((signal) => finished(raw, { signal: signal as AbortSignal, writable: false }));
    yield* withTimeout(LINGER, { timeoutValue: undefined }, attempt(rest));
  }
  response.end();
}
