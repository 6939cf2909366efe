/** A bounded group of greenlets. A place that falls free is handed to whoever has waited longest, in the same step. */
import type { Fn, Returned } from '../runtime/body-types.js';
import { Call } from '../runtime/call.js';
import { checkCount, checkFn } from '../runtime/check.js';
import { contexts } from '../runtime/context.js';
import { wake } from '../runtime/engine.js';
import { GreenletExit } from '../runtime/errors.js';
import { joinall, killall } from '../runtime/joinall.js';
import type { Link } from '../runtime/links.js';
import { done, Operation, park } from '../runtime/operation.js';
import { Greenlet } from '../runtime/scheduled-greenlet.js';
import type { Green } from '../runtime/types.js';
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
    return new Spawn(this, this.#waiting, () => new Greenlet<Returned<R>>(fn, ...args));
  }

  /** Like `spawn`, at once. Never switches. Errors: `PoolFull` when there is no free place. */
  spawnNowait<A extends unknown[], R>(fn: Fn<A, R>, ...args: A): Greenlet<Returned<R>> {
    checkFn(fn);
    if (this.full()) throw new PoolFull(`${this} is full`);
    return this._admit(new Greenlet<Returned<R>>(fn, ...args));
  }

  /** Waits until it is empty; gives true. Errors of its greenlets are not thrown. */
  join(): Operation<boolean> {
    return new Call(emptied as never, [this], 'Pool.join');
  }

  /**
   * Kills its greenlets, and ends the waits for a place with `GreenletExit`, at the call; nothing more starts. The operation
   * waits until those greenlets are dead. It stays usable.
   */
  kill(): Operation<void> {
    for (let waiter = this.#waiting.shift(); waiter !== null; waiter = this.#waiting.shift()) {
      wake(waiter, new GreenletExit(), true);
    }
    return killall(this);
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
  _admit<T>(member: Greenlet<T>): Greenlet<T> {
    this.#members.add(member as AnyGreenlet);
    member._link(this.#link);
    member.start();
    return member;
  }

  #leave(member: AnyGreenlet): void {
    this.#members.delete(member);
    const waiter = this.#waiting.shift();
    if (waiter !== null) wake(waiter, this._admit(waiter._slot as AnyGreenlet));
  }
}

class Spawn<T> extends Operation<Greenlet<T>> {
  readonly _name = 'Pool.spawn';
  readonly #pool: Pool;
  readonly #waiting: WaitQueue;
  readonly #make: () => Greenlet<T>;

  constructor(pool: Pool, waiting: WaitQueue, make: () => Greenlet<T>) {
    super();
    this.#pool = pool;
    this.#waiting = waiting;
    this.#make = make;
  }

  override get _object(): unknown {
    return this.#pool;
  }

  /** The greenlet is made here, in the name of whoever spawns it, and started when it has a place. */
  _start(waiter: Waiter): Started {
    const member = this.#make();
    if (!this.#pool.full()) return done(waiter, this.#pool._admit(member));
    if (contexts.capture !== null) contexts.capture(member);
    this.#waiting.push(waiter);
    return park(waiter, this, member);
  }

  override _undo(waiter: Waiter): void {
    this.#waiting.remove(waiter);
  }
}

function* emptied(pool: Pool): Green<boolean> {
  while (pool.length > 0) yield* joinall(pool);
  return true;
}
