/** A connection that carries messages: whole ones, of a bounded length, until it ends. */
import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { ProcessError } from '../errors.js';
import { FrameReader, frame } from './frames.js';

/** ms that what was sent may take to leave when it is ended. */
const LINGER = 1000;
/** ms without a word from the other machine before it is asked whether it is still there. */
const KEEP_ALIVE = 15_000;

export interface LineEnds {
  /** A message has come. What it throws ends the connection. */
  take(message: Buffer): void;
  /** It has ended, by `error` unless that is null. */
  ended(error: Error | null): void;
}

export class Line {
  readonly raw: Socket;
  readonly #reader: FrameReader;
  readonly #ends: LineEnds;
  /** Bytes that may wait for the other end to read them. */
  readonly #mostUnread: number;
  #error: Error | null = null;
  #ending = false;

  constructor(raw: Socket, limit: number, mostUnread: number, ends: LineEnds) {
    this.raw = raw;
    this.#reader = new FrameReader(limit);
    this.#ends = ends;
    this.#mostUnread = mostUnread;
    raw.setNoDelay(true);
    raw.setKeepAlive(true, KEEP_ALIVE);
    raw.on('data', (chunk) => {
      this.#reader.push(chunk);
      this.#pump();
    });
    raw.on('drain', () => {
      raw.resume();
      this.#pump();
    });
    raw.on('end', () => raw.destroy());
    raw.on('error', (error) => {
      this.#error ??= error;
    });
    raw.on('close', () => ends.ended(this.#error));
  }

  /** Bytes of the longest message that is taken from now on. */
  set limit(bytes: number) {
    this.#reader.limit = bytes;
  }

  get ending(): boolean {
    return this.#ending || this.raw.destroyed;
  }

  /** Whoever does not read what it has asked for is not read either. */
  #pump(): void {
    try {
      while (!this.ending) {
        if (this.raw.writableNeedDrain) {
          this.raw.pause();
          return;
        }
        const message = this.#reader.next();
        if (message === null) return;
        this.#ends.take(message);
      }
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** Sends `message`, together with the others of this turn. */
  write(message: Uint8Array): void {
    const { raw } = this;
    if (this.ending) return;
    if (raw.writableCorked === 0) {
      raw.cork();
      queueMicrotask(() => raw.uncork());
    }
    raw.write(frame(message));
    if (raw.writableLength > this.#mostUnread) this.fail(new ProcessError(`the other end does not read`));
  }

  /** Sends `message` as the last one. */
  end(message?: Uint8Array): void {
    if (this.ending) return;
    if (message !== undefined) this.write(message);
    this.#ending = true;
    this.raw.uncork();
    // Whoever waits for its end is held by it.
    this.raw.ref();
    this.raw.destroySoon();
    const timer = setTimeout(() => this.raw.destroy(), LINGER);
    this.raw.on('close', () => clearTimeout(timer));
  }

  fail(error: Error): void {
    this.#error ??= error;
    this.raw.destroy();
  }
}
