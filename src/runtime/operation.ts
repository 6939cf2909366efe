/**
 * The way down: the one place where a greenlet suspends.
 *
 * Every operation is its own iterator. `yield* operation` calls its `next`, which starts the operation for the current greenlet.
 * Either it is over at once (`done`), or it has arranged to be woken and `next` answers SUSPENDED, which travels up through
 * every `yield*` to the resume loop as this very object. When the loop resumes the generator, `next` is reached again and hands
 * over the value.
 *
 *      user:   x = yield* q.get()          resume.ts:  gen.next(v)
 *                   | next()                               | next(v) ... down every yield*
 *      op:     _start(greenlet)                        op:   { done: true, value: v }
 *                   | SUSPENDED or done                    | x = v
 *
 * Nothing is allocated here: two result objects serve all. Nothing of a run is kept in the operation either, so that one may be
 * run by many at once: which of the two a `next` is, the resume loop tells by `engine.resuming`.
 */
import { checkOptions } from './check.js';
import { outOfFuel, ready, removeReady, engine as shared, takeBack, wake } from './engine.js';
import { GreenletError, PlacedError } from './errors.js';
import { captureStack, formatFrame, held, here } from './place.js';
import { SHOWN } from './shown.js';
import type { Signal, Suspend } from './types.js';
import { deliver, startVisit } from './visitor.js';
import {
  type Blocking,
  CLOSE,
  MAIN,
  NEXT,
  NEXT_PENDING,
  PARKED,
  PROBING,
  RUNNING,
  RUNNING_CLOSING,
  RUNNING_PENDING,
  type Started,
  SWITCHED,
  type Waiter,
  YIELDED,
} from './waiter.js';

const engine = shared;

/** What an operation answers, and what the resume loop sees by identity, when a greenlet has suspended. */
export const SUSPENDED: IteratorYieldResult<Suspend> = { done: false, value: {} as Suspend };

const DONE: IteratorReturnResult<unknown> = { done: true, value: undefined };

/**
 * The outcome of an operation that is over at once. When the turn's time is up, the greenlet goes to the end of the ready
 * list with its value instead: operations that are always ready starve nobody.
 */
export function done(waiter: Waiter, value: unknown): Started {
  if (--engine.fuel < 0 && outOfFuel() && waiter === engine.current) {
    if (waiter._mode === RUNNING) {
      waiter._mode = NEXT;
      waiter._value = value;
      ready(waiter);
      return SUSPENDED;
    }
  }
  DONE.value = value;
  return DONE;
}

/** The loop resumes the current greenlet: `value` is what the run of its operation has given. */
export function resumed(value: unknown): Started {
  engine.resuming = false;
  DONE.value = value;
  return DONE;
}

/** `waiter` waits in `operation` from now on; somebody must `wake` it. `slot` is the operation's, for this run. */
export function park(waiter: Waiter, operation: Blocking, slot?: unknown): Started {
  waiter._op = operation;
  waiter._slot = slot;
  waiter._mode = PARKED;
  return SUSPENDED;
}

/** `waiter` gives way: it goes to the end of the ready list. */
export function giveWay(waiter: Waiter, operation: Blocking): Started {
  if (waiter._mode !== RUNNING) {
    park(waiter, operation);
    wake(waiter, undefined);
    return SUSPENDED;
  }
  waiter._mode = YIELDED;
  ready(waiter);
  return SUSPENDED;
}

/**
 * Something that may block: `yield*` it inside a greenlet, `await` it anywhere else. Building it does nothing; each `yield*`,
 * `await` or `then` is one run. Interrupted, it has happened entirely or not at all.
 */
export abstract class Operation<T> implements PromiseLike<T>, Blocking {
  constructor() {
    if (engine.watch !== null) engine.watch.built(this, engine.current);
  }

