/**
 * `greenlets/multiprocessing`: the names of Python's `multiprocessing`: processes, pools, pipes and shared values.
 *
 * @module
 */
export { DataCloneError } from '../io/workers/codec.js';
export { AsyncResult } from '../io/workers/pool-results.js';
export { Ref, ref, sendable } from '../io/workers/references.js';
export { AuthenticationError, EOFError, ProcessError, TimeoutError, WorkerDied } from './errors.js';
export { Barrier, Condition, Event } from './events.js';
export { BoundedSemaphore, Lock, RLock, Semaphore } from './locks.js';
export { Manager, type Shared, type SharedManager } from './manager.js';
export type { ConnectedManager, ConnectOptions } from './network/connect.js';
export type { ManagerServer, ServeOptions } from './network/serve.js';
export { type Connection, Pipe } from './pipe.js';
export { Pool } from './pool.js';
export { activeChildren, currentProcess, Process, type ProcessOptions } from './process.js';
export { DictProxy, ListProxy, NamespaceProxy } from './proxies.js';
export { JoinableQueue, Queue, SimpleQueue } from './queues.js';
export {
  cpuCount,
  getStartMethod,
  isMainProcess,
  parentProcess,
  setStartMethod,
} from './state.js';
export type { Typecode } from './typecodes.js';
export { SharedArray, Value } from './values.js';
