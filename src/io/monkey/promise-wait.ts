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

/** `#id` of a wait in which nobody waits, and of one for a greenlet without a number, which is in `#loose`. */
const NOBODY = -1;
const LOOSE = -2;

export class PromiseWait extends Operation<unknown> {
  /** The number of the greenlet: storing the greenlet, which is younger, would cost more. */
  #id = NOBODY;
  #loose: Waiter | null = null;
  #followed: Followed | undefined = undefined;
  /** With a `then` of its own, which may throw, or call back at once, twice or in anybody's call: not subscribed to before the greenlet is parked. */
  #odd: PromiseLike<unknown> | null = null;
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
    if (followed !== undefined) wait.#followed = followed;
    if (plain) promise.then(wait.#fulfilled, wait.#rejected);
    else wait.#odd = promise;
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
    const mode = waiter._mode;
    const id = waiter._id;
    if (id < 0) this.#loose = waiter;
    this.#id = id < 0 ? LOOSE : id;
    outside.waits++;
    if (this.#followed !== undefined) this.#followed.waiting++;
    const started = park(waiter, this);
    if (this.#odd !== null) this.#subscribe(this.#odd, waiter, mode);
    return started;
  }

  #subscribe(odd: PromiseLike<unknown>, waiter: Waiter, mode: number): void {
    try {
      odd.then(this.#fulfilled, this.#rejected);
    } catch (error) {
      takeBack(waiter);
      waiter._mode = mode;
      throw error;
    }
  }

  /** Nobody waits in it any more; who did. */
  #leave(): Waiter | null {
    const id = this.#id;
    if (id === NOBODY) return null;
    this.#id = NOBODY;
    outside.waits--;
    if (id >= 0) return engine.slots[id] as Waiter;
    const waiter = this.#loose;
    this.#loose = null;
    return waiter;
  }

  #settled(value: unknown, failed: boolean): void {
    const followed = this.#followed;
    const waiter = this.#leave();
    if (followed !== undefined) {
      this.#followed = undefined;
      if (waiter !== null) followed.waiting--;
    }
    const plain = this.#odd === null;
    if (plain && kept.length < KEPT) kept.push(this);
    if (waiter === null) return;
    if (plain && openTurn()) {
      wake(waiter, value, failed);
      runTurnInJob();
    } else {
      wake(waiter, value, failed);
    }
  }

  /** @internal */
  override _undo(): void {
    const followed = this.#followed;
    this.#followed = undefined;
    this.#leave();
    if (followed === undefined || --followed.waiting > 0) return;
    const { abort, late } = followed.work;
    if (late !== undefined) followed.promise.then(late as (value: unknown) => unknown, () => {});
    abort?.();
  }
}
