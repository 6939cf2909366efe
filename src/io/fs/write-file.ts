/** Whole files, written. */
import { appendFile as hostAppendFile, writeFile as hostWriteFile } from 'node:fs';
import * as promises from 'node:fs/promises';
import { Call } from '../../runtime/call.js';
import { each, type Source } from '../../runtime/each.js';
import type { Operation } from '../../runtime/operation.js';
import { Results } from '../../runtime/results.js';
import type { Green as Body } from '../../runtime/types.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import { FileHandle } from './file-handle.js';
import { type Answer, abortable, HostCall, type HostFunction } from './host-call.js';
import { open } from './open.js';
import type { Green } from './types.js';

interface WriteOptions {
  readonly encoding?: BufferEncoding | null;
  readonly mode?: string | number;
  readonly flag?: string | number;
  readonly flush?: boolean;
  readonly signal?: AbortSignal | null;
}

const NONE: WriteOptions = {};

/** What Node gets for one run, and its signal: see read-file.ts. */
class WriteRun {
  aborted = false;
  readonly reason = undefined;
  readonly encoding: unknown;
  readonly mode: unknown;
  readonly flag: unknown;
  readonly flush: unknown;
  readonly signal: WriteRun;

  constructor(options: WriteOptions, flag: string) {
    this.encoding = options.encoding;
    this.mode = options.mode ?? 0o666;
    this.flag = options.flag || flag;
    this.flush = options.flush;
    this.signal = this;
  }
}

class WritePath extends HostCall<void> {
  readonly #path: string;
  readonly #data: unknown;
  readonly #options: WriteOptions;
  readonly #fn: HostFunction;

  constructor(path: string, data: unknown, options: WriteOptions, fn: HostFunction) {
    super(fn === hostWriteFile ? 'fs.writeFile' : 'fs.appendFile', path);
    this.#path = path;
    this.#data = data;
    this.#options = options;
    this.#fn = fn;
  }

  _start(waiter: Waiter): Started {
    const run = new WriteRun(this.#options, this.#fn === hostWriteFile ? 'w' : 'a');
    const answer: Answer = (error) => this.answer(waiter, run, error, undefined);
    this.#fn(this.#path, this.#data, run, answer);
    return this._wait(waiter, run);
  }

  protected override _forget(waiter: Waiter): void {
    (waiter._slot as WriteRun).aborted = true;
  }
}

type Promised = typeof promises.writeFile;
type Pieces = Source<string | NodeJS.ArrayBufferView>;

function writing(
  name: string,
  flag: string,
  fn: HostFunction,
  promised: Promised,
): (path: unknown, data: unknown, options?: WriteOptions | string | null) => Operation<void> {
  return (path, data, options) => {
    const given = typeof options === 'string' ? { encoding: options as BufferEncoding } : (options ?? NONE);
    const simple = typeof given === 'object' && given.signal == null;
    if (simple && typeof path === 'string' && (typeof data === 'string' || ArrayBuffer.isView(data))) {
      return new WritePath(path, data, given, fn);
    }
    const foreign = typeof path === 'object' && path !== null && 'createWriteStream' in path;
    if (simple && isPieces(data) && (!foreign || path instanceof FileHandle))
      return new Call(writePieces as never, [path, data, given, flag], name);
    const target = path instanceof FileHandle ? path.raw : path;
    return abortable(name, path, options, (safe) =>
      promised(target as string, data as string, safe as never),
    ) as Operation<void>;
  };
}

function isPieces(data: unknown): data is Pieces {
  if (typeof data !== 'object' || data === null || ArrayBuffer.isView(data)) return false;
  return data instanceof Results || Symbol.asyncIterator in data || Symbol.iterator in data;
}

/** One piece after the other, so that a source that gives nothing can be left at any time, with the file closed. */
function* writePieces(
  path: string | FileHandle,
  data: Pieces,
  options: WriteOptions,
  flag: string,
): Body<void> {
  const own = !isHandle(path);
  const file = own ? yield* open(path, options.flag || flag, options.mode ?? 0o666) : path;
  const source = each(data);
  try {
    while (yield* source.more()) {
      const piece = source.value;
      yield* writeAll(
        file,
        ArrayBuffer.isView(piece) ? piece : Buffer.from(piece, options.encoding ?? 'utf8'),
      );
    }
    if (own && options.flush) yield* file.sync();
  } finally {
    source.close();
    if (own) yield* file.close();
  }
}

function* writeAll(file: FileHandle, bytes: NodeJS.ArrayBufferView): Body<void> {
  let at = 0;
  while (at < bytes.byteLength) at += (yield* file.write(bytes, at)).bytesWritten;
}

function isHandle(path: unknown): path is FileHandle {
  return path instanceof FileHandle;
}

/** As `fsPromises.writeFile`, and the data may also be `Results`. */
export interface WriteFile {
  (...args: Parameters<Green<Promised>>): Operation<void>;
  (path: Parameters<Green<Promised>>[0], data: Pieces, options?: Parameters<Promised>[2]): Operation<void>;
}

/**
 * Writes `data` to a file, which it makes or empties first (`flag`: 'w'). An iterable, a stream or `Results` is written piece by
 * piece, no faster than the file takes it. Mirrors `fsPromises.writeFile`.
 *
 * Always switches. Errors: the operating system's, with Node's `code` (`ENOSPC`, `EACCES`, …) and the stack of the greenlet; what
 * Node says of wrong arguments is thrown by the run. Interrupted, nothing more is written and the file is closed; a part may be there.
 *
 * @example yield* fs.writeFile('report.json', JSON.stringify(report));
 */
export const writeFile = /* @__PURE__ */ writing(
  'fs.writeFile',
  'w',
  hostWriteFile,
  promises.writeFile,
) as WriteFile;

/** Writes `data` behind what is in a file, which it makes if need be; else as `writeFile`. Mirrors `fsPromises.appendFile`. */
export const appendFile = /* @__PURE__ */ writing(
  'fs.appendFile',
  'a',
  hostAppendFile,
  promises.appendFile as Promised,
) as Green<typeof promises.appendFile>;
