/** A flag that greenlets wait for. */
import { timeoutOf } from '../runtime/check.js';
import { engine, wake } from '../runtime/engine.js';
import { done, type Operation } from '../runtime/operation.js';
import { WaitQueue } from '../runtime/wait-queue.js';
import type { Started, Waiter } from '../runtime/waiter.js';
import { SyncObject, type SyncOptions, waitingText } from './sync-object.js';
import { handToAll, UntilReady, WaitOperation } from './wait-operation.js';

export interface EventStatistics {
  readonly isSet: boolean;
  readonly waiters: number;
}

export class Event extends SyncObject {
  readonly #queue = new WaitQueue();
  #isSet = false;
  #wait: Wait | null = null;

  /**
   * Creates an event that is not set. Mirrors `gevent.event.Event` and `threading.Event`.
   *
   * @example const ready = new Event(); spawn(function* () { yield* ready.wait(); go(); }); ready.set();
   */
  constructor(options?: SyncOptions) {
    super(options);
  }

  /** Sets it and wakes everyone who waits, in the order they came; also if it is cleared at once. Never switches. */
  set(): void {
    if (this.#isSet) return;
    this.#isSet = true;
    handToAll(this.#queue, true);
  }

  /** Takes it back: whoever waits from now on waits for the next `set`. Never switches. */
  clear(): void {
    this.#isSet = false;
  }

  /** Whether it is set. Never switches. */
  isSet(): boolean {
    return this.#isSet;
  }

  /** The same as `isSet()`. */
  ready(): boolean {
    return this.#isSet;
  }

  /** Waits until it is set and gives true; false when `timeout` ms pass first. Switches only if it is not set. */
  wait(options?: { readonly timeout?: number | undefined }): Operation<boolean> {
    if (options === undefined && engine.watch === null) {
      this.#wait ??= new Wait(this, this.#queue, Number.POSITIVE_INFINITY);
      return this.#wait;
    }
    return new Wait(this, this.#queue, timeoutOf(options, 'Event.wait'));
  }

  /** @internal */
  _whenReady(): Operation<this> {
    return new UntilReady<this>(this, this.#queue);
  }

  statistics(): EventStatistics {
    return Object.freeze({ isSet: this.#isSet, waiters: this.#queue.length });
  }

  protected _stateText(): string {
    return `${this.#isSet ? 'set' : 'clear'}${waitingText(this.#queue.length)}`;
  }
}

class Wait extends WaitOperation<boolean, Event> {
  readonly _name = 'Event.wait';

  override get _forgets(): boolean {
    return true;
  }

  _start(waiter: Waiter): Started {
    if (this._of.isSet()) return done(waiter, true);
    return this._timeout === 0 ? done(waiter, false) : this._wait(waiter);
  }

  protected _late(waiter: Waiter): void {
    wake(waiter, false);
  }
}
