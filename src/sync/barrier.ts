/**
 * A place where a number of greenlets wait for one another.
 *
 * Who arrives last lets all go, in one step: there is no state of being drained. An action that blocks runs in a greenlet of its own;
 * until it has ended the last one waits too, and whoever arrives meanwhile belongs to the next round.
 */
import { isGenerator } from '../runtime/body.js';
import { type Child, children } from '../runtime/call.js';
import { checkCount, checkFn, checkTimeout, isPromiseLike, timeoutOf } from '../runtime/check.js';
import { wake } from '../runtime/engine.js';
import { Fiber } from '../runtime/fiber.js';
import type { Link } from '../runtime/links.js';
import { done, Operation } from '../runtime/operation.js';
import type { Green } from '../runtime/types.js';
import { type HandsOut, waitUndone } from '../runtime/undoing.js';
import { WaitQueue } from '../runtime/wait-queue.js';
import type { Started, Waiter } from '../runtime/waiter.js';
import { BrokenBarrierError } from './errors.js';
import { SyncObject, type SyncOptions } from './sync-object.js';
import { failWith, handToAll, late, UntilReady, WaitOperation } from './wait-operation.js';

export interface BarrierStatistics {
  readonly parties: number;
  readonly waiters: number;
  readonly broken: boolean;
}

export interface BarrierOptions extends SyncOptions {
  /** ms of every `wait` that is given none. */
  readonly timeout?: number | undefined;
}

/** What an action gave that has to be waited for. */
type Body = Operation<unknown> | Green<unknown> | PromiseLike<unknown>;

/** An action that blocks, and who waits for its end. */
interface Action {
  readonly round: readonly Waiter[];
  readonly child: Child;
  readonly link: Link;
}

export class Barrier extends SyncObject implements HandsOut {
  /** How many must arrive. */
  readonly parties: number;
  readonly #action: (() => unknown) | undefined;
  readonly #timeout: number;
  /** Those of the round under way first; then those of the next one. */
  readonly #queue = new WaitQueue();
  readonly #lookers = new WaitQueue();
  #running: Action | null = null;
  /** The action is being called. */
  #acting = false;
  #broken = false;
  /** How often those that waited were sent away. @internal */
  _breaks = 0;

  /**
   * A barrier of `parties` greenlets. `action` is called by whoever arrives last, before all go on. Errors: `RangeError` /
   * `TypeError`. Mirrors `threading.Barrier`; a kill takes an arrival back and breaks nothing.
   *
   * @example const start = new Barrier(3); for (const name of names) spawn(function* () { yield* start.wait(); run(name); });
   */
  constructor(parties: number, action?: (() => unknown) | null, options: BarrierOptions = {}) {
    super(options);
    checkCount(parties, 'parties', 1);
    if (action != null) checkFn(action, 'action');
    this.parties = parties;
    this.#action = action ?? undefined;
    this.#timeout = checkTimeout(options.timeout);
  }

