/** A bounded set of greenlets. A place that falls free is handed to whoever has waited longest, in the same step. */
import type { Fn, Returned } from '../runtime/body-types.js';
import { checkCount, timeoutOf } from '../runtime/check.js';
import { contexts } from '../runtime/context.js';
import { engine, wake } from '../runtime/engine.js';
import { places } from '../runtime/join.js';
import { killError } from '../runtime/kill.js';
import type { Link } from '../runtime/links.js';
import { done, type Operation } from '../runtime/operation.js';
import type { Greenlet } from '../runtime/scheduled-greenlet.js';
import { checkWork, makeGreenlet, type SpawnOptions } from '../runtime/spawn.js';
import { Visitor } from '../runtime/visitor.js';
import { WaitQueue } from '../runtime/wait-queue.js';
import type { Blockers, Started, Waiter } from '../runtime/waiter.js';
import { checkDeadlock, someGoesOn } from './deadlock.js';
import { COUNTS, type Ending } from './ending.js';
import { PoolFull } from './errors.js';
import { type AnyGreenlet, checkMember, GreenletSet, type SetStatistics } from './greenlet-set.js';
import { type AcquireOptions, acquireTimeout } from './lockable.js';
import { type SyncOptions, waitingText } from './sync-object.js';
import { handTo, late, nextTaker, UntilReady, WaitOperation } from './wait-operation.js';

export interface PoolStatistics extends SetStatistics {
  readonly size: number;
  /** Those that wait for a place. */
  readonly entering: number;
}

export class Pool extends GreenletSet {
  /** How many greenlets may be in it at once. */
  readonly size: number;
  /** Who waits for a place, or to see one; the slot of the former is the greenlet that is to come in. */
  readonly #waiting = new WaitQueue();

  /**
   * A pool of `size` places, unlimited unless given. Errors: `RangeError` / `TypeError`. Mirrors `gevent.pool.Pool`.
   *
   * @example const pool = new Pool(10); for (const url of urls) yield* pool.spawn(load, url); yield* pool.join();
   */
  constructor(size = Number.POSITIVE_INFINITY, options?: SyncOptions) {
    super(options);
    checkCount(size, 'size');
    this.size = size;
  }

