/** Waiting for the end of a greenlet. */
import { wake } from './engine.js';
import type { greenlet } from './greenlet.js';
import { limitWait } from './holds.js';
import type { Link } from './links.js';
import { FAILED, observe } from './observe.js';
import { describe, done, Operation, park } from './operation.js';
import { timedOut } from './timeout.js';
import { type Blockers, DEAD, NEW, type Started, type Waiter } from './waiter.js';

/** How long to wait for a result; `block: false` is `timeout: 0`. */
export interface GetOptions {
  readonly block?: boolean | undefined;
  readonly timeout?: number | undefined;
}

/** A greenlet with links. */
export interface Linkable extends greenlet {
  _flags: number;
  _link(link: Link): void;
  _unlink(link: Link): void;
}

/** Set by the pools: what a greenlet that has not begun waits for, as a member that is to be. */
export const places = {
  /** Somebody is about to wait for its end. */
  awaited: (_waiter: Waiter, _operation: UntilDeath<unknown>): void => {},
  blockers: (_target: object): Blockers | null => null,
  text: (_target: object): string => '',
};

/** A wait for a death, as the dying greenlet sees it. */
export class DeathLink implements Link {
  readonly _waiter: Waiter;
  readonly #operation: UntilDeath<unknown>;

  constructor(waiter: Waiter, operation: UntilDeath<unknown>) {
    this._waiter = waiter;
    this.#operation = operation;
  }

  _died(): void {
    this.#operation._over(this._waiter);
  }
}

export abstract class UntilDeath<T> extends Operation<T> {
  protected readonly target: Linkable;
  /** ms; null: for ever, for which `Infinity` would be a number on the heap for each. @internal */
  readonly _limit: number | null;

  constructor(target: object, timeout: number) {
    super();
    this.target = target as Linkable;
    this._limit = timeout === Number.POSITIVE_INFINITY ? null : timeout;
  }

  /** ms; `Infinity`: for ever. @internal */
  get _timeout(): number {
    return this._limit ?? Number.POSITIVE_INFINITY;
  }

  override get _object(): unknown {
    return this.target;
  }

  /** Known only of one that waits for a place in a pool. @internal */
  get _blockers(): (() => Blockers | null) | undefined {
    return this.target._mode === NEW ? () => places.blockers(this.target) : undefined;
  }

  /** @internal */
  _because(): string {
    return places.text(this.target);
  }

  /** The target is dead. @internal */
  abstract _over(waiter: Waiter): void;

  /** @internal */
  _startWait(waiter: Waiter): Started {
    if (this.target._mode === NEW) places.awaited(waiter, this as UntilDeath<unknown>);
    const link = new DeathLink(waiter, this as UntilDeath<unknown>);
    this.target._link(link);
    if (this._limit !== null) limitWait(waiter, this._limit);
    return park(waiter, this, link);
  }

  /** @internal */
  override _undo(waiter: Waiter): void {
    this.target._unlink(waiter._slot as Link);
  }
}

/** True when the greenlet has ended, false when the time has passed. */
export class Join extends UntilDeath<boolean> {
  readonly _name: string;
  readonly #block: boolean;

  constructor(target: object, timeout: number, name: string, block = true) {
    super(target, block ? timeout : 0);
    this._name = name;
    this.#block = block;
  }

  override get _isRequest(): boolean {
    return this._name === 'Greenlet.kill';
  }

  /** With `block: false` it is no suspension: a kill of oneself is not thrown here. @internal */
  override get _isFrame(): boolean {
    return !this.#block;
  }

  _start(waiter: Waiter): Started {
    if (this.target._mode === DEAD) return done(waiter, true);
    // One that kills itself under a shield would wait for what the shield holds up.
    const suicide = this._isRequest && waiter._self === this.target;
    if (this._timeout === 0 || suicide) return done(waiter, false);
    return this._startWait(waiter);
  }

  _over(waiter: Waiter): void {
    wake(waiter, true);
  }

  override _expire(waiter: Waiter): void {
    this._undo(waiter);
    wake(waiter, false);
  }
}

/** The value or the error of a greenlet. */
export class Get<T> extends UntilDeath<T> {
  readonly _name = 'Greenlet.get';

  _start(waiter: Waiter): Started {
    const { target } = this;
    if (target._mode === DEAD) {
      if ((target._flags & FAILED) === 0) return done(waiter, target._value);
      observe(target);
      throw target._value;
    }
    if (this._timeout === 0) throw timedOut(describe(this), 0, waiter);
    return this._startWait(waiter);
  }

  _over(waiter: Waiter): void {
    const failed = (this.target._flags & FAILED) !== 0;
    if (failed) observe(this.target);
    wake(waiter, this.target._value, failed);
  }

  override _expire(waiter: Waiter): void {
    this._undo(waiter);
    wake(waiter, timedOut(describe(this), this._timeout, waiter), true);
  }
}
