/** The lines of a file that grows, also when it is cut short, or moved away and begun anew. */
import { basename, dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import type { Green } from 'greenlets';
import { fs } from 'greenlets/io';

const PIECE = 64 * 1024;

/** An open file, and how much of it has been told. */
class Follower {
  readonly #file: fs.FileHandle;
  readonly #decoder = new StringDecoder('utf8');
  readonly #piece = Buffer.alloc(PIECE);
  #at: number;
  #begun = '';

  constructor(file: fs.FileHandle, at: number) {
    this.#file = file;
    this.#at = at;
  }

  /** Tells the lines that have come. A line without its end is kept until it has one. */
  *read(tell: (line: string) => void): Green<void> {
    if ((yield* this.#file.stat()).size < this.#at) {
      this.#at = 0;
      this.#begun = '';
    }
    for (;;) {
      const { bytesRead } = yield* this.#file.read(this.#piece, 0, PIECE, this.#at);
      if (bytesRead === 0) return;
      this.#at += bytesRead;
      const lines = (this.#begun + this.#decoder.write(this.#piece.subarray(0, bytesRead))).split('\n');
      this.#begun = lines.pop() ?? '';
      for (const line of lines) tell(line);
    }
  }

  /** Whether `path` is still the name of this file. */
  *isAt(path: string): Green<boolean> {
    const own = yield* this.#file.stat();
    const there = yield* statOrNull(path);
    return there !== null && there.ino === own.ino && there.dev === own.dev;
  }

  *close(): Green<void> {
    yield* this.#file.close();
  }
}

/**
 * Tells the lines that are written to `path` from now on, or with `fromStart` all of them, until it is killed. The file need not be there
 * yet. When another file takes its place (a log that is rotated), the old one is read to its end and the new one from its start.
 */
export function* tail(path: string, tell: (line: string) => void, fromStart = false): Green<never> {
  // The folder, not the file: its watch sees the file change, go and come. It begins before the first look, so that nothing is missed.
  using changes = fs.watch(dirname(path));
  let follower = yield* open(path, fromStart);
  try {
    for (;;) {
      yield* follower?.read(tell) ?? nothing();
      if (follower === null || !(yield* follower.isAt(path))) {
        const next = yield* open(path, true);
        if (next !== null) {
          // What was written to the old one between the last look and the move.
          yield* follower?.read(tell) ?? nothing();
          yield* follower?.close() ?? nothing();
          follower = next;
          continue;
        }
      }
      do yield* changes.more();
      while (changes.value.filename !== basename(path) && changes.value.filename !== null);
    }
  } finally {
    yield* follower?.close() ?? nothing();
  }
}

/** Null when there is no file. */
function* open(path: string, fromStart: boolean): Green<Follower | null> {
  try {
    const file = yield* fs.open(path);
    return new Follower(file, fromStart ? 0 : (yield* file.stat()).size);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return null;
  }
}

function* statOrNull(path: string) {
  try {
    return yield* fs.stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return null;
  }
}

function* nothing(): Green<void> {}
