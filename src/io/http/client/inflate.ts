/** The content codings: gzip, deflate (also raw) and br, undone by `node:zlib`. */
import type { Buffer } from 'node:buffer';
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';

export type Coding = 'gzip' | 'deflate' | 'br';

/** What the client says that it takes. */
export const ACCEPTED = 'gzip, deflate, br';

/**
 * Compressed bytes up to which a body is undone at once, on the spot: measured, a page of 3 to 50 kB (1.5 to 18 kB compressed) costs a
 * fourth to a third of what the stream does, whose work goes through the thread pool; from 200 kB on the stream costs no more, and holds
 * nobody up. What grows beyond `AT_ONCE_OUTPUT` goes through the stream as well.
 */
export const AT_ONCE = 32 * 1024;
const AT_ONCE_OUTPUT = 1024 * 1024;
/** More would be a bomb: what one of them makes waits, all of it, for the next. */
const MOST_CODINGS = 2;

/** The codings of `Content-Encoding`, in the order in which they are undone; none when one of them is not known, or there are too many. */
export function codingsOf(header: string): readonly Coding[] {
  if (header === '') return [];
  const codings: Coding[] = [];
  for (const part of header.toLowerCase().split(',')) {
    const name = part.trim();
    if (name === 'gzip' || name === 'x-gzip') codings.unshift('gzip');
    else if (name === 'deflate' || name === 'br') codings.unshift(name);
    else if (name !== '' && name !== 'identity') return [];
  }
  return codings.length > MOST_CODINGS ? [] : codings;
}

/** A zlib header begins so; else the bytes are raw deflate, as some servers send them. */
function isZlib(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0x0f) === 8;
}

/** All of `bytes` undone; null when that is more than is done at once. Errors: those of zlib. */
export function inflateAtOnce(bytes: Buffer, codings: readonly Coding[]): Buffer | null {
  const options = { maxOutputLength: AT_ONCE_OUTPUT };
  let result = bytes;
  try {
    for (const coding of codings) {
      if (result.length === 0) return result;
      if (coding === 'gzip') result = zlib.gunzipSync(result, options);
      else if (coding === 'br') result = zlib.brotliDecompressSync(result, options);
      else if (isZlib(result[0])) result = zlib.inflateSync(result, options);
      else result = zlib.inflateRawSync(result, options);
    }
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') return null;
    throw error;
  }
  return result;
}

/** Who gets what comes out. */
export interface InflateEvents {
  onInflated(bytes: Buffer): void;
  /** Something that was written has gone through: less is on its way. */
  onRoom(): void;
  onEnd(): void;
  onError(error: unknown): void;
}

/** Undoes one coding as the bytes come, in the thread pool of the host. */
class Stage {
  readonly #coding: Coding;
  readonly #events: InflateEvents;
  readonly #written = (): void => this.#events.onRoom();
  #stream: Transform | null = null;
  #paused = false;

  constructor(coding: Coding, events: InflateEvents) {
    this.#coding = coding;
    this.#events = events;
  }

  get backlog(): number {
    return (this.#stream?.writableLength ?? 0) + (this.#stream?.readableLength ?? 0);
  }

  write(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#stream ??= this.#begin(bytes[0] as number);
    // The stream's own `drain` comes only if `write` said that there is no room, which counts neither what is read nor what is less
    // than its mark.
    this.#stream.write(bytes, this.#written);
  }

  end(): void {
    if (this.#stream === null) this.#events.onEnd();
    else this.#stream.end();
  }

  pause(): void {
    this.#paused = true;
    this.#stream?.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#stream?.resume();
  }

  destroy(): void {
    this.#stream?.removeAllListeners();
    this.#stream?.on('error', () => {});
    this.#stream?.destroy();
  }

  #begin(first: number): Transform {
    const stream = decoder(this.#coding, first);
    stream.on('data', (bytes: Buffer) => this.#events.onInflated(bytes));
    stream.on('end', () => this.#events.onEnd());
    stream.on('error', (error) => this.#events.onError(error));
    if (this.#paused) stream.pause();
    return stream;
  }
}

function decoder(coding: Coding, first: number): Transform {
  if (coding === 'gzip') return zlib.createGunzip();
  if (coding === 'br') return zlib.createBrotliDecompress();
  return isZlib(first) ? zlib.createInflate() : zlib.createInflateRaw();
}

/** Undoes all codings as the bytes come. */
export class Inflater {
  readonly #stages: Stage[];

  constructor(codings: readonly Coding[], events: InflateEvents) {
    let next = events;
    const stages: Stage[] = [];
    for (const coding of [...codings].reverse()) {
      const stage = new Stage(coding, next);
      stages.unshift(stage);
      next = {
        onInflated: (bytes) => stage.write(bytes),
        onRoom: () => events.onRoom(),
        onEnd: () => stage.end(),
        onError: (error) => events.onError(error),
      };
    }
    this.#stages = stages;
  }

  /** Bytes on their way through. */
  get backlog(): number {
    return this.#stages.reduce((sum, { backlog }) => sum + backlog, 0);
  }

  write(bytes: Buffer): void {
    this.#stages[0]?.write(bytes);
  }

  end(): void {
    this.#stages[0]?.end();
  }

  /** Nothing comes out until `resume()`. */
  pause(): void {
    this.#stages.at(-1)?.pause();
  }

  resume(): void {
    this.#stages.at(-1)?.resume();
  }

  destroy(): void {
    for (const stage of this.#stages) stage.destroy();
  }
}
