/** What the green `fetch` gives: a response whose body is read by operations. */

import type { Operation } from '../runtime/operation.js';
import { Results } from '../runtime/results.js';
import { SHOWN } from '../runtime/shown.js';
import { suspend } from '../runtime/suspend.js';
import type { Body, Bytes } from './body.js';
import { type PieceDecoder, TextLines } from './text-lines.js';

/** The platform's `Response`; where its types are not loaded, as much of it as is used here. */
export type RawResponse = typeof globalThis extends { Response: { prototype: infer R } } ? R : ResponseLike;

/** The platform's `Headers`; where its types are not loaded, as much of it as is needed to read them. */
export type RawHeaders = typeof globalThis extends { Headers: { prototype: infer H } } ? H : HeadersLike;

/** `Headers`, as far as they are read. */
export interface HeadersLike extends Iterable<[string, string]> {
  get(name: string): string | null;
  has(name: string): boolean;
}

/** `Response`, as far as it is used here. */
export interface ResponseLike {
  readonly status: number;
  readonly statusText: string;
  readonly ok: boolean;
  readonly headers: RawHeaders;
  readonly url: string;
  readonly redirected: boolean;
  readonly type: string;
  readonly body: unknown;
}

/**
 * A response of `fetch`. The fields are the platform's; `text`, `json`, `bytes` and `arrayBuffer` are operations that give all
 * of the body that has not been read yet, `lines` and `chunks` give it piece by piece. An interrupted read loses no byte: it
 * can be tried again. Errors of reading: `BodyUsed` when it has been read, or somebody else is reading it; `BodyClosed` when it
 * was let go; the platform's, with Node's code in `error.code`.
 *
 * A body that is not read to its end holds a connection. It is let go by `close` or `using`, and when the greenlet that
 * fetched it ends, unless it was handed over by then: the greenlet's value is the response, or an array or an object with it;
 * another greenlet has read from it; `detach` was called. Then, and outside of greenlets, it is let go when the response is
 * collected as garbage.
 */
export class GreenResponse implements Disposable {
  readonly #raw: ResponseLike;
  readonly #body: Body;

  /** @internal */
  constructor(raw: ResponseLike, body: Body) {
    this.#raw = raw;
    this.#body = body;
  }

  get status(): number {
    return this.#raw.status;
  }

  get statusText(): string {
    return this.#raw.statusText;
  }

  /** The status is 200 to 299. */
  get ok(): boolean {
    return this.#raw.ok;
  }

  get headers(): RawHeaders {
    return this.#raw.headers;
  }

  /** The address that answered: after redirects, the last one. */
  get url(): string {
    return this.#raw.url;
  }

  get redirected(): boolean {
    return this.#raw.redirected;
  }

  get type(): string {
    return this.#raw.type;
  }

  /** The platform's response. Whoever takes it takes over the body as well, and must read or cancel it. */
  get raw(): RawResponse {
    this.#body.giveAway();
    return this.#raw as unknown as RawResponse;
  }

  /** The body as text, by UTF-8. Switches unless all has arrived. */
  text(): Operation<string> {
    return this.#all('text', (chunks) => decode(concat(chunks)));
  }

  /** The body parsed as JSON. Errors: `SyntaxError` when it is none. Switches unless all has arrived. */
  json<T = unknown>(): Operation<T> {
    return this.#all('json', (chunks) => JSON.parse(decode(concat(chunks))) as T);
  }

  /** The body as bytes. Switches unless all has arrived. */
  bytes(): Operation<Bytes> {
    return this.#all('bytes', concat);
  }

  /** The body as an `ArrayBuffer`. Switches unless all has arrived. */
  arrayBuffer(): Operation<ArrayBuffer> {
    return this.#all('arrayBuffer', (chunks) => concat(chunks).buffer);
  }

  /**
   * The lines of the body as they arrive, by UTF-8, without their ends (`\n` or `\r\n`). Closing it lets the body go.
   *
   * @example const lines = response.lines(); while (yield* lines.more()) console.log(lines.value);
   */
  lines(): Results<string> {
    return new Lines(this.#body);
  }

  /** The body as it arrives, in pieces of any size. Closing it lets the body go. */
  chunks(): Results<Bytes> {
    return new Chunks(this.#body);
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
    return `<GreenResponse ${this.status} of ${this.#body.request}>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }

  #all<T>(name: string, convert: (chunks: readonly Bytes[]) => T): Operation<T> {
    const body = this.#body;
    return suspend<T>(`Response.${name} of ${body.request}`, (waker) => body.read(waker, true, convert));
  }
}

class Chunks extends Results<Bytes> {
  readonly #body: Body;

  constructor(body: Body) {
    super();
    this.#body = body;
  }

  protected _pull(): Operation<IteratorResult<Bytes, undefined>> {
    return aChunk('Response.chunks', this.#body);
  }

  protected override _close(): void {
    this.#body.close('by close()');
  }
}

class Lines extends TextLines<Bytes> {
  readonly #body: Body;

  constructor(body: Body) {
    super(new host.TextDecoder(), 'Response.lines');
    this.#body = body;
  }

  _piece(): Operation<IteratorResult<Bytes, undefined>> {
    return aChunk('Response.lines', this.#body);
  }

  protected override _close(): void {
    this.#body.close('by close()');
  }
}

function aChunk(name: string, body: Body): Operation<IteratorResult<Bytes, undefined>> {
  return suspend(`${name} of ${body.request}`, (waker) => body.read(waker, false, first));
}

function first(chunks: readonly Bytes[]): IteratorResult<Bytes, undefined> {
  const [value] = chunks;
  return value === undefined ? END : { done: false, value };
}

const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

function concat(chunks: readonly Bytes[]): Bytes {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1 && only.byteLength === only.buffer.byteLength) return only;
  const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** Where the types of the platform are not loaded. */
const host = globalThis as unknown as {
  readonly TextDecoder: new () => PieceDecoder<Bytes>;
};

/** A text decoded as a whole leaves nothing in its decoder, and to make one takes a while. */
const whole = /* @__PURE__ */ new host.TextDecoder();

function decode(bytes: Bytes): string {
  return whole.decode(bytes);
}
