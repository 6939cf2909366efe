/** Every error of the sync floor, each with a `name` and a stable `code`. */

/** A pool has no free place. Mirrors `gevent.pool.PoolFull`. */
export class PoolFull extends Error {
  readonly code: string = 'POOL_FULL';
}

for (const type of [PoolFull]) {
  Object.defineProperty(type.prototype, 'name', { value: type.name, configurable: true, writable: true });
}
