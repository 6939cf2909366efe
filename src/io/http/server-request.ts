/** A request, as a handler of `http.serve` sees it. */
import { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Call } from '../../runtime/call.js';
import type { Operation } from '../../runtime/operation.js';
import type { Results } from '../../runtime/results.js';
import type { Green } from '../../runtime/types.js';
import type { ReadLineOptions } from '../net/byte-reader.js';
import { StreamReader } from '../stream/index.js';
import { BodyNotJson, RequestTooLarge } from './server-errors.js';

export class ServerRequest {
  /** The host's request. */
  readonly raw: IncomingMessage;
  /** @internal */
  readonly _response: ServerResponse;
  readonly #maxBodySize: number;
  readonly #encrypted: boolean;
  #url: URL | undefined;
  #reader: StreamReader | undefined;

  constructor(raw: IncomingMessage, response: ServerResponse, maxBodySize: number, encrypted: boolean) {
    this.raw = raw;
    this._response = response;
    this.#maxBodySize = maxBodySize;
    this.#encrypted = encrypted;
  }

  get method(): string {
    return this.raw.method ?? 'GET';
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
    this.#url ??= parse(this.raw.url ?? '/', this.raw.headers.host, this.#encrypted ? 'https' : 'http');
    return this.#url;
  }

  /** The headers by their names in lower case. */
  get headers(): IncomingHttpHeaders {
    return this.raw.headers;
  }

  get remoteAddress(): string | undefined {
    return this.raw.socket.remoteAddress;
  }

  /** The body as it arrives; who reads slowly holds up the sender. Errors: as `bytes`. */
  get body(): StreamReader {
    this.#reader ??= new StreamReader(this.raw);
    return this.#reader;
  }

  chunks(): Results<Buffer> {
    return this.body.chunks();
  }

  lines(options?: ReadLineOptions): Results<string> {
    return this.body.lines(options);
  }

  /** The whole body. Errors: `RequestTooLarge` above `maxBodySize`, which answers 413; the host's when the sender goes away. */
  bytes(): Operation<Buffer> {
    return new Call(collect, [this.body, this.raw, this.#maxBodySize], 'ServerRequest.bytes');
  }

  /** The whole body as text (UTF-8). */
  text(): Operation<string> {
    return new Call(toText as never, [this], 'ServerRequest.text');
  }

  /** The whole body, parsed. Errors: `BodyNotJson` (a `SyntaxError`), which answers 400 as far as the handler lets it pass. */
  json<T = unknown>(): Operation<T> {
    return new Call(toJson as never, [this], 'ServerRequest.json');
  }

  /** Drops what is unread of the body, so that the next request can come. @internal */
  _release(): void {
    if (this.#reader === undefined || this.raw.readableEnded) return;
    this.raw.removeAllListeners('data');
    this.raw.resume();
  }

  toString(): string {
    return `<ServerRequest ${this.method} ${this.raw.url}>`;
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

function* collect(body: StreamReader, raw: IncomingMessage, most: number): Green<Buffer> {
  const announced = Number(raw.headers['content-length'] ?? 0);
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
