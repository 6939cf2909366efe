/** Queues between processes. */
import { type Packed, pack, unpack } from '../io/workers/codec.js';
import { Call } from '../runtime/call.js';
import { blockTimeout, checkCount, checkOptions, timeoutOf } from '../runtime/check.js';
import type { Operation } from '../runtime/operation.js';
import type { Green } from '../runtime/types.js';
import type { BlockOptions } from '../sync/queue-like.js';
import { ProcessError } from './errors.js';
import { HomeQueue, serveQueue } from './home-queue.js';
import { type Place, SharedObject, shares } from './shared-object.js';

interface Level {
  readonly size: number;
  readonly empty: boolean;
  readonly full: boolean;
}

type Pick = keyof Level;

export class Queue<T = unknown> extends SharedObject {
  /**
   * A queue of at most `maxsize` items (no bound unless given, or with 0) between processes. It lives in the process that makes it. Items are cloned
   * when they are put, in the same process too. A process that dies while it waits in it is forgotten. Mirrors
   * `multiprocessing.Queue`, where `put` never waits for the other end; every method is an operation.
   *
   * @example const q = new Queue<string>(); new Process({ target: work, args: [q] }).start(); const answer = yield* q.get();
   */
  constructor(maxsize: number | Place = 0, tasks = false) {
    super(maxsize, () => {
      checkCount(maxsize, 'maxsize');
      return serveQueue(new HomeQueue(maxsize as number), tasks);
    });
  }

  /** Puts `item`. Errors: `Full` after `timeout` ms, or at once with `block: false`; `DataCloneError` at the call; `ShutDown`. */
  put(item: T, options: BlockOptions = {}): Operation<void> {
    blockTimeout(options, `${this.constructor.name}.put`);
    return this._call('put', [pack(item, 'item'), options]);
  }

  /** Takes the next item. Errors: `Empty` after `timeout` ms, or at once with `block: false`. Interrupted, nothing is lost. */
  get(options: BlockOptions = {}): Operation<T> {
    blockTimeout(options, `${this.constructor.name}.get`);
    const takeBack = (item: Packed) => ['unget', [item]] as const;
    return new Call(
      unpacked as never,
      [this._call<Packed>('get', [options], { takeBack })],
      `${this.constructor.name}.get`,
    );
  }

  /** `put` with `block: false`. */
  putNowait(item: T): Operation<void> {
    return this.put(item, { block: false });
  }

  /** `get` with `block: false`. */
  getNowait(): Operation<T> {
    return this.get({ block: false });
  }

  /** How many items are in it. */
  qsize(): Operation<number> {
    return this.#level('size') as Operation<number>;
  }

  empty(): Operation<boolean> {
    return this.#level('empty') as Operation<boolean>;
  }

  full(): Operation<boolean> {
    return this.#level('full') as Operation<boolean>;
  }

  #level(pick: Pick): Operation<unknown> {
    return new Call(
      levelOf as never,
      [this._call<Level>('level', []), pick],
      `${this.constructor.name}.qsize`,
    );
  }

  /** Takes nothing more; what is in it can be got. Acts at the call. */
  shutdown(options: { readonly immediate?: boolean | undefined } = {}): Operation<void> {
    checkOptions(options, `${this.constructor.name}.shutdown`, '{ immediate: true }');
    return this._request('shutdown', [options]);
  }

  /** Says that this process puts nothing more; there is nothing to be let go of here. Mirrors `Queue.close`. */
  close(): void {}

  /** Mirrors `Queue.join_thread`: what was put has been put. */
  joinThread(): void {}
}

export class JoinableQueue<T = unknown> extends Queue<T> {
  /** A queue that counts the work on its items. Mirrors `multiprocessing.JoinableQueue`. */
  constructor(maxsize: number | Place = 0) {
    super(maxsize, true);
  }

  /** The work on an item that was got is done. Acts at the call. Errors: `GreenletError` when it is called too often. */
  taskDone(): Operation<void> {
    return this._request('taskDone', []);
  }

  /**
   * Waits until all items have been got and done: true; false when `timeout` ms pass first. Errors: `ProcessError`, naming the process, when one has
   * died with work that it had got and not done.
   */
  join(options: { readonly timeout?: number | undefined } = {}): Operation<boolean> {
    timeoutOf(options, 'JoinableQueue.join');
    return new Call(
      joined as never,
      [this._call('join', [options]), this._call('takeLost', [])],
      'JoinableQueue.join',
    );
  }
}

/** A queue of `put`, `get` and `empty` alone. Mirrors `multiprocessing.SimpleQueue`. */
export class SimpleQueue<T = unknown> extends Queue<T> {}

function* unpacked(get: Operation<Packed>): Green<unknown> {
  return unpack(yield* get);
}

function* levelOf(level: Operation<Level>, pick: Pick): Green<unknown> {
  return (yield* level)[pick];
}

function* joined(join: Operation<boolean>, takeLost: Operation<string | null>): Green<boolean> {
  const all = yield* join;
  const lost = yield* takeLost;
  if (lost !== null) throw new ProcessError(lost);
  return all;
}

shares('Queue', Queue);
shares('JoinableQueue', JoinableQueue);
shares('SimpleQueue', SimpleQueue);
