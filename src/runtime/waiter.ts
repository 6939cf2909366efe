/**
 * Whoever can wait: a greenlet, or a visitor (an operation awaited from outside, or an operand of `all`, `race`, `select`).
 *
 * A waiter waits for one thing at a time, so its links, its place among the timers and its operation are fields of its own:
 * parking allocates nothing.
 *
 *      parked (op, in a WaitQueue, maybe a timer) --wake--> ready (in the ready list) --its turn--> running
 */
import type { Suspend } from './types.js';

// What a waiter is at, and what its next turn does. NEXT and YIELDED come first: the resume loop tests `mode <= YIELDED`.
/** Woken: resume with `_value`. */
export const NEXT = 0;
/** In `sleep(0)`: resume; a kill may still replace the resumption. */
export const YIELDED = 1;
/** Resume by throwing `_value`. */
export const THROW = 2;
/** Scheduled, not begun: call the body. */
export const START = 3;
/** Woken, but errors wait to be thrown at the next suspension. */
export const NEXT_PENDING = 4;
/** Grace is over: close the generator, frame by frame. */
export const CLOSE = 5;
/** Not a greenlet: `_turn()` says what to do. */
export const TURN = 6;
/** The main greenlet: control has come back to code outside. */
export const MAIN = 7;
/** Parked in `_op`. */
export const PARKED = 8;
/** Its generator is on the JavaScript stack. */
export const RUNNING = 9;
/** Running, and errors wait to be thrown at the next suspension. */
export const RUNNING_PENDING = 10;
/** Suspended in a switch: whoever switches to it, or dies under it, resumes it. */
export const SWITCHED = 11;
/** Its stack is being read: the operation answers without anything of the user's running. */
export const PROBING = 12;
/** Not scheduled, not begun. */
export const NEW = 13;
export const DEAD = 14;
/** Running only to be closed: its next suspension closes it again. */
export const RUNNING_CLOSING = 16;
/** It has put a frame on top of its others; begin that. */
export const ENTER = 17;

/** Something with a place among the timers. */
export interface Timed {
  /** Its place among the timers (timers.ts), -1 when it has none. @internal */
  _timer: number;
  /** Called when the deadline has passed; the entry has been taken out. @internal */
  _expired(): void;
}

/** What starting an operation gives: SUSPENDED (operation.ts), or the outcome of `done`. */
export type Started = IteratorResult<Suspend, unknown>;

/** An operation, as far as a waiter knows it. */
export interface Blocking {
  /** The name of the call, as reports show it: 'Queue.get'. @internal */
  readonly _name: string;
  /** The object that it is a call of, if any. @internal */
  readonly _object: unknown;
  /** It runs a function and is itself no suspension. @internal */
  readonly _isFrame: boolean;
  /** Begins a run for `waiter`: gives `done(…)`, or arranges a `wake` and gives `park(…)`, or throws. @internal */
  _start(waiter: Waiter): Started;
  /** Takes back the run of a parked `waiter`: nothing stays registered. Neither blocks nor throws. @internal */
  _undo(waiter: Waiter): void;
  /** The timer of a parked `waiter` has fired. @internal */
  _expire(waiter: Waiter): void;
  /** It has happened already, and only waits to be delivered: an error comes too late to undo it. @internal */
  _decided?(waiter: Waiter): boolean;
  /** It must finish something before `error` may be thrown, and will throw it itself then: true. @internal */
  _defers?(waiter: Waiter, error: unknown): boolean;
  /** Whom it waits for, for the search for deadlocks; null when something else may end it. @internal */
  readonly _blockers?: ((waiter: Waiter) => Blockers | null) | undefined;
  /** `change` says whether what `waiter` waits for may hold the process. @internal */
  _holdChanges?(waiter: Waiter, change: () => void): void;
  /** More for reports than name and object: who holds it, and where it was taken. @internal */
  _because?(): string;
}

/** `every`: it goes on only when all of them have gone on; else one of them is enough. */
export interface Blockers {
  readonly every: boolean;
  readonly waiters: Iterable<Waiter>;
}

export abstract class Waiter implements Timed {
  /** The next in its queue; who is before it is in `_value` (wait-queue.ts). @internal */
  declare _next: Waiter | null;
  /** The operation that it is parked in. @internal */ declare _op: Blocking | null;
  /** What that operation keeps for this run. @internal */ declare _slot: unknown;
  /** What it will be resumed with; when it is dead, its outcome. @internal */ declare _value: unknown;
  /** @internal */ declare _mode: number;
  /** Its number, if it has one (engine.ts), else -1. @internal */ declare _id: number;
  /** @internal */ declare _timer: number;

  constructor(mode: number) {
    this._next = null;
    this._op = null;
    this._slot = undefined;
    this._value = undefined;
    this._mode = mode;
    this._id = -1;
    this._timer = -1;
  }

  /** It is a scheduled greenlet, which has a number as long as it lives. @internal */
  get _isScheduled(): boolean {
    return false;
  }

  /** In whose name it acts: locks are owned by this, locals are this one's. @internal */
  abstract get _self(): Waiter;

  /** Its operation is over, with a value or an error; see that its turn comes. @internal */
  abstract _woken(value: unknown, failed: boolean): void;

  /** It and `other` are operands of one operation of which only one may happen. @internal */
  _excludes(_other: Waiter): boolean {
    return false;
  }

  /** Its turn, when its mode is TURN. @internal */
  abstract _turn(): void;

  /** The deadline of its operation has passed. @internal */
  _expired(): void {
    this._op?._expire(this);
  }
}
