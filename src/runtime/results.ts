/** Anything that yields many values. */
import { Call } from './call.js';
import { engine } from './engine.js';
import { Fiber } from './fiber.js';
import { done, Operation } from './operation.js';
import type { Green } from './types.js';
import type { Started, Waiter } from './waiter.js';

/**
 * Many values, one after the other. Inside a greenlet: `while (yield* it.more()) use(it.value)`; outside: `for await`. An
 * interrupted `more` or `next` loses no value.
 */
export abstract class Results<T> implements Disposable, AsyncIterable<T> {
  #value: T | undefined;
  #closed = false;

  /** The next value, or that there is none any more. Errors of the source are thrown. @internal */
  protected abstract _pull(): Operation<IteratorResult<T, undefined>>;

  /** Lets go of the source; called once. @internal */
  protected _close(): void {}

  /** Moves on to the next value, which is then in `value`; false when there is none. */
  more(): Operation<boolean> {
    const keep = (value: T | undefined) => {
      this.#value = value;
    };
    return new Call(advance as never, [this, keep], 'Results.more');
  }

  /** The value that `more` moved to. */
  get value(): T {
    return this.#value as T;
  }

  next(): Operation<IteratorResult<T, undefined>> {
    return new Next(this);
  }

  /** All values that are left. Interrupted or failed, it is closed: what had come is lost, so that nobody could go on from there. */
  toArray(): Operation<T[]> {
    return new Call(collect as never, [this], 'Results.toArray');
  }

  /** Ends it: the source is let go, and there are no more values. Acts at the call. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this._close();
  }

  /** @internal */
  get _isClosed(): boolean {
    return this.#closed;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return {
      next: () => this.next().promise(),
      return: async () => {
        this.close();
        return { done: true, value: undefined };
      },
    };
  }
}

/** An operation itself, and no body: where it is an operand, the pull is undone when it loses. */
class Next<T> extends Operation<IteratorResult<T, undefined>> {
  readonly _name = 'Results.next';
  readonly #results: Results<T>;

  constructor(results: Results<T>) {
    super();
    this.#results = results;
  }

  override get _isFrame(): boolean {
    return true;
  }

  _start(waiter: Waiter): Started {
    const results = this.#results as Pullable<T>;
    if (waiter instanceof Fiber) {
      const frame = new Call(pull as never, [results], this._name);
      if (engine.watch !== null) engine.watch.ran(frame);
      return frame._start(waiter);
    }
    if (results._isClosed) return done(waiter, END);
    const pulling = results._pull();
    if (engine.watch !== null) engine.watch.ran(pulling);
    return pulling._start(waiter);
  }
}

type Pullable<T> = Results<T> & { _pull(): Operation<IteratorResult<T, undefined>> };

const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

function* pull<T>(results: Pullable<T>): Green<IteratorResult<T, undefined>> {
  if (results._isClosed) return END;
  const result = yield* results._pull();
  if (result.done) results.close();
  return result;
}

function* advance<T>(results: Pullable<T>, keep: (value: T | undefined) => void): Green<boolean> {
  const result = yield* pull(results);
  keep(result.value);
  return result.done !== true;
}

function* collect<T>(results: Pullable<T>): Green<T[]> {
  const all: T[] = [];
  try {
    for (;;) {
      const result = yield* pull(results);
      if (result.done) return all;
      all.push(result.value);
    }
  } finally {
    results.close();
  }
}
