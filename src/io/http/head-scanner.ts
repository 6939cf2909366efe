/**
 * Reads the head of a message: a first line, header lines, an empty line.
 *
 * Bytes are looked at in place, once, wherever the chunks are cut: a scan stops at the last line that is not complete, and goes on
 * there. Nothing is made for a header: those that count are told by their length and first bytes, and where their values are
 * is kept as numbers; the rest is text that is parsed when somebody asks (headers.ts). A line is refused as
 * soon as it is there.
 */
import type { Buffer } from 'node:buffer';
import { COLON, CR, codesOf, LF, matches, SPACE, TAB, TOKEN, VALUE } from './characters.js';
import { refusal } from './refusal.js';

const CONTENT_LENGTH = codesOf('content-length');
const TRANSFER_ENCODING = codesOf('transfer-encoding');
const CONNECTION = codesOf('connection');
const KEEP_ALIVE = codesOf('keep-alive');
const CHUNKED = codesOf('chunked');
const CLOSE = codesOf('close');

const LONG_LINE = 1024;
/** Bytes of the names that count. */
const SHORTEST = 4;
const LONGEST = 17;
/** A value that is not there. */
export const NONE = -1;

export abstract class HeadScanner {
  /** Where the head begins in the bytes, where the first line that is not complete does, and, at the end, where it ends. */
  start = 0;
  line = 0;
  /** 0 for HTTP/1.0. */
  minor = 1;
  /** The value of `Content-Length`, -1 without one. */
  length = NONE;
  chunked = false;
  /** `Connection: close`, and `keep-alive`. */
  close = false;
  keepAlive = false;
  #first = true;
  #trailers = false;
  /** Up to here there is no end of the line that is not complete. */
  #seen = 0;
  /** Bytes of the longest head. */
  maxSize = 16_384;

  /** A head begins at `at`; with `trailers`, only header lines. */
  begin(at: number, trailers = false): void {
    this.start = this.line = this.#seen = at;
    this.minor = 1;
    this.length = NONE;
    this.chunked = this.close = this.keepAlive = false;
    this.#first = !trailers;
    this.#trailers = trailers;
  }

  /** The bytes were copied to where `start` is 0. */
  rebase(): void {
    this.line -= this.start;
    this.#seen -= this.start;
    this.start = 0;
  }

  /** Takes the first line, which begins at `at`: where the next begins, -1 when it is not complete. */
  protected abstract firstLine(bytes: Buffer, at: number, end: number): number;

  /** Takes a header that may count in one direction only: its name, of `length` bytes, is at `at`, its value from `from` to `to`. */
  protected abstract header(bytes: Buffer, at: number, length: number, from: number, to: number): void;

  /** Goes on with the bytes up to `end`: true when the head is complete, and ends at `line`. Errors: `Refusal`. */
  scan(bytes: Buffer, end: number): boolean {
    const complete = this.#lines(bytes, end);
    if ((complete ? this.line : end) - this.start > this.maxSize) {
      throw refusal(
        'HPE_HEADER_OVERFLOW',
        `the headers are longer than maxHeaderSize (${this.maxSize} bytes)`,
      );
    }
    return complete;
  }

