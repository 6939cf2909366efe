/**
 * The way up: the one place that resumes generators.
 *
 * `run` resumes a fiber and then whoever that fiber hands control to (`engine.successor`: a switch, or a frame it entered)
 * until control is back with the hub. As the hub's loop it goes on with the next ready waiter until none is left or the
 * slice is over. Exactly one fiber is current while its generator runs; when `run` returns, the main greenlet is.
 *
 * The loop is one function, with its `try` around the whole of it, because a call and a `try` a step cost as much as the
 * resumption itself. Everything unusual is told apart by `mode` and done in `enter`.
 */
import { isPromiseLike, showValue } from './check.js';
import { bringForward, countReady, dismiss, engine, outOfFuel, takeReady } from './engine.js';
import { GreenletError } from './errors.js';
import { type AnyGenerator, Fiber } from './fiber.js';
import { describe, describeWait, Operation, SUSPENDED, unpark } from './operation.js';
import {
  CLOSE,
  ENTER,
  MAIN,
  NEXT,
  NEXT_PENDING,
  PARKED,
  RUNNING,
  RUNNING_CLOSING,
  RUNNING_PENDING,
  START,
  SWITCHED,
  THROW,
  TURN,
  YIELDED,
} from './waiter.js';

/** What a step gives when the fiber has nothing to resume: it was dead, or the main greenlet. */
const NOTHING: IteratorYieldResult<undefined> = { done: false, value: undefined };

interface Doors {
  main: Fiber;
  hub: Fiber;
  /** Control has come to the main greenlet, with what it was sent. */
  arrive: (value: unknown, failed: boolean, first: Fiber | null) => void;
  /** An error that nobody can be given. */
  report: (error: unknown, greenlet: Fiber | null) => void;
}

/** The two greenlets that have no generator, and the ways out of the loop. Set by transfer.ts and hub.ts. */
export const doors: Doors = {
  main: null as unknown as Fiber,
  hub: null as unknown as Fiber,
  arrive: () => {},
  report: () => {},
};

/**
 * Runs `start`, or as the hub's loop (`start` is null) everyone who is ready. True when the hub's loop has to hand back to the
 * host with waiters still ready. `entered` is who control came to when it last left the hub or main, if that was another.
 */
export function run(start: Fiber | null, entered = start): boolean {
  // An imported binding is read anew at every use; a constant of the function is not.
  const state = engine;
  const asHub = start === null;
  let first = entered;
  let fiber = start;
  for (;;) {
    try {
      for (;;) {
        if (fiber === null) {
          if (state.trace !== null) state.trace(null);
          if (!asHub || state.head === state.tail) {
            state.last = state.current;
            state.current = doors.main;
            return false;
          }
          if (--state.fuel < 0) {
            if (outOfFuel()) {
              state.current = doors.main;
              return true;
            }
            if (state.choose !== null) chooseNext(state.choose);
            if (state.unusual !== null) {
              const waiter = takeReady();
              if (waiter._mode !== TURN) {
                state.unusual(waiter);
                continue;
              }
              waiter._turn();
              continue;
            }
          }
          const waiter = takeReady();
          if (waiter._mode === TURN) {
            state.current = doors.main;
            waiter._turn();
            continue;
          }
          first = fiber = waiter as Fiber;
        }
        state.current = fiber;
        if (state.trace !== null) state.trace(fiber);
        let result: IteratorResult<unknown, unknown>;
        if (fiber._mode <= YIELDED) {
          const value = fiber._value;
          if (value !== undefined) fiber._value = undefined;
          fiber._mode = RUNNING;
          state.resuming = true;
          result = (fiber._gen as AnyGenerator).next(value);
        } else {
          result = enter(fiber, first);
        }
        if (result === SUSPENDED) {
          fiber = state.successor as Fiber | null;
          if (fiber !== null) state.successor = null;
        } else {
          fiber = result === NOTHING ? null : stepped(fiber, result, first);
        }
        if (state.alone && fiber !== null && fiber !== start) {
          state.relay = fiber;
          fiber = null;
        }
      }
    } catch (error) {
      fiber = caught(state.current as Fiber, error, first);
      if (state.alone && fiber !== null && fiber !== start) {
        state.relay = fiber;
        fiber = null;
      }
    }
  }
}

function chooseNext(choose: (count: number) => number): void {
  bringForward(choose(countReady()));
}

