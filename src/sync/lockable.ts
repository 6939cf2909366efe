/**
 * What everything lock-like has in common: `acquire`, `hold`, `with`, and one fair queue. What falls free is handed to whoever has
 * waited longest, in the same step, so that nobody who comes later can take it.
 */
import type { Fn, Returned } from '../runtime/body-types.js';
import type { AnyFn } from '../runtime/call.js';
import { checkFn, timeoutOf } from '../runtime/check.js';
import { engine as shared, wake } from '../runtime/engine.js';
import { describe, done, irregular, type Operation, resumed } from '../runtime/operation.js';
import { timedOut } from '../runtime/timeout.js';
import { WaitQueue } from '../runtime/wait-queue.js';
import { type Blockers, RUNNING, type Started, type Waiter } from '../runtime/waiter.js';
import { checkDeadlock } from './deadlock.js';
import { SyncObject, type SyncOptions } from './sync-object.js';
import { UntilReady, WaitOperation } from './wait-operation.js';
import { With } from './with.js';

const engine = shared;

export interface AcquireOptions {
  /** False: it does not wait; the same as `timeout: 0`. */
  readonly blocking?: boolean | undefined;
  /** ms after which it gives false. */
  readonly timeout?: number | undefined;
}

/** Lock, RLock, Semaphore, BoundedSemaphore, Condition, and the two sides of an RWLock. */
export interface LockLike {
  acquire(options?: AcquireOptions): Operation<boolean>;
  release(): unknown;
  locked(): boolean;
  hold(options?: { readonly timeout?: number | undefined }): Operation<Hold>;
  with<R>(fn: Fn<[], R>): Operation<Returned<R>>;
}

/** A lock that is held until this is disposed, once: `using _ = yield* lock.hold()`. */
export class Hold implements Disposable, AsyncDisposable {
  #lock: { release(): unknown } | null;

  constructor(lock: { release(): unknown }) {
    this.#lock = lock;
  }

  [Symbol.dispose](): void {
    // One that cannot be released here, an RLock by somebody else, is held on.
    this.#lock?.release();
    this.#lock = null;
  }

  async [Symbol.asyncDispose]() {
    this[Symbol.dispose]();
  }
}

export abstract class Lockable extends SyncObject implements LockLike {
  /** @internal */ readonly _queue: WaitQueue;
  #acquire: Acquire | null = null;

  constructor(options?: SyncOptions, queue = new WaitQueue()) {
    super(options);
    this._queue = queue;
  }

  /** Takes it for `self` if that is possible now. @internal */
  abstract _take(self: Waiter): boolean;

  /** Somebody who waited for it has gone. @internal */
  _left(): void {}

  /** Whom `waiter` would wait for, where that is known. @internal */
  _holders(_waiter: Waiter): Blockers | null {
    return null;
  }

  /** Where it was taken, for reports. @internal */
  _takenAt(): string {
    return '';
  }

  /** Lets go of what was taken. Acts at the call; whoever is first gets it. Never switches. */
  abstract release(): unknown;

  /** It cannot be taken now. Never switches. */
  abstract locked(): boolean;

  /**
   * Takes it, waiting until it is free: first come, first served. Gives true; false when `timeout` ms have passed, or at once with
   * `blocking: false`. Interrupted, it has not been taken. Switches only if it has to wait.
   */
  acquire(options?: AcquireOptions): Operation<boolean> {
    if (options === undefined && engine.watch === null) {
      this.#acquire ??= new Acquire(this, Number.POSITIVE_INFINITY);
      return this.#acquire as Operation<unknown> as Operation<boolean>;
    }
    const name = `${this.constructor.name}.acquire`;
    return new Acquire(this, acquireTimeout(options, name), name) as Operation<unknown> as Operation<boolean>;
  }

  /**
   * Takes it and gives a `Hold` that lets go when it is disposed: `using _ = yield* lock.hold()`. Errors: `Timeout` after
   * `timeout` ms.
   */
  hold(options?: { readonly timeout?: number | undefined }): Operation<Hold> {
    const name = `${this.constructor.name}.hold`;
    return new AcquireHold(this, timeoutOf(options, name), name) as Operation<unknown> as Operation<Hold>;
  }

  /** Takes it, runs `fn` in the current greenlet, and lets go, whatever happens. Gives `fn`'s value. */
  with<R>(fn: Fn<[], R>): Operation<Returned<R>> {
    checkFn(fn);
    return new With(this, fn as unknown as AnyFn, `${this.constructor.name}.with`);
  }

  /** It can be taken now. */
  ready(): boolean {
    return !this.locked();
  }

  /** @internal */
  _whenReady(): Operation<this> {
    return new UntilReady<this>(this, this._queue);
  }
}

/** The `timeout` of the options of `where`, which also know `blocking`. */
export function acquireTimeout(options: AcquireOptions | undefined, where: string): number {
  const timeout = timeoutOf(options, where, '{ blocking: false }');
  return options?.blocking === false ? 0 : timeout;
}

/** Takes `lock` for whoever runs it. */
class Acquire extends WaitOperation<unknown, Lockable> {
  readonly _name: string;

  override get _forgets(): boolean {
    return true;
  }

  constructor(lock: Lockable, timeout: number, name = `${lock.constructor.name}.acquire`) {
    super(lock, lock._queue, timeout);
    this._name = name;
  }

  /** @internal */
  override next(value: unknown): Started {
    if (engine.resuming) return resumed(value);
    const greenlet = engine.current;
    // biome-ignore lint/complexity/noArguments: see Operation.next
    const count = arguments.length;
    return greenlet._mode === RUNNING && count !== 0
      ? this._start(greenlet)
      : irregular(greenlet, this, count);
  }

  _start(waiter: Waiter): Started {
    const lock = this._of;
    if (lock._take(waiter._self)) return done(waiter, this._taken());
    if (this._timeout === 0) return this._refused(waiter);
    checkDeadlock(waiter, this);
    return this._wait(waiter);
  }

  /** What it gives. */
  protected _taken(): unknown {
    return true;
  }

  override _receive(waiter: Waiter): void {
    wake(waiter, this._taken());
  }

  protected _refused(waiter: Waiter): Started {
    return done(waiter, false);
  }

  override _undo(waiter: Waiter): void {
    super._undo(waiter);
    this._of._left();
  }

  protected _late(waiter: Waiter): void {
    wake(waiter, false);
  }

  _blockers(waiter: Waiter): Blockers | null {
    return this._of._holders(waiter);
  }

  _because(): string {
    return this._of._takenAt();
  }
}

/** Takes `lock` and gives what lets go of it. */
class AcquireHold extends Acquire {
  protected override _taken(): Hold {
    return new Hold(this._of);
  }

  protected override _refused(waiter: Waiter): never {
    throw timedOut(describe(this), 0, waiter);
  }

  protected override _late(waiter: Waiter): void {
    wake(waiter, timedOut(describe(this), this._timeout, waiter), true);
  }
}