  #lines(bytes: Buffer, end: number): boolean {
    // A long line that comes byte by byte is looked at again only when it may have ended: else its cost would be its square.
    if (this.#seen - this.line > LONG_LINE && bytes[this.#seen - 1] !== CR) {
      const newline = bytes.indexOf(LF, this.#seen);
      if (newline === -1 || newline >= end) {
        this.#seen = end;
        return false;
      }
    }
    for (;;) {
      const at = this.line;
      const next = this.#first ? this.firstLine(bytes, at, end) : this.#headerLine(bytes, at, end);
      if (next === -1) {
        this.#seen = end;
        return false;
      }
      this.line = next;
      if (!this.#first && next === at + 2) return true;
      this.#first = false;
    }
  }

  #headerLine(bytes: Buffer, at: number, end: number): number {
    let i = at;
    while (i < end && TOKEN[bytes[i] as number] === 1) i++;
    if (i === end) return -1;
    const length = i - at;
    if (length === 0 && bytes[i] === CR) return this.lineEnd(bytes, i, end);
    if (length === 0 || bytes[i] !== COLON) {
      throw refusal('HPE_INVALID_HEADER_TOKEN', 'a header has a name that is no token');
    }
    i++;
    while (i < end && (bytes[i] === SPACE || bytes[i] === TAB)) i++;
    const from = i;
    while (i < end && VALUE[bytes[i] as number] === 1) i++;
    if (i === end) return -1;
    if (bytes[i] !== CR) {
      throw refusal('HPE_INVALID_HEADER_TOKEN', 'a header has a value with control characters');
    }
    const next = this.lineEnd(bytes, i, end);
    if (next === -1) return -1;
    if (length >= SHORTEST && length <= LONGEST) {
      while (i > from && (bytes[i - 1] === SPACE || bytes[i - 1] === TAB)) i--;
      this.#known(bytes, at, length, from, i);
    }
    return next;
  }

  /** There is a return at `at`: a newline must follow. */
  protected lineEnd(bytes: Buffer, at: number, end: number): number {
    if (at + 1 === end) return -1;
    if (bytes[at + 1] !== LF) throw refusal('HPE_LF_EXPECTED', 'a line ends with a bare return');
    return at + 2;
  }

  /** A header whose name, at `at`, may be one that counts; its value is from `from` to `to`. */
  #known(bytes: Buffer, at: number, length: number, from: number, to: number): void {
    if (length === 10 && matches(bytes, at, CONNECTION)) this.#connection(bytes, from, to);
    else if (length === 14 && matches(bytes, at, CONTENT_LENGTH)) this.#contentLength(bytes, from, to);
    else if (length === 17 && matches(bytes, at, TRANSFER_ENCODING)) this.#transferEncoding(bytes, from, to);
    else if (!this.#trailers) this.header(bytes, at, length, from, to);
  }

  #contentLength(bytes: Buffer, from: number, to: number): void {
    if (this.#trailers) throw refusal('HPE_INVALID_CONTENT_LENGTH', 'Content-Length is in the trailers');
    if (this.length !== NONE) throw refusal('HPE_UNEXPECTED_CONTENT_LENGTH', 'Content-Length is there twice');
    if (this.chunked) throw bothLengths();
    let length = 0;
    for (let i = from; i < to; i++) {
      const digit = (bytes[i] as number) - 48;
      if (digit < 0 || digit > 9) throw badLength();
      length = length * 10 + digit;
      if (length > Number.MAX_SAFE_INTEGER) throw badLength();
    }
    if (to === from) throw badLength();
    this.length = length;
  }

  #transferEncoding(bytes: Buffer, from: number, to: number): void {
    if (this.#trailers)
      throw refusal('HPE_INVALID_TRANSFER_ENCODING', 'Transfer-Encoding is in the trailers');
    if (this.length !== NONE) throw bothLengths();
    if (this.chunked || to - from !== CHUNKED.length || !matches(bytes, from, CHUNKED)) {
      throw refusal('HPE_INVALID_TRANSFER_ENCODING', 'Transfer-Encoding is something other than chunked');
    }
    this.chunked = true;
  }

  #connection(bytes: Buffer, from: number, to: number): void {
    const length = to - from;
    if (length === KEEP_ALIVE.length && matches(bytes, from, KEEP_ALIVE)) this.keepAlive = true;
    else if (length === CLOSE.length && matches(bytes, from, CLOSE)) this.close = true;
    else {
      const options = bytes.toString('latin1', from, to).toLowerCase().split(',');
      for (const option of options) {
        if (option.trim() === 'close') this.close = true;
        else if (option.trim() === 'keep-alive') this.keepAlive = true;
      }
    }
  }
}

function badLength(): Error {
  return refusal('HPE_INVALID_CONTENT_LENGTH', 'Content-Length is no number');
}

function bothLengths(): Error {
  return refusal('HPE_INVALID_TRANSFER_ENCODING', 'both Content-Length and Transfer-Encoding are there');
}
