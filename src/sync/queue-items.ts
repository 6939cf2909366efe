/** The items of a queue as `Results`: until it is shut down and drained. */
import type { Operation } from '../runtime/operation.js';
import { Results } from '../runtime/results.js';
import { Pull, type Store } from './queue-operations.js';

export class QueueItems<T> extends Results<T> {
  readonly #queue: Store<T>;
  readonly #pull: Pull<T>;

  constructor(queue: Store<T>) {
    super();
    this.#queue = queue;
    this.#pull = new Pull(queue, Number.POSITIVE_INFINITY);
  }

  protected _pull(): Operation<IteratorResult<T, undefined>> {
    return this.#pull;
  }

  /** Whoever waits for the next item is told that there is none; the items stay. */
  protected override _close(): void {
    for (const waiter of this.#queue._getters) {
      if (waiter._op !== this.#pull) continue;
      this.#queue._getters.remove(waiter);
      this.#pull._ended(waiter);
    }
  }
}
