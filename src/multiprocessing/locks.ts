/** Locks between processes. A process that dies lets go of what it held. */
import type { Fn, Returned } from '../runtime/body-types.js';
import { Call } from '../runtime/call.js';
import { checkCount, checkFn } from '../runtime/check.js';
import { engine } from '../runtime/engine.js';
import type { greenlet } from '../runtime/greenlet.js';
import { done, Operation } from '../runtime/operation.js';
import type { Green } from '../runtime/types.js';
import type { Started, Waiter } from '../runtime/waiter.js';
import * as sync from '../sync/bounded-semaphore.js';
import { Lock as SyncLock } from '../sync/lock.js';
import { type AcquireOptions, acquireTimeout } from '../sync/lockable.js';
import type { OwnedLock } from '../sync/owned-lock.js';
import { Acted } from '../sync/queue-operations.js';
import { RLock as SyncRLock } from '../sync/rlock.js';
import { Semaphore as SyncSemaphore } from '../sync/semaphore.js';
import type { SyncOptions } from '../sync/sync-object.js';
import { within } from '../sync/with.js';
import { MOST_CELLS, PermitSemaphore } from './lock-permits.js';
import { WordLock, WordRLock } from './lock-word.js';
import type { Client, Served } from './server.js';
import { optionsOf, Place, SharedObject, shares } from './shared-object.js';
import { getStartMethod } from './state.js';
import { type ThreadLock, threadLock } from './thread-lock.js';

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

/**
 * What is taken and let go. Every wait blocks only its greenlet.
 *
 * Under the start method 'process' they live in the process that makes them, and each call is a message to there. Those that are made under
 * 'worker' are shared memory: a thread takes one that is free, and lets go of one that nobody waits for, by itself. Those that wait are queued by
 * the thread that has made it, first come, first served, and nobody overtakes them; so it has to run for a lock to be passed on. Locks that
 * have been taken by a process or thread that dies are free again, or pass to whoever is first.
 */
export abstract class SharedLock extends SharedObject {
  #inThread: ThreadLock | null | undefined;

  /** What this thread may do by itself; null: nothing. @internal */
  get _inThread(): ThreadLock | null {
    if (this.#inThread === undefined) {
      const kind = this._memoryKind;
      this.#inThread = kind === null || this._served !== null ? null : threadLock(kind, this._address);
    }
    return this.#inThread;
  }

  /** What it is in shared memory. @internal */
  protected get _memoryKind(): Parameters<typeof threadLock>[0] | null {
    return null;
  }

  /**
   * Takes it: true; false when `timeout` ms pass first, or at once with `blocking: false`. First come, first served, whatever process they are
   * of. Interrupted, it has not been taken.
   */
  acquire(options?: AcquireOptions): Operation<boolean> {
    const timeout = acquireTimeout(options, `${this.constructor.name}.acquire`);
    const inThread = this._inThread;
    if (inThread === null) return this._acquireAtHome(options);
    return new ThreadAcquire(this, inThread, options, timeout);
  }

  /** @internal */
  _acquireAtHome(options: AcquireOptions | undefined, map?: (taken: boolean) => boolean): Operation<boolean> {
    const takeBack = (taken: boolean) => (taken ? (['release', []] as const) : null);
    return this._call('acquire', options === undefined ? [] : [options], { takeBack, map });
  }

  /** Lets go of it. Acts at the call; the operation waits until that is done. Errors: `GreenletError`; elsewhere than where it lives the
   * operation throws it, or `hub.onError` is told. */
  release(): Operation<void> {
    const self = engine.current._self as unknown as greenlet;
    if (this._inThread?.give(self.ident) === true) return new Acted(`${this.constructor.name}.release`);
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

/** Takes it in shared memory, or else asks the home. */
class ThreadAcquire extends Operation<boolean> {
  readonly #lock: SharedLock;
  readonly #inThread: ThreadLock;
  readonly #options: AcquireOptions | undefined;
  readonly #timeout: number;

  constructor(lock: SharedLock, inThread: ThreadLock, options: AcquireOptions | undefined, timeout: number) {
    super();
    this.#lock = lock;
    this.#inThread = inThread;
    this.#options = options;
    this.#timeout = timeout;
  }

  get _name(): string {
    return `${this.#lock.constructor.name}.acquire`;
  }

  override get _object(): unknown {
    return this.#lock;
  }

  _start(waiter: Waiter): Started {
    const inThread = this.#inThread;
    const { ident } = waiter._self as unknown as greenlet;
    if (inThread.take(ident)) return done(waiter, true);
    if (this.#timeout === 0 && inThread.isTaken()) return done(waiter, false);
    const granted = (taken: boolean) => {
      if (taken) inThread.granted(ident);
      return taken;
    };
    return this.#lock._acquireAtHome(this.#options, granted)._start(waiter);
  }
}

const LOCK = new Set(['acquire', 'release', 'locked']);
const IN_MEMORY = new Set([...LOCK, 'attach']);

function serveLock(lock: OwnedLock): Served {
  if (!(lock instanceof WordLock || lock instanceof WordRLock)) return { target: lock, lock, methods: LOCK };
  return { target: lock, lock, methods: IN_MEMORY, gone: (client) => lock.word.gone(client) };
}

const inMemory = () => getStartMethod() === 'worker';

/** A lock that one greenlet of one process holds at a time; any may release it. Mirrors `multiprocessing.Lock`. */
export class Lock extends SharedLock {
  constructor(options?: SyncOptions | Place) {
    super(options, () => {
      const own = optionsOf(options);
      return serveLock(inMemory() ? new WordLock(own) : new SyncLock(own));
    });
  }

  protected override get _memoryKind(): 'word' {
    return 'word';
  }
}

/** A lock that its holder, a greenlet of one process, may take again, and releases as often. Mirrors `multiprocessing.RLock`. */
export class RLock extends SharedLock {
  constructor(options?: SyncOptions | Place) {
    super(options, () => {
      const own = optionsOf(options);
      return serveLock(inMemory() ? new WordRLock(own) : new SyncRLock(own));
    });
  }

  protected override get _memoryKind(): 'rword' {
    return 'rword';
  }

  /** The lock that lives at `address`. @internal */
  static _at(address: { readonly home: string; readonly id: number }): RLock {
    return new RLock(new Place(address, undefined));
  }
}

function makeSemaphore(value: number, bounded: boolean, options: SyncOptions | undefined): Served {
  checkCount(value, 'value');
  if (inMemory() && value <= MOST_CELLS) {
    const semaphore = new PermitSemaphore(value, bounded, options);
    return { target: semaphore, methods: IN_MEMORY, gone: (client) => semaphore.gone(client) };
  }
  return serveSemaphore(
    bounded ? new sync.BoundedSemaphore(value, options) : new SyncSemaphore(value, options),
  );
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
    super(value, () => makeSemaphore(value as number, false, options));
  }

  protected override get _memoryKind(): 'permits' {
    return 'permits';
  }
}

/** A semaphore that notices when more is given back than was taken. Mirrors `multiprocessing.BoundedSemaphore`. */
export class BoundedSemaphore extends SharedLock {
  constructor(value: number | Place = 1, options?: SyncOptions) {
    super(value, () => makeSemaphore(value as number, true, options));
  }

  protected override get _memoryKind(): 'permits' {
    return 'permits';
  }
}

shares('Lock', Lock);
shares('RLock', RLock);
shares('Semaphore', Semaphore);
shares('BoundedSemaphore', BoundedSemaphore);
