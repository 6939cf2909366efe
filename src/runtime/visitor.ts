/**
 * A visitor runs one operation without being a greenlet: for whoever awaits it from outside (`Visit`), or as one of the
 * operands of `all`, `race`, `select` (gathering.ts).
 */
import { engine, ready, takeBack } from './engine.js';
import { LoopExit } from './errors.js';
import { withStackLimit } from './host.js';
import { onAbort } from './on-abort.js';
import type { Signal } from './types.js';
import { type Blocking, NEW, PARKED, type Started, TURN, Waiter } from './waiter.js';

export abstract class Visitor extends Waiter {
  /** Makes the value of the operation of what it is woken with, in the same step; see Results. */
  _map: ((value: never) => unknown) | null;

  constructor() {
    super(NEW);
    this._map = null;
  }

  /** Starts `operation`; when it is over at once, or fails, `_settle` is called before this returns. */
  _run(operation: Blocking): void {
    let started: Started;
    if (engine.watch !== null) engine.watch.ran(operation);
    try {
      started = operation._start(this);
    } catch (error) {
      this._settle(error, true);
      return;
    }
    if (started.done === true) this._settle(started.value, false);
  }

  /** Takes back the run, if it is still under way. */
  _cancel(): void {
    this._map = null;
    takeBack(this);
  }

  /** The operation is over. */
  abstract _settle(value: unknown, failed: boolean): void;

  _woken(value: unknown, failed: boolean): void {
    if (this._map === null) this._settle(value, failed);
    else this.#mapped(this._map, value, failed);
  }

  #mapped(map: (value: never) => unknown, value: unknown, failed: boolean): void {
    this._map = null;
    let outcome = value;
    let threw = failed;
    if (!failed) {
      try {
        outcome = map(value as never);
      } catch (error) {
        outcome = error;
        threw = true;
      }
    }
    this._settle(outcome, threw);
  }

  _turn(): void {}
}

/** The operations that are awaited outside of greenlets. */
export const visits = new Set<{ interrupt(error: unknown): boolean }>();

/** A value on its way to whoever awaits: the promise asks it for its `then`, which for a greenlet is no mistake. */
export const delivering: { value: unknown } = { value: undefined };

export function deliver<A, B>(to: (value: A) => B, value: A): B {
  const outer = delivering.value;
  delivering.value = value;
  try {
    return to(value);
  } finally {
    delivering.value = outer;
  }
}

export class Visit extends Visitor {
  readonly _self: Waiter;
  #resolve: (value: never) => void;
  #reject: (error: unknown) => void;
  #failed = false;
  #over = false;
  #unlisten: (() => void) | undefined;

  constructor(self: Waiter, resolve: (value: never) => void, reject: (error: unknown) => void) {
    super();
    this._self = self;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(operation: Blocking, signal: Signal | undefined): void {
    if (signal?.aborted) {
      this.#reject(signal.reason);
      return;
    }
    this._run(operation);
    if (this.#over) return;
    visits.add(this);
    this.#unlisten = signal && onAbort(signal, () => this.interrupt(signal.reason));
  }

  /** Ends the wait with `error`: the operation has not happened. False: it has been woken, and has. */
  interrupt(error: unknown): boolean {
    if (this._mode !== PARKED || this._op?._decided?.(this)) return false;
    if (this._op?._defers?.(this, error)) return true;
    this._cancel();
    this._mode = NEW;
    this._settle(error, true);
    return true;
  }

  /** Wakes go through the ready list, so that whoever awaits keeps its place among the greenlets. */
  _settle(value: unknown, failed: boolean): void {
    this.#over = true;
    this.#failed = failed;
    this._value = value;
    if (this._mode === PARKED) {
      this._mode = TURN;
      ready(this);
    } else {
      this._finish();
    }
  }

  _finish(): void {
    visits.delete(this);
    this.#unlisten?.();
    if (this.#failed) this.#reject(this._value);
    else deliver(this.#resolve, this._value as never);
  }

  override _turn(): void {
    this._finish();
  }
}

/** Runs `operation` once in the name of whoever is current, outside of greenlets the main greenlet. */
export function startVisit<T>(operation: Blocking, signal: Signal | undefined): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    new Visit(engine.current._self, resolve as (value: never) => void, reject).begin(operation, signal);
  });
}

/** Nothing is left to do: everyone who awaits gets a `LoopExit`. Whether there was anyone. */
export function rejectVisits(message: string): boolean {
  const waiting = [...visits];
  // Its own stack would show the hub only: the message has the places that matter.
  return waiting
    .map((visit) => visit.interrupt(withStackLimit(0, () => new LoopExit(message))))
    .includes(true);
}
