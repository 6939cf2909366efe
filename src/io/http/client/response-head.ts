/** The head of a response: status line and headers. */
import type { Buffer } from 'node:buffer';
import { CR, codesOf, matches, SPACE, VALUE } from '../characters.js';
import { HeadScanner, NONE } from '../head-scanner.js';
import { refusal } from '../refusal.js';

const VERSION = [...'HTTP/1.'].map((letter) => letter.charCodeAt(0));
/** `HTTP/1.1 200` */
const STATUS_END = 12;
const CONTENT_ENCODING = codesOf('content-encoding');
const CONTENT_TYPE = codesOf('content-type');
const KEEP_ALIVE = codesOf('keep-alive');
const LOCATION = codesOf('location');

export class ResponseScanner extends HeadScanner {
  status = 0;
  /** Where values are, counted from `start`: pairs of begin and end, begin -1 without one. */
  contentType = NONE;
  contentTypeEnd = NONE;
  contentEncoding = NONE;
  contentEncodingEnd = NONE;
  /** Of a `Content-Encoding` that is there several times, the others. */
  moreEncodings = '';
  location = NONE;
  locationEnd = NONE;
  keepAliveHint = NONE;
  keepAliveHintEnd = NONE;

  override begin(at: number, trailers = false): void {
    super.begin(at, trailers);
    this.contentType = this.contentEncoding = this.location = this.keepAliveHint = NONE;
    this.moreEncodings = '';
  }

  protected firstLine(bytes: Buffer, at: number, end: number): number {
    for (let i = 0; i < VERSION.length && at + i < end; i++) {
      if (bytes[at + i] !== VERSION[i]) throw refusal('HPE_INVALID_CONSTANT', 'the answer is not HTTP/1');
    }
    if (end - at <= STATUS_END) return -1;
    const minor = (bytes[at + 7] as number) - 48;
    if (minor !== 0 && minor !== 1) throw refusal('HPE_INVALID_VERSION', 'the answer is not HTTP/1.0 or 1.1');
    let status = 0;
    for (let i = at + 9; i < at + STATUS_END; i++) {
      const digit = (bytes[i] as number) - 48;
      if (digit < 0 || digit > 9) throw badStatus();
      status = status * 10 + digit;
    }
    if (bytes[at + 8] !== SPACE || status < 100) throw badStatus();
    let i = at + STATUS_END;
    if (bytes[i] === SPACE) {
      i++;
      while (i < end && VALUE[bytes[i] as number] === 1) i++;
      if (i === end) return -1;
    }
    if (bytes[i] !== CR) throw badStatus();
    this.status = status;
    this.minor = minor;
    return this.lineEnd(bytes, i, end);
  }

  protected header(bytes: Buffer, at: number, length: number, from: number, to: number): void {
    const { start } = this;
    switch (length) {
      case 8:
        if (!matches(bytes, at, LOCATION) || this.location !== NONE) return;
        this.location = from - start;
        this.locationEnd = to - start;
        return;
      case 10:
        if (!matches(bytes, at, KEEP_ALIVE)) return;
        this.keepAliveHint = from - start;
        this.keepAliveHintEnd = to - start;
        return;
      case 12:
        if (!matches(bytes, at, CONTENT_TYPE) || this.contentType !== NONE) return;
        this.contentType = from - start;
        this.contentTypeEnd = to - start;
        return;
      case 16:
        if (!matches(bytes, at, CONTENT_ENCODING)) return;
        if (this.contentEncoding !== NONE) {
          this.moreEncodings += `,${bytes.toString('latin1', from, to)}`;
          return;
        }
        this.contentEncoding = from - start;
        this.contentEncodingEnd = to - start;
        return;
      default:
        return;
    }
  }

  /** What was scanned; it is complete. */
  head(bytes: Buffer): ResponseHead {
    return new ResponseHead(this, bytes.toString('latin1', this.start, this.line));
  }
}

function badStatus(): Error {
  return refusal('HPE_INVALID_STATUS', 'the status line is none');
}

export class ResponseHead {
  readonly status: number;
  readonly minor: number;
  /** All of it, as Latin-1. */
  readonly text: string;
  readonly length: number;
  readonly chunked: boolean;
  /** The other end will take another request on this connection. */
  readonly keepAlive: boolean;
  readonly contentType: string;
  readonly contentEncoding: string;
  readonly location: string | null;
  readonly #hint: string;

  constructor(scanner: ResponseScanner, text: string) {
    const { contentType, contentEncoding, location, keepAliveHint, close, minor } = scanner;
    this.status = scanner.status;
    this.minor = minor;
    this.text = text;
    this.length = scanner.length;
    this.chunked = scanner.chunked;
    this.keepAlive = !close && (minor === 1 || (scanner.keepAlive && !scanner.chunked));
    this.contentType = contentType === -1 ? '' : text.slice(contentType, scanner.contentTypeEnd);
    this.contentEncoding =
      contentEncoding === -1
        ? ''
        : text.slice(contentEncoding, scanner.contentEncodingEnd) + scanner.moreEncodings;
    this.location = location === -1 ? null : text.slice(location, scanner.locationEnd);
    this.#hint = keepAliveHint === -1 ? '' : text.slice(keepAliveHint, scanner.keepAliveHintEnd);
  }

  get statusText(): string {
    const end = this.text.indexOf('\r\n');
    return this.text.slice(STATUS_END + 1, end);
  }

  /** ms that the other end keeps the connection (`Keep-Alive: timeout=5`); `Infinity` when it does not say. */
  get idleTimeout(): number {
    if (this.#hint === '') return Number.POSITIVE_INFINITY;
    const seconds = /(?:^|[,;\s])timeout=(\d{1,9})/i.exec(this.#hint)?.[1];
    return seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds) * 1000;
  }
}
