/** Bytes of a body as text, by the charset that its `Content-Type` names. */
import { Buffer, isAscii } from 'node:buffer';
import type { PieceDecoder } from '../../text-lines.js';

const UTF8: PieceDecoder<Uint8Array> = new TextDecoder();
const decoders = new Map<string, PieceDecoder<Uint8Array>>();

/** The pieces as one. */
export function joined(pieces: readonly Buffer[]): Buffer {
  const [only] = pieces;
  if (only === undefined) return Buffer.alloc(0);
  return pieces.length === 1 ? only : Buffer.concat(pieces);
}

/** Text by UTF-8, without its byte order mark. */
export function utf8Text(bytes: Buffer): string {
  // Plain ASCII, which most of the web is, is copied; the check is cheap.
  if (isAscii(bytes)) return bytes.toString('latin1', 0, bytes.length);
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  return bytes.toString('utf8', start, bytes.length);
}

/** Text by the charset of `contentType`; by UTF-8 when that names none, or one that is not known. */
export function textOf(bytes: Buffer, contentType: string): string {
  const charset = charsetOf(contentType);
  return charset === 'utf-8' ? utf8Text(bytes) : decoderOf(charset).decode(bytes);
}

/** A decoder that keeps what is cut by the end of a chunk. */
export function streamDecoder(contentType: string): PieceDecoder<Uint8Array> {
  try {
    return new TextDecoder(charsetOf(contentType));
  } catch {
    return new TextDecoder();
  }
}

function charsetOf(contentType: string): string {
  const at = contentType.indexOf('=');
  if (at === -1) return 'utf-8';
  const label = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;]*))/i.exec(contentType);
  const charset = (label?.[1] ?? label?.[2] ?? '').toLowerCase();
  return charset === '' || charset === 'utf8' ? 'utf-8' : charset;
}

function decoderOf(charset: string): PieceDecoder<Uint8Array> {
  let decoder = decoders.get(charset);
  if (decoder !== undefined) return decoder;
  try {
    decoder = new TextDecoder(charset);
  } catch {
    return UTF8;
  }
  decoders.set(charset, decoder);
  return decoder;
}
