/**
 * Waiting for a state that a lock guards.
 *
 * A wait has two stages: for a notification, in the condition's queue, and then for the lock, in the lock's queue, where a
 * notification or the end of the time moves it without resuming it. The wait never ends without the lock: an error that
 * interrupts the first stage is kept and thrown when the lock is back; from the second stage on it has happened.
 */
import type { Fn, Returned } from '../runtime/body-types.js';
import { type AnyFn, Call } from '../runtime/call.js';
import { checkCount, checkFn, showValue, timeoutOf } from '../runtime/check.js';
import { clearTimer, engine, wake } from '../runtime/engine.js';
import { GreenletError } from '../runtime/errors.js';
import type { Operation } from '../runtime/operation.js';
import type { Green } from '../runtime/types.js';
import { Visit } from '../runtime/visitor.js';
import { WaitQueue } from '../runtime/wait-queue.js';
import type { Blockers, Started, Waiter } from '../runtime/waiter.js';
import type { AcquireOptions, Hold, LockLike } from './lockable.js';
import { OwnedLock } from './owned-lock.js';
import { RLock } from './rlock.js';
import { nameOf, SyncObject, type SyncOptions, waitingText } from './sync-object.js';
import { UntilReady, WaitOperation } from './wait-operation.js';
import { With } from './with.js';

export interface ConditionStatistics {
  /** The name of who holds the lock. */
  readonly holder: string | null;
  /** Those that wait for a notification. */
  readonly waiters: number;
}

export class Condition extends SyncObject implements LockLike {
  /** @internal */ readonly _lock: OwnedLock;
  readonly #queue = new WaitQueue();

  /**
   * A condition on `lock` (a `Lock` or an `RLock`; an `RLock` of its own unless given). `acquire`, `release`, `hold` and `with` are
   * the lock's. Mirrors `threading.Condition`; those that are notified go on in the order in which they waited.
   *
   * @example yield* changed.with(function* () { while (items.length === 0) yield* changed.wait(); take(items); });
   */
  constructor(lock: OwnedLock = new RLock(), options?: SyncOptions) {
    super(options);
    if (!(lock instanceof OwnedLock)) {
      throw new TypeError(`lock must be a Lock or an RLock, got ${showValue(lock)}`);
    }
    this._lock = lock;
  }

  acquire(options?: AcquireOptions): Operation<boolean> {
    return this._lock.acquire(options);
  }

  release(): void {
    this._lock.release();
  }

  locked(): boolean {
    return this._lock.locked();
  }

  hold(options?: { readonly timeout?: number | undefined }): Operation<Hold> {
    return this._lock.hold(options);
  }

  with<R>(fn: Fn<[], R>): Operation<Returned<R>> {
    checkFn(fn);
    return new With(this._lock, fn as unknown as AnyFn, 'Condition.with');
  }

  /**
   * Lets go of the lock, waits until it is notified, and takes the lock back: true; false when `timeout` ms pass first. Interrupted,
   * it takes the lock back and then throws; once notified it returns, and a kill comes at the next suspension. Always
   * switches. Errors: `GreenletError` without the lock.
   */
  wait(options?: { readonly timeout?: number | undefined }): Operation<boolean> {
    return new Wait(this, this.#queue, timeoutOf(options, 'Condition.wait'));
  }

  /**
   * Waits until `predicate` gives something truthy, looking at once and after each notification: true; false when `timeout` ms have
   * passed without.
   */
  waitFor<R>(predicate: Fn<[], R>, options?: { readonly timeout?: number | undefined }): Operation<boolean> {
    checkFn(predicate, 'predicate');
    const timeout = timeoutOf(options, 'Condition.waitFor');
    return new Call(waitFor, [this, predicate as unknown as AnyFn, timeout], 'Condition.waitFor');
  }

  /** Has the first `n` that wait go on when they have the lock back. Never switches. Errors: `GreenletError` without the lock. */
  notify(n = 1): void {
    checkCount(n, 'n');
    this._checkHeld(engine.current._self, 'notify');
    for (let left = n; left > 0; left--) {
      const waiter = this.#queue.shift();
      if (waiter === null) return;
      (waiter._op as Wait)._notified(waiter);
    }
  }

  /** Has all that wait go on, one after the other. Never switches. Errors: `GreenletError` without the lock. */
  notifyAll(): void {
    this.notify(Number.POSITIVE_INFINITY);
  }

  /** The lock can be taken. */
  ready(): boolean {
    return this._lock.ready();
  }

  /** @internal */
  _whenReady(): Operation<this> {
    return new UntilReady<this>(this, this._lock._queue);
  }

  statistics(): ConditionStatistics {
    return Object.freeze({ holder: this._lock.statistics().holder, waiters: this.#queue.length });
  }

  protected _stateText(): string {
    return `on ${this._lock}${waitingText(this.#queue.length)}`;
  }

  /** @internal */
  _checkHeld(self: Waiter, name: string): void {
    if (this._lock._isOwnedBy(self)) return;
    throw new GreenletError(
      `Condition.${name} needs the lock, and ${nameOf(self)} does not hold ${this._lock}: acquire it first, or use with()`,
    );
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

/** One wait. */
class Run {
  readonly level: number;
  notified = false;
  /** It waits for the lock, or has it. */
  returning = false;
  /** What it throws when it has the lock back. */
  error: { readonly error: unknown } | null = null;

  constructor(level: number) {
    this.level = level;
  }
}

class Wait extends WaitOperation<boolean, Condition> {
  readonly _name = 'Condition.wait';

  _start(waiter: Waiter): Started {
    const condition = this._of;
    condition._checkHeld(waiter._self, 'wait');
    if (waiter !== waiter._self && !(waiter instanceof Visit)) {
      throw new GreenletError(
        'Condition.wait cannot be one of several operands, because it must have the lock back before it ends: use its timeout, ' +
          'or wait in a greenlet of its own',
      );
    }
    const run = new Run(condition._lock._releaseAll());
    const started = this._wait(waiter, run);
    if (this._timeout === 0) this._expire(waiter);
    return started;
  }

  /** @internal */
  _notified(waiter: Waiter): void {
    (waiter._slot as Run).notified = true;
    this.#takeLock(waiter);
  }

  protected _late(waiter: Waiter): void {
    this.#takeLock(waiter);
  }

  /** From here on it waits for the lock. */
  #takeLock(waiter: Waiter): void {
    const run = waiter._slot as Run;
    const { _lock: lock } = this._of;
    clearTimer(waiter);
    run.returning = true;
    if (lock._take(waiter._self)) this._receive(waiter);
    else lock._queue.push(waiter);
  }

  /** The lock is its own again. */
  override _receive(waiter: Waiter): void {
    const run = waiter._slot as Run;
    this._of._lock._restore(run.level);
    if (run.error === null) wake(waiter, run.notified);
    else wake(waiter, run.error.error, true);
  }

  _decided(waiter: Waiter): boolean {
    return (waiter._slot as Run).returning;
  }

  _defers(waiter: Waiter, error: unknown): boolean {
    const run = waiter._slot as Run;
    if (run.returning) return false;
    run.error = { error };
    this._queue.remove(waiter);
    this.#takeLock(waiter);
    return true;
  }

  override _undo(waiter: Waiter): void {
    const run = waiter._slot as Run;
    (run.returning ? this._of._lock._queue : this._queue).remove(waiter);
  }

  _blockers(waiter: Waiter): Blockers | null {
    const run = waiter._slot as Run | undefined;
    return run?.returning === true ? this._of._lock._holders() : null;
  }
}
