/** A pool of real worker threads, for work that keeps a processor busy. */
import { availableParallelism } from 'node:os';
import { startMember } from '../io/workers/start-child.js';
import { WorkerPool } from '../io/workers/worker-pool.js';
import { checkMs, checkOptions } from '../runtime/check.js';
import { fileOf } from '../runtime/home.js';

export interface ThreadPoolOptions {
  /** ms after which a thread without work ends; it is started again when it is needed. Never unless given. */
  readonly idleTimeout?: number | undefined;
}

export class ThreadPool extends WorkerPool {
  /**
   * A pool of at most `size` worker threads (as many as there are processors unless given). Functions go by reference, values by structured
   * clone; `{ transfer }` moves buffers, `{ onProgress }` gets what the job gives to `report`. Threads without work do not hold the process.
   * Errors: `RangeError` / `TypeError`. Mirrors `gevent.threadpool.ThreadPool`, and `multiprocessing.pool.ThreadPool` in its methods.
   *
   * @example const pool = new ThreadPool(2); console.log(yield* pool.apply(fib, [27]));
   */
  constructor(size: number = availableParallelism(), options: ThreadPoolOptions = {}) {
    checkOptions(options, 'ThreadPool', '{ idleTimeout: 10_000 }');
    const { idleTimeout = Number.POSITIVE_INFINITY } = options;
    checkMs(idleTimeout, 'idleTimeout');
    super(size, idleTimeout, () => startMember('worker', fileOf('io/workers/pool-worker'), null));
  }
}
