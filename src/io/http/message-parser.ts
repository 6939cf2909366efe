/**
 * Messages out of bytes, strictly: what Node's own parser refuses is refused, and what could be read in two ways as well
 * (docs/http.md lists where it is the stricter one). It takes chunks in any split, keeps nothing of them but an unfinished head, and
 * tells what it finds at once. One parser serves a connection, message after message.
 */
import type { Buffer } from 'node:buffer';
import { CR, LF } from './characters.js';
import { ChunkedDecoder } from './chunked.js';
import { HeadReader } from './head-reader.js';
import type { HeadScanner } from './head-scanner.js';

/** Who is told what was found behind a head. The bytes are the caller's: what is kept of them must be copied. */
export interface MessageEvents {
  onBody(bytes: Buffer, from: number, to: number): void;
  /** The trailers, which may be none, have come. */
  onTrailers(text: string): void;
  onComplete(): void;
}

/** Nothing is expected. */
const IDLE = 0;
const HEAD = 1;
const LENGTH = 2;
const CHUNKED = 3;
const TRAILERS = 4;
const TO_END = 5;

export abstract class MessageParser<S extends HeadScanner> {
  readonly #events: MessageEvents;
  readonly #reader: HeadReader<S>;
  #chunks: ChunkedDecoder | null = null;
  #state = IDLE;
  /** Bytes of the body that are still to come, as far as it is known. */
  #left = 0;

  constructor(events: MessageEvents, scanner: S) {
    this.#events = events;
    this.#reader = new HeadReader(scanner);
  }

  /** A head is complete: tells it, and how its body comes, by one of the methods below. */
  protected abstract head(bytes: Buffer, scanner: S): void;

  /** A message is expected, whose head is at most `maxHeaderSize` bytes, and so are its trailers. */
  protected expect(maxHeaderSize: number): void {
    this.#reader.scanner.maxSize = maxHeaderSize;
    this.#state = HEAD;
    this.#left = 0;
  }

  /** There is no body: the message is complete. */
  protected noBody(): void {
    if (this.#state !== IDLE) this.#complete(this.#state);
  }

  protected bodyOf(length: number): void {
    this.#state = LENGTH;
    this.#left = length;
  }

  protected bodyInChunks(): void {
    this.#state = CHUNKED;
    this.#chunks ??= new ChunkedDecoder();
    this.#chunks.begin();
  }

  protected bodyToEnd(): void {
    this.#state = TO_END;
  }

  /** Nothing is expected any more: what follows is dropped. */
  stop(): void {
    this.#state = IDLE;
    this.#reader.reset();
  }

  /** Bytes of the body that will come; `Infinity` when that is not known. */
  get left(): number {
    if (this.#state === LENGTH) return this.#left;
    return this.#state === IDLE ? 0 : Number.POSITIVE_INFINITY;
  }

  /** A part of a head has come. */
  get isInHead(): boolean {
    return this.#state === HEAD && this.#reader.begun;
  }

  /** A head has come, and its body has not ended. */
  get isInBody(): boolean {
    return this.#state > HEAD;
  }

  /** Takes the bytes up to `end`; gives how many of them were used: the rest is behind what is expected. Errors: `Refusal`. */
  execute(chunk: Buffer, end: number): number {
    let at = 0;
    while (at < end) {
      switch (this.#state) {
        case HEAD:
          at = this.#head(chunk, at, end);
          break;
        case LENGTH: {
          const to = Math.min(end, at + this.#left);
          this.#left -= to - at;
          this.#events.onBody(chunk, at, to);
          at = to;
          if (this.#left === 0) this.#complete(LENGTH);
          break;
        }
        case CHUNKED:
          at = this.#chunk(chunk, at, end);
          break;
        case TRAILERS: {
          const next = this.#reader.read(chunk, at, end, true);
          if (next === -1) return end;
          const { bytes, scanner } = this.#reader;
          this.#events.onTrailers((bytes as Buffer).toString('latin1', scanner.start, scanner.line));
          this.#reader.bytes = null;
          at = next;
          this.#complete(TRAILERS);
          break;
        }
        case TO_END:
          this.#events.onBody(chunk, at, end);
          return end;
        default:
          return at;
      }
    }
    return at;
  }

  /** The other end has closed: true when that ends the message well. */
  finish(): boolean {
    if (this.#state !== TO_END) return this.#state === IDLE;
    this.#complete(TO_END);
    return true;
  }

  #head(chunk: Buffer, from: number, end: number): number {
    const reader = this.#reader;
    let at = from;
    if (!reader.begun) {
      // Empty lines ahead of a message are ignored (RFC 9112, 2.2).
      while (at < end && (chunk[at] === CR || chunk[at] === LF)) at++;
      if (at === end) return end;
    }
    const next = reader.read(chunk, at, end);
    if (next === -1) return end;
    const bytes = reader.bytes as Buffer;
    reader.bytes = null;
    this.head(bytes, reader.scanner);
    return next;
  }

  #chunk(chunk: Buffer, at: number, end: number): number {
    const chunks = this.#chunks as ChunkedDecoder;
    const next = chunks.read(chunk, at, end);
    if (chunks.over) this.#state = TRAILERS;
    if (chunks.dataStart !== -1) this.#events.onBody(chunk, chunks.dataStart, next);
    return next;
  }

  /** Unless it was stopped meanwhile. */
  #complete(state: number): void {
    if (this.#state !== state) return;
    this.#state = IDLE;
    this.#events.onComplete();
  }
}
