/**
 * `greenlets/threading`: the names of Python's `threading`, over greenlets, and a pool of real worker threads.
 *
 * @module
 */

export { report } from '../io/workers/pool-worker.js';
export { Local, local } from '../runtime/local.js';
export { Barrier } from '../sync/barrier.js';
export { BoundedSemaphore } from '../sync/bounded-semaphore.js';
export { Condition } from '../sync/condition.js';
export { BrokenBarrierError } from '../sync/errors.js';
export { Event } from '../sync/event.js';
export { Lock } from '../sync/lock.js';
export { RLock } from '../sync/rlock.js';
export { Semaphore } from '../sync/semaphore.js';
export { activeCount, currentThread, enumerate, getIdent, getNativeId, mainThread } from './current.js';
export { type AssignableExceptHook, type ExceptHook, type ExceptHookArgs, excepthook } from './excepthook.js';
export { Thread } from './thread.js';
export type { KeywordThreadOptions, ThreadOptions } from './thread-options.js';
export { ThreadPool, type ThreadPoolOptions } from './thread-pool.js';
export { Timer } from './timer.js';
