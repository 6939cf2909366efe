/** A bounded group of greenlets. A place that falls free is handed to whoever has waited longest, in the same step. */
import type { Fn, Returned } from '../runtime/body-types.js';
import { checkCount, checkFn, checkTimeout } from '../runtime/check.js';
import { setTimer, wake } from '../runtime/engine.js';
import { GreenletExit } from '../runtime/errors.js';
import type { Link } from '../runtime/links.js';
import { done, Operation, park } from '../runtime/operation.js';
import { Greenlet } from '../runtime/scheduled-greenlet.js';
import { WaitQueue } from '../runtime/wait-queue.js';
import type { Started, Waiter } from '../runtime/waiter.js';
import { PoolFull } from './errors.js';

type AnyGreenlet = Greenlet<unknown>;

export class Pool implements Iterable<AnyGreenlet> {
  /** How many greenlets may be in it at once. */
  readonly size: number;
  readonly #members = new Set<AnyGreenlet>();
  /** Who waits for a place; the slot of each is the greenlet that it wants to start. */
  readonly #waiting = new WaitQueue();
  readonly #joining = new WaitQueue();
  readonly #link: Link = { _waiter: null, _died: (member) => this.#leave(member as AnyGreenlet) };

  /** A pool of `size` places, unlimited unless given. Errors: `RangeError` / `TypeError`. Mirrors `gevent.pool.Pool`. */
  constructor(size = Number.POSITIVE_INFINITY) {
    checkCount(size, 'size');
    this.size = size;
  }

  /**
   * Waits for a place, starts `fn(...args)` in a new greenlet of the pool and gives that greenlet. Whoever comes first is
   * served first; interrupted, nothing is started. Switches only when the pool is full.
   */
  spawn<A extends unknown[], R>(fn: Fn<A, R>, ...args: A): Operation<Greenlet<Returned<R>>> {
    checkFn(fn);
    return new Spawn(this, fn, args) as Operation<AnyGreenlet> as Operation<Greenlet<Returned<R>>>;
  }

  /** Like `spawn`, at once. Never switches. Errors: `PoolFull` when there is no free place. */
  spawnNowait<A extends unknown[], R>(fn: Fn<A, R>, ...args: A): Greenlet<Returned<R>> {
    checkFn(fn);
    if (this.full()) throw new PoolFull(`${this} is full`);
    const member = new Greenlet<Returned<R>>(fn, ...args);
    this._admit(member);
    return member;
  }

  /** Waits until it is empty: true, or false when `timeout` ms have passed. Errors of its greenlets are not thrown. */
  join(options: { readonly timeout?: number | undefined } = {}): Operation<boolean> {
    return new JoinPool(this, this.#joining, checkTimeout(options.timeout), 'Pool.join');
  }

  /**
   * Kills its greenlets, and ends the waits for a place with `GreenletExit`, at the call; nothing more starts. The operation
   * waits until it is empty, as `join` does. It stays usable.
   */
  kill(options: { readonly timeout?: number | undefined } = {}): Operation<boolean> {
    const timeout = checkTimeout(options.timeout);
    for (let waiter = this.#waiting.shift(); waiter !== null; waiter = this.#waiting.shift()) {
      wake(waiter, new GreenletExit(), true);
    }
    for (const member of [...this.#members]) member._kill(undefined);
    return new JoinPool(this, this.#joining, timeout, 'Pool.kill');
  }

  /** How many greenlets are in it. */
  get length(): number {
    return this.#members.size;
  }

  /** How many places are free. */
  freeCount(): number {
    return this.size - this.#members.size;
  }

  /** No place is free. */
  full(): boolean {
    return this.#members.size >= this.size;
  }

  /** Its greenlets, as they are now. */
  [Symbol.iterator](): Iterator<AnyGreenlet> {
    return [...this.#members].values();
  }

  toString(): string {
    return `<Pool ${this.#members.size}/${this.size}>`;
  }

  /** Gives `member` a place, and has it run. @internal */
  _admit(member: AnyGreenlet): void {
    this.#members.add(member);
    member._link(this.#link);
    member.start();
  }

  /** @internal */
  get _waiting(): WaitQueue {
    return this.#waiting;
  }

  #leave(member: AnyGreenlet): void {
    this.#members.delete(member);
    const waiter = this.#waiting.shift();
    if (waiter !== null) {
      const next = waiter._slot as AnyGreenlet;
      this._admit(next);
      wake(waiter, next);
    } else if (this.#members.size === 0) {
      for (let joiner = this.#joining.shift(); joiner !== null; joiner = this.#joining.shift()) {
        wake(joiner, true);
      }
    }
  }
}

abstract class PoolOperation<T> extends Operation<T> {
  protected readonly pool: Pool;

  constructor(pool: Pool) {
    super();
    this.pool = pool;
  }

  override get _object(): unknown {
    return this.pool;
  }
}

class Spawn extends PoolOperation<AnyGreenlet> {
  readonly _name = 'Pool.spawn';
  readonly #fn: unknown;
  readonly #args: readonly unknown[];

  constructor(pool: Pool, fn: unknown, args: readonly unknown[]) {
    super(pool);
    this.#fn = fn;
    this.#args = args;
  }

  /** The greenlet is made here, in the name of whoever spawns it, and started when it has a place. */
  _start(waiter: Waiter): Started {
    const member = new Greenlet(this.#fn, ...this.#args);
    if (this.pool.full()) {
      this.pool._waiting.push(waiter);
      return park(waiter, this, member);
    }
    this.pool._admit(member);
    return done(waiter, member);
  }

  override _undo(waiter: Waiter): void {
    this.pool._waiting.remove(waiter);
  }
}

class JoinPool extends PoolOperation<boolean> {
  readonly _name: string;
  readonly #joining: WaitQueue;
  readonly #timeout: number;

  constructor(pool: Pool, joining: WaitQueue, timeout: number, name: string) {
    super(pool);
    this._name = name;
    this.#joining = joining;
    this.#timeout = timeout;
  }

  override get _isRequest(): boolean {
    return this._name === 'Pool.kill';
  }

  _start(waiter: Waiter): Started {
    if (this.pool.length === 0 || this.#timeout === 0) return done(waiter, this.pool.length === 0);
    setTimer(waiter, this.#timeout, true);
    this.#joining.push(waiter);
    return park(waiter, this);
  }

  override _undo(waiter: Waiter): void {
    this.#joining.remove(waiter);
  }

  override _expire(waiter: Waiter): void {
    this.#joining.remove(waiter);
    wake(waiter, false);
  }
}
