/** Every error of the sync floor, each with a `name` and a stable `code`. */
import { PlacedError } from '../runtime/errors.js';

/** A queue has nothing to give. Mirrors `queue.Empty`. */
export class Empty extends PlacedError {
  readonly code: string = 'EMPTY';
}

/** A queue has no room. Mirrors `queue.Full`. */
export class Full extends PlacedError {
  readonly code: string = 'FULL';
}

/** A queue takes nothing more, or has been shut down and drained. Mirrors `queue.ShutDown`. */
export class ShutDown extends PlacedError {
  readonly code: string = 'SHUT_DOWN';
}

/** A pool has no free place. Mirrors `gevent.pool.PoolFull`. */
export class PoolFull extends Full {
  override readonly code: string = 'POOL_FULL';
}

/** A barrier was broken, or is. Mirrors `threading.BrokenBarrierError`. */
export class BrokenBarrierError extends PlacedError {
  readonly code: string = 'BROKEN_BARRIER';
}

/** Two greenlets use at the same time what only one may use. Mirrors `gevent.exceptions.ConcurrentObjectUseError`. */
export class ConcurrentUseError extends PlacedError {
  readonly code: string = 'CONCURRENT_USE';
}

for (const type of [Empty, Full, ShutDown, PoolFull, BrokenBarrierError, ConcurrentUseError]) {
  Object.defineProperty(type.prototype, 'name', { value: type.name, configurable: true, writable: true });
}
