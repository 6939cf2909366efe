/** Events, conditions and barriers between processes. */
import type { Fn } from '../runtime/body-types.js';
import { type AnyFn, Call } from '../runtime/call.js';
import { checkFn, showValue, timeoutOf } from '../runtime/check.js';
import { engine } from '../runtime/engine.js';
import type { Operation } from '../runtime/operation.js';
import type { Green } from '../runtime/types.js';
import { type BarrierOptions, Barrier as SyncBarrier } from '../sync/barrier.js';
import { Condition as SyncCondition } from '../sync/condition.js';
import { Event as SyncEvent } from '../sync/event.js';
import type { OwnedLock } from '../sync/owned-lock.js';
import type { SyncOptions } from '../sync/sync-object.js';
import { called } from './called.js';
import { type Lock, RLock, SharedLock } from './locks.js';
import type { Served } from './server.js';
import { optionsOf, type Place, SharedObject, shares } from './shared-object.js';

interface TimeoutOptions {
  /** ms. */
  readonly timeout?: number | undefined;
}

const EVENT = new Set(['set', 'clear', 'isSet', 'wait']);

/** A flag that greenlets of any process wait for. Mirrors `multiprocessing.Event`; all but the requests are operations. */
export class Event extends SharedObject {
  constructor(options?: SyncOptions | Place) {
    super(options, () => ({ target: new SyncEvent(optionsOf(options)), methods: EVENT }));
  }

  /** Sets it: all who wait go on. Acts at the call. */
  set(): Operation<void> {
    return this._request('set', []);
  }

  /** Takes it back. Acts at the call. */
  clear(): Operation<void> {
    return this._request('clear', []);
  }

  isSet(): Operation<boolean> {
    return this._call('isSet', []);
  }

  /** Waits until it is set: true; false when `timeout` ms pass first. */
  wait(options: TimeoutOptions = {}): Operation<boolean> {
    timeoutOf(options, 'Event.wait');
    return this._call('wait', [options]);
  }
}

const CONDITION = new Set(['acquire', 'release', 'locked', 'wait', 'notify', 'notifyAll']);

function serveCondition(lock: unknown, options: SyncOptions | undefined): Served {
  const given = lock ?? new RLock();
  const own = given instanceof SharedLock ? given._served?.lock : undefined;
  if (own === undefined) {
    throw new TypeError(
      `lock must be a Lock or an RLock that was made in this process, got ${showValue(given)}`,
    );
  }
  return { target: new SyncCondition(own as OwnedLock, options), lock: own, methods: CONDITION };
}

/** Waiting, in any process, for a state that a lock guards. Mirrors `multiprocessing.Condition`. */
export class Condition extends SharedLock {
  constructor(lock?: Lock | RLock | Place, options?: SyncOptions) {
    super(lock, () => serveCondition(lock, options));
  }

  /**
   * Lets go of the lock, waits until it is notified, and takes the lock back: true; false when `timeout` ms pass first. Interrupted, it takes the
   * lock back and then throws.
   */
  wait(options: TimeoutOptions = {}): Operation<boolean> {
    timeoutOf(options, 'Condition.wait');
    return this._call('wait', [options], { finishes: true });
  }

  /** Waits until `predicate`, which is called here, gives something truthy: true; false when `timeout` ms pass without. */
  waitFor<R>(predicate: Fn<[], R>, options: TimeoutOptions = {}): Operation<boolean> {
    checkFn(predicate, 'predicate');
    const timeout = timeoutOf(options, 'Condition.waitFor');
    return new Call(waitFor as never, [this, predicate, timeout], 'Condition.waitFor');
  }

  /** Has the first `n` that wait go on when they have the lock back. Acts at the call. */
  notify(n = 1): Operation<void> {
    return this._request('notify', [n]);
  }

  /** Has all that wait go on. Acts at the call. */
  notifyAll(): Operation<void> {
    return this._request('notifyAll', []);
  }
}

function* waitFor(condition: Condition, predicate: AnyFn, timeout: number): Green<boolean> {
  const end = engine.clock.now() + timeout;
  for (;;) {
    if (yield* new Call(predicate, [])) return true;
    const left = end - engine.clock.now();
    if (left <= 0) return false;
    yield* condition.wait({ timeout: left });
  }
}

class HomeBarrier extends SyncBarrier {
  static {
    called(HomeBarrier, 'Barrier');
  }

  state(): { readonly parties: number; readonly nWaiting: number; readonly broken: boolean } {
    return { parties: this.parties, nWaiting: this.nWaiting, broken: this.broken };
  }
}

const BARRIER = new Set(['wait', 'reset', 'abort', 'state']);

function serveBarrier(barrier: HomeBarrier): Served {
  return {
    target: barrier,
    methods: BARRIER,
    gone(client, waited) {
      if (waited) barrier._break(`was broken: ${client.name}, which waited, has died`);
    },
  };
}

/**
 * A place where greenlets of several processes wait for one another. A process that dies while it waits breaks the barrier: the others get a
 * `BrokenBarrierError`. Mirrors `multiprocessing.Barrier`.
 */
export class Barrier extends SharedObject {
  /** `action` is called, in the process that has made this, before all go on. */
  constructor(parties: number | Place, action?: (() => unknown) | null, options?: BarrierOptions) {
    super(parties, () => serveBarrier(new HomeBarrier(parties as number, action, options)));
  }

  /** Waits until all have arrived; gives the place in the order of arrival. Errors: `BrokenBarrierError`. */
  wait(options: TimeoutOptions = {}): Operation<number> {
    timeoutOf(options, 'Barrier.wait');
    return this._call('wait', [options]);
  }

  /** Makes it as new. Acts at the call. */
  reset(): Operation<void> {
    return this._request('reset', []);
  }

  /** Breaks it. Acts at the call. */
  abort(): Operation<void> {
    return this._request('abort', []);
  }

  /** How many are needed, how many wait, and whether it is broken. */
  state(): Operation<{ readonly parties: number; readonly nWaiting: number; readonly broken: boolean }> {
    return this._call('state', []);
  }
}

shares('Event', Event);
shares('Condition', Condition);
shares('Barrier', Barrier);
