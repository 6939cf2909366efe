/** A place for a value or an error that greenlets wait for. */
import { blockTimeout, timeoutOf } from '../runtime/check.js';
import { engine, wake } from '../runtime/engine.js';
import type { greenlet } from '../runtime/greenlet.js';
import type { GetOptions } from '../runtime/join.js';
import { CallbackLink, type Linked, type LinkTarget, removeCallback } from '../runtime/link-callbacks.js';
import { type Link, LinkList } from '../runtime/links.js';
import { FAILED, OBSERVED } from '../runtime/observe.js';
import { describe, done, type Operation } from '../runtime/operation.js';
import { timedOut } from '../runtime/timeout.js';
import { WaitQueue } from '../runtime/wait-queue.js';
import type { Started, Waiter } from '../runtime/waiter.js';
import { SyncObject, type SyncOptions, waitingText } from './sync-object.js';
import { handToAll, UntilReady, WaitOperation } from './wait-operation.js';

export interface AsyncResultStatistics {
  readonly ready: boolean;
  readonly waiters: number;
}

const NOTHING = Symbol('nothing');

export class AsyncResult<T = unknown> extends SyncObject {
  readonly #queue = new WaitQueue();
  #value: T | typeof NOTHING = NOTHING;
  #error: { readonly error: unknown } | null = null;
  #links: Link | null = null;

  /**
   * Creates a result that is not there yet. Given to `greenlet.link`, it takes the greenlet's outcome. Mirrors
   * `gevent.event.AsyncResult`.
   *
   * @example const answer = new AsyncResult<number>(); spawn(() => answer.set(42)); console.log(yield* answer.get());
   */
  constructor(options?: SyncOptions) {
    super(options);
  }

  /** Gives the value to everyone who waits, in the order they came. Set again, the new value replaces the old. Never switches. */
  set(value: T): void {
    this.#value = value;
    this.#arrived();
  }

  /**
   * Has everyone who waits throw `error`. A value that was set before, or is set later, wins over it in `get`. Never switches.
   */
  setException(error: unknown): void {
    this.#error = { error };
    this.#arrived();
  }

  #arrived(): void {
    handToAll(this.#queue, undefined);
    const links = this.#links;
    this.#links = null;
    links?._died(this);
  }

  /**
   * Waits for the value and gives it, or throws the error that was set. Errors: `Timeout` when `timeout` ms pass first, or with
   * `block: false` while nothing is there. Switches only if it has to wait.
   */
  get(options?: GetOptions): Operation<T> {
    return new Get<T>(this, this.#queue, blockTimeout(options, 'AsyncResult.get'));
  }

  /** The value now, or throws the error; `Timeout` while nothing is there. Never switches. */
  getNowait(): T {
    if (this.#value !== NOTHING) return this.#value;
    if (this.#error !== null) throw this.#error.error;
    throw timedOut(`AsyncResult.getNowait of ${this}`, 0, engine.current);
  }

  /** Waits until something is there. Gives the value; `undefined` after an error or when `timeout` ms have passed. Never throws. */
  wait(options?: { readonly timeout?: number | undefined }): Operation<T | undefined> {
    return new Wait<T>(this, this.#queue, timeoutOf(options, 'AsyncResult.wait'));
  }

  /** A value or an error is there. Never switches. */
  ready(): boolean {
    return this.#value !== NOTHING || this.#error !== null;
  }

  /** A value is there. */
  successful(): boolean {
    return this.#value !== NOTHING;
  }

  /** The value; undefined while there is none. */
  get value(): T | undefined {
    return this.#value === NOTHING ? undefined : this.#value;
  }

  /** The error; undefined while there is none. */
  get exception(): unknown {
    return this.#error?.error;
  }

  /** Calls `callback(result)` once when it is ready, in a greenlet of its own; another `AsyncResult` takes the outcome. */
  link<R>(callback: Linked<this, R, T>): void {
    this.#link(new CallbackLink(callback as unknown as LinkTarget<greenlet>, 'any', false));
  }

  /** Like `link`, but a plain callback is called in the hub, where it must not block. */
  rawlink<R>(callback: Linked<this, R, T>): void {
    this.#link(new CallbackLink(callback as unknown as LinkTarget<greenlet>, 'any', true));
  }

  /** Takes a link back; does nothing when there is none, or it has been called. */
  unlink(callback: LinkTarget<this>): void {
    const remove = (link: Link) => {
      if (this.#links === link) this.#links = null;
      else if (this.#links instanceof LinkList) this.#links.delete(link);
    };
    removeCallback(this.#links, callback as unknown as LinkTarget<greenlet>, remove, this);
  }

  #link(link: Link): void {
    if (this.ready()) link._died(this);
    else if (this.#links === null) this.#links = link;
    else if (this.#links instanceof LinkList) this.#links.add(link);
    else this.#links = new LinkList(this.#links, link);
  }

  /** What a link reads of whatever it is told of. @internal */
  get _flags(): number {
    return this.successful() ? 0 : FAILED | OBSERVED;
  }

  /** @internal */
  get _value(): unknown {
    return this.successful() ? this.#value : this.#error?.error;
  }

  /** @internal */
  _whenReady(): Operation<this> {
    return new UntilReady<this>(this, this.#queue);
  }

  statistics(): AsyncResultStatistics {
    return Object.freeze({ ready: this.ready(), waiters: this.#queue.length });
  }

  protected _stateText(): string {
    const state = this.successful() ? 'set' : this.#error !== null ? 'failed' : 'empty';
    return `${state}${waitingText(this.#queue.length)}`;
  }
}

class Get<T> extends WaitOperation<T, AsyncResult<T>> {
  readonly _name = 'AsyncResult.get';

  _start(waiter: Waiter): Started {
    const result = this._of;
    if (result.successful()) return done(waiter, result.value);
    if (result.ready()) throw result.exception;
    if (this._timeout === 0) throw timedOut(describe(this), 0, waiter);
    return this._wait(waiter);
  }

  override _receive(waiter: Waiter): void {
    wake(waiter, this._of._value, !this._of.successful());
  }

  protected _late(waiter: Waiter): void {
    wake(waiter, timedOut(describe(this), this._timeout, waiter), true);
  }
}

class Wait<T> extends WaitOperation<T | undefined, AsyncResult<T>> {
  readonly _name = 'AsyncResult.wait';

  _start(waiter: Waiter): Started {
    if (this._of.ready() || this._timeout === 0) return done(waiter, this._of.value);
    return this._wait(waiter);
  }

  override _receive(waiter: Waiter): void {
    wake(waiter, this._of.value);
  }

  protected _late(waiter: Waiter): void {
    wake(waiter, undefined);
  }
}