/** A step that is not a plain resumption. */
function enter(fiber: Fiber, first: Fiber | null): IteratorResult<unknown, unknown> {
  const gen = fiber._gen as AnyGenerator;
  const value = fiber._value;
  fiber._value = undefined;
  switch (fiber._mode) {
    case START:
      fiber._mode = RUNNING;
      return fiber._begin();
    case ENTER:
      fiber._mode = fiber._runningMode();
      return gen.next(undefined);
    case NEXT_PENDING:
      fiber._mode = fiber._runningMode();
      engine.resuming = true;
      return gen.next(value);
    case THROW:
      if (fiber._extra !== null) fiber._extra.throwing = null;
      fiber._mode = fiber._runningMode();
      return gen.throw(value);
    case CLOSE:
      if (fiber._refuses()) {
        fiber._gen = null;
        fiber._frame = null;
        return { done: true, value };
      }
      fiber._mode = RUNNING_CLOSING;
      return gen.return(value);
    case MAIN:
      doors.arrive(value, fiber._slot === true, first);
      return NOTHING;
    default:
      // Killed before its turn came.
      fiber._value = value;
      if (fiber._id >= 0) dismiss(fiber);
      return NOTHING;
  }
}

/** A generator has given something other than SUSPENDED: its end, or a mistake. Who runs next. */
function stepped(fiber: Fiber, result: IteratorResult<unknown, unknown>, first: Fiber | null): Fiber | null {
  engine.resuming = false;
  const mode = fiber._mode;
  // Most ends: nothing was asked of it, and nothing stands below.
  if (mode === RUNNING && result.done === true && fiber._extra === null && fiber._frame === null) {
    return fiber._ended(result.value, false, first);
  }
  const running = mode === RUNNING || mode === RUNNING_PENDING || mode === RUNNING_CLOSING || mode === CLOSE;
  if (result.done === true) {
    if (!running) return caught(fiber, driven(fiber), first);
    if (fiber._extra?.closing) return closed(fiber, first);
    if (!fiber._pop()) return fiber._ended(result.value, false, first);
    fiber._mode = mode === RUNNING_PENDING ? NEXT_PENDING : NEXT;
    fiber._value = result.value;
    return fiber;
  }
  if (!running && result.value === SUSPENDED.value) {
    // Suspended all the same: a generator that wraps another passes on what the operation gave.
    const successor = engine.successor as Fiber | null;
    engine.successor = null;
    return successor;
  }
  if (!running) unpark(fiber);
  fiber._mode = THROW;
  fiber._value = starless(fiber, result.value);
  return fiber;
}

/**
 * The error of a plain `yield`. Nothing tells where a generator stands that has yielded by itself, and the frames of the runtime
 * would mislead: in place of a stack it has the greenlet, which is named after its function.
 */
function starless(fiber: Fiber, value: unknown): TypeError {
  const error = new TypeError(
    isForeignPromise(value)
      ? 'a promise was yielded: write yield* until(promise)'
      : `${value instanceof Operation ? describe(value) : showValue(value)} was yielded: write yield* (the star is missing)`,
  );
  error.stack = `${error}\n    in ${fiber}`;
  return error;
}

/** Operations are thenable too, and asking a greenlet for its `then` warns. */
function isForeignPromise(value: unknown): boolean {
  return !(value instanceof Operation) && !(value instanceof Fiber) && isPromiseLike(value);
}

/** A generator has thrown: into the frame below, or the fiber has failed. Who runs next. */
function caught(fiber: Fiber, error: unknown, first: Fiber | null): Fiber | null {
  engine.resuming = false;
  const mode = fiber._mode;
  if (mode === PARKED || mode === SWITCHED || mode <= YIELDED || mode === NEXT_PENDING) unpark(fiber);
  if (fiber._extra?.closing) {
    fiber._extra.closeError = { error };
    return closed(fiber, first);
  }
  if (!fiber._pop()) return fiber._ended(error, true, first);
  fiber._mode = THROW;
  fiber._value = error;
  return fiber;
}

/** A frame of a fiber that is being closed is gone; the next one follows. */
function closed(fiber: Fiber, first: Fiber | null): Fiber | null {
  if (fiber._pop()) {
    fiber._mode = CLOSE;
    return fiber;
  }
  return fiber._ended(undefined, false, first);
}

/** The generator has ended though it is suspended: something other than the runtime ran it on. */
function driven(fiber: Fiber): GreenletError {
  const name = describeWait(fiber);
  unpark(fiber);
  return new GreenletError(
    `${String(fiber)} ended while it was suspended in ${name}: a generator was driven by a frame that is no generator ` +
      'of the runtime (for...of, spread, next()); write yield* there, or pass the function to call() or spawn()',
  );
}
