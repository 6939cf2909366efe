/** The items of a queue as `Results`: until it is shut down and drained. */
import { wake } from '../runtime/engine.js';
import { done, type Operation } from '../runtime/operation.js';
import { Results } from '../runtime/results.js';
import type { Started, Waiter } from '../runtime/waiter.js';
import { nameOf, type Store, Taking } from './queue-operations.js';

const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

export class QueueItems<T> extends Results<T> {
  readonly #queue: Store<T>;
  /** One for all pulls. */
  readonly #pull: Pull<T>;

  constructor(queue: Store<T>) {
    super();
    this.#queue = queue;
    this.#pull = new Pull(queue, this);
  }

  protected _pull(): Operation<IteratorResult<T, undefined>> {
    return this.#pull;
  }

  /** Whoever waits for the next item is told that there is none; the items stay. */
  protected override _close(): void {
    // All are looked for first: with one that goes on others may go away.
    for (const waiter of [...this.#queue._getters].filter((each) => this.#isPuller(each))) {
      if (!this.#isPuller(waiter)) continue;
      this.#queue._getters.remove(waiter);
      this.#pull._ended(waiter);
    }
  }

  #isPuller({ _op: operation }: Waiter): boolean {
    return operation === this.#pull;
  }
}

/** Takes an item; the end is a result and no error. */
class Pull<T> extends Taking<IteratorResult<T, undefined>, T> {
  readonly #items: QueueItems<T>;

  constructor(queue: Store<T>, items: QueueItems<T>) {
    super(queue, Number.POSITIVE_INFINITY);
    this.#items = items;
  }

  override get _name(): string {
    return `${nameOf(this)}.items`;
  }

  override _start(waiter: Waiter): Started {
    return this.#items._isClosed ? done(waiter, END) : super._start(waiter);
  }

  protected _given(waiter: Waiter): IteratorResult<T, undefined> {
    return { done: false, value: this._of._take(waiter) };
  }

  override _receive(waiter: Waiter, item: unknown): void {
    wake(waiter, { done: false, value: item as T });
  }

  protected override _over(waiter: Waiter): Started {
    this.#items.close();
    return done(waiter, END);
  }

  override _ended(waiter: Waiter): void {
    wake(waiter, END);
    this.#items.close();
  }
}
