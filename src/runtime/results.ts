/** Anything that yields many values. */
import { Call, type Child, ChildRun } from './call.js';
import { engine as shared } from './engine.js';
import { GreenletExit } from './errors.js';
import { Fiber } from './fiber.js';
import { done, irregular, Operation, park, resumed } from './operation.js';
import { SHOWN } from './shown.js';
import type { Green } from './types.js';
import type { Visitor } from './visitor.js';
import { RUNNING, type Started, type Waiter } from './waiter.js';

const engine = shared;

/**
 * Many values, one after the other. Inside a greenlet: `while (yield* it.more()) use(it.value)`; outside: `for await`. An
 * interrupted `more` or `next` loses no value.
 */
export abstract class Results<T> implements Disposable, AsyncIterable<T> {
  #value: T | undefined;
  #closed = false;
  /** What came when nobody waited for it any more: it is for whoever pulls next. @internal */
  readonly _late: (() => IteratorResult<T, undefined>)[] = [];

  /** The next value, or that there is none any more. Errors of the source are thrown. @internal */
  protected abstract _pull(): Operation<IteratorResult<T, undefined>>;

  /** Lets go of the source; called once. @internal */
  protected _close(): void {}

  /** Moves on to the next value, which is then in `value`; false when there is none. */
  more(): Operation<boolean> {
    return new More(this);
  }

  /** @internal */
  _keep(value: T | undefined): void {
    this.#value = value;
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
    this._late.length = 0;
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

  /** `<Results>`, by the name of its class. */
  toString(): string {
    return `<${this.constructor.name}>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
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

/**
 * An operation itself, and no body: where it is an operand, the pull is undone when it loses, and what it gives is kept in the
 * step in which it wins.
 */
abstract class Pulling<R, T> extends Operation<R> {
  protected readonly results: Pullable<T>;

  constructor(results: Results<T>) {
    super();
    this.results = results as Pullable<T>;
  }

  override get _isFrame(): boolean {
    return true;
  }

  /** What a greenlet runs in a frame: it pulls with `pulling`. */
  protected abstract _frame(pulling: Pulled<T>): Call<R>;

  /** What it gives for what was pulled. */
  protected abstract _given(result: IteratorResult<T, undefined>): R;

  /**
   * A greenlet that simply runs needs no frame where what is pulled is no body either: it waits in that, and what that has given comes
   * here as it is. What comes from a frame is ready.
   */
  override next(value: unknown): Started {
    if (engine.resuming) {
      return resumed(
        typeof value === 'object' ? this.#received(value as IteratorResult<T, undefined>) : value,
      );
    }
    const greenlet = engine.current;
    // biome-ignore lint/complexity/noArguments: see Operation.next
    const count = arguments.length;
    if (greenlet._mode !== RUNNING || count === 0) return irregular(greenlet, this, count);
    const pulling = this.#pulling(greenlet);
    if (!(pulling instanceof Operation)) return pulling;
    if (pulling._isBody) return this.#inFrame(greenlet, pulling);
    const started = pulling._start(greenlet);
    if (started.done) started.value = this.#received(started.value as IteratorResult<T, undefined>);
    return started;
  }

  _start(waiter: Waiter): Started {
    const pulling = this.#pulling(waiter);
    if (!(pulling instanceof Operation)) return pulling;
    if (waiter instanceof Fiber) return this.#inFrame(waiter, pulling);
    return this.#pull(
      waiter as Visitor,
      pulling._isBody ? new InChild(this.results, pulling as never) : pulling,
    );
  }

  /** What the next value is pulled with, or the outcome if that is there. */
  #pulling(waiter: Waiter): Pulled<T> | Started {
    const { results } = this;
    const late = results._late.shift();
    if (late !== undefined) return done(waiter, this.#received(late()));
    if (results._isClosed) return done(waiter, this._given(END));
    const pulling = results._pull();
    if (engine.watch !== null) engine.watch.ran(pulling);
    return pulling;
  }

  #inFrame(fiber: Waiter, pulling: Pulled<T>): Started {
    const frame = this._frame(pulling);
    if (engine.watch !== null) engine.watch.ran(frame);
    return frame._start(fiber);
  }

  #pull(visitor: Visitor, pulling: Pulled<T>): Started {
    const outer = visitor._map;
    const received = (result: IteratorResult<T, undefined>) => this.#received(result);
    visitor._map = outer === null ? received : (result: never) => outer(received(result) as never);
    let started: Started | undefined;
    try {
      started = pulling._start(visitor);
    } finally {
      if (started?.done !== false) visitor._map = outer;
    }
    return started.done === true ? done(visitor, this.#received(started.value as never)) : started;
  }

  #received(result: IteratorResult<T, undefined>): R {
    if (result.done) this.results.close();
    return this._given(result);
  }
}

class Next<T> extends Pulling<IteratorResult<T, undefined>, T> {
  readonly _name = 'Results.next';

  protected _frame(pulling: Pulled<T>): Call<IteratorResult<T, undefined>> {
    return new Call(pull as never, [this.results, pulling], this._name);
  }

  protected _given(result: IteratorResult<T, undefined>): IteratorResult<T, undefined> {
    return result;
  }
}

class More<T> extends Pulling<boolean, T> {
  readonly _name = 'Results.more';

  protected _frame(pulling: Pulled<T>): Call<boolean> {
    return new Call(advance as never, [this.results, pulling], this._name);
  }

  protected _given(result: IteratorResult<T, undefined>): boolean {
    this.results._keep(result.value);
    return result.done !== true;
  }
}

/** A pull that is a function, in a greenlet of its own. It may have its value when it is killed: that is kept. */
class InChild<T> extends Operation<IteratorResult<T, undefined>> {
  readonly _name: string;
  readonly #results: Results<T>;
  readonly #pull: Call<IteratorResult<T, undefined>>;

  constructor(results: Results<T>, pull: Call<IteratorResult<T, undefined>>) {
    super();
    this._name = pull._name;
    this.#results = results;
    this.#pull = pull;
  }

  _start(waiter: Waiter): Started {
    return park(waiter, this, new ChildRun(waiter, this.#pull._spawn()));
  }

  override _undo(waiter: Waiter): void {
    const run = waiter._slot as ChildRun;
    run.cancel();
    run.child._link({ _waiter: null, _died: () => this.#tooLate(run.child) });
  }

  #tooLate(child: Child): void {
    if (this.#results._isClosed) return;
    if (!child.successful()) {
      this.#results._late.push(() => {
        throw child.error;
      });
    } else if (!(child._value instanceof GreenletExit)) {
      this.#results._late.push(() => child._value as IteratorResult<T, undefined>);
    }
  }
}

type Pulled<T> = Operation<IteratorResult<T, undefined>>;
type Pullable<T> = Results<T> & { _pull(): Pulled<T> };

const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

function* pull<T>(results: Pullable<T>, pulling: Pulled<T>): Green<IteratorResult<T, undefined>> {
  const result = yield* pulling;
  if (result.done) results.close();
  return result;
}

function* advance<T>(results: Pullable<T>, pulling: Pulled<T>): Green<boolean> {
  const result = yield* pull(results, pulling);
  results._keep(result.value);
  return result.done !== true;
}

function* collect<T>(results: Pullable<T>): Green<T[]> {
  const all: T[] = [];
  const next = new Next(results);
  try {
    for (;;) {
      const result = yield* next;
      if (result.done) return all;
      all.push(result.value);
    }
  } finally {
    results.close();
  }
}
