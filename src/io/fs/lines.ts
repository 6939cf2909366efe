/** The lines of a file: read in pieces of 64 KiB when they are asked for, and cut as Node's `readline` cuts them. */
import { Buffer } from 'node:buffer';
import { StringDecoder } from 'node:string_decoder';
import { Call } from '../../runtime/call.js';
import { checkCount, checkOptions } from '../../runtime/check.js';
import { done, Operation } from '../../runtime/operation.js';
import { Results } from '../../runtime/results.js';
import type { Green } from '../../runtime/types.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import { LineTooLong } from '../errors.js';
import { placed } from '../net/reading.js';

const PIECE = 64 * 1024;

export interface ReadLinesOptions {
  /** 'utf8' unless given. */
  readonly encoding?: BufferEncoding | null | undefined;
  /** Closes the file at the end, and when the lines are closed; true unless given. */
  readonly autoClose?: boolean | undefined;
  /** The first byte; unless given, where the last read ended. */
  readonly start?: number | undefined;
  /** The last byte; unless given, that of the file. Counts with `start`. */
  readonly end?: number | undefined;
  /** Bytes that are read at a time; 65536 unless given. */
  readonly highWaterMark?: number | undefined;
  /** Characters of the longest line: `LineTooLong` for a longer one, which is not taken. `Infinity` unless given. */
  readonly maxLength?: number | undefined;
}

/** What lines are read from. */
export interface LineFile {
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number | null,
  ): Operation<{ readonly bytesRead: number }>;
  close(): unknown;
}

export class Lines extends Results<string> {
  #file: LineFile | null;
  readonly #open: (() => Operation<LineFile>) | null;
  readonly #cutter: Cutter;
  readonly #piece: Buffer;
  readonly #autoClose: boolean;
  /** Where to read next; null: where the last read ended. */
  #position: number | null;
  readonly #end: number;
  readonly #maxLength: number;
  #ended = false;
  #line: string | undefined;
  readonly #more = new More(this);

  /** Of `file`, or of what `open` gives when the first line is asked for. */
  constructor(
    file: LineFile | null,
    open: (() => Operation<LineFile>) | null,
    options: ReadLinesOptions = {},
  ) {
    super();
    checkOptions(options, 'fs.readLines', "{ encoding: 'utf8' }");
    const { encoding, autoClose = true, start, end, highWaterMark = PIECE, maxLength } = options;
    checkCount(highWaterMark, 'highWaterMark', 1);
    if (start !== undefined) checkCount(start, 'start');
    if (end !== undefined) checkCount(end, 'end');
    if (maxLength !== undefined) checkCount(maxLength, 'maxLength');
    this.#file = file;
    this.#open = open;
    this.#cutter = new Cutter(encoding ?? 'utf8');
    this.#piece = Buffer.allocUnsafe(highWaterMark);
    this.#autoClose = autoClose;
    this.#position = start ?? (end === undefined ? null : 0);
    this.#end = end ?? Number.POSITIVE_INFINITY;
    this.#maxLength = maxLength ?? Number.POSITIVE_INFINITY;
  }

  /** Switches only if the line has not been read yet. */
  override more(): Operation<boolean> {
    return this.#more;
  }

  override get value(): string {
    return this.#line as string;
  }

  /** Moves on to a line that has been read; false when none has. @internal */
  _advance(): boolean {
    this.#line = this.#take();
    return this.#line !== undefined;
  }

  #take(): string | undefined {
    if (this._isClosed) return undefined;
    const length = this.#cutter.nextLength;
    if (length > this.#maxLength) {
      throw placed(
        LineTooLong,
        `a line of ${length} characters is longer than maxLength (${this.#maxLength})`,
      );
    }
    return this.#cutter.take();
  }

  protected _pull(): Operation<IteratorResult<string, undefined>> {
    return new Call(pullLine as never, [this, () => this.#take()], 'readLines');
  }

  /** Reads on. Gives false at the end. @internal */
  *_fill(): Green<boolean> {
    if (this._isClosed || this.#ended) return false;
    if (this.#file === null) {
      const file = yield* (this.#open as () => Operation<LineFile>)();
      this.#file = file;
    }
    const room = Math.min(this.#piece.length, this.#end + 1 - (this.#position ?? 0));
    const bytesRead =
      room <= 0 ? 0 : (yield* this.#file.read(this.#piece, 0, room, this.#position)).bytesRead;
    if (this.#position !== null) this.#position += bytesRead;
    this.#ended = bytesRead === 0;
    this.#cutter.feed(this.#ended ? null : this.#piece.subarray(0, bytesRead));
    return true;
  }

  protected override _close(): void {
    if (this.#autoClose) this.#file?.close();
    this.#file = null;
  }
}

/** The lines in text that comes in pieces. */
class Cutter {
  readonly #decoder: StringDecoder;
  #lines: string[] = [];
  #at = 0;
  /** A line whose end has not come yet. */
  #begun: string[] = [];
  #begunLength = 0;
  /** A return, of which the newline may be still to come. */
  #held = '';

  constructor(encoding: BufferEncoding) {
    this.#decoder = new StringDecoder(encoding);
  }

  /** null is the end. Everything has been taken. */
  feed(bytes: Uint8Array | null): void {
    let text = this.#held + (bytes === null ? this.#decoder.end() : this.#decoder.write(bytes as Buffer));
    this.#held = '';
    if (bytes !== null && text.endsWith('\r')) {
      this.#held = '\r';
      text = text.slice(0, -1);
    }
    const pieces = text.includes('\r') ? text.split(/\r\n|[\n\r]/) : text.split('\n');
    const last = pieces.pop() as string;
    if (pieces.length > 0) {
      pieces[0] = this.#begun.join('') + pieces[0];
      this.#begun = [];
      this.#begunLength = 0;
    }
    this.#begun.push(last);
    this.#begunLength += last.length;
    if (bytes === null && this.#begunLength > 0) pieces.push(this.#begun.join(''));
    this.#lines = pieces;
    this.#at = 0;
  }

  /** How long the next line is, as far as it is there. */
  get nextLength(): number {
    return this.#lines[this.#at]?.length ?? this.#begunLength;
  }

  take(): string | undefined {
    return this.#lines[this.#at++];
  }
}

/** A line that is there costs no switch and no frame. */
class More extends Operation<boolean> {
  readonly _name = 'Results.more';
  readonly #lines: Lines;

  constructor(lines: Lines) {
    super();
    this.#lines = lines;
  }

  _start(waiter: Waiter): Started {
    if (this.#lines._advance()) return done(waiter, true);
    return new Call(moreLines as never, [this.#lines], 'Results.more')._start(waiter);
  }
}

function* moreLines(lines: Lines): Green<boolean> {
  while (yield* lines._fill()) if (lines._advance()) return true;
  lines.close();
  return false;
}

function* pullLine(lines: Lines, take: () => string | undefined): Green<IteratorResult<string, undefined>> {
  let line = take();
  while (line === undefined && (yield* lines._fill())) line = take();
  return line === undefined ? { done: true, value: undefined } : { done: false, value: line };
}
