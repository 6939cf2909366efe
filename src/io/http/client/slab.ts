/**
 * Copies of bytes, cut from slabs: one memory block of the host for many pages instead of one each, which is most of what the garbage
 * collector has to do for a page. A slice keeps its slab alive, so what is handed to the program for good is copied once more (`owned`).
 */
import { Buffer } from 'node:buffer';

const SLAB = 128 * 1024;
/** Larger ones get a block of their own. */
const LARGEST = 32 * 1024;

let slab = Buffer.alloc(0);
let used = 0;

/** A copy of the bytes from `from` to `to`. */
export function copyOf(bytes: Buffer, from: number, to: number): Buffer {
  const length = to - from;
  if (length > LARGEST) {
    const copy = Buffer.allocUnsafeSlow(length);
    bytes.copy(copy, 0, from, to);
    return copy;
  }
  if (used + length > slab.length) {
    slab = Buffer.allocUnsafeSlow(SLAB);
    used = 0;
  }
  const start = used;
  used += length;
  bytes.copy(slab, start, from, to);
  return slab.subarray(start, used);
}

/** `bytes`, which keep no slab alive. */
export function owned(bytes: Buffer): Buffer {
  return bytes.buffer.byteLength === SLAB && bytes.length <= LARGEST ? Buffer.from(bytes) : bytes;
}
