/** An open file. */
import { Buffer } from 'node:buffer';
import type {
  BigIntStats,
  Mode,
  ObjectEncodingOptions,
  ReadOptions,
  ReadOptionsWithBuffer,
  ReadPosition,
  ReadStream,
  ReadVResult,
  StatOptions,
  Stats,
  TimeLike,
  WriteStream,
  WriteVResult,
} from 'node:fs';
import type {
  CreateReadStreamOptions,
  CreateWriteStreamOptions,
  FileReadResult,
  FileHandle as HostHandle,
} from 'node:fs/promises';
import type { ReadableStream } from 'node:stream/web';
import type { Operation } from '../../runtime/operation.js';
import type { Results } from '../../runtime/results.js';
import { doors } from '../../runtime/resume.js';
import { SHOWN } from '../../runtime/shown.js';
import { abortable, Closing, PromiseCall, type Run } from './host-call.js';
import { LateBytes } from './late-bytes.js';
import { Lines, type ReadLinesOptions } from './lines.js';

type View = NodeJS.ArrayBufferView;
type Encoded = ObjectEncodingOptions & { readonly signal?: AbortSignal | undefined };

/**
 * An open file whose calls block only their greenlet; `open` gives it. Every method is an operation that always switches and throws
 * the operating system's errors with Node's `code`; `EBADF` when it was closed. Mirrors Node's `FileHandle`.
 *
 * Interrupted, a read at no position of its own loses nothing: the next one gets the bytes (a stream made of the handle does not; a
 * buffer handed over may still be written to). An interrupted write may have been done.
 *
 * @example
 * using file = yield* fs.open('data.bin');
 * const { bytesRead, buffer } = yield* file.read();
 */
export class FileHandle implements Disposable, AsyncDisposable {
  /** Node's handle. */
  readonly raw: HostHandle;
  readonly #path: unknown;
  readonly #late = new LateBytes();

  /** Makes Node's handle green; `path` is for messages. */
  constructor(raw: HostHandle, path?: unknown) {
    this.raw = raw;
    this.#path = path;
  }

  /** The number of the file descriptor, -1 when it has been closed. */
  get fd(): number {
    return this.raw.fd;
  }

