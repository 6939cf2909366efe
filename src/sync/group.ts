/** A set of greenlets without bound. */
import type { Fn, Returned } from '../runtime/body-types.js';
import { showValue, timeoutOf } from '../runtime/check.js';
import { done, Operation } from '../runtime/operation.js';
import type { Greenlet } from '../runtime/scheduled-greenlet.js';
import { makeGreenlet, type SpawnOptions } from '../runtime/spawn.js';
import type { Started, Waiter } from '../runtime/waiter.js';
import type { Ending } from './ending.js';
import { type AnyGreenlet, checkMember, GreenletSet } from './greenlet-set.js';
import { type SyncOptions, waitingText } from './sync-object.js';

export class Group extends GreenletSet {
  /**
   * A group of greenlets, at first those of `greenlets`. Those that end leave it. Mirrors `gevent.pool.Group`.
   *
   * @example const group = new Group(); for (const url of urls) group.spawn(load, url); yield* group.join({ raiseError: true });
   */
  constructor(greenlets: Iterable<AnyGreenlet> = [], options?: SyncOptions) {
    super(options);
    if (typeof greenlets !== 'object' || greenlets === null || !(Symbol.iterator in greenlets)) {
      throw new TypeError(`greenlets must be an iterable of greenlets, got ${showValue(greenlets)}`);
    }
    for (const each of greenlets) this.add(each);
  }

  /** Starts `fn(...args)` in a new greenlet of the group; gives it. Never switches. */
  spawn<A extends unknown[], R>(fn: Fn<A, R>, ...args: A): Greenlet<Returned<R>>;
  spawn<A extends unknown[], R>(options: SpawnOptions, fn: Fn<A, R>, ...args: A): Greenlet<Returned<R>>;
  spawn<T>(operation: Operation<T>): Greenlet<T>;
  spawn(first: unknown, ...rest: unknown[]): AnyGreenlet {
    const member = makeGreenlet(first, rest);
    this._enter(member, true);
    return member;
  }

  /** Takes `greenlet` in; does not start it. Never switches. Errors: `TypeError`. */
  add(greenlet: AnyGreenlet): void {
    checkMember(greenlet);
    this._enter(greenlet, false);
  }

  /** Takes `greenlet` in and starts it. Never switches. Errors: `TypeError`. */
  start(greenlet: AnyGreenlet): void {
    checkMember(greenlet);
    this._enter(greenlet, true);
  }

  /** Never. */
  full(): boolean {
    return false;
  }

  /** `Infinity`. */
  freeCount(): number {
    return Number.POSITIVE_INFINITY;
  }

  /** True, at once. */
  waitAvailable(options?: { readonly timeout?: number | undefined }): Operation<boolean> {
    timeoutOf(options, 'Group.waitAvailable');
    return AVAILABLE;
  }

  _place(greenlet: AnyGreenlet): void {
    this._enter(greenlet, true);
  }

  _entering(make: () => AnyGreenlet, ending: Ending, name: string): Operation<AnyGreenlet> {
    return new Enter(this, make, ending, name);
  }

  protected get _lookAhead(): number {
    return Number.POSITIVE_INFINITY;
  }

  /** @internal */
  _whenReady(): Operation<this> {
    return new Ready(this);
  }

  protected _stateText(): string {
    return `${this.length}${waitingText(this.statistics().joiners, 'joining')}`;
  }
}

class Ready<T> extends Operation<T> {
  readonly _name = 'wait';
  readonly #value: T;

  constructor(value: T) {
    super();
    this.#value = value;
  }

  _start(waiter: Waiter): Started {
    return done(waiter, this.#value);
  }
}

const AVAILABLE = new Ready(true);

class Enter extends Operation<AnyGreenlet> {
  readonly _name: string;
  readonly #group: Group;
  readonly #make: () => AnyGreenlet;
  readonly #ending: Ending;

  constructor(group: Group, make: () => AnyGreenlet, ending: Ending, name: string) {
    super();
    this._name = name;
    this.#group = group;
    this.#make = make;
    this.#ending = ending;
  }

  _start(waiter: Waiter): Started {
    const member = this.#make();
    this.#group._enter(member, true, this.#ending);
    return done(waiter, member);
  }
}
