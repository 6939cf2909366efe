/** What is read one after the other, as `Results`. */
import { Call } from '../../runtime/call.js';
import type { Operation } from '../../runtime/operation.js';
import { Results } from '../../runtime/results.js';
import type { Green } from '../../runtime/types.js';

const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** What is read, one after the other; null is the end. */
export class Pieces<T> extends Results<T> {
  readonly #next: () => Operation<T | null>;

  constructor(next: () => Operation<T | null>) {
    super();
    this.#next = next;
  }

  protected _pull(): Operation<IteratorResult<T, undefined>> {
    return new Call(piece as never, [this.#next], 'Socket.lines');
  }
}

function* piece<T>(next: () => Operation<T | null>): Green<IteratorResult<T, undefined>> {
  const value = yield* next();
  return value === null ? END : { done: false, value };
}
