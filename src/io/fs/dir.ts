/** Open folders. */
import type { Dir as HostDir } from 'node:fs';
import { type Dirent, opendir as hostOpendir } from 'node:fs';
import type * as promises from 'node:fs/promises';
import { Call } from '../../runtime/call.js';
import { done, type Operation } from '../../runtime/operation.js';
import { Results } from '../../runtime/results.js';
import { doors } from '../../runtime/resume.js';
import type { Green } from '../../runtime/types.js';
import { WaitQueue } from '../../runtime/wait-queue.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import { endWait, QueuedWait } from '../io-wait.js';
import { unplaced } from './failure.js';
import { type Answer, CallbackCall, Closing } from './host-call.js';

type Entry = Dirent | null;

/**
 * An open folder, as `Results` over its entries, in the order of the operating system. It is closed at the end, and by `close()`.
 * Mirrors Node's `Dir`.
 *
 * @example
 * const dir = yield* fs.opendir('.');
 * while (yield* dir.more()) console.log(dir.value.name);
 */
export class Dir extends Results<Dirent> {
  /** Node's folder. */
  readonly raw: HostDir;
  readonly #reads: Reads;
  #closed: Promise<void> | null = null;

  /** Makes Node's folder green. */
  constructor(raw: HostDir) {
    super();
    this.raw = raw;
    this.#reads = new Reads(raw);
  }

  get path(): string {
    return this.raw.path;
  }

  /** The next entry, null at the end. Errors: `ERR_DIR_CLOSED`. Interrupted, it loses no entry. */
  read(): Operation<Entry> {
    return new ReadEntry(this, this.#reads);
  }

  protected _pull(): Operation<IteratorResult<Dirent, undefined>> {
    return new Call(pullEntry as never, [this], 'Dir.read');
  }

  /** Closes it. Acts at the call; the operation waits until it is closed. Closing it again does nothing, where Node's throws. */
  override close(): Operation<void> {
    super.close();
    const closed = this.#closed as Promise<void>;
    return new Closing('Dir.close', this, () => closed);
  }

  protected override _close(): void {
    this.#closed = this.raw.close();
    // At the end, and by `using`, nobody waits for it.
    this.#closed.then(undefined, (error: unknown) => doors.report(error, null));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  override toString(): string {
    return `<Dir '${this.path}'${this._isClosed ? ', closed' : ''}>`;
  }
}

function* pullEntry(dir: Dir): Green<IteratorResult<Dirent, undefined>> {
  const value = yield* dir.read();
  return value === null ? { done: true, value: undefined } : { done: false, value };
}

/**
 * The reads of a folder. An interrupted one goes on: whoever comes next waits for that one instead of beginning another, or finds
 * what it has read.
 */
class Reads {
  readonly #raw: HostDir;
  readonly waiting = new WaitQueue();
  readonly #kept: Dirent[] = [];
  #underWay = 0;
  #ended = false;

  constructor(raw: HostDir) {
    this.#raw = raw;
  }

  /** What there is without asking; undefined when there is nothing. */
  take(): Entry | undefined {
    return this.#kept.shift() ?? (this.#ended ? null : undefined);
  }

  /** There is a read under way for everyone who waits. Errors: `ERR_DIR_CLOSED`. */
  ask(): void {
    if (this.#underWay > this.waiting.length) return;
    this.#raw.read(this.#answer as (error: Error | null, entry: Entry) => void);
    this.#underWay++;
  }

  readonly #answer: Answer = (error, entry) => {
    this.#underWay--;
    if (error == null && entry === null) this.#ended = true;
    const waiter = this.waiting.shift();
    if (waiter === null) {
      if (error == null && entry !== null) this.#kept.push(entry as Dirent);
    } else if (error != null) {
      endWait(waiter, unplaced(error), true);
    } else {
      endWait(waiter, entry);
    }
  };
}

class ReadEntry extends QueuedWait<Entry> {
  readonly _name = 'Dir.read';
  readonly #dir: Dir;
  readonly #reads: Reads;

  constructor(dir: Dir, reads: Reads) {
    super(dir, reads.waiting);
    this.#dir = dir;
    this.#reads = reads;
  }

  _start(waiter: Waiter): Started {
    const entry = this.#dir._isClosed ? undefined : this.#reads.take();
    if (entry !== undefined) return done(waiter, entry);
    this.#reads.ask();
    return this._wait(waiter);
  }
}

/**
 * Opens a folder, to read it entry by entry. Mirrors `fsPromises.opendir`. Always switches. Errors: the operating system's
 * (`ENOENT`, `ENOTDIR`). Interrupted, the folder is closed as soon as it is open.
 */
export function opendir(...args: Parameters<typeof promises.opendir>): Operation<Dir> {
  const [path, options] = args;
  return new OpenDir('fs.opendir', path, hostOpendir, [path, options]);
}

class OpenDir extends CallbackCall<Dir> {
  protected override answer(waiter: Waiter, key: unknown, error: unknown, value: unknown): void {
    super.answer(waiter, key, error, value === undefined ? value : new Dir(value as HostDir));
  }

  protected override _late(dir: Dir): void {
    dir.close();
  }
}