  /**
   * Waits for a place, starts `fn(...args)` in a new greenlet of the pool and gives that greenlet. Whoever comes first is
   * served first; interrupted, nothing is started. Switches only when the pool is full. A pool whose greenlets all wait for
   * a place in it is told (`DEADLOCK`).
   */
  spawn<A extends unknown[], R>(fn: Fn<A, R>, ...args: A): Operation<Greenlet<Returned<R>>>;
  spawn<A extends unknown[], R>(
    options: SpawnOptions,
    fn: Fn<A, R>,
    ...args: A
  ): Operation<Greenlet<Returned<R>>>;
  spawn<T>(operation: Operation<T>): Operation<Greenlet<T>>;
  spawn(first: unknown, ...rest: unknown[]): Operation<AnyGreenlet> {
    checkWork(first, rest);
    const make = () => makeGreenlet(first, rest);
    const entry: Entry = { make, starts: true, ending: COUNTS, undoes: true };
    return new Enter(this, this.#waiting, Number.POSITIVE_INFINITY, 'Pool.spawn', entry);
  }

  /** Like `spawn`, at once. Never switches. Errors: `PoolFull` when there is no free place. */
  spawnNowait<A extends unknown[], R>(fn: Fn<A, R>, ...args: A): Greenlet<Returned<R>>;
  spawnNowait<A extends unknown[], R>(options: SpawnOptions, fn: Fn<A, R>, ...args: A): Greenlet<Returned<R>>;
  spawnNowait<T>(operation: Operation<T>): Greenlet<T>;
  spawnNowait(first: unknown, ...rest: unknown[]): AnyGreenlet {
    checkWork(first, rest);
    if (this.full()) throw new PoolFull(`${this} is full`);
    const member = makeGreenlet(first, rest);
    this._enter(member, true);
    return member;
  }

  /** Waits for a place and takes `greenlet` in; does not start it. Errors: `PoolFull` when `timeout` ms pass first. */
  add(greenlet: AnyGreenlet, options?: AcquireOptions): Operation<AnyGreenlet> {
    checkMember(greenlet);
    const entry: Entry = { make: () => greenlet, given: greenlet, starts: false, ending: COUNTS };
    return new Enter(this, this.#waiting, acquireTimeout(options, 'Pool.add'), 'Pool.add', entry);
  }

  /** Waits for a place, takes `greenlet` in and starts it. Errors: `PoolFull` when `timeout` ms pass first. */
  start(greenlet: AnyGreenlet, options?: AcquireOptions): Operation<AnyGreenlet> {
    checkMember(greenlet);
    const entry: Entry = { make: () => greenlet, given: greenlet, starts: true, ending: COUNTS };
    return new Enter(this, this.#waiting, acquireTimeout(options, 'Pool.start'), 'Pool.start', entry);
  }

  freeCount(): number {
    return Math.max(0, this.size - this.length);
  }

  full(): boolean {
    return this.length >= this.size;
  }

  waitAvailable(options?: { readonly timeout?: number | undefined }): Operation<boolean> {
    return new Available(this, this.#waiting, timeoutOf(options, 'Pool.waitAvailable'));
  }

  /** @internal */
  _whenReady(): Operation<this> {
    return new UntilReady<this>(this, this.#waiting);
  }

  _entering(make: () => AnyGreenlet, ending: Ending, name: string): Operation<AnyGreenlet> {
    return new Enter(this, this.#waiting, Number.POSITIVE_INFINITY, name, { make, starts: true, ending });
  }

  _place(greenlet: AnyGreenlet): void {
    if (this.full()) {
      awaited.set(greenlet, this);
      new Place(engine.current._self, greenlet)._run(
        this._entering(() => greenlet, COUNTS, 'Pool.applyAsync'),
      );
    } else this._enter(greenlet, true);
  }

  protected override _freed(): void {
    while (!this.full()) {
      const next = nextTaker(this.#waiting, true);
      if (next === null) return;
      handTo(next, true);
    }
  }

  protected override _endWaits(): void {
    for (const waiter of this.#waiting) {
      if (!(waiter._op instanceof Enter)) continue;
      waiter._op._undo(waiter);
      wake(waiter, killError(undefined), true);
    }
  }

  protected get _lookAhead(): number {
    return Math.max(1, this.size * 2);
  }

  override statistics(): PoolStatistics {
    const { joiners, level } = super.statistics();
    const entering = this.#waiting.length;
    return Object.freeze({ level, size: this.size, waiters: joiners + entering, entering, joiners });
  }

  protected _stateText(): string {
    const { entering, joiners } = this.statistics();
    return `${this.length}/${this.size}${waitingText(entering, 'waiting for a place')}${waitingText(joiners, 'joining')}`;
  }
}

/** What comes in. */
interface Entry {
  readonly make: () => AnyGreenlet;
  /** It exists already. */
  readonly given?: AnyGreenlet;
  readonly starts: boolean;
  readonly ending: Ending;
  /** Interrupted, what was made is killed: a signal may know it. */
  readonly undoes?: boolean;
}

class Enter extends WaitOperation<AnyGreenlet, Pool> {
  readonly _name: string;
  readonly #entry: Entry;

  constructor(pool: Pool, queue: WaitQueue, timeout: number, name: string, entry: Entry) {
    super(pool, queue, timeout);
    this._name = name;
    this.#entry = entry;
  }

  /** The greenlet is made here, in the name of whoever asks, and started when it has a place. */
  _start(waiter: Waiter): Started {
    const pool = this._of;
    const { make, given, starts, ending } = this.#entry;
    // A member needs no second place.
    if (!pool.full() || (given !== undefined && pool.has(given))) {
      const member = make();
      pool._enter(member, starts, ending);
      return done(waiter, member);
    }
    if (this._timeout === 0) throw late(PoolFull, this, waiter);
    checkDeadlock(waiter, this);
    const member = make();
    if (starts && contexts.capture !== null) contexts.capture(member);
    return this._wait(waiter, member);
  }

  override _undo(waiter: Waiter): void {
    super._undo(waiter);
    if (this.#entry.undoes) (waiter._slot as AnyGreenlet)._kill(undefined);
  }

  override _receive(waiter: Waiter): void {
    const member = waiter._slot as AnyGreenlet;
    this._of._enter(member, this.#entry.starts, this.#entry.ending);
    wake(waiter, member);
  }

  protected _late(waiter: Waiter): void {
    wake(waiter, late(PoolFull, this, waiter), true);
  }

  /** Any of its greenlets makes room by ending. */
  _blockers(): Blockers | null {
    if (someGoesOn(this._of._members)) return null;
    return { every: false, waiters: [...this._of] };
  }
}

class Available extends WaitOperation<boolean, Pool> {
  readonly _name = 'Pool.waitAvailable';

  override get _looks(): boolean {
    return true;
  }

  _start(waiter: Waiter): Started {
    if (!this._of.full()) return done(waiter, true);
    return this._timeout === 0 ? done(waiter, false) : this._wait(waiter);
  }

  protected _late(waiter: Waiter): void {
    wake(waiter, false);
  }
}

/** How many members a report names. */
const SHOWN = 5;

/** The pool that each waits for which could not come in at once. */
const awaited = new WeakMap<object, Pool>();

/** The pool that `greenlet`, which has not begun, waits for a place in. */
function poolFor(greenlet: object): Pool | undefined {
  const pool = awaited.get(greenlet);
  return pool?.full() ? pool : undefined;
}

places.awaited = checkDeadlock;
places.blockers = (greenlet) => {
  const pool = poolFor(greenlet);
  return pool === undefined || someGoesOn(pool) ? null : { every: false, waiters: [...pool] };
};
places.text = (greenlet) => {
  const pool = poolFor(greenlet);
  if (pool === undefined) return '';
  const members = [...pool];
  const more = members.length > SHOWN ? ` and ${members.length - SHOWN} more` : '';
  return `, which waits for a place in ${pool}, held by ${members.slice(0, SHOWN).join(', ')}${more}`;
};

/** Waits for a place in the name of a greenlet that comes in when there is one, or that dies before. */
class Place extends Visitor {
  readonly _self: Waiter;
  readonly #greenlet: AnyGreenlet;

  constructor(self: Waiter, greenlet: AnyGreenlet) {
    super();
    this._self = self;
    this.#greenlet = greenlet;
    const link: Link = { _waiter: null, _died: () => this._cancel() };
    greenlet._link(link);
  }

  _settle(error: unknown, failed: boolean): void {
    if (failed) this.#greenlet._kill(error);
  }
}
