/**
 * Bytes that have arrived and were not read yet, in the chunks in which they came. A search goes on where the last one ended, so that
 * a line that comes byte by byte costs no more than its length.
 */
import { Buffer } from 'node:buffer';

const EMPTY = Buffer.alloc(0);
const COMPACT_AFTER = 64;
/** Bytes of a crumb, and of the slab that crumbs are gathered in. */
const SMALL = 128;
const SLAB = 4096;

export class ByteBuffer {
  #chunks: Buffer[] = [];
  /** Chunks before this one are used up. */
  #first = 0;
  #length = 0;
  /** The last slab (of an ArrayBuffer of its own), and up to where it is used. What was given out of it is never written again. */
  #slab = EMPTY;
  #filled = 0;
  /** The last search, and up to where it has found nothing: the chunk that it stopped in, the bytes before that, and all. */
  #sought: Buffer | null = null;
  #seekChunk = 0;
  #seekOffset = 0;
  #searched = 0;

  get length(): number {
    return this.#length;
  }

  /** The byte at `index`, which is there. */
  at(index: number): number | undefined {
    let left = index;
    for (let i = this.#first; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i] as Buffer;
      if (left < chunk.length) return chunk[left];
      left -= chunk.length;
    }
    return undefined;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#length += chunk.length;
    if (this.#chunks.length > 0 && chunk.length <= SMALL) this.#append(chunk);
    else this.#chunks.push(chunk);
  }

  /** What comes in crumbs while nobody can use it is kept in slabs: a Buffer of its own for each would be many times its size. */
  #append(chunk: Buffer): void {
    const index = this.#chunks.length - 1;
    const last = this.#chunks[index] as Buffer;
    const goesOn = last.buffer === this.#slab.buffer && last.byteOffset + last.length === this.#filled;
    if (goesOn && this.#filled + chunk.length <= this.#slab.length) {
      chunk.copy(this.#slab, this.#filled);
      this.#filled += chunk.length;
      this.#chunks[index] = this.#slab.subarray(last.byteOffset, this.#filled);
    } else {
      this.#slab = Buffer.allocUnsafeSlow(SLAB);
      this.#filled = chunk.copy(this.#slab);
      this.#chunks.push(this.#slab.subarray(0, this.#filled));
    }
  }

  /** Takes out up to `max` bytes: one chunk, or a part of one. */
  takeSome(max: number): Buffer {
    const chunk = this.#chunks[this.#first] as Buffer;
    return chunk.length <= max ? this.#shift(chunk) : this.#cut(chunk, max);
  }

  /** Takes out `count` bytes, which are there. */
  take(count: number): Buffer {
    const chunk = this.#chunks[this.#first];
    if (chunk === undefined || count === 0) return Buffer.alloc(0);
    if (chunk.length === count) return this.#shift(chunk);
    if (chunk.length > count) return this.#cut(chunk, count);
    const bytes = Buffer.allocUnsafe(count);
    let filled = 0;
    while (filled < count) {
      const part = this.takeSome(count - filled);
      part.copy(bytes, filled);
      filled += part.length;
    }
    return bytes;
  }

  /** Puts `bytes` back in front. */
  unshift(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#first > 0) this.#chunks[--this.#first] = bytes;
    else this.#chunks.unshift(bytes);
    this.#length += bytes.length;
    this.#sought = null;
  }

  #shift(chunk: Buffer): Buffer {
    this.#chunks[this.#first++] = EMPTY;
    this.#took(chunk.length);
    if (this.#first === this.#chunks.length) {
      this.#chunks = [];
      this.#first = 0;
      this.#slab = EMPTY;
    } else if (this.#first >= COMPACT_AFTER && this.#first * 2 > this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#first);
      this.#first = 0;
    }
    return chunk;
  }

  #cut(chunk: Buffer, count: number): Buffer {
    this.#chunks[this.#first] = chunk.subarray(count);
    this.#took(count);
    return chunk.subarray(0, count);
  }

  #took(count: number): void {
    this.#length -= count;
    this.#sought = null;
  }

  /** Where `delimiter` begins, -1 when it is not there. */
  indexOf(delimiter: Buffer): number {
    if (this.#sought === null || !this.#sought.equals(delimiter)) {
      this.#sought = delimiter;
      this.#seekChunk = this.#first;
      this.#seekOffset = 0;
      this.#searched = 0;
    }
    const last = delimiter.length - 1;
    let offset = this.#seekOffset;
    for (let i = this.#seekChunk; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i] as Buffer;
      const from = Math.max(0, this.#searched - offset);
      const at = chunk.indexOf(delimiter, from);
      if (at !== -1) return offset + at;
      // One that begins in this chunk may end in the next.
      const across = last === 0 ? -1 : this.#across(delimiter, i, Math.max(from, chunk.length - last));
      if (across !== -1) return offset + across;
      offset += chunk.length;
    }
    this.#searched = Math.max(0, this.#length - last);
    this.#seekOn();
    return -1;
  }

  /** The next search begins in the chunk in which this one stopped; the last chunk may grow. */
  #seekOn(): void {
    while (this.#seekChunk < this.#chunks.length - 1) {
      const chunk = this.#chunks[this.#seekChunk] as Buffer;
      if (this.#seekOffset + chunk.length > this.#searched) return;
      this.#seekOffset += chunk.length;
      this.#seekChunk++;
    }
  }

  /** Where `delimiter` begins in the chunk at `index`, at `from` or later, when it goes on in those behind; else -1. */
  #across(delimiter: Buffer, index: number, from: number): number {
    const chunk = this.#chunks[index] as Buffer;
    for (let start = from; start < chunk.length; start++) {
      if (this.#matches(delimiter, index, start)) return start;
    }
    return -1;
  }

  #matches(delimiter: Buffer, index: number, start: number): boolean {
    let chunk = this.#chunks[index] as Buffer;
    let i = index;
    let at = start;
    for (const byte of delimiter) {
      while (at === chunk.length) {
        const next = this.#chunks[++i];
        if (next === undefined) return false;
        chunk = next;
        at = 0;
      }
      if (chunk[at++] !== byte) return false;
    }
    return true;
  }
}
