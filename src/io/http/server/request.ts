/** A request, as a handler of `http.serve` sees it. */
import { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { Call } from '../../../runtime/call.js';
import type { Operation } from '../../../runtime/operation.js';
import type { Results } from '../../../runtime/results.js';
import { SHOWN } from '../../../runtime/shown.js';
import type { Green } from '../../../runtime/types.js';
import type { ReadLineOptions } from '../../net/byte-reader.js';
import type { Answer } from './answer.js';
import { ServerBody } from './body.js';
import { BodyNotJson, RequestTooLarge } from './errors.js';
import { headersOf, rawHeadersOf } from './request-headers.js';

export class ServerRequest {
  readonly method: string;
  readonly #answer: Answer;
  readonly #maxBodySize: number;
  readonly #encrypted: boolean;
  #url: URL | undefined;
  #headers: IncomingHttpHeaders | undefined;

  /** @internal */
  constructor(answer: Answer, maxBodySize: number, encrypted: boolean) {
    this.method = answer.received.method;
    this.#answer = answer;
    this.#maxBodySize = maxBodySize;
    this.#encrypted = encrypted;
  }

  /** The whole URL, by the `Host` header. */
  get url(): string {
    return this.#parsed.href;
  }

  /** The path, decoded as the URL has it, without the query. */
  get path(): string {
    return this.#parsed.pathname;
  }

  get query(): URLSearchParams {
    return this.#parsed.searchParams;
  }

  get #parsed(): URL {
    this.#url ??= parse(this.#answer.received.target, this.headers.host, this.#encrypted ? 'https' : 'http');
    return this.#url;
  }

  /** The headers by their names in lower case, with the values and their types as `node:http` has them; without a prototype. */
  get headers(): IncomingHttpHeaders {
    this.#headers ??= headersOf(this.#answer.received.fields);
    return this.#headers;
  }

  /** The names and values of the headers, in turn, as they came. */
  get rawHeaders(): string[] {
    return rawHeadersOf(this.#answer.received.fields);
  }

  /** The headers that came behind a body in chunks: none before that has been read to its end. */
  get trailers(): IncomingHttpHeaders {
    return headersOf(this.#answer.trailers);
  }

  /** `1.0` or `1.1`. */
  get httpVersion(): string {
    return `1.${this.#answer.received.minor}`;
  }

  /** The host's socket, for what it tells (addresses, certificates): it is the server that reads, writes and closes it. */
  get socket(): Socket {
    return this.#answer.connection.socket;
  }

  get remoteAddress(): string | undefined {
    return this.socket.remoteAddress;
  }

  /** The body as it arrives; who reads slowly holds up the sender. Errors: as `bytes`. */
  get body(): ServerBody {
    const answer = this.#answer;
    answer.body ??= new ServerBody(answer, true);
    return answer.body;
  }

  chunks(): Results<Buffer> {
    return this.body.chunks();
  }

  lines(options?: ReadLineOptions): Results<string> {
    return this.body.lines(options);
  }

  /**
   * The whole body. Errors: `RequestTooLarge` above `maxBodySize`, which answers 413; `RequestIncomplete` when it is malformed (400), late
   * (408), or the sender goes away.
   */
  bytes(): Operation<Buffer> {
    const announced = this.#answer.received.length;
    return new Call(collect, [this.body, announced, this.#maxBodySize], 'ServerRequest.bytes');
  }

  /** The whole body as text (UTF-8). */
  text(): Operation<string> {
    return new Call(toText as never, [this], 'ServerRequest.text');
  }

  /** The whole body, parsed. Errors: `BodyNotJson` (a `SyntaxError`), which answers 400 as far as the handler lets it pass. */
  json<T = unknown>(): Operation<T> {
    return new Call(toJson as never, [this], 'ServerRequest.json');
  }

  toString(): string {
    return `<ServerRequest ${this.#answer.label}>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }
}

function parse(target: string, host: string | undefined, protocol: string): URL {
  const root = `${protocol}://localhost`;
  let url: URL;
  try {
    // A path of two slashes is a path, and no host.
    url = new URL(target.startsWith('/') ? `${root}${target}` : target, root);
    if (!target.startsWith('/')) return url;
  } catch {
    url = new URL(root);
  }
  // By itself: nothing in that header may pass for a part of the path.
  if (host !== undefined) url.host = host;
  return url;
}

function* collect(body: ServerBody, announced: number, most: number): Green<Buffer> {
  if (announced > most) throw new RequestTooLarge(announced, most);
  const chunks: Buffer[] = [];
  let length = 0;
  let whole = false;
  try {
    for (;;) {
      const chunk = yield* body.read();
      if (chunk === null) break;
      length += chunk.length;
      chunks.push(chunk);
      if (length > most) throw new RequestTooLarge(length, most);
    }
    whole = true;
  } finally {
    // Interrupted, it has taken nothing.
    if (!whole && length > 0) body.unread(Buffer.concat(chunks, length));
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length);
}

function* toText(request: ServerRequest): Green<string> {
  return (yield* request.bytes()).toString();
}

function* toJson(request: ServerRequest): Green<unknown> {
  const text = yield* request.text();
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BodyNotJson((error as Error).message, { cause: error });
  }
}
