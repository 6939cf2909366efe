/** The ways to read: each looks at what has arrived, and takes what it wants when that is there. */
import { Buffer } from 'node:buffer';
import type { PlacedError } from '../../runtime/errors.js';
import { withStackLimit } from '../../runtime/host.js';
import { done } from '../../runtime/operation.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import { IncompleteRead, LineTooLong } from '../errors.js';
import type { Hold } from '../hold.js';
import { IoOperation } from '../io-wait.js';
import type { ByteBuffer } from './byte-buffer.js';

/** Why nothing more will arrive: the end (null), or an error. Undefined while something may. */
export type ReadEnd = { readonly error: unknown } | null | undefined;

/** Where bytes arrive. */
export interface ByteSource {
  /** Looks for `reading`, which is about to wait if there is nothing. Errors: `ConcurrentUseError`. @internal */
  _startReading<T>(waiter: Waiter, reading: Reading<T>): T | undefined;
  /** Who waits for more. @internal */
  _setReader(waiter: Waiter | null): void;
  /** The handle that they come from. @internal */
  readonly _hold: Hold | null;
}

export abstract class Reading<T> extends IoOperation<T> {
  protected readonly source: ByteSource;

  constructor(source: ByteSource, timeout: number) {
    super(timeout);
    this.source = source;
  }

  override get _object(): unknown {
    return this.source;
  }

  /** @internal */
  override get _hold(): Hold | null {
    return this.source._hold;
  }

  /** How many bytes it may need to have at once. @internal */
  get _needs(): number {
    return 0;
  }

  /** It takes `chunk` just as it has come, when nothing else is there. @internal */
  _wants(_chunk: Buffer): boolean {
    return false;
  }

  /** Takes what it wants, undefined when it has to wait. @internal */
  abstract _look(buffer: ByteBuffer, end: ReadEnd): T | undefined;

  _start(waiter: Waiter): Started {
    const value = this.source._startReading(waiter, this);
    if (value !== undefined) return done(waiter, value);
    this.source._setReader(waiter);
    return this._wait(waiter);
  }

  protected _forget(): void {
    this.source._setReader(null);
  }

  protected tooLong(length: number, maxLength: number): LineTooLong {
    return placed(
      LineTooLong,
      `${this._name} of ${this.source}: ${length} bytes without an end, more than maxLength (${maxLength}); they were not taken`,
    );
  }
}

export class Read extends Reading<Buffer | null> {
  get _name(): string {
    return `${this.source.constructor.name}.read`;
  }

  readonly #max: number;

  constructor(source: ByteSource, max: number, timeout: number) {
    super(source, timeout);
    this.#max = max;
  }

  override _wants(chunk: Buffer): boolean {
    return chunk.length > 0 && chunk.length <= this.#max;
  }

  _look(buffer: ByteBuffer, end: ReadEnd): Buffer | null | undefined {
    if (buffer.length > 0) return buffer.takeSome(this.#max);
    if (end == null) return end;
    throw end.error;
  }
}

export class ReadExactly extends Reading<Buffer> {
  get _name(): string {
    return `${this.source.constructor.name}.readExactly`;
  }

  readonly #count: number;

  constructor(source: ByteSource, count: number, timeout: number) {
    super(source, timeout);
    this.#count = count;
  }

  override get _needs(): number {
    return this.#count;
  }

  _look(buffer: ByteBuffer, end: ReadEnd): Buffer | undefined {
    if (buffer.length >= this.#count) return buffer.take(this.#count);
    if (end === undefined) return undefined;
    if (end !== null) throw end.error;
    throw incomplete(this, buffer, this.#count);
  }
}

export class ReadLine extends Reading<string | null> {
  get _name(): string {
    return `${this.source.constructor.name}.readLine`;
  }

  readonly #encoding: BufferEncoding;
  readonly #keepEnd: boolean;
  readonly #maxLength: number;

  constructor(
    source: ByteSource,
    encoding: BufferEncoding,
    keepEnd: boolean,
    maxLength: number,
    timeout: number,
  ) {
    super(source, timeout);
    this.#encoding = encoding;
    this.#keepEnd = keepEnd;
    this.#maxLength = maxLength;
  }

  override get _needs(): number {
    return this.#maxLength + 2;
  }

  _look(buffer: ByteBuffer, end: ReadEnd): string | null | undefined {
    const at = buffer.indexOf(NEWLINE);
    const length = at === -1 ? buffer.length : at;
    if (length > this.#maxLength + 1 || (length > this.#maxLength && !endsInReturn(buffer, at))) {
      throw this.tooLong(length, this.#maxLength);
    }
    if (at !== -1) return this.#text(buffer.take(at + 1));
    if (end === undefined) return undefined;
    if (end !== null) throw end.error;
    if (length > this.#maxLength) throw this.tooLong(length, this.#maxLength);
    return length === 0 ? null : buffer.take(length).toString(this.#encoding);
  }

  #text(line: Buffer): string {
    let end = line.length;
    if (!this.#keepEnd) end -= line[end - 2] === RETURN ? 2 : 1;
    return line.toString(this.#encoding, 0, end);
  }
}

/** The byte ahead of the newline at `at`, if that has come, is a part of the end of the line. */
function endsInReturn(buffer: ByteBuffer, at: number): boolean {
  return at === -1 || buffer.at(at - 1) === RETURN;
}

export class ReadUntil extends Reading<Buffer> {
  get _name(): string {
    return `${this.source.constructor.name}.readUntil`;
  }

  readonly #delimiter: Buffer;
  readonly #maxLength: number;

  constructor(source: ByteSource, delimiter: Buffer, maxLength: number, timeout: number) {
    super(source, timeout);
    this.#delimiter = delimiter;
    this.#maxLength = maxLength;
  }

  override get _needs(): number {
    return this.#maxLength;
  }

  _look(buffer: ByteBuffer, end: ReadEnd): Buffer | undefined {
    const at = buffer.indexOf(this.#delimiter);
    const length = at === -1 ? buffer.length : at + this.#delimiter.length;
    if (length > this.#maxLength) throw this.tooLong(length, this.#maxLength);
    if (at !== -1) return buffer.take(length);
    if (end === undefined) return undefined;
    if (end !== null) throw end.error;
    throw incomplete(this, buffer);
  }
}

const NEWLINE = Buffer.from('\n');
const RETURN = 13;

/** Takes what there is. */
function incomplete(reading: Reading<unknown>, buffer: ByteBuffer, expected?: number): IncompleteRead {
  const partial = buffer.take(buffer.length);
  const wanted = expected === undefined ? 'the delimiter' : `${expected} bytes`;
  const error = placed(
    IncompleteRead,
    `${reading._name} of ${reading._object}: the end came after ${partial.length} bytes, before ${wanted}`,
  );
  error.partial = partial;
  error.expected = expected;
  return error;
}

/** An error that shows the stack of the greenlet that it is thrown into. */
export function placed<E extends PlacedError>(type: new (message: string) => E, message: string): E {
  const error = withStackLimit(0, () => new type(message));
  error._unplaced = true;
  return error;
}
