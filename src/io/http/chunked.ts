/** The chunked coding (RFC 9112, 7.1): a machine that takes one byte of framing at a time, in any split, and data in one piece. */
import type { Buffer } from 'node:buffer';
import { BACKSLASH, CR, EQUALS, HEX, LF, QUOTE, SEMICOLON, TOKEN, VALUE } from './characters.js';
import { refusal } from './refusal.js';

const SIZE_FIRST = 0;
const SIZE = 1;
/** Each is followed by the state that its first byte leads to. */
const EXTENSION_FIRST = 2;
const EXTENSION = 3;
const EXTENSION_VALUE_FIRST = 4;
const QUOTED = 6;
const QUOTED_PAIR = 7;
const QUOTED_END = 8;
const SIZE_LF = 9;
const DATA = 10;
const DATA_CR = 11;
const DATA_LF = 12;
/** The last chunk has come; trailers follow. */
const OVER = 13;

/** Digits of a size: more cannot be counted. */
const MOST_DIGITS = 13;
/** Bytes of the line of a chunk: it has a size and extensions that nobody reads. */
const LONGEST_LINE = 4096;

export class ChunkedDecoder {
  #state = SIZE_FIRST;
  #left = 0;
  #digits = 0;
  #lineLength = 0;

  begin(): void {
    this.#state = SIZE_FIRST;
  }

  get over(): boolean {
    return this.#state === OVER;
  }

  /**
   * Reads on from `at`, at most to the end of one piece of data: where it has stopped. What lies between `dataStart` and there is
   * data, if anything does. Errors: `Refusal`.
   */
  read(chunk: Buffer, at: number, end: number): number {
    this.dataStart = -1;
    for (let i = at; i < end; i++) {
      if (this.#state === DATA) {
        const to = Math.min(end, i + this.#left);
        this.#left -= to - i;
        if (this.#left === 0) this.#state = DATA_CR;
        this.dataStart = i;
        return to;
      }
      this.#take(chunk[i] as number);
      if (this.#state === OVER) return i + 1;
    }
    return end;
  }

  dataStart = -1;

  #take(byte: number): void {
    const state = this.#state;
    if (state < SIZE_LF && state !== SIZE_FIRST && ++this.#lineLength > LONGEST_LINE) {
      throw refusal(
        'HPE_CHUNK_EXTENSIONS_OVERFLOW',
        `the line of a chunk is longer than ${LONGEST_LINE} bytes`,
      );
    }
    switch (state) {
      case SIZE_FIRST:
      case SIZE:
        this.#size(byte);
        return;
      case SIZE_LF:
        if (byte !== LF) throw refusal('HPE_LF_EXPECTED', 'the size of a chunk ends with a bare return');
        this.#state = this.#left === 0 ? OVER : DATA;
        return;
      case DATA_CR:
        if (byte !== CR) throw refusal('HPE_STRICT', 'a chunk is longer than its size');
        this.#state = DATA_LF;
        return;
      case DATA_LF:
        if (byte !== LF) throw refusal('HPE_STRICT', 'a chunk is longer than its size');
        this.#state = SIZE_FIRST;
        return;
      default:
        this.#extension(byte);
    }
  }

  #size(byte: number): void {
    const digit = HEX[byte] as number;
    if (digit >= 0) {
      if (this.#state === SIZE_FIRST) {
        this.#state = SIZE;
        this.#left = this.#digits = this.#lineLength = 0;
      }
      if (++this.#digits > MOST_DIGITS)
        throw refusal('HPE_INVALID_CHUNK_SIZE', 'the size of a chunk is too large');
      this.#left = this.#left * 16 + digit;
    } else if (this.#state === SIZE && byte === CR) this.#state = SIZE_LF;
    else if (this.#state === SIZE && byte === SEMICOLON) this.#state = EXTENSION_FIRST;
    else throw refusal('HPE_INVALID_CHUNK_SIZE', 'the size of a chunk is no hexadecimal number');
  }

  /** `;name`, `;name=token`, `;name="quoted"`: checked, and dropped. */
  #extension(byte: number): void {
    const state = this.#state;
    const token = TOKEN[byte] === 1;
    switch (state) {
      case EXTENSION_FIRST:
      case EXTENSION_VALUE_FIRST:
        if (token) this.#state = state + 1;
        else if (byte === QUOTE && state === EXTENSION_VALUE_FIRST) this.#state = QUOTED;
        else throw badExtension();
        return;
      case QUOTED:
        if (byte === QUOTE) this.#state = QUOTED_END;
        else if (byte === BACKSLASH) this.#state = QUOTED_PAIR;
        else if (VALUE[byte] !== 1) throw badExtension();
        return;
      case QUOTED_PAIR:
        if (VALUE[byte] !== 1) throw badExtension();
        this.#state = QUOTED;
        return;
      default:
        if (token && state !== QUOTED_END) return;
        if (byte === EQUALS && state === EXTENSION) this.#state = EXTENSION_VALUE_FIRST;
        else if (byte === SEMICOLON) this.#state = EXTENSION_FIRST;
        else if (byte === CR) this.#state = SIZE_LF;
        else throw badExtension();
    }
  }
}

function badExtension(): Error {
  return refusal('HPE_INVALID_CHUNK_EXTENSION', 'the extension of a chunk is none');
}
