/** The items of a queue as `Results`: until it is shut down and drained. */
import { Call } from '../runtime/call.js';
import { engine, wake } from '../runtime/engine.js';
import { Fiber } from '../runtime/fiber.js';
import { done, type Operation } from '../runtime/operation.js';
import { Results } from '../runtime/results.js';
import type { Green } from '../runtime/types.js';
import type { Started, Waiter } from '../runtime/waiter.js';
import { nameOf, type Store, Taking } from './queue-operations.js';

const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

export class QueueItems<T> extends Results<T> {
  readonly #queue: Store<T>;
  #pull: Next<T> | null = null;

  constructor(queue: Store<T>) {
    super();
    this.#queue = queue;
  }

  override more(): Operation<boolean> {
    return new More(this.#queue, this);
  }

  override next(): Operation<IteratorResult<T, undefined>> {
    return new Next(this.#queue, this);
  }

  _pull(): Operation<IteratorResult<T, undefined>> {
    this.#pull ??= new Next(this.#queue, this);
    return this.#pull;
  }

  /** Whoever waits for the next item is told that there is none; the items stay. */
  protected override _close(): void {
    // All are looked for first: with one that goes on others may go away.
    for (const waiter of [...this.#queue._getters].filter((each) => this.#isPuller(each))) {
      if (!this.#isPuller(waiter)) continue;
      const pull = waiter._op as Pull<unknown, T>;
      this.#queue._getters.remove(waiter);
      pull._ended(waiter);
    }
  }

  #isPuller({ _op: operation }: Waiter): boolean {
    return operation instanceof Pull && operation._items === this;
  }
}

/** Takes an item; the end is a result and no error. An operation itself, so that it loses nothing where it is an operand. */
abstract class Pull<R, T> extends Taking<R, T> {
  readonly _items: QueueItems<T>;

  constructor(queue: Store<T>, items: QueueItems<T>) {
    super(queue, Number.POSITIVE_INFINITY);
    this._items = items;
  }

  override get _name(): string {
    return `${nameOf(this)}.items`;
  }

  /** What it gives for an item. */
  protected abstract _one(item: T): R;

  /** What it gives at the end. */
  protected abstract _none(): R;

  override _start(waiter: Waiter): Started {
    return this._items._isClosed ? done(waiter, this._none()) : super._start(waiter);
  }

  protected _given(waiter: Waiter): R {
    return this._one(this._of._take(waiter));
  }

  override _receive(waiter: Waiter, item: unknown): void {
    wake(waiter, this._one(item as T));
  }

  protected override _over(waiter: Waiter): Started {
    this._items.close();
    return done(waiter, this._none());
  }

  override _ended(waiter: Waiter): void {
    wake(waiter, this._none());
    this._items.close();
  }
}

class Next<T> extends Pull<IteratorResult<T, undefined>, T> {
  protected _one(item: T): IteratorResult<T, undefined> {
    return { done: false, value: item };
  }

  protected _none(): IteratorResult<T, undefined> {
    return END;
  }
}

class More<T> extends Pull<boolean, T> {
  /** A greenlet sets the value when it goes on, in a frame of its own: several may share one iteration. */
  override _start(waiter: Waiter): Started {
    if (!(waiter instanceof Fiber)) return super._start(waiter);
    const frame = new Call(advance as never, [this._items], 'Results.more');
    engine.watch?.ran(frame);
    return frame._start(waiter);
  }

  override get _isFrame(): boolean {
    return true;
  }

  protected _one(item: T): boolean {
    this._items._keep(item);
    return true;
  }

  protected _none(): boolean {
    this._items._keep(undefined);
    return false;
  }
}

function* advance<T>(items: QueueItems<T>): Green<boolean> {
  const result = yield* items._pull();
  items._keep(result.value);
  return result.done !== true;
}
