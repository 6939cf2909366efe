/**
 * `yield*` of a promise of the host's: the wait is its own iterator.
 *
 * What costs most is the pair of functions that subscribes, so a wait is used again, with its pair, once the host has called one of
 * the two; until then nobody else may have it, also when its greenlet was killed. Nothing happens between the call that
 * takes it and its `next`, because `yield*` makes both.
 */
import { engine as shared, takeBack, wake } from '../../runtime/engine.js';
import { openTurn, runTurnInJob } from '../../runtime/hub.js';
import { irregular, Operation, park, resumed } from '../../runtime/operation.js';
import { outside } from '../../runtime/until.js';
import { RUNNING, type Started, type Waiter } from '../../runtime/waiter.js';

const engine = shared;

/** What a patched call has under way. */
export interface Work {
  /** Shown in reports: 'fetch', 'fs.readFile'. */
  readonly name: string;
  /** Ends it: nobody waits any more. Does not throw. */
  readonly abort?: (() => void) | undefined;
  /** Lets go of what comes after that. Does not throw. */
  readonly late?: ((value: never) => unknown) | undefined;
}

/** The promise of a patched call, and how many wait for it by `yield*`. */
export interface Followed {
  readonly promise: PromiseLike<unknown>;
  readonly work: Work;
  waiting: number;
}

/** How many waits are kept. */
const KEPT = 256;
const kept: PromiseWait[] = [];
/** Whoever has this `then` calls back once, and in a promise job. */
const { then } = Promise.prototype;

export class PromiseWait extends Operation<unknown> {
  #promise: PromiseLike<unknown> | null = null;
  #waiter: Waiter | null = null;
  #followed: Followed | undefined = undefined;
  #plain = true;
  readonly #fulfilled = (value: unknown): void => this.#settled(value, false);
  readonly #rejected = (error: unknown): void => this.#settled(error, true);

  constructor() {
    super();
    // It is made in order to be run.
    if (engine.watch !== null) engine.watch.ran(this);
  }

  /** A wait for `promise`, to be begun by its `next`. */
  static of(promise: PromiseLike<unknown>, followed: Followed | undefined): PromiseWait {
    const plain = promise.then === then;
    const wait = (plain ? kept.pop() : undefined) ?? new PromiseWait();
    wait.#promise = promise;
    wait.#followed = followed;
    wait.#plain = plain;
    return wait;
  }

  /** @internal */
  get _name(): string {
    return this.#followed?.work.name ?? 'until';
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

  /** @internal */
  _start(waiter: Waiter): Started {
    const promise = this.#promise as PromiseLike<unknown>;
    const mode = waiter._mode;
    this.#promise = null;
    this.#waiter = waiter;
    outside.waits++;
    if (this.#followed !== undefined) this.#followed.waiting++;
    // Parked first: the `then` of a subclass may call back at once, or throw.
    const started = park(waiter, this);
    try {
      promise.then(this.#fulfilled, this.#rejected);
    } catch (error) {
      takeBack(waiter);
      waiter._mode = mode;
      throw error;
    }
    return started;
  }

  #settled(value: unknown, failed: boolean): void {
    const waiter = this.#waiter;
    if (this.#plain && kept.length < KEPT) kept.push(this);
    if (waiter === null) return;
    this.#waiter = null;
    outside.waits--;
    if (this.#followed !== undefined) {
      this.#followed.waiting--;
      this.#followed = undefined;
    }
    if (this.#plain && openTurn()) {
      wake(waiter, value, failed);
      runTurnInJob();
    } else {
      wake(waiter, value, failed);
    }
  }

  /** @internal */
  override _undo(): void {
    const followed = this.#followed;
    this.#waiter = null;
    this.#followed = undefined;
    outside.waits--;
    if (followed === undefined || --followed.waiting > 0) return;
    const { abort, late } = followed.work;
    if (late !== undefined) followed.promise.then(late as (value: unknown) => unknown, () => {});
    abort?.();
  }
}
