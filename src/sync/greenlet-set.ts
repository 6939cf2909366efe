/** What a `Group` and a `Pool` have in common: a set of greenlets that are waited for, killed and mapped over together. */
import type { Fn, Returned } from '../runtime/body-types.js';
import { type AnyFn, Call } from '../runtime/call.js';
import { checkArgs, checkCount, checkFn, checkOptions, showValue, timeoutOf } from '../runtime/check.js';
import { checkSource, type Source } from '../runtime/each.js';
import { wake } from '../runtime/engine.js';
import { type KillOptions, killError, killTimeout } from '../runtime/kill.js';
import type { Collecting, Link } from '../runtime/links.js';
import { FAILED, observe } from '../runtime/observe.js';
import { done, type Operation } from '../runtime/operation.js';
import type { Results } from '../runtime/results.js';
import { Greenlet } from '../runtime/scheduled-greenlet.js';
import { currentGreenlet, makeGreenlet } from '../runtime/spawn.js';
import { withTimeout } from '../runtime/timeout.js';
import type { Green } from '../runtime/types.js';
import { WaitQueue } from '../runtime/wait-queue.js';
import type { Started, Waiter } from '../runtime/waiter.js';
import { Deaths } from './deaths.js';
import { COUNTS, type Ending, LEAVES, QUIET } from './ending.js';
import { MapResults, mapped } from './map-results.js';
import { SyncObject, type SyncOptions } from './sync-object.js';
import { WaitOperation } from './wait-operation.js';

export type AnyGreenlet = Greenlet<unknown>;

export interface SetStatistics {
  /** Greenlets in it. */
  readonly level: number;
  /** All that wait, for whatever. */
  readonly waiters: number;
  readonly joiners: number;
}

export interface ApplyAsyncOptions<T> {
  /** Called with the value, in a greenlet of its own. */
  readonly callback?: ((value: T) => unknown) | undefined;
  /** Called with the error, which is observed by it. */
  readonly errorCallback?: ((error: unknown) => unknown) | undefined;
}

export interface MapOptions {
  /**
   * How many items may be under way: pulled from the source and not yet delivered. Unless given twice the size of a pool, and no bound
   * for a group.
   */
  readonly maxPending?: number | undefined;
}

export interface JoinOptions {
  /** ms after which it gives false. */
  readonly timeout?: number | undefined;
  /** Throws the first failure in time, once all have ended. */
  readonly raiseError?: boolean | undefined;
}

export abstract class GreenletSet extends SyncObject implements Iterable<AnyGreenlet> {
  readonly #members = new Set<AnyGreenlet>();
  readonly #killed = new WeakSet<AnyGreenlet>();
  readonly #joiners = new WaitQueue();
  /** The pulls of maps under way. */
  readonly #maps = new Set<MapResults<unknown>>();
  /** The first failure that no `join({ raiseError })` has delivered. */
  #failure: AnyGreenlet | null = null;
  /** While somebody waits in `join({ raiseError })`: failures are kept for it. */
  #raising: { over: boolean; count: number } | undefined;
  /** What falls free is being handed out. */
  #handing = false;
  readonly #link: Link;
  /** For those whose outcome goes to whoever called `apply` or `map`. */
  readonly #quietLink: Link;

