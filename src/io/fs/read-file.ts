/** Whole files, read. */
import { readFile as hostReadFile } from 'node:fs';
import * as promises from 'node:fs/promises';
import type { Operation } from '../../runtime/operation.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import { FileHandle } from './file-handle.js';
import { type Answer, abortable, HostCall } from './host-call.js';
import type { Green } from './types.js';

interface ReadOptions {
  readonly encoding?: BufferEncoding | null;
  readonly flag?: string | number;
  readonly signal?: AbortSignal | null;
}

/** What Node gets for one run. It is a signal, too: of one Node looks at `aborted` between two steps, and at nothing else. */
class ReadRun {
  aborted = false;
  readonly reason = undefined;
  readonly encoding: unknown;
  readonly flag: unknown;
  readonly signal: ReadRun;

  constructor(encoding: unknown, flag: unknown) {
    this.encoding = encoding;
    this.flag = flag;
    this.signal = this;
  }
}

/** The file of a path, read by the callback function: it takes half the time of the promise function. */
class ReadPath extends HostCall<unknown> {
  readonly #path: string;
  readonly #encoding: unknown;
  readonly #flag: unknown;

  constructor(path: string, encoding: unknown, flag: unknown) {
    super('fs.readFile', path);
    this.#path = path;
    this.#encoding = encoding;
    this.#flag = flag;
  }

  _start(waiter: Waiter): Started {
    const run = new ReadRun(this.#encoding, this.#flag);
    const answer: Answer = (error, value) => this.called(waiter, run, error, value);
    hostReadFile(this.#path, run as never, answer as never);
    return this._wait(waiter, run);
  }

  protected override _forget(waiter: Waiter): void {
    (waiter._slot as ReadRun).aborted = true;
  }
}

/**
 * The whole of a file, as bytes, or as text in the encoding that is given. Mirrors `fsPromises.readFile`.
 *
 * Always switches. Errors: the operating system's, with Node's `code` (`ENOENT`, `EISDIR`, …) and the stack of the greenlet; what
 * Node says of wrong arguments is thrown by the run. Interrupted, no more is read and the file is closed. A `signal` that is
 * aborted ends it with an `AbortError`.
 *
 * @example const text = yield* fs.readFile('notes.txt', 'utf8');
 */
export const readFile = ((path: unknown, options?: ReadOptions | string | null): Operation<unknown> => {
  if (typeof path === 'string') {
    if (options == null) return new ReadPath(path, undefined, 'r');
    if (typeof options === 'string') return new ReadPath(path, options, 'r');
    if (typeof options === 'object' && options.signal == null) {
      return new ReadPath(path, options.encoding, options.flag || 'r');
    }
  }
  if (path instanceof FileHandle) return path.readFile(options as never);
  return abortable('fs.readFile', path, options, (given) =>
    promises.readFile(path as string, given as never),
  );
}) as Green<typeof promises.readFile>;
