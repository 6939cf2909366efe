/** Locks between processes. A process that dies lets go of what it held. */
import type { Fn, Returned } from '../runtime/body-types.js';
import { type AnyFn, Call } from '../runtime/call.js';
import { checkFn } from '../runtime/check.js';
import type { Operation } from '../runtime/operation.js';
import type { Green } from '../runtime/types.js';
import * as sync from '../sync/bounded-semaphore.js';
import { Lock as SyncLock } from '../sync/lock.js';
import { type AcquireOptions, acquireTimeout } from '../sync/lockable.js';
import type { OwnedLock } from '../sync/owned-lock.js';
import { RLock as SyncRLock } from '../sync/rlock.js';
import { Semaphore as SyncSemaphore } from '../sync/semaphore.js';
import type { SyncOptions } from '../sync/sync-object.js';
import type { Client, Served } from './server.js';
import { optionsOf, Place, SharedObject, shares } from './shared-object.js';

/** Lets go when it is disposed: `using _ = yield* lock.hold()`. */
class SharedHold implements Disposable {
  #lock: { release(): unknown } | null;

  constructor(lock: { release(): unknown }) {
    this.#lock = lock;
  }

  [Symbol.dispose](): void {
    this.#lock?.release();
    this.#lock = null;
  }
}

function* holding(lock: SharedLock): Green<SharedHold> {
  yield* lock.acquire();
  return new SharedHold(lock);
}

function* within(lock: SharedLock, fn: AnyFn): Green<unknown> {
  yield* lock.acquire();
  try {
    return yield* new Call(fn, []);
  } finally {
    lock.release();
  }
}

/** What is taken and let go. Every wait blocks only its greenlet. */
export abstract class SharedLock extends SharedObject {
  /**
   * Takes it: true; false when `timeout` ms pass first, or at once with `blocking: false`. First come, first served, whatever process they are
   * of. Interrupted, it has not been taken.
   */
  acquire(options?: AcquireOptions): Operation<boolean> {
    acquireTimeout(options);
    const takeBack = (taken: boolean) => (taken ? (['release', []] as const) : null);
    return this._call('acquire', options === undefined ? [] : [options], { takeBack });
  }

  /** Lets go of it. Acts at the call; the operation waits until that is done. Errors: `GreenletError`; elsewhere than where it lives the
   * operation throws it, or `hub.onError` is told. */
  release(): Operation<void> {
    return this._request('release', []);
  }

  /** It cannot be taken now. */
  locked(): Operation<boolean> {
    return this._call('locked', []);
  }

  /** Takes it, runs `fn` in the current greenlet, and lets go, whatever happens. Gives `fn`'s value. Mirrors `with lock:`. */
  with<R>(fn: Fn<[], R>): Operation<Returned<R>> {
    checkFn(fn);
    return new Call(within as never, [this, fn], `${this.constructor.name}.with`);
  }

  /** Takes it and gives what lets go of it: `using _ = yield* lock.hold()`. */
  hold(): Operation<Disposable> {
    return new Call(holding as never, [this], `${this.constructor.name}.hold`);
  }
}

const LOCK = new Set(['acquire', 'release', 'locked']);

export function serveLock(lock: OwnedLock): Served {
  return { target: lock, lock, methods: LOCK };
}

/** A lock that one greenlet of one process holds at a time; any may release it. Mirrors `multiprocessing.Lock`. */
export class Lock extends SharedLock {
  constructor(options?: SyncOptions | Place) {
    super(options, () => serveLock(new SyncLock(optionsOf(options))));
  }
}

/** A lock that its holder, a greenlet of one process, may take again, and releases as often. Mirrors `multiprocessing.RLock`. */
export class RLock extends SharedLock {
  constructor(options?: SyncOptions | Place) {
    super(options, () => serveLock(new SyncRLock(optionsOf(options))));
  }

  /** The lock that lives at `address`. @internal */
  static _at(address: { readonly home: string; readonly id: number }): RLock {
    return new RLock(new Place(address, undefined));
  }
}

/** Gives back what a client that dies had taken and not released. */
function serveSemaphore(semaphore: SyncSemaphore): Served {
  const taken = new Map<Client, number>();
  return {
    target: semaphore,
    methods: LOCK,
    after(client, method, result) {
      const before = taken.get(client) ?? 0;
      if (method === 'acquire' && result === true) taken.set(client, before + 1);
      else if (method === 'release' && before > 0) taken.set(client, before - 1);
    },
    late(method, _args, result) {
      if (method === 'acquire' && result === true) semaphore.release();
    },
    gone(client) {
      for (let left = taken.get(client) ?? 0; left > 0; left--) semaphore.release();
      taken.delete(client);
    },
  };
}

/** A number of permits; those that a process has taken are given back when it dies. Mirrors `multiprocessing.Semaphore`. */
export class Semaphore extends SharedLock {
  constructor(value: number | Place = 1, options?: SyncOptions) {
    super(value, () => serveSemaphore(new SyncSemaphore(value as number, options)));
  }
}

/** A semaphore that notices when more is given back than was taken. Mirrors `multiprocessing.BoundedSemaphore`. */
export class BoundedSemaphore extends SharedLock {
  constructor(value: number | Place = 1, options?: SyncOptions) {
    super(value, () => serveSemaphore(new sync.BoundedSemaphore(value as number, options)));
  }
}

shares('Lock', Lock);
shares('RLock', RLock);
shares('Semaphore', Semaphore);
shares('BoundedSemaphore', BoundedSemaphore);
