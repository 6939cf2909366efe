/** The operations on queues. */
import { engine as shared, wake } from '../runtime/engine.js';
import { done, irregular, Operation, resumed } from '../runtime/operation.js';
import type { WaitQueue } from '../runtime/wait-queue.js';
import { type Blocking, RUNNING, type Started, type Waiter } from '../runtime/waiter.js';
import { Empty, Full, ShutDown } from './errors.js';
import { failWith, late, WaitOperation } from './wait-operation.js';

const engine = shared;

/** A queue, as its operations see it. */
export interface Store<T> {
  /** Those who get, and those who only want to see. @internal */
  readonly _getters: WaitQueue;
  /** Those who put; the slot of each is its item. @internal */
  readonly _putters: WaitQueue;
  readonly isShutdown: boolean;
  /** `waiter` can be given an item now. @internal */
  _hasItem(waiter: Waiter | null): boolean;
  /** The next item, for `waiter`; there is one. @internal */
  _take(waiter: Waiter | null): T;
  /** The next item for `waiter`, which stays; there is one. @internal */
  _look(waiter: Waiter | null): T;
  /** An item can be put now. @internal */
  _hasRoom(waiter: Waiter | null): boolean;
  /** Puts `item`; there is room. @internal */
  _accept(item: T, waiter: Waiter | null): void;
  /** Throws when nothing more is taken. @internal */
  _checkOpen(): void;
  /** Somebody waits in `_putters` from now on. @internal */
  _offered(): void;
  /** How `put` goes on when it has put: it, and whoever can by that. @internal */
  _afterPut(waiter: Waiter, put: Blocking): Started;
  /** The same for `taking`, which has taken and gives `value`. @internal */
  _afterTake(waiter: Waiter, taking: Blocking, value: unknown): Started;
}

interface Tasks {
  readonly unfinishedTasks: number;
}

/** Takes an item, or looks at it. */
export abstract class Taking<R, T> extends WaitOperation<R, Store<T>> {
  constructor(queue: Store<T>, timeout: number) {
    super(queue, queue._getters, timeout);
  }

  get _name(): string {
    return `${nameOf(this)}.get`;
  }

  /** What is given when there is an item. @internal */
  protected abstract _given(waiter: Waiter): unknown;

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

  _start(waiter: Waiter): Started {
    const queue = this._of;
    if (queue._hasItem(waiter)) {
      const given = this._given(waiter);
      return this._looks ? done(waiter, given) : queue._afterTake(waiter, this, given);
    }
    if (queue.isShutdown) return this._over(waiter);
    if (this._timeout === 0) throw late(Empty, this, waiter);
    return this._wait(waiter);
  }

  /** It was begun when nothing can come any more. @internal */
  protected _over(_waiter: Waiter): Started {
    throw new ShutDown(`${this._of} is shut down`);
  }

  /** It waits, and nothing can come any more. @internal */
  _ended(waiter: Waiter): void {
    failWith(waiter, ShutDown, `${this._of} was shut down`);
  }

  protected _late(waiter: Waiter): void {
    wake(waiter, late(Empty, this, waiter), true);
  }
}

export class Get<T> extends Taking<T, T> {
  override get _forgets(): boolean {
    return true;
  }

  protected _given(waiter: Waiter): T {
    return this._of._take(waiter);
  }
}

export class Peek<T> extends Taking<T, T> {
  override get _name(): string {
    return `${nameOf(this)}.peek`;
  }

  override get _looks(): boolean {
    return true;
  }

  protected _given(waiter: Waiter): T {
    return this._of._look(waiter);
  }
}

/** Waits until there is something to get, or it is shut down; gives the queue. */
export class UntilItem<T, Q extends Store<T>> extends Taking<Q, T> {
  override get _name(): string {
    return 'wait';
  }

  override get _looks(): boolean {
    return true;
  }

  protected _given(): unknown {
    return this._of;
  }

  override _receive(waiter: Waiter): void {
    wake(waiter, this._of);
  }

  protected override _over(waiter: Waiter): Started {
    return done(waiter, this._of);
  }

  override _ended(waiter: Waiter): void {
    wake(waiter, this._of);
  }
}

export class Put<T> extends WaitOperation<void, Store<T>> {
  readonly #item: T;

  constructor(queue: Store<T>, timeout: number, item: T) {
    super(queue, queue._putters, timeout);
    this.#item = item;
  }

  get _name(): string {
    return `${nameOf(this)}.put`;
  }

  override get _forgets(): boolean {
    return true;
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

  _start(waiter: Waiter): Started {
    const queue = this._of;
    queue._checkOpen();
    if (queue._hasRoom(waiter)) {
      queue._accept(this.#item, waiter);
      return queue._afterPut(waiter, this);
    }
    if (this._timeout === 0) throw late(Full, this, waiter);
    const started = this._wait(waiter, this.#item);
    queue._offered();
    return started;
  }

  protected _late(waiter: Waiter): void {
    wake(waiter, late(Full, this, waiter), true);
  }
}

export class Join extends WaitOperation<boolean, Tasks> {
  get _name(): string {
    return `${nameOf(this)}.join`;
  }

  _start(waiter: Waiter): Started {
    if (this._of.unfinishedTasks === 0) return done(waiter, true);
    return this._timeout === 0 ? done(waiter, false) : this._wait(waiter);
  }

  protected _late(waiter: Waiter): void {
    wake(waiter, false);
  }
}

/** A request that was carried out at its call. */
export class Acted extends Operation<void> {
  readonly _name: string;

  constructor(name: string) {
    super();
    this._name = name;
  }

  override get _isRequest(): boolean {
    return true;
  }

  _start(waiter: Waiter): Started {
    return done(waiter, undefined);
  }
}

export function nameOf(operation: WaitOperation<unknown, object>): string {
  return operation._of.constructor.name;
}
