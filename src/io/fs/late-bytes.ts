/**
 * Reads that go on from where the last one ended. An interrupted one cannot be taken back from the operating system: what it reads
 * is kept here, and the next one gets it. Reads at a position of their own have no need of this.
 */
import { Buffer } from 'node:buffer';
import type { Run } from './host-call.js';

export class LateBytes {
  #bytes: Buffer | null = null;
  /** An interrupted read is under way. */
  #late = false;
  /** Who begins after it. */
  readonly #waiting = new Set<() => void>();

  /**
   * Calls `read`, which looks for `take` first, as soon as no interrupted read is under way; `parts` says what it has read, and is
   * asked if it is interrupted.
   */
  run<T>(run: Run, read: () => PromiseLike<T>, parts: (value: T) => readonly Uint8Array[]): PromiseLike<T> {
    if (this.#late) {
      return new Promise((resolve, reject) => {
        const begin = () => void this.run(run, read, parts).then(resolve, reject);
        this.#waiting.add(begin);
        run.onAbandon = () => this.#waiting.delete(begin);
      });
    }
    const reading = read();
    run.onAbandon = () => {
      this.#late = true;
      reading.then(
        (value) => this.#keep(parts(value)),
        () => this.#keep([]),
      );
    };
    return reading;
  }

  #keep(parts: readonly Uint8Array[]): void {
    this.#late = false;
    // What is kept already comes later: an interrupted read may have had the first of it.
    const bytes = Buffer.concat(this.#bytes === null ? parts : [...parts, this.#bytes]);
    if (bytes.length > 0) this.#bytes = bytes;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const begin of waiting) begin();
  }

  /** There is something that was not given yet. */
  get some(): boolean {
    return this.#bytes !== null;
  }

  /** Fills `parts`, one after the other; gives how many bytes that were. */
  take(parts: readonly Uint8Array[]): number {
    let count = 0;
    for (const part of parts) {
      const bytes = this.#bytes;
      if (bytes === null) break;
      const length = bytes.copy(part);
      count += length;
      this.#bytes = length < bytes.length ? bytes.subarray(length) : null;
    }
    return count;
  }

  /** Everything that was not given yet. */
  takeAll(): Buffer | null {
    const bytes = this.#bytes;
    this.#bytes = null;
    return bytes;
  }
}
