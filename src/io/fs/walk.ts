/** All that is in a folder, and below it. */
import { Buffer } from 'node:buffer';
import type { Dirent, PathLike, Stats } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Call } from '../../runtime/call.js';
import { checkCount, checkOptions, checkType } from '../../runtime/check.js';
import type { Operation } from '../../runtime/operation.js';
import { Results } from '../../runtime/results.js';
import type { Green } from '../../runtime/types.js';
import { readdir, stat } from './calls.js';

export interface WalkOptions {
  /** How deep it goes: with 1 only what is in the folder itself. `Infinity` unless given. */
  readonly maxDepth?: number | undefined;
  /** Takes a link for what it leads to, and goes into folders behind links, but not into one that it is in already; false unless given. */
  readonly followSymlinks?: boolean | undefined;
}

/** Something in a folder. */
export interface WalkEntry {
  readonly name: string;
  /** The path that was given, and the way down from there. */
  readonly path: string;
  /** 1 in the folder itself. */
  readonly depth: number;
  /** What it is; of a link that is followed, what it leads to. */
  readonly kind: 'file' | 'folder' | 'link' | 'other';
}

/** A folder that is being walked. */
interface Level {
  readonly path: string;
  readonly depth: number;
  /** Device and inode, where links are followed. */
  id: string;
  /** What is in it and was not given yet, the next one last; null until it has been read. */
  entries: Dirent[] | null;
}

/**
 * All that is in the folder `path` and below it, depth first: a folder, then what is in it. Entries are in the order of their names, so
 * that every run is the same. As much is kept as is in the folders on the way down.
 *
 * Errors, thrown by `more` and `next` in the place of what is in a folder: those of `readdir`; the next call goes on behind that
 * folder. A link that leads nowhere is a link. An interrupted `more` loses nothing. Node has nothing like it: `readdir` with `recursive` gives everything at once.
 *
 * @example
 * const entries = fs.walk('src', { maxDepth: 3 });
 * while (yield* entries.more()) if (entries.value.kind === 'file') console.log(entries.value.path);
 */
export function walk(path: PathLike, options?: WalkOptions): Walk {
  return new Walk(path, options);
}

export class Walk extends Results<WalkEntry> {
  readonly #maxDepth: number;
  readonly #follow: boolean;
  readonly #levels: Level[];
  /** The folder that was given last, as long as it may be left out. */
  #last: Level | null = null;

  constructor(path: PathLike, options: WalkOptions = {}) {
    super();
    checkOptions(options, 'fs.walk', '{ maxDepth: 3 }');
    const { maxDepth = Number.POSITIVE_INFINITY, followSymlinks = false } = options;
    checkType(followSymlinks, 'followSymlinks', 'boolean');
    checkCount(maxDepth, 'maxDepth');
    this.#maxDepth = maxDepth;
    this.#follow = followSymlinks;
    const root = Buffer.isBuffer(path) ? path.toString() : path instanceof URL ? fileURLToPath(path) : path;
    this.#levels = maxDepth === 0 ? [] : [{ path: root as string, depth: 0, id: '', entries: null }];
  }

  /** Does not go into the folder that was given last. Never switches. */
  skip(): void {
    if (this.#last !== null && this.#levels.at(-1) === this.#last && this.#last.entries === null)
      this.#levels.pop();
    this.#last = null;
  }

  protected _pull(): Operation<IteratorResult<WalkEntry, undefined>> {
    return new Call((() => this.#next()) as never, [], 'fs.walk');
  }

  *#next(): Green<IteratorResult<WalkEntry, undefined>> {
    for (;;) {
      const level = this.#levels.at(-1);
      if (level === undefined) return { done: true, value: undefined };
      const entries = level.entries ?? (yield* this.#read(level));
      const entry = entries.at(-1);
      if (entry === undefined) {
        this.#levels.pop();
        continue;
      }
      const path = join(level.path, entry.name);
      const link = entry.isSymbolicLink();
      const stats = this.#follow && (link || entry.isDirectory()) ? yield* statOf(path) : null;
      // Nothing switches from here on: the entry is taken, and given.
      entries.pop();
      const value = { name: entry.name, path, depth: level.depth + 1, kind: kindOf(stats ?? entry) };
      this.#last = null;
      if (value.kind === 'folder') this.#enter(value, stats);
      return { done: false, value };
    }
  }

  *#read(level: Level): Green<Dirent[]> {
    try {
      if (this.#follow && level.id === '') level.id = idOf(yield* statOf(level.path));
      const entries = yield* readdir(level.path, { withFileTypes: true });
      level.entries = entries.sort((a, b) => (a.name < b.name ? 1 : -1));
      return level.entries;
    } catch (error) {
      // Not by an interruption.
      if (isSystemError(error)) this.#levels.pop();
      throw error;
    }
  }

  #enter({ path, depth }: WalkEntry, stats: Stats | null): void {
    const id = idOf(stats);
    if (depth >= this.#maxDepth || (id !== '' && this.#levels.some((level) => level.id === id))) return;
    this.#last = { path, depth, id, entries: null };
    this.#levels.push(this.#last);
  }

  protected override _close(): void {
    this.#levels.length = 0;
  }
}

/** What the path leads to; null for nothing. */
function* statOf(path: string): Green<Stats | null> {
  try {
    return yield* stat(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return null;
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function idOf(stats: Stats | null): string {
  return stats === null ? '' : `${stats.dev}:${stats.ino}`;
}

function kindOf(found: Dirent | Stats): WalkEntry['kind'] {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'folder';
  return found.isSymbolicLink() ? 'link' : 'other';
}