  /**
   * Waits until all have arrived; gives the place in the order of arrival, from 0. Errors: `BrokenBarrierError` when it is broken, or
   * by `timeout` ms passing, which break it for all; whoever is last gets the error of the action. Interrupted, it has not
   * arrived. Switches unless it is the last.
   */
  wait(options?: { readonly timeout?: number | undefined }): Operation<number> {
    const timeout = timeoutOf(options, 'Barrier.wait');
    return new Wait(this, this.#queue, options?.timeout === undefined ? this.#timeout : timeout);
  }

  /** Makes it as new: whoever waits gets a `BrokenBarrierError`. Never switches. */
  reset(): void {
    this.#broken = false;
    this.#disperse('was reset');
    this._tell();
  }

  /** Breaks it: whoever waits, or comes later, gets a `BrokenBarrierError`. Never switches. */
  abort(): void {
    this._break('was aborted');
  }

  /** How many wait. */
  get nWaiting(): number {
    return this.#queue.length;
  }

  /** Nobody can pass until `reset()`. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Whoever arrives next need not wait. */
  ready(): boolean {
    if (this.#broken) return true;
    return this.#running === null && !this.#acting && this.#queue.length === this.parties - 1;
  }

  /** @internal */
  _whenReady(): Operation<this> {
    return new UntilReady<this>(this, this.#lookers);
  }

  statistics(): BarrierStatistics {
    return Object.freeze({ parties: this.parties, waiters: this.nWaiting, broken: this.#broken });
  }

  protected _stateText(): string {
    return `${this.#broken ? 'broken' : 'open'}, ${this.nWaiting} of ${this.parties} here`;
  }

  /** `waiter` has been taken out of the queue. @internal */
  _left(waiter: Waiter): void {
    if (!this.#running?.round.includes(waiter)) return;
    this.#stop();
    waitUndone(this);
  }

  /** Whoever came meanwhile may take the place of one that has left. @internal */
  _handOut(): void {
    this.#begin();
  }

  /** @internal */
  _break(why: string): void {
    this.#broken = true;
    this.#disperse(why);
    this._tell();
  }

  #disperse(why: string): void {
    const message = `${this} ${why}`;
    this._breaks++;
    this.#stop();
    for (let waiter = this.#queue.shift(); waiter !== null; waiter = this.#queue.shift()) {
      failWith(waiter, BrokenBarrierError, message);
    }
  }

  /** Whoever waits for it to be nearly full looks again. @internal */
  _tell(): void {
    if (this.ready()) handToAll(this.#lookers, this);
  }

  /** Calls the action; gives what blocks, or null. It may send away those that wait, all or some. @internal */
  _act(): Body | null {
    if (this.#action === undefined) return null;
    this.#acting = true;
    try {
      const result = this.#action();
      if (result instanceof Operation || isGenerator(result)) return result;
      return !(result instanceof Fiber) && isPromiseLike(result) ? result : null;
    } finally {
      this.#acting = false;
    }
  }

  /** All are there and have waited: they go on when `work` has ended. @internal */
  _begin(work: Body): void {
    const round = [...this.#queue].slice(0, this.parties);
    const child = children.spawn(() => work, [], 'Barrier.action');
    const link: Link = {
      _waiter: round.at(-1) as Waiter,
      _died: () => {
        this.#running = null;
        if (child.successful()) this._pass(this.parties);
        else this.#fail(round.at(-1) as Waiter, child.error);
      },
    };
    this.#running = { round, child, link };
    child._link(link);
  }

  /** The first `count` go on. @internal */
  _pass(count: number): void {
    const round = [...this.#queue].slice(0, count);
    round.forEach((waiter, index) => {
      // It has gone with one that went on before it: operands of one `race`.
      if (waiter._op === null) return;
      this.#queue.remove(waiter);
      wake(waiter, index);
    });
    this.#begin();
  }

  #fail(last: Waiter | undefined, error: unknown): void {
    if (last !== undefined) {
      this.#queue.remove(last);
      wake(last, error, true);
    }
    this._break('was broken by its action');
  }

  /** Those that wait may have become enough. */
  #begin(): void {
    if (this.#running !== null || this.#queue.length < this.parties) {
      this._tell();
      return;
    }
    let work: Body | null;
    try {
      work = this._act();
    } catch (error) {
      this.#fail([...this.#queue][this.parties - 1], error);
      return;
    }
    if (this.#queue.length < this.parties) this._tell();
    else if (work === null) this._pass(this.parties);
    else this._begin(work);
  }

  /** The action, if one is under way, is given up. */
  #stop(): void {
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    running.child._unlink(running.link);
    running.child._kill(undefined);
  }
}

class Wait extends WaitOperation<number, Barrier> {
  readonly _name = 'Barrier.wait';

  _start(waiter: Waiter): Started {
    const barrier = this._of;
    if (barrier.broken) throw new BrokenBarrierError(`${barrier}: nobody can pass until reset()`);
    if (!barrier.ready()) {
      if (this._timeout === 0) {
        barrier._break(`was broken by ${waiter._self}, which gave it 0 ms`);
        throw late(BrokenBarrierError, this, waiter);
      }
      const started = this._wait(waiter);
      barrier._tell();
      return started;
    }
    const { _breaks: breaks } = barrier;
    const work = this.#act();
    if (barrier._breaks !== breaks) throw new BrokenBarrierError(`${barrier} was broken by its action`);
    // The action took back an arrival.
    if (barrier.nWaiting < barrier.parties - 1) return this._wait(waiter);
    if (work === null) {
      barrier._pass(barrier.parties - 1);
      return done(waiter, barrier.parties - 1);
    }
    const started = this._wait(waiter);
    barrier._begin(work);
    return started;
  }

  #act(): Body | null {
    try {
      return this._of._act();
    } catch (error) {
      this._of._break('was broken by its action');
      throw error;
    }
  }

  override _undo(waiter: Waiter): void {
    super._undo(waiter);
    this._of._left(waiter);
  }

  override _expire(waiter: Waiter): void {
    super._undo(waiter);
    this._late(waiter);
  }

  protected _late(waiter: Waiter): void {
    wake(waiter, late(BrokenBarrierError, this, waiter), true);
    this._of._break(`was broken by a timeout of ${waiter._self}`);
  }
}
