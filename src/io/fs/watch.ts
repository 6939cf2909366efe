/** Changes of files, as they happen. */
import {
  type FSWatcher,
  watch as hostWatch,
  type PathLike,
  type WatchEventType,
  type WatchOptions,
} from 'node:fs';
import { checkCount } from '../../runtime/check.js';
import { onAbort } from '../../runtime/on-abort.js';
import { done, type Operation } from '../../runtime/operation.js';
import { Results } from '../../runtime/results.js';
import { WaitQueue } from '../../runtime/wait-queue.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import { aborted, WatchOverflow } from '../errors.js';
import { Hold } from '../hold.js';
import { endAll, endWait, QueuedWait } from '../io-wait.js';
import { placed } from '../net/reading.js';
import { unplaced } from './failure.js';

export interface WatchEventsOptions extends WatchOptions {
  /** How many events are kept that nobody has asked for; 2048 unless given. */
  readonly maxQueue?: number | undefined;
  /** What becomes of one more: it is left out ('ignore', unless given), or the watch ends with `WatchOverflow`. */
  readonly overflow?: 'ignore' | 'throw' | undefined;
}

/** Something has happened to a file. */
export interface WatchEvent<T extends string | Buffer = string> {
  /** 'rename': it has come or gone. 'change': what is in it has changed. */
  readonly eventType: WatchEventType;
  /** Which one; null where the operating system does not say. */
  readonly filename: T | null;
}

/**
 * The changes of a file, or of what is in a folder, from the call on: what happens before the first `more` is there, too. `close()`
 * ends it, and so does `signal`, with its `AbortError`. As long as it is open it holds the process, unless `persistent` is false.
 * Mirrors `fsPromises.watch`, which looks only once it is asked for the first event.
 *
 * Errors: at the call, those of `fs.watch` (`ENOENT`, `ENOSPC` when the system watches too much); from `more` and `next`, what the
 * watch ends with. An interrupted `more` loses no event.
 *
 * @example
 * using changes = fs.watch('config');
 * while (yield* changes.more()) console.log(changes.value.eventType, changes.value.filename);
 */
export function watch(
  path: PathLike,
  options: (WatchEventsOptions & { encoding: 'buffer' }) | 'buffer',
): Results<WatchEvent<Buffer>>;
export function watch(path: PathLike, options?: WatchEventsOptions | BufferEncoding): Results<WatchEvent>;
export function watch(
  path: PathLike,
  options?: WatchEventsOptions | string,
): Results<WatchEvent> | Results<WatchEvent<Buffer>>;
export function watch(
  path: PathLike,
  options: WatchEventsOptions | string = {},
): Results<WatchEvent> | Results<WatchEvent<Buffer>> {
  return new Watch(path, typeof options === 'string' ? { encoding: options as BufferEncoding } : options);
}

class Watch extends Results<WatchEvent> {
  readonly #path: PathLike;
  readonly #watcher: FSWatcher;
  readonly #maxQueue: number;
  readonly #overflow: string;
  readonly #events: WatchEvent[] = [];
  readonly #waiting = new WaitQueue();
  #unlisten = (): void => {};
  #failure: { readonly error: unknown } | null = null;
  #ended = false;
  readonly #next = new NextEvent(this, this.#waiting);
  /** @internal */
  readonly _hold: Hold | null;

  constructor(path: PathLike, options: WatchEventsOptions) {
    super();
    const { maxQueue = 2048, overflow = 'ignore', signal, ...rest } = options;
    checkCount(maxQueue, 'maxQueue', 1);
    this.#path = path;
    this.#maxQueue = maxQueue;
    this.#overflow = overflow;
    this.#watcher = hostWatch(path, rest, (eventType, filename) =>
      this.#happened({ eventType, filename: filename as string }),
    );
    this._hold = rest.persistent === false ? null : new Hold(this.#watcher);
    this.#watcher.on('error', (error) => this.#fail(unplaced(error)));
    if (signal) {
      this.#unlisten = onAbort(signal, () => this.#fail(aborted(signal.reason)));
    }
  }

  #happened(event: WatchEvent): void {
    if (this.#ended) return;
    const waiter = this.#waiting.shift();
    if (waiter !== null) endWait(waiter, { done: false, value: event });
    else if (this.#events.length < this.#maxQueue) this.#events.push(event);
    else if (this.#overflow === 'throw') {
      this.#fail(
        placed(WatchOverflow, `${this}: more than maxQueue (${this.#maxQueue}) events that nobody asked for`),
      );
    }
  }

  /** It ends with an error, which comes after the events. */
  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#failure = { error };
    this.#release();
    const waiter = this.#waiting.shift();
    if (waiter !== null) {
      this.#failure = null;
      endWait(waiter, error, true);
    }
    endAll(this.#waiting, null, END);
  }

  /** The next event, the end, or undefined when there is none yet. @internal */
  _take(): IteratorResult<WatchEvent, undefined> | undefined {
    const event = this.#events.shift();
    if (event !== undefined) return { done: false, value: event };
    const failure = this.#failure;
    if (failure !== null) {
      this.#failure = null;
      throw failure.error;
    }
    return this.#ended ? END : undefined;
  }

  protected _pull(): Operation<IteratorResult<WatchEvent, undefined>> {
    return this.#next;
  }

  protected override _close(): void {
    this.#events.length = 0;
    this.#failure = null;
    this.#release();
    endAll(this.#waiting, null, END);
  }

  #release(): void {
    this.#ended = true;
    this.#unlisten();
    this.#watcher.close();
  }

  override toString(): string {
    return `<Watch '${this.#path}'${this.#ended ? ', ended' : ''}>`;
  }
}

const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

class NextEvent extends QueuedWait<IteratorResult<WatchEvent, undefined>> {
  readonly _name = 'fs.watch';
  readonly #watch: Watch;

  constructor(watch: Watch, waiting: WaitQueue) {
    super(watch, waiting);
    this.#watch = watch;
  }

  /** @internal */
  override get _hold(): Hold | null {
    return this.#watch._hold;
  }

  _start(waiter: Waiter): Started {
    const result = this.#watch._take();
    return result === undefined ? this._wait(waiter) : done(waiter, result);
  }
}
