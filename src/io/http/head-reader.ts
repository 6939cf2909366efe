/** Reads one head out of chunks: in place when it is in one, else out of a copy. */
import { Buffer } from 'node:buffer';
import type { HeadScanner } from './head-scanner.js';

const FIRST_SIZE = 1024;

export class HeadReader<S extends HeadScanner> {
  readonly scanner: S;
  /** What has come of a head that is not complete. */
  #kept: Buffer | null = null;
  #size = 0;
  #begun = false;
  /** Where the head is, once it is complete. */
  bytes: Buffer | null = null;

  constructor(scanner: S) {
    this.scanner = scanner;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Reads on from `at`: where the head ends, -1 when more is needed. Errors: `Refusal`. */
  read(chunk: Buffer, at: number, end: number, trailers = false): number {
    const { scanner } = this;
    if (this.#kept === null) {
      if (!this.#begun) scanner.begin(at, trailers);
      this.#begun = true;
      if (!scanner.scan(chunk, end)) {
        this.#keep(chunk, at, end);
        scanner.rebase();
        return -1;
      }
      this.bytes = chunk;
      this.#begun = false;
      return scanner.line;
    }
    this.#keep(chunk, at, end);
    if (!scanner.scan(this.#kept, this.#size)) return -1;
    this.bytes = this.#kept;
    const over = this.#size - scanner.line;
    this.#kept = null;
    this.#size = 0;
    this.#begun = false;
    return end - over;
  }

  #keep(chunk: Buffer, at: number, end: number): void {
    const size = this.#size + end - at;
    if (this.#kept === null || size > this.#kept.length) {
      const larger = Buffer.allocUnsafe(Math.max(FIRST_SIZE, size * 2));
      this.#kept?.copy(larger, 0, 0, this.#size);
      this.#kept = larger;
    }
    chunk.copy(this.#kept, this.#size, at, end);
    this.#size = size;
  }

  /** Forgets what has come. */
  reset(): void {
    this.#kept = this.bytes = null;
    this.#size = 0;
    this.#begun = false;
  }
}
