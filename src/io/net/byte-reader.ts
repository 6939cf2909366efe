/**
 * Something that bytes come from, read as one likes: by chunks, counts, lines, delimiters.
 *
 * What arrives is kept until it is read, at most `HIGH_WATER` bytes, or as many as the reader needs: then the source has to wait. A
 * reader looks for what it wants each time something arrives, and takes it in the step in which it has it, so that an
 * interrupted read loses nothing.
 */
import { Buffer } from 'node:buffer';
import { checkCount, checkType, showValue, timeoutOf } from '../../runtime/check.js';
import { engine } from '../../runtime/engine.js';
import { GreenletError } from '../../runtime/errors.js';
import { describe, type Operation } from '../../runtime/operation.js';
import type { Results } from '../../runtime/results.js';
import { SHOWN } from '../../runtime/shown.js';
import type { Waiter } from '../../runtime/waiter.js';
import { ConcurrentUseError } from '../../sync/errors.js';
import type { Hold } from '../hold.js';
import { endWait } from '../io-wait.js';
import { ByteBuffer } from './byte-buffer.js';
import { Pieces } from './pieces.js';
import {
  type ByteSource,
  Read,
  type ReadEnd,
  ReadExactly,
  type Reading,
  ReadLine,
  ReadUntil,
} from './reading.js';

/** Bytes that are kept before the source has to wait. */
const HIGH_WATER = 64 * 1024;
const MAX_LINE = 65_536;

export interface ReadOptions {
  /** ms; `Timeout` after that. */
  readonly timeout?: number | undefined;
}

export interface ReadLineOptions extends ReadOptions {
  /** Of the text; 'utf8' unless given. */
  readonly encoding?: BufferEncoding | undefined;
  /** Keeps the `\n` (or `\r\n`) at its end. */
  readonly keepEnd?: boolean | undefined;
  /** Bytes of the longest line; 65536 unless given. */
  readonly maxLength?: number | undefined;
}

export interface ReadUntilOptions extends ReadOptions {
  /** Bytes, with the delimiter; 65536 unless given. */
  readonly maxLength?: number | undefined;
}

export abstract class ByteReader implements ByteSource {
  readonly #buffer = new ByteBuffer();
  #paused = false;
  #reader: Waiter | null = null;
  #read: Read | null = null;

