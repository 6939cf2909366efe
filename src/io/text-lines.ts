/** The lines of a text that comes in pieces. */
import { Call } from '../runtime/call.js';
import type { Operation } from '../runtime/operation.js';
import { Results } from '../runtime/results.js';
import type { Green } from '../runtime/types.js';

/** Makes text of pieces, as a `TextDecoder` does. */
export interface PieceDecoder<P> {
  decode(piece?: P, options?: { stream?: boolean }): string;
}

const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** Lines without their ends, `\n` or `\r\n`; the last one need not have one. */
export abstract class TextLines<P> extends Results<string> {
  readonly #decoder: PieceDecoder<P>;
  readonly #name: string;
  /** Lines that are complete, from `#next` on. */
  #lines: string[] = [];
  #next = 0;
  /** The last line, whose end has not come. */
  #rest = '';
  #ended = false;

  constructor(decoder: PieceDecoder<P>, name: string) {
    super();
    this.#decoder = decoder;
    this.#name = name;
  }

  /** The next piece. @internal */
  abstract _piece(): Operation<IteratorResult<P, undefined>>;

  protected _pull(): Operation<IteratorResult<string, undefined>> {
    return new Call(pullLine as never, [this], this.#name);
  }

  /** The next line, undefined at the end, null when another piece is needed. @internal */
  _take(): string | undefined | null {
    const line = this.#lines[this.#next++];
    if (line !== undefined) return line.endsWith('\r') ? line.slice(0, -1) : line;
    return this.#ended ? undefined : null;
  }

  /** @internal */
  _feed(piece: P | undefined): void {
    this.#next = 0;
    this.#ended = piece === undefined;
    const text = piece === undefined ? this.#decoder.decode() : this.#decoder.decode(piece, { stream: true });
    const end = text.lastIndexOf('\n');
    if (this.#ended) this.#lines = this.#rest + text === '' ? [] : (this.#rest + text).split('\n');
    else if (end === -1) {
      this.#lines = [];
      this.#rest += text;
    } else {
      this.#lines = (this.#rest + text.slice(0, end)).split('\n');
      this.#rest = text.slice(end + 1);
    }
  }
}

function* pullLine<P>(lines: TextLines<P>): Green<IteratorResult<string, undefined>> {
  for (;;) {
    const line = lines._take();
    if (line === undefined) return END;
    if (line !== null) return { done: false, value: line };
    lines._feed((yield* lines._piece()).value);
  }
}
