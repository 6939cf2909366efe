/** Bodies that are sent, in one form. */
import { Buffer } from 'node:buffer';
import { showValue } from '../../../runtime/check.js';
import type { Results } from '../../../runtime/results.js';

type Piece = string | Uint8Array;

/** Sent chunk by chunk, the next one when the last one has gone. */
export type BodyStream = Iterable<Piece> | AsyncIterable<Piece> | ReadableStream | Results<Piece>;

/** What can be sent. */
export type RequestBody =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | URLSearchParams
  | FormData
  | Blob
  | BodyStream;

export interface BodySource {
  /** All of it; null when it comes piece by piece. */
  readonly bytes: Uint8Array | null;
  readonly stream: BodyStream | null;
  /** What it is, unless the caller says so. */
  readonly contentType: string | null;
}

/** Errors: `TypeError` for what cannot be sent. */
export function bodyOf(body: unknown): BodySource {
  if (typeof body === 'string') return whole(Buffer.from(body), 'text/plain;charset=UTF-8');
  if (body instanceof Uint8Array) return whole(body, null);
  if (body instanceof ArrayBuffer) return whole(new Uint8Array(body), null);
  if (ArrayBuffer.isView(body)) {
    return whole(new Uint8Array(body.buffer, body.byteOffset, body.byteLength), null);
  }
  if (body instanceof URLSearchParams) {
    return whole(Buffer.from(String(body)), 'application/x-www-form-urlencoded;charset=UTF-8');
  }
  if (body instanceof FormData || body instanceof Blob) {
    // The platform knows how they are written.
    const { body: stream, headers } = new Response(body);
    return { bytes: null, stream, contentType: headers.get('content-type') };
  }
  if (typeof body === 'object' && body !== null) {
    const source = body as object;
    if (
      Symbol.asyncIterator in source ||
      Symbol.iterator in source ||
      'getReader' in source ||
      'items' in source
    ) {
      return { bytes: null, stream: body as BodyStream, contentType: null };
    }
  }
  throw new TypeError(
    `body must be text, bytes, URLSearchParams, FormData, or an iterable or stream of text and bytes, got ${showValue(body)}`,
  );
}

function whole(bytes: Uint8Array, contentType: string | null): BodySource {
  return { bytes, stream: null, contentType };
}