  /** @internal */
  abstract readonly _hold: Hold | null;

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }

  /** Enough is kept: the source has to wait. @internal */
  protected abstract _pause(): void;

  /** The source may go on. @internal */
  protected abstract _resume(): void;

  /** Why nothing more will arrive; undefined while something may. @internal */
  protected abstract _end(): ReadEnd;

  /** It cannot be read any more, whatever there is: the error, or null. @internal */
  protected _refused(): Error | null {
    return null;
  }

  /** @internal */
  protected _arrived(chunk: Buffer): void {
    const reader = this.#reader;
    // The hot path of a reader that keeps up.
    if (reader !== null && this.#buffer.length === 0 && (reader._op as Reading<unknown>)._wants(chunk)) {
      this.#reader = null;
      endWait(reader, chunk);
      return;
    }
    this.#buffer.push(chunk);
    if (reader !== null) this._serve();
    if (this.#buffer.length >= this.#wanted && !this.#paused) {
      this.#paused = true;
      this._pause();
    }
  }

  /** How much is kept before the other end has to wait. */
  get #wanted(): number {
    const reader = this.#reader;
    return reader === null ? HIGH_WATER : Math.max(HIGH_WATER, (reader._op as Reading<unknown>)._needs + 1);
  }

  /** Whoever reads may have what it wants now. @internal */
  protected _serve(): void {
    const reader = this.#reader;
    if (reader === null) return;
    const operation = reader._op as Reading<unknown>;
    let value: unknown;
    try {
      value = operation._look(this.#buffer, this._end());
    } catch (error) {
      this.#reader = null;
      endWait(reader, error, true);
      return;
    }
    if (value === undefined) return;
    this.#reader = null;
    endWait(reader, value);
  }

  /** @internal */
  _startReading<T>(waiter: Waiter, reading: Reading<T>): T | undefined {
    const other = this.#reader;
    if (other !== null) {
      throw new ConcurrentUseError(
        `${waiter._self} cannot begin ${describe(reading)} while ${other._self} waits in ${(other._op as Reading<unknown>)._name}`,
      );
    }
    const refused = this._refused();
    if (refused !== null) throw refused;
    const value = reading._look(this.#buffer, this._end());
    if (this.#paused && (value === undefined || this.#buffer.length < HIGH_WATER)) {
      this.#paused = false;
      this._resume();
    }
    return value;
  }

  /** @internal */
  _setReader(waiter: Waiter | null): void {
    this.#reader = waiter;
  }

  /**
   * Gives what has arrived, at most `max` bytes, waiting for something; null at the end. Errors: the host's (`ECONNRESET`, …), also
   * `SocketClosed`, `Timeout`, `ConcurrentUseError` when another greenlet reads. Switches only if nothing is there.
   */
  read(max?: number, options?: ReadOptions): Operation<Buffer | null> {
    if (max === undefined && options === undefined && engine.watch === null) {
      this.#read ??= new Read(this, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
      return this.#read;
    }
    if (max !== undefined) checkCount(max, 'max', 1);
    return new Read(this, max ?? Number.POSITIVE_INFINITY, timeoutOf(options, 'read'));
  }

  /** Gives exactly `count` bytes. Errors: `IncompleteRead` when the end comes first, with what there was in `partial`. */
  readExactly(count: number, options?: ReadOptions): Operation<Buffer> {
    checkCount(count, 'count');
    return new ReadExactly(this, count, timeoutOf(options, 'readExactly'));
  }

  /**
   * Gives the next line as text, without its end; null at the end. The last line need not end. Errors: `LineTooLong` when there are
   * more than `maxLength` bytes without a newline; what has arrived stays.
   */
  readLine(options?: ReadLineOptions): Operation<string | null> {
    if (options !== undefined) checkLine(options, 'readLine');
    const { encoding = 'utf8', keepEnd = false, maxLength = MAX_LINE } = options ?? {};
    return new ReadLine(this, encoding, keepEnd, maxLength, options?.timeout ?? Number.POSITIVE_INFINITY);
  }

  /**
   * Gives everything up to `delimiter`, and with it. Errors: `IncompleteRead` when the end comes first; `LineTooLong` when it is more
   * than `maxLength` bytes, which stay.
   */
  readUntil(delimiter: string | Uint8Array, options?: ReadUntilOptions): Operation<Buffer> {
    const timeout = timeoutOf(options, 'readUntil');
    const { maxLength = MAX_LINE } = options ?? {};
    const bytes = Buffer.from(delimiter as Uint8Array);
    if (bytes.length === 0) throw new RangeError('delimiter must not be empty, got an empty one');
    checkCount(maxLength, 'maxLength', 1);
    return new ReadUntil(this, bytes, maxLength, timeout);
  }

  /** The lines that follow. */
  lines(options?: ReadLineOptions): Results<string> {
    if (options !== undefined) checkLine(options, 'lines');
    return new Pieces(() => this.readLine(options));
  }

  /** What follows, as it arrives. */
  chunks(): Results<Buffer> {
    return new Pieces(() => this.read());
  }

  /** Puts `bytes` back: the next read gets them first. Never switches. */
  unread(bytes: Uint8Array): void {
    this.#buffer.unshift(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    this._serve();
  }

  /** Nothing may be unread, and nobody may read, when what is below is used by others. @internal */
  protected _checkUnread(): void {
    if (this.#buffer.length === 0 && this.#reader === null) return;
    throw new GreenletError(
      `${this} cannot be handed over: ${this.#buffer.length} bytes are unread, or somebody reads`,
    );
  }
}

function checkLine(options: ReadLineOptions, where: string): void {
  timeoutOf(options, where);
  const { encoding = 'utf8', keepEnd = false, maxLength = MAX_LINE } = options;
  checkEncoding(encoding);
  checkType(keepEnd, 'keepEnd', 'boolean');
  checkCount(maxLength, 'maxLength', 1);
}

/** A line is taken before it is decoded: what cannot be decoded is refused before. In UTF-16 a newline is not one byte. */
function checkEncoding(encoding: unknown): void {
  const known = typeof encoding === 'string' && Buffer.isEncoding(encoding);
  if (known && !/^(ucs-?2|utf-?16le)$/i.test(encoding)) return;
  throw new TypeError(`encoding must be one in which a newline is one byte, got ${showValue(encoding)}`);
}
