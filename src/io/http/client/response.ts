/** What `http.request` gives. */
import type { Buffer } from 'node:buffer';
import { done, type Operation } from '../../../runtime/operation.js';
import { Results } from '../../../runtime/results.js';
import { SHOWN } from '../../../runtime/shown.js';
import type { Started, Waiter } from '../../../runtime/waiter.js';
import { IoOperation } from '../../io-wait.js';
import { type PieceDecoder, TextLines } from '../../text-lines.js';
import { HttpHeaders } from '../headers.js';
import { joined, streamDecoder, textOf, utf8Text } from './body-text.js';
import type { BodyReading, IncomingBody } from './incoming-body.js';
import type { ResponseHead } from './response-head.js';
import { owned } from './slab.js';

/** One read of a body. */
class BodyRead<T> extends IoOperation<T> implements BodyReading {
  readonly _name: string;
  readonly whole: boolean;
  readonly give: (pieces: Buffer[]) => T;
  readonly #response: HttpResponse;
  readonly #body: IncomingBody;

  constructor(
    name: string,
    response: HttpResponse,
    body: IncomingBody,
    whole: boolean,
    give: (pieces: Buffer[]) => T,
  ) {
    super(Number.POSITIVE_INFINITY);
    this._name = name;
    this.whole = whole;
    this.give = give;
    this.#response = response;
    this.#body = body;
  }

  override get _object(): unknown {
    return this.#response.request;
  }

  _start(waiter: Waiter): Started {
    if (this.#body.begin(waiter, this)) return done(waiter, this.#body.take(waiter, this));
    return this._wait(waiter);
  }

  protected _forget(): void {
    this.#body.stopReading();
  }
}

/** Where a response comes from. */
export interface ResponseOrigin {
  /** `GET http://host/path`, of the request as it was made. */
  readonly label: string;
  readonly url: string;
  readonly redirected: boolean;
}

/**
 * A response whose headers have come. `text`, `json`, `bytes` and `arrayBuffer` are operations that give all of the body that has
 * not been read yet, `lines` and `chunks` give it piece by piece, decompressed. An interrupted read loses no byte. Errors of
 * reading: `BodyUsed`, `BodyClosed`, `BodyIncomplete`, `BodyTooLarge`, `HttpProtocolError`, `HttpError` with the host's code
 * (`ECONNRESET`, `Z_DATA_ERROR`, …), `Timeout`.
 *
 * A small body frees its connection by itself. One of more than 64 kB that is not read to its end holds its connection until
 * `close()` or the end of `using`, and at the latest until the greenlet that made the request ends, unless it was handed over by then:
 * the greenlet's value is the response, or an array or an object with it; another greenlet has read from it; `detach` was called. Then,
 * and outside of greenlets, it is let go when the response is collected as garbage.
 */
export class HttpResponse implements Disposable, AsyncDisposable {
  readonly status: number;
  /** The address that answered, without a fragment: after redirects, the last one. */
  readonly url: string;
  /** Whether redirects were followed. */
  readonly redirected: boolean;
  /** `GET http://host/path`: the request as it was made, without its query, as messages show it. */
  readonly request: string;
  readonly #head: ResponseHead;
  readonly #body: IncomingBody;
  #headers: HttpHeaders | null = null;

  /** @internal */
  constructor(head: ResponseHead, body: IncomingBody, { label, url, redirected }: ResponseOrigin) {
    this.status = head.status;
    this.#head = head;
    this.#body = body;
    this.request = label;
    this.url = url;
    this.redirected = redirected;
  }

  get statusText(): string {
    return this.#head.statusText;
  }

  /** The status is 200 to 299. */
  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  get httpVersion(): '1.0' | '1.1' {
    return this.#head.minor === 0 ? '1.0' : '1.1';
  }

  get headers(): HttpHeaders {
    if (this.#headers === null) {
      const { text } = this.#head;
      this.#headers = new HttpHeaders(text.slice(text.indexOf('\r\n') + 2));
    }
    return this.#headers;
  }

