/** Streams of the host, and what is like one, for greenlets. */
import { Readable, Writable } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import { showValue } from '../../runtime/check.js';

import { StreamReader } from './stream-reader.js';
import { StreamWriter } from './stream-writer.js';

/** What `from` takes: a Readable, a web stream, bytes, or an iterable of bytes or text. */
export type ReadableSource =
  | Readable
  | ReadableStream<Uint8Array>
  | AsyncIterable<string | Uint8Array>
  | Iterable<string | Uint8Array>
  | Uint8Array;

/**
 * A stream of bytes, to be read by chunks, counts, lines or delimiters; also of text, which is read as UTF-8. A stream in object mode is
 * for `each`. Errors: `TypeError` for what is no stream.
 *
 * @example const input = stream.from(process.stdin); const name = yield* input.readLine();
 */
export function from(source: ReadableSource): StreamReader {
  if (source instanceof Readable) return new StreamReader(source);
  // What it iterates are numbers.
  if (source instanceof Uint8Array) return new StreamReader(Readable.from([source], { objectMode: false }));
  if (typeof source === 'object' && source !== null) {
    if ('getReader' in source) return new StreamReader(Readable.fromWeb(source as ReadableStream));
    if (Symbol.asyncIterator in source || Symbol.iterator in source) {
      return new StreamReader(Readable.from(source, { objectMode: false }));
    }
  }
  throw new TypeError(
    `source must be a Readable, a web stream or an iterable of bytes, got ${showValue(source)}`,
  );
}

/** A stream to be written to. Errors: `TypeError` for what is no stream. */
export function to(target: Writable | WritableStream<Uint8Array>): StreamWriter {
  if (target instanceof Writable) return new StreamWriter(target);
  if (typeof target === 'object' && target !== null) {
    if ('getWriter' in target) return new StreamWriter(Writable.fromWeb(target as WritableStream));
    if ('write' in target && 'once' in target) return new StreamWriter(target as Writable);
  }
  throw new TypeError(`target must be a Writable or a web stream, got ${showValue(target)}`);
}
