/** The daily door: a list of names. */

// Importing these has an effect: errors are printed well, the end of the process is watched, debug mode can be turned on.
import './runtime/deadlock.js';
import './runtime/debug.js';

export { fetch } from './io/fetch.js';
export { type Attempt, attempt, shield } from './runtime/attempt.js';
export type { Body, Fn, Returned } from './runtime/body-types.js';
export { call } from './runtime/call.js';
export { type Awaits, all, any, race, settled, type Waitable } from './runtime/combine.js';
export { each, forEach, type Source } from './runtime/each.js';
export { enter } from './runtime/enter.js';
export { Deadlock, GreenletError, GreenletExit, LoopExit, TimeoutError } from './runtime/errors.js';
export { formatError } from './runtime/format-error.js';
export { type GreenOptions, green } from './runtime/green.js';
export { getcurrent, greenlet, greenlet as RawGreenlet } from './runtime/greenlet.js';
export {
  type ErrorHandler,
  type Hub,
  type HubStats,
  hub,
  type Warning,
  type WarningHandler,
} from './runtime/hub.js';
export type { GetOptions } from './runtime/join.js';
export { type JoinAllOptions, joinall, type KillAllOptions, kill, killall } from './runtime/joinall.js';
export type { KillOptions } from './runtime/kill.js';
export { Local, local } from './runtime/local.js';
export { main } from './runtime/main.js';
export type { Operation } from './runtime/operation.js';
export { Results } from './runtime/results.js';
export { runWith } from './runtime/run-with.js';
export { Greenlet } from './runtime/scheduled-greenlet.js';
export { type Scope, scope } from './runtime/scope.js';
export { type NotSelected, type Selected, type SelectOptions, select } from './runtime/select.js';
export { gettrace, settrace, type Tracer } from './runtime/settrace.js';
export { idle, seconds, sleep } from './runtime/sleep.js';
export { currentGreenlet, type SpawnOptions, spawn, spawnLater, spawnRaw } from './runtime/spawn.js';
export { suspend, type Waker } from './runtime/suspend.js';
export { isExit, rethrowExit, Timeout, withTimeout } from './runtime/timeout.js';
export type { Transfer } from './runtime/transfer.js';
export type { Green, Signal, Suspend } from './runtime/types.js';
export { callback, until } from './runtime/until.js';
export { iwait, type WaitOptions, wait } from './runtime/wait.js';
export { AsyncResult, type AsyncResultStatistics } from './sync/async-result.js';
export { Barrier, type BarrierOptions, type BarrierStatistics } from './sync/barrier.js';
export { BoundedSemaphore } from './sync/bounded-semaphore.js';
export { Channel } from './sync/channel.js';
export { Condition, type ConditionStatistics } from './sync/condition.js';
export { BrokenBarrierError, ConcurrentUseError, Empty, Full, PoolFull, ShutDown } from './sync/errors.js';
export { Event, type EventStatistics } from './sync/event.js';
export { type EveryOptions, every } from './sync/every.js';
export type { ApplyAsyncOptions, JoinOptions, MapOptions, SetStatistics } from './sync/greenlet-set.js';
export { Group } from './sync/group.js';
export { LifoQueue } from './sync/lifo-queue.js';
export { Lock } from './sync/lock.js';
export type { AcquireOptions, Hold, LockLike } from './sync/lockable.js';
export type { LockStatistics } from './sync/owned-lock.js';
export { Pool, type PoolStatistics } from './sync/pool.js';
export { type Compare, PriorityQueue, type PriorityQueueOptions } from './sync/priority-queue.js';
export { Queue, type QueueOptions } from './sync/queue.js';
export type { BlockOptions, QueueStatistics } from './sync/queue-like.js';
export {
  RateLimit,
  type RateLimitOptions,
  type RateLimitStatistics,
  type TakeOptions,
} from './sync/rate-limit.js';
export { type RetryOptions, retry } from './sync/retry.js';
export { RLock } from './sync/rlock.js';
export { RWLock, type RWLockStatistics } from './sync/rw-lock.js';
export { Semaphore, type SemaphoreStatistics } from './sync/semaphore.js';
export { type SuperviseOptions, supervise } from './sync/supervise.js';
export type { SyncOptions } from './sync/sync-object.js';
