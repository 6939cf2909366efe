/** Waiting for the deaths of greenlets that were killed. */
import { wake } from '../runtime/engine.js';
import { limitWait } from '../runtime/holds.js';
import type { Link } from '../runtime/links.js';
import { done, Operation, park } from '../runtime/operation.js';
import type { Greenlet } from '../runtime/scheduled-greenlet.js';
import { DEAD, type Started, type Waiter } from '../runtime/waiter.js';

/** One run: the link that all share, and how many are alive. */
class Run implements Link {
  readonly _waiter: Waiter;
  left: number;

  constructor(waiter: Waiter, left: number) {
    this._waiter = waiter;
    this.left = left;
  }

  _died(): void {
    if (--this.left === 0) wake(this._waiter, true);
  }
}

/** The outcome of a request to kill: true when all are dead, false when `timeout` ms pass first. */
export class Deaths extends Operation<boolean> {
  readonly _name: string;
  readonly #of: object;
  readonly #greenlets: readonly Greenlet<unknown>[];
  readonly #timeout: number;
  readonly #block: boolean;

  constructor(of: object, greenlets: readonly Greenlet<unknown>[], timeout: number, block: boolean) {
    super();
    this._name = `${of.constructor.name}.kill`;
    this.#of = of;
    this.#greenlets = greenlets;
    this.#timeout = block ? timeout : 0;
    this.#block = block;
  }

  override get _object(): unknown {
    return this.#of;
  }

  override get _isRequest(): boolean {
    return true;
  }

  /** With `block: false` it is no suspension: a kill of oneself is not thrown here. */
  override get _isFrame(): boolean {
    return !this.#block;
  }

  _start(waiter: Waiter): Started {
    const alive = this.#greenlets.filter((each) => each._mode !== DEAD);
    if (alive.length === 0) return done(waiter, true);
    // Who is among them would wait for itself: its kill is thrown at its next suspension.
    if (this.#timeout === 0 || alive.some((each) => each === waiter._self)) return done(waiter, false);
    const run = new Run(waiter, alive.length);
    for (const each of alive) each._link(run);
    limitWait(waiter, this.#timeout);
    return park(waiter, this, run);
  }

  override _undo(waiter: Waiter): void {
    for (const each of this.#greenlets) each._unlink(waiter._slot as Run);
  }

  override _expire(waiter: Waiter): void {
    this._undo(waiter);
    wake(waiter, false);
  }
}