  /**
   * Reads into `buffer`, or one of its own of 16 KiB; `bytesRead` is 0 at the end. Without a `position`, from where the last read
   * ended.
   */
  read<T extends View>(
    buffer: T,
    offset?: number | null,
    length?: number | null,
    position?: ReadPosition | null,
  ): Operation<FileReadResult<T>>;
  read<T extends View>(buffer: T, options?: ReadOptions): Operation<FileReadResult<T>>;
  read<T extends View = Buffer>(options?: ReadOptionsWithBuffer<T>): Operation<FileReadResult<T>>;
  read(...args: unknown[]): Operation<FileReadResult<View>> {
    const { buffer, offset, length, position } = describeRead(args);
    const read = () => this.raw.read(...(args as [View, number, number, number]));
    if (isPosition(position)) return this.#call('read', read);
    const kept = () => {
      const into = buffer ?? Buffer.alloc(16_384);
      const bytesRead = this.#late.take([part(into, offset, length)]);
      return Promise.resolve({ bytesRead, buffer: into });
    };
    const parts = (result: FileReadResult<View>) => [part(result.buffer, offset, result.bytesRead)];
    return this.#call('read', (run) =>
      this.#late.run(run, () => (this.#late.some && length !== 0 ? kept() : read()), parts),
    );
  }

  /** Reads into one buffer after the other. */
  readv<T extends readonly View[]>(buffers: T, position?: number): Operation<ReadVResult<T>> {
    const read = () => this.raw.readv(buffers, position) as Promise<ReadVResult<T>>;
    if (isPosition(position)) return this.#call('readv', read);
    const all = () => buffers.map((each) => part(each));
    const kept = () => Promise.resolve({ bytesRead: this.#late.take(all()), buffers });
    const parts = ({ bytesRead }: ReadVResult<T>) => [Buffer.concat(all()).subarray(0, bytesRead)];
    return this.#call('readv', (run) =>
      this.#late.run(run, () => (this.#late.some ? kept() : read()), parts),
    );
  }

  /** Everything from where the last read ended. Interrupted, no more is read; what was read is gone. */
  readFile(options?: (Encoded & { encoding?: null | undefined }) | null): Operation<Buffer>;
  readFile(options: (Encoded & { encoding: BufferEncoding }) | BufferEncoding): Operation<string>;
  readFile(options?: Encoded | BufferEncoding | null): Operation<string | Buffer>;
  readFile(options?: Encoded | BufferEncoding | null): Operation<string | Buffer> {
    return abortable('FileHandle.readFile', this, options, (given, run) =>
      this.#late.run(
        run,
        () => this.#readRest(given as Encoded),
        () => [],
      ),
    );
  }

  async #readRest(options: Encoded | null | undefined): Promise<string | Buffer> {
    const kept = this.#late.takeAll();
    if (kept === null) return this.raw.readFile(options);
    const rest = await this.raw.readFile({ ...options, encoding: null });
    const all = Buffer.concat([kept, rest]);
    return options?.encoding == null ? all : all.toString(options.encoding);
  }

  /** The lines that follow. The file is closed at the end, or when the lines are, unless `autoClose` is false. */
  readLines(options?: ReadLinesOptions): Results<string> {
    return new Lines(this, null, options);
  }

  /** Writes a part of `buffer`, or text; `bytesWritten` may be less than was given. Without a `position`, to where the last one ended. */
  write<T extends View>(
    buffer: T,
    offset?: number | null,
    length?: number | null,
    position?: number | null,
  ): Operation<{ bytesWritten: number; buffer: T }>;
  write<T extends View>(
    buffer: T,
    options?: { offset?: number; length?: number; position?: number | null },
  ): Operation<{ bytesWritten: number; buffer: T }>;
  write(
    data: string,
    position?: number | null,
    encoding?: BufferEncoding | null,
  ): Operation<{ bytesWritten: number; buffer: string }>;
  write(...args: unknown[]): Operation<{ bytesWritten: number; buffer: never }> {
    return this.#call('write', () => this.raw.write(...(args as [View])) as Promise<never>);
  }

  /** Writes one buffer after the other. */
  writev<T extends readonly View[]>(buffers: T, position?: number): Operation<WriteVResult<T>> {
    return this.#call('writev', () => this.raw.writev(buffers, position));
  }

  /** Writes all of `data` to where the last write ended. Interrupted, nothing more is written. */
  writeFile(data: string | Uint8Array, options?: Encoded | BufferEncoding | null): Operation<void> {
    return abortable('FileHandle.writeFile', this, options, (given) =>
      this.raw.writeFile(data, given as Encoded),
    );
  }

  /** The same as `writeFile`. */
  appendFile(data: string | Uint8Array, options?: Encoded | BufferEncoding | null): Operation<void> {
    return abortable('FileHandle.appendFile', this, options, (given) =>
      this.raw.appendFile(data, given as Encoded),
    );
  }

  /** Size, kind, times and owner. */
  stat(options?: StatOptions & { bigint?: false | undefined }): Operation<Stats>;
  stat(options: StatOptions & { bigint: true }): Operation<BigIntStats>;
  stat(options?: StatOptions): Operation<Stats | BigIntStats>;
  stat(options?: StatOptions): Operation<Stats | BigIntStats> {
    return this.#call('stat', () => this.raw.stat(options));
  }

  /** Makes it as long as `length` bytes, 0 unless given. */
  truncate(length?: number): Operation<void> {
    return this.#call('truncate', () => this.raw.truncate(length));
  }

  /** Waits until everything written is on the disk. */
  sync(): Operation<void> {
    return this.#call('sync', () => this.raw.sync());
  }

  /** As `sync`, without what is known about the file. */
  datasync(): Operation<void> {
    return this.#call('datasync', () => this.raw.datasync());
  }

  chmod(mode: Mode): Operation<void> {
    return this.#call('chmod', () => this.raw.chmod(mode));
  }

  chown(uid: number, gid: number): Operation<void> {
    return this.#call('chown', () => this.raw.chown(uid, gid));
  }

  utimes(atime: TimeLike, mtime: TimeLike): Operation<void> {
    return this.#call('utimes', () => this.raw.utimes(atime, mtime));
  }

  /** Node's own stream, which closes the file. */
  createReadStream(options?: CreateReadStreamOptions): ReadStream {
    return this.raw.createReadStream(options);
  }

  /** Node's own stream, which closes the file. */
  createWriteStream(options?: CreateWriteStreamOptions): WriteStream {
    return this.raw.createWriteStream(options);
  }

  /** Node's own web stream, which leaves the file open. */
  readableWebStream(options?: Parameters<HostHandle['readableWebStream']>[0]): ReadableStream {
    return this.raw.readableWebStream(options);
  }

  /**
   * Closes it when the calls that are under way have ended. Acts at the call; the operation waits until it is closed, and throws
   * when that fails. Closing it again does nothing.
   */
  close(): Operation<void> {
    const closed = this.raw.close();
    return new Closing('FileHandle.close', this, () => closed);
  }

  [Symbol.dispose](): void {
    this.raw.close().then(undefined, (error: unknown) => doors.report(error, null));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.raw.close();
  }

  #call<T>(name: string, begin: (run: Run) => PromiseLike<T>): Operation<T> {
    return new PromiseCall(`FileHandle.${name}`, this, begin);
  }

  toString(): string {
    const path = this.#path === undefined ? '' : ` '${this.#path}'`;
    return `<FileHandle ${this.fd === -1 ? 'closed' : this.fd}${path}>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }
}

interface ReadPlace {
  readonly buffer: View | undefined;
  readonly offset: number;
  readonly length: number | null | undefined;
  readonly position: unknown;
}

/** The arguments of Node's `read`, in any of its forms. Whether they make sense is Node's to say. */
function describeRead(args: readonly unknown[]): ReadPlace {
  const [first, second, third, fourth] = args;
  const byOptions = !ArrayBuffer.isView(first);
  const options = (byOptions ? first : second) as ReadOptionsWithBuffer<View> | number | null | undefined;
  const buffer = byOptions ? (options as ReadOptionsWithBuffer<View> | undefined)?.buffer : (first as View);
  if (typeof options === 'object' && options !== null) {
    return { buffer, offset: options.offset ?? 0, length: options.length, position: options.position };
  }
  return { buffer, offset: options ?? 0, length: third as number | null | undefined, position: fourth };
}

/** Anything else means: where the last one ended. */
function isPosition(position: unknown): boolean {
  return (typeof position === 'number' || typeof position === 'bigint') && position >= 0;
}

function part(view: View, offset = 0, length?: number | null): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, length ?? view.byteLength - offset);
}
