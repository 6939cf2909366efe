/** Messages on a stream of bytes: four bytes that say how long one is, and then the message. */
import { Buffer } from 'node:buffer';
import { ByteBuffer } from '../../io/net/byte-buffer.js';
import { ProcessError } from '../errors.js';

const HEAD = 4;

export class FrameReader {
  /** Bytes of the longest message that is taken. */
  limit: number;
  readonly #buffer = new ByteBuffer();

  constructor(limit: number) {
    this.limit = limit;
  }

  push(chunk: Buffer): void {
    this.#buffer.push(chunk);
  }

  /**
   * The next message, in memory of its own (what is made of it may share that); null while it has not come as a whole. Errors: `ProcessError`
   * for one that is longer than `limit`, as soon as its length has come.
   */
  next(): Buffer | null {
    const buffer = this.#buffer;
    if (buffer.length < HEAD) return null;
    let length = 0;
    for (let index = 0; index < HEAD; index++) length = length * 256 + (buffer.at(index) as number);
    if (length > this.limit)
      throw new ProcessError(`a message of ${length} bytes came, and ${this.limit} are allowed`);
    if (buffer.length < HEAD + length) return null;
    buffer.take(HEAD);
    const message = Buffer.allocUnsafeSlow(length);
    buffer.take(length).copy(message);
    return message;
  }
}

/** The bytes of one message. */
export function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD + message.length);
  bytes.writeUInt32BE(message.length);
  bytes.set(message, HEAD);
  return bytes;
}