  /** The headers that came behind a chunked body; none before its end has come. */
  get trailers(): HttpHeaders {
    return new HttpHeaders(this.#body.trailers);
  }

  /** The body as text, by the charset of its `Content-Type`; UTF-8 unless that names one that is known. Switches unless all has come. */
  text(): Operation<string> {
    const { contentType } = this.#head;
    return this.#all('HttpResponse.text', (pieces) => textOf(joined(pieces), contentType));
  }

  /** The body parsed as JSON, by UTF-8. Errors: `SyntaxError` when it is none. Switches unless all has come. */
  json<T = unknown>(): Operation<T> {
    return this.#all('HttpResponse.json', (pieces) => JSON.parse(utf8Text(joined(pieces))) as T);
  }

  /** The body as bytes. Switches unless all has come. */
  bytes(): Operation<Buffer> {
    return this.#all('HttpResponse.bytes', (pieces) => owned(joined(pieces)));
  }

  /** The body as an `ArrayBuffer` of its own. Switches unless all has come. */
  arrayBuffer(): Operation<ArrayBuffer> {
    return this.#all('HttpResponse.arrayBuffer', (pieces) => {
      const bytes = joined(pieces);
      const copy = new Uint8Array(bytes.length);
      copy.set(bytes);
      return copy.buffer;
    });
  }

  /**
   * The lines of the body as they come, without their ends (`\n` or `\r\n`), by the charset as `text()` has it. Closing it lets the
   * body go.
   *
   * @example const lines = response.lines(); while (yield* lines.more()) console.log(lines.value);
   */
  lines(): Results<string> {
    return new Lines(this, this.#body, streamDecoder(this.#head.contentType));
  }

  /** The body as it comes, in pieces of any size; the server waits while nobody reads. Closing it lets the body go. */
  chunks(): Results<Buffer> {
    return new Chunks(this, this.#body);
  }

  /** Lets go of what has not been read: the connection is freed. Acts at the call; harmless when all has been read. */
  close(): void {
    this.#body.close('by close()');
  }

  /** The end of this greenlet does not let the body go: for a response that goes into a queue, say. Gives the response. */
  detach(): this {
    this.#body.detach();
    return this;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  toString(): string {
    return `<HttpResponse ${this.status} of ${this.request}>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }

  #all<T>(name: string, give: (pieces: Buffer[]) => T): Operation<T> {
    return new BodyRead(name, this, this.#body, true, give);
  }
}

const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

function first(pieces: Buffer[]): IteratorResult<Buffer, undefined> {
  const [value] = pieces;
  return value === undefined ? END : { done: false, value };
}

function firstOwned(pieces: Buffer[]): IteratorResult<Buffer, undefined> {
  const [value] = pieces;
  return value === undefined ? END : { done: false, value: owned(value) };
}

class Chunks extends Results<Buffer> {
  readonly #response: HttpResponse;
  readonly #body: IncomingBody;

  constructor(response: HttpResponse, body: IncomingBody) {
    super();
    this.#response = response;
    this.#body = body;
  }

  protected _pull(): Operation<IteratorResult<Buffer, undefined>> {
    return new BodyRead('HttpResponse.chunks', this.#response, this.#body, false, firstOwned);
  }

  protected override _close(): void {
    this.#body.close('by close()');
  }
}

class Lines extends TextLines<Buffer> {
  readonly #response: HttpResponse;
  readonly #body: IncomingBody;

  constructor(response: HttpResponse, body: IncomingBody, decoder: PieceDecoder<Buffer>) {
    super(decoder, 'HttpResponse.lines');
    this.#response = response;
    this.#body = body;
  }

  _piece(): Operation<IteratorResult<Buffer, undefined>> {
    return new BodyRead('HttpResponse.lines', this.#response, this.#body, false, first);
  }

  protected override _close(): void {
    this.#body.close('by close()');
  }
}
