/** Chance that is the same every time: what comes of a seed. */
import { Buffer } from 'node:buffer';
import { randomFrom } from '../../src/testing/random.js';

export class Dice {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = randomFrom(Math.imul(seed + 1, 2654435761));
  }

  /** 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.#next() * count);
  }

  /** `from` to `to`, both included. */
  from(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  chance(part: number): boolean {
    return this.#next() < part;
  }

  bytes(length: number): Buffer {
    const words = Uint32Array.from({ length: Math.ceil(length / 4) }, () => this.below(2 ** 32));
    return Buffer.from(words.buffer, 0, length);
  }

  /** Lines of several lengths, with letters of one to four bytes. */
  text(length: number): Buffer {
    let text = '';
    while (text.length < length) {
      const word = this.pick(['a word', 'h\u00e4\u20ac', '\u{1f600}', '', 'x'.repeat(this.below(400))]);
      text += word + this.pick(['\n', '\r\n', ' ', '']);
    }
    return Buffer.from(text);
  }

  /** `bytes` in at most `most` pieces, of which some may be empty. */
  cut(bytes: Buffer, most: number): Buffer[] {
    const places = Array.from({ length: this.below(most) }, () => this.below(bytes.length + 1));
    const at = [0, ...places.sort((a, b) => a - b), bytes.length];
    return at.slice(1).map((place, i) => bytes.subarray(at[i], place));
  }
}