  /** For `yield*` only: spread, destructuring and `for...of` throw. */
  [Symbol.iterator](): Iterator<Suspend, T, unknown> {
    return this as unknown as Iterator<Suspend, T, unknown>;
  }

  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.promise().then(
      typeof onFulfilled === 'function' ? (value) => deliver(onFulfilled, value) : onFulfilled,
      onRejected,
    );
  }

  /** One run as a real promise, in the name of the main greenlet. `signal` interrupts it: the promise rejects with its reason. */
  promise(options?: { signal?: Signal | undefined }): Promise<T> {
    if (engine.watch !== null) engine.watch.ran(this);
    if (options !== undefined) checkOptions(options, 'promise', '{ signal }');
    return startVisit<T>(this, options?.signal);
  }

  /**
   * A step of `yield*`: begins a run, or hands over what the run has given. Operations on hot paths have these lines once more:
   * the call of `_start` knows its target there, which saves a fifth of a switch. @internal
   */
  next(value: unknown): Started {
    if (engine.resuming) return resumed(value);
    const greenlet = engine.current;
    // biome-ignore lint/complexity/noArguments: yield* passes one argument, for...of and spread pass none
    const count = arguments.length;
    return greenlet._mode === RUNNING && count !== 0
      ? this._start(greenlet)
      : irregular(greenlet, this, count);
  }

  /** @internal */
  throw(error: unknown): Started {
    if (error instanceof PlacedError && error._unplaced) placeError(error);
    throw error;
  }

  /** @internal */
  return(value: unknown): IteratorResult<Suspend, unknown> {
    return { done: true, value };
  }

  /** `<Operation Queue.get of <Queue 'jobs'>>`. */
  toString(): string {
    return `<Operation ${describe(this)}>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }

  /** The name of the call, as reports show it: 'Queue.get'. @internal */
  abstract readonly _name: string;

  /** The object that it is a call of, if any. @internal */
  get _object(): unknown {
    return undefined;
  }

  /** What it asks for was done when it was built; running it only waits. @internal */
  get _isRequest(): boolean {
    return false;
  }

  /** As one of several operands it is run in a greenlet of its own. @internal */
  get _isBody(): boolean {
    return false;
  }

  /** When a run is over, nothing refers to its waiter any more: that may be used for another. @internal */
  get _forgets(): boolean {
    return false;
  }

  /** It runs a function and is itself no suspension: errors that wait are thrown further in, or held up by a shield. @internal */
  get _isFrame(): boolean {
    return false;
  }

  /** Begins a run for `waiter`: gives `done(…)`, or arranges a `wake` and gives `park(…)`, or throws. @internal */
  abstract _start(waiter: Waiter): Started;

  /** Takes back the run of a parked `waiter`: nothing stays registered. Neither blocks nor throws. @internal */
  _undo(_waiter: Waiter): void {}

  /** The timer of a parked `waiter` has fired. @internal */
  _expire(_waiter: Waiter): void {}
}

const { [Symbol.iterator]: unwatched } = Operation.prototype;

/** Debug mode: has every run by `yield*` told to `engine.watch`. Off, it costs nothing. */
export function watchRuns(on: boolean): void {
  Operation.prototype[Symbol.iterator] = on
    ? function (this: Operation<unknown>) {
        engine.watch?.ran(this);
        return unwatched.call(this);
      }
    : unwatched;
}

/** `Queue.get of <Queue 'jobs'>`, or just the name. */
export function describe(operation: Blocking): string {
  const object = operation._object;
  return object === undefined ? operation._name : `${operation._name} of ${String(object)}`;
}

/** What `waiter` is suspended in; one that only gives way is in `sleep`. */
export function describeWait(waiter: Waiter): string {
  return waiter._op === null ? 'sleep' : describe(waiter._op);
}

/** Thrown on the stack of the greenlet that it interrupts, it can say where that stands. */
export function placeError(error: PlacedError): void {
  error._unplaced = false;
  const place = here();
  if (place !== '') error.message += ` at ${place}`;
  const { captureStackTrace } = Error as unknown as {
    captureStackTrace?: (target: object, above: unknown) => void;
  };
  captureStackTrace?.(error, placeError);
  // The frames that the runtime holds are on no JavaScript stack.
  const frames = captureStack().length > 0 ? [] : held.frames();
  if (frames.length > 0) {
    const lines = frames.map((frame) => `    at ${formatFrame(frame)}`);
    error.stack = [`${error.name}: ${error.message}`, ...lines].join('\n');
  }
}

/** What fiber.ts knows of a greenlet that does not simply run. */
interface Interruptible extends Waiter {
  _takePending(): { error: unknown } | null;
}

/** The stack that the last probe saw. */
let probed = '';

export function takeProbed(): string {
  const text = probed;
  probed = '';
  return text;
}

/** Everything that is not a plain start or resumption: errors that wait, probes, mistakes. */
export function irregular(greenlet: Waiter, operation: Blocking, count: number): Started {
  if (greenlet._mode === PROBING) {
    probed = new Error('probe').stack ?? '';
    return SUSPENDED;
  }
  const name = describe(operation);
  if (count === 0) {
    throw new TypeError(
      `${name} was iterated by for...of, spread or destructuring; write yield* ${operation._name}(…)`,
    );
  }
  switch (greenlet._mode) {
    case RUNNING_PENDING: {
      if (!operation._isFrame) throwPending(greenlet);
      return operation._start(greenlet);
    }
    case RUNNING_CLOSING:
      greenlet._mode = CLOSE;
      engine.successor = greenlet;
      return SUSPENDED;
    case YIELDED:
    case NEXT:
    case NEXT_PENDING:
    case SWITCHED:
    case PARKED: {
      const first = describeWait(greenlet);
      unpark(greenlet);
      throw new GreenletError(
        `${String(greenlet)} was already suspended in ${first} when it was run on: a generator is driven by a frame that is ` +
          `no generator of the runtime (${foreignFrame()}); write yield* there, or pass the function to call() or spawn()`,
      );
    }
    case MAIN:
      throw new GreenletError(
        `yield* ${name} outside of a greenlet (at ${here()}): await it, or run the function with spawn()`,
      );
    default:
      break;
  }
  throw new GreenletError(
    `${name} cannot block here (at ${here()}): this code runs in a callback, or drives the iterator by hand`,
  );
}

/** Throws the next error that waits to be thrown into a greenlet that is about to suspend. */
export function throwPending(greenlet: Waiter): void {
  const pending = (greenlet as Interruptible)._takePending();
  if (pending !== null) throw pending.error;
}

/** Takes back what `greenlet` waits for and has it running again. */
export function unpark(greenlet: Waiter): void {
  if (greenlet._op !== null) takeBack(greenlet);
  else removeReady(greenlet);
  greenlet._mode = RUNNING;
}

function foreignFrame(): string {
  const frames = captureStack();
  const frame = frames[1] ?? frames[0];
  return frame === undefined ? 'unknown' : formatFrame(frame);
}