  constructor(options?: SyncOptions) {
    super(options);
    const raising = (): Collecting | undefined => this.#raising;
    this.#link = {
      _waiter: null,
      get _collecting() {
        return raising();
      },
      _died: (member) => {
        const failed = ((member as AnyGreenlet)._flags & FAILED) !== 0;
        if (failed) this.#failure ??= member as AnyGreenlet;
        this.#left(member as AnyGreenlet);
      },
    };
    this.#quietLink = { _waiter: null, _died: (member) => this.#left(member as AnyGreenlet) };
  }

  /** There is no place. Never switches. */
  abstract full(): boolean;

  /** How many places are free. Never switches. */
  abstract freeCount(): number;

  /** Waits until there is a place, without taking it: true; false when `timeout` ms pass first. */
  abstract waitAvailable(options?: { readonly timeout?: number | undefined }): Operation<boolean>;

  /** Has `greenlet` come in as soon as there is a place. @internal */
  abstract _place(greenlet: AnyGreenlet): void;

  /** Waits for a place, and starts what `make` gives. @internal */
  abstract _entering(make: () => AnyGreenlet, ending: Ending, name: string): Operation<AnyGreenlet>;

  /** A place has fallen free. @internal */
  protected _freed(): void {}

  /** How many items a map may have under way. @internal */
  protected abstract get _lookAhead(): number;

  /** How many greenlets are in it. */
  get length(): number {
    return this.#members.size;
  }

  /** Whether `greenlet` is in it. */
  has(greenlet: AnyGreenlet): boolean {
    return this.#members.has(greenlet);
  }

  /** Its greenlets, as they are now. */
  [Symbol.iterator](): Iterator<AnyGreenlet> {
    return [...this.#members].values();
  }

  /** @internal */
  _enter(greenlet: AnyGreenlet, start: boolean, ending: Ending = COUNTS): void {
    if (!this.#members.has(greenlet)) {
      this.#members.add(greenlet);
      if (ending !== LEAVES) greenlet._link(ending === QUIET ? this.#quietLink : this.#link);
    }
    if (start) greenlet.start();
  }

  /** What comes in with `LEAVES` has ended; it may have been taken out before. @internal */
  _leave(greenlet: AnyGreenlet): void {
    if (this.#members.has(greenlet)) this.#left(greenlet);
  }

  /** Its greenlets themselves. @internal */
  get _members(): Iterable<AnyGreenlet> {
    return this.#members;
  }

  /** Takes `greenlet` out; it goes on. Does nothing when it is not in it. Never switches. Errors: `TypeError`. */
  discard(greenlet: AnyGreenlet): void {
    checkMember(greenlet);
    if (!this.#members.has(greenlet)) return;
    greenlet._unlink(this.#link);
    greenlet._unlink(this.#quietLink);
    this.#left(greenlet);
  }

  #left(member: AnyGreenlet): void {
    this.#members.delete(member);
    // One that comes in dead leaves at once: whoever has let it in goes on handing out.
    if (this.#handing) return;
    this.#handing = true;
    this._freed();
    this.#handing = false;
    if (this.#members.size > 0) return;
    const failure = this.#raising === undefined ? null : this._takeFailure();
    for (let waiter = this.#joiners.shift(); waiter !== null; waiter = this.#joiners.shift()) {
      const raises = (waiter._op as Join)._raises;
      if (raises) this._raises(-1);
      if (failure !== null && raises) wake(waiter, failure._value, true);
      else wake(waiter, true);
    }
  }

  /** @internal */
  _takeFailure(): AnyGreenlet | null {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) observe(failure);
    return failure;
  }

  /** One more (or less) waits in `join({ raiseError })`. @internal */
  _raises(change: number): void {
    this.#raising ??= { over: false, count: 0 };
    this.#raising.count += change;
    if (this.#raising.count > 0) return;
    this.#raising.over = true;
    this.#raising = undefined;
  }

  /**
   * Waits until it is empty, also of greenlets that come meanwhile: true; false when `timeout` ms pass first. Errors: with
   * `raiseError` the first failure in time, of those that have left too, unless an earlier `join` has thrown it.
   */
  join(options: JoinOptions = {}): Operation<boolean> {
    const timeout = timeoutOf(
      options,
      `${this.constructor.name}.join`,
      '{ timeout: 1000, raiseError: true }',
    );
    return new Join(this, this.#joiners, timeout, options.raiseError === true);
  }

  /**
   * Kills its greenlets, each once; ends its maps, and the waits for a place, with `GreenletExit`. Acts at the call; nothing more
   * starts, and it stays usable. The operation waits until they are dead: true; false when `timeout` ms pass first. Mirrors
   * `gevent.pool.Group.kill`.
   */
  kill(options: Omit<KillOptions, 'grace'> = {}): Operation<boolean> {
    const timeout = killTimeout(options, `${this.constructor.name}.kill`);
    const block = options.block !== false;
    const members = [...this.#members];
    // Whoever waits for a place is out first: the deaths of those that have not begun make room at once.
    this._endWaits();
    for (const map of this.#maps) map._abort(killError(undefined), options.exception);
    for (const member of members) this._killOnce(member, options.exception);
    return new Deaths(this, members, timeout, block);
  }

  /** Whoever waits for a place gets a `GreenletExit`. @internal */
  protected _endWaits(): void {}

  /** Kills one of its greenlets, once; does nothing to others. Acts at the call; the operation waits for the death. */
  killone(greenlet: AnyGreenlet, options: Omit<KillOptions, 'grace'> = {}): Operation<boolean> {
    checkMember(greenlet);
    const timeout = killTimeout(options, `${this.constructor.name}.killone`);
    const block = options.block !== false;
    if (!this.#members.has(greenlet)) return new Deaths(this, [], timeout, block);
    this._killOnce(greenlet, options.exception);
    return new Deaths(this, [greenlet], timeout, block);
  }

  /** Kills `member`, unless it was killed as one of this set before. @internal */
  _killOnce(member: AnyGreenlet, exception: unknown): void {
    if (this.#killed.has(member)) return;
    this.#killed.add(member);
    member._kill(exception);
  }

  /**
   * Runs `fn(...args)` in a greenlet of this set, waiting for a place, and gives its value or throws its error. Inside a greenlet of
   * this set it runs at once, in that greenlet. Interrupted, what it started is killed. Errors: `Timeout` when `timeout` ms pass
   * first. Mirrors `gevent.pool.Group.apply`.
   */
  apply<A extends unknown[], R>(
    fn: Fn<A, R>,
    args?: A,
    options?: { readonly timeout?: number | undefined },
  ): Operation<Returned<R>> {
    checkFn(fn);
    const name = `${this.constructor.name}.apply`;
    const timeout = timeoutOf(options, name);
    const run = new Call(applied, [this, fn as unknown as AnyFn, checkArgs(args)], name);
    return (timeout === Number.POSITIVE_INFINITY ? run : withTimeout(timeout, run)) as Operation<Returned<R>>;
  }

  /**
   * Runs `fn(...args)` in a greenlet of this set as soon as there is a place; gives that greenlet at once. Never switches. Mirrors
   * `gevent.pool.Group.apply_async`.
   */
  applyAsync<A extends unknown[], R>(
    fn: Fn<A, R>,
    args?: A,
    options: ApplyAsyncOptions<Returned<R>> = {},
  ): Greenlet<Returned<R>> {
    checkFn(fn);
    checkOptions(options, `${this.constructor.name}.applyAsync`, '{ callback: use }');
    const { callback, errorCallback } = options;
    if (callback !== undefined) checkFn(callback, 'callback');
    if (errorCallback !== undefined) checkFn(errorCallback, 'errorCallback');
    const member = makeGreenlet(fn, checkArgs(args)) as Greenlet<Returned<R>>;
    if (callback !== undefined) member.linkValue((dead) => callback(dead.value as Returned<R>));
    if (errorCallback !== undefined) member.linkException((dead) => errorCallback(dead.error));
    this._place(member as AnyGreenlet);
    return member;
  }

  /**
   * Calls `fn` with each item of `source`, each in a greenlet of this set, and gives the values in the order of the items. The first
   * error, of an item or of the source, kills the rest and is thrown when they are dead; so does an interruption.
   */
  map<T, R>(fn: Fn<[T], R>, source: Source<T>, options: MapOptions = {}): Operation<Returned<R>[]> {
    return this.#mapAll(fn as unknown as AnyFn, source, options, false) as Operation<Returned<R>[]>;
  }

  /** Like `map`, with the items as lists of arguments. */
  starmap<A extends unknown[], R>(
    fn: Fn<A, R>,
    source: Source<A>,
    options: MapOptions = {},
  ): Operation<Returned<R>[]> {
    return this.#mapAll(fn as unknown as AnyFn, source, options, true) as Operation<Returned<R>[]>;
  }

  #mapAll(fn: AnyFn, source: unknown, options: MapOptions, spread: boolean): Operation<unknown[]> {
    checkFn(fn);
    checkSource(source);
    const name = `${this.constructor.name}.${spread ? 'starmap' : 'map'}`;
    const limit = checkPending(options, name) ?? Number.POSITIVE_INFINITY;
    const begin = () =>
      this.#begin(
        new MapResults(this, fn, source as Source<unknown>, { limit, spread, ordered: true, failFast: true }),
      );
    return new Call(mapped as never, [begin], name);
  }

  /**
   * The values in the order of the items, as they come. The work begins now, on the next turn; items are pulled as places fall free, at
   * most `maxPending` ahead of who reads. The error of an item is thrown at its place, and the rest follow; an error of the
   * source ends it. `close()` kills what runs. Never switches. Mirrors `gevent.pool.Group.imap`.
   */
  imap<T, R>(fn: Fn<[T], R>, source: Source<T>, options: MapOptions = {}): Results<Returned<R>> {
    return this.#imap(fn as unknown as AnyFn, source, options, true) as Results<Returned<R>>;
  }

  /** Like `imap`, with the values in the order in which they come. */
  imapUnordered<T, R>(fn: Fn<[T], R>, source: Source<T>, options: MapOptions = {}): Results<Returned<R>> {
    return this.#imap(fn as unknown as AnyFn, source, options, false) as Results<Returned<R>>;
  }

  #imap(fn: AnyFn, source: unknown, options: MapOptions, ordered: boolean): Results<unknown> {
    checkFn(fn);
    const limit = checkPending(options, `${this.constructor.name}.imap`) ?? this._lookAhead;
    const shape = { limit, spread: false, ordered, failFast: false };
    return this.#begin(new MapResults(this, fn, source as Source<unknown>, shape));
  }

  #begin(map: MapResults<unknown>): MapResults<unknown> {
    this.#maps.add(map);
    map._begin(() => this.#maps.delete(map));
    return map;
  }

  /** There is a place. */
  ready(): boolean {
    return !this.full();
  }

  statistics(): SetStatistics {
    const joiners = this.#joiners.length;
    return Object.freeze({ level: this.length, waiters: joiners, joiners });
  }
}

function checkPending(options: MapOptions, where: string): number | undefined {
  checkOptions(options, where, '{ maxPending: 100 }');
  const { maxPending } = options;
  if (maxPending !== undefined) checkCount(maxPending, 'maxPending', 1);
  return maxPending;
}

/** Refuses what is no scheduled greenlet. */
export function checkMember(greenlet: unknown): asserts greenlet is AnyGreenlet {
  if (greenlet instanceof Greenlet) return;
  throw new TypeError(`greenlet must be a Greenlet, got ${showValue(greenlet)}; for a function use spawn()`);
}

function* applied(set: GreenletSet, fn: AnyFn, args: readonly unknown[]): Green<unknown> {
  const current = currentGreenlet();
  if (current !== null && set.has(current)) return yield* new Call(fn as AnyFn, args);
  const make = () => makeGreenlet(fn, args);
  const member = yield* set._entering(make, QUIET, `${set.constructor.name}.apply`);
  try {
    return yield* member.get();
  } finally {
    if (!member.dead) set._killOnce(member, undefined);
  }
}

/** Waits until a set is empty. */
class Join extends WaitOperation<boolean, GreenletSet> {
  readonly _raises: boolean;

  constructor(set: GreenletSet, queue: WaitQueue, timeout: number, raises: boolean) {
    super(set, queue, timeout);
    this._raises = raises;
  }

  get _name(): string {
    return `${this._of.constructor.name}.join`;
  }

  _start(waiter: Waiter): Started {
    const set = this._of;
    if (set.length === 0) {
      const failure = this._raises ? set._takeFailure() : null;
      if (failure !== null) throw failure._value;
      return done(waiter, true);
    }
    if (this._timeout === 0) return done(waiter, false);
    if (this._raises) set._raises(1);
    return this._wait(waiter);
  }

  override _undo(waiter: Waiter): void {
    super._undo(waiter);
    if (this._raises) this._of._raises(-1);
  }

  protected _late(waiter: Waiter): void {
    wake(waiter, false);
  }
}
