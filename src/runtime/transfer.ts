/**
 * Switching by hand: control goes from one greenlet to another, with a value or an error.
 *
 * Inside a greenlet a transfer is an operation like any other: `yield* g.switch(x)`. Main has no generator to suspend, so
 * main's transfers run at once, until control comes back to main or the greenlets have parked on IO; then the transfer
 * stays open and is delivered when control does come back.
 */

import { checkOptions } from './check.js';
import { engine as shared } from './engine.js';
import { GreenletError } from './errors.js';
import { Fiber } from './fiber.js';
import { checkEnterable, liveOf, raises, sendTo } from './hand-over.js';
import { onAbort } from './on-abort.js';
import { describe, done, irregular, Operation, resumed, SUSPENDED } from './operation.js';
import { here } from './place.js';
import { doors, run } from './resume.js';
import type { Signal } from './types.js';
import { visits } from './visitor.js';
import { NEXT, RUNNING, type Started, SWITCHED, type Waiter } from './waiter.js';

const engine = shared;

// The states of a transfer.
const NOT_RUN = 0;
const UNDER_WAY = 1;
const DONE = 2;
const FAILED = 3;

const NO_ARGS: readonly unknown[] = Object.freeze([]);

/** What `switch` and `throw` of a greenlet give: `yield*` it inside a greenlet; outside it has run already. */
export class Transfer<T> extends Operation<T> {
  /** @internal */ declare _target: Fiber;
  /** @internal */ declare readonly _origin: Waiter;
  /** What is sent, and then what came back. @internal */ declare _sent: unknown;
  /** The arguments of a first switch, where they are not just what is sent. @internal */
  declare _args: readonly unknown[] | null;
  /** @internal */ declare _throws: boolean;
  /** @internal */ declare _state: number;

  /** @internal */
  constructor(
    target: Fiber,
    origin: Waiter,
    args: readonly unknown[] | null,
    sent: unknown,
    throws: boolean,
  ) {
    super();
    this._target = target;
    this._origin = origin;
    this._args = args;
    this._sent = sent;
    this._throws = throws;
    this._state = NOT_RUN;
  }

  /** @internal */
  get _name(): string {
    return this._throws ? 'throw' : 'switch';
  }

  override get _object(): unknown {
    return this._target;
  }

  /** Whether control has come back. */
  get done(): boolean {
    return this._state >= DONE;
  }

  /**
   * What came back to main; throws the error that came back, and a `GreenletError` while nothing has, or inside a greenlet,
   * where the transfer must be run by `yield*`.
   */
  get value(): T {
    if (this._origin !== doors.main) {
      throw new GreenletError(
        `${describe(this)} was not run (at ${here()}): inside a greenlet write yield* greenlet.switch(…), in the generator ` +
          'function itself and not in a callback',
      );
    }
    if (this._state === FAILED) {
      observed.add(this);
      throw this._sent;
    }
    if (this._state === DONE) return this._sent as T;
    throw new GreenletError(
      `${describe(this)} has not come back: the greenlets are parked on IO; await the transfer`,
    );
  }

  /** When control comes back to main. It never switches again. */
  override promise(options?: { signal?: Signal | undefined }): Promise<T> {
    if (options !== undefined) checkOptions(options, 'promise', '{ signal }');
    if (this._origin !== doors.main) {
      return Promise.reject(
        new GreenletError(`${describe(this)} belongs to ${this._origin}: run it there by yield*`),
      );
    }
    observed.add(this);
    if (this._state === FAILED) return Promise.reject(this._sent);
    if (this._state === DONE) return Promise.resolve(this._sent as T);
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        visits.delete(entry);
        unlisten?.();
      };
      const deliver = () => {
        leave();
        if (this._state === FAILED) reject(this._sent);
        else resolve(this._sent as T);
      };
      const entry = {
        interrupt: (error: unknown) => {
          leave();
          const others = waiting.get(this);
          others?.delete(deliver);
          // Nobody awaits it any more: an error that comes back is told again.
          if (others?.size === 0) observed.delete(this);
          reject(error);
          return true;
        },
      };
      const unlisten = signal && onAbort(signal, () => entry.interrupt(signal.reason));
      visits.add(entry);
      const delivers = waiting.get(this) ?? new Set();
      waiting.set(this, delivers.add(deliver));
    });
  }

  /** @internal */
  override next(value: unknown): Started {
    if (engine.resuming) return resumed(value);
    const greenlet = engine.current;
    // biome-ignore lint/complexity/noArguments: see Operation.next
    const count = arguments.length;
    return greenlet._mode === RUNNING && count !== 0
      ? this._start(greenlet)
      : irregular(greenlet, this, count);
  }

  /** @internal */
  _start(waiter: Waiter): Started {
    const to = this._target;
    if (to._mode === SWITCHED && to._extra === null && this._isPlain(waiter)) {
      // The usual case, one raw greenlet to another, by itself: everything below comes to the same.
      this._state = DONE;
      waiter._op = this;
      waiter._mode = SWITCHED;
      to._op = null;
      to._value = this._sent;
      to._mode = NEXT;
      engine.successor = to;
      return SUSPENDED;
    }
    if (waiter !== this._origin) {
      throw new GreenletError(
        `${describe(this)} was made by ${this._origin}; only that greenlet can run it, by yield*`,
      );
    }
    if (this._state !== NOT_RUN) {
      throw new GreenletError(`${describe(this)} has run; call ${this._name}() again`);
    }
    const target = liveOf(to);
    if (target === waiter) {
      this._state = DONE;
      const throws = raises(this);
      if (engine.trace !== null) engine.trace(waiter, throws);
      if (throws) throw this._sent;
      return done(waiter, this._sent);
    }
    checkEnterable(target, this);
    this._state = DONE;
    waiter._op = this;
    waiter._mode = SWITCHED;
    engine.successor = sendTo(target, this);
    return SUSPENDED;
  }

  /** A switch, not a throw, that its own greenlet runs for the first time, to one that is not the hub's. @internal */
  _isPlain(waiter: Waiter): boolean {
    return (
      waiter === this._origin &&
      this._state === NOT_RUN &&
      !this._throws &&
      this._target._parent !== doors.hub
    );
  }

  /** What a switch inside the greenlet gives back; for main: the transfer is over. @internal */
  _settle(value: unknown, failed: boolean): void {
    this._state = failed ? FAILED : DONE;
    this._sent = value;
    open.delete(this);
    const delivers = waiting.get(this);
    waiting.delete(this);
    if (delivers !== undefined && delivers.size > 0) for (const deliver of delivers) deliver();
    else if (failed) unread(this, 4);
  }
}

/** Main's transfers that control has not come back for, oldest first. */
const open = new Set<Transfer<unknown>>();
/** Those of them that are awaited. */
const waiting = new Map<Transfer<unknown>, Set<() => void>>();
/** Failed transfers whose error somebody has taken. */
const observed = new WeakSet<Transfer<unknown>>();
/** Under which of main's transfers a greenlet parked. */
const under = new WeakMap<Waiter, Transfer<unknown>>();
/** The transfer that main is running just now. */
let driving: Transfer<unknown> | null = null;

/** An error that came back and that nobody takes within a few promise jobs is told. */
function unread(transfer: Transfer<unknown>, jobs: number): void {
  if (observed.has(transfer)) return;
  if (jobs === 0) doors.report(transfer._sent, transfer._target);
  else void Promise.resolve().then(() => unread(transfer, jobs - 1));
}

doors.arrive = (value, failed, first) => {
  const parked = first === null ? undefined : under.get(first);
  let transfer = driving !== null && open.has(driving) ? driving : undefined;
  if (transfer === undefined && parked !== undefined && open.has(parked)) transfer = parked;
  transfer ??= open.values().next().value;
  if (transfer !== undefined) transfer._settle(value, failed);
  else if (failed) doors.report(value, null);
};

/** Runs a transfer of main's, synchronously, until control comes back or the greenlets have parked. */
export function transferFromMain<T>(
  target: Fiber,
  args: readonly unknown[] | null,
  sent: unknown,
  throws: boolean,
): Transfer<T> {
  const transfer = new Transfer<T>(target, doors.main, args, sent, throws);
  const live = liveOf(target);
  if (live === doors.main) {
    transfer._settle(sent, raises(transfer));
    return transfer;
  }
  checkEnterable(live, transfer);
  transfer._state = UNDER_WAY;
  open.add(transfer);
  const outer = driving;
  driving = transfer;
  engine.last = null;
  try {
    const next = sendTo(live, transfer);
    if (next !== null) {
      if (engine.unusual === null) run(next);
      else engine.unusual(next);
    }
  } finally {
    driving = outer;
  }
  // What ran last has no place any more when it has ended.
  const last: unknown = engine.last;
  if (open.has(transfer) && last instanceof Fiber) under.set(last, transfer);
  return transfer;
}

/**
 * A switch that `origin`, which is running, is about to make: its last one once more, if that has been run. A running fiber
 * has no use for its slot, and keeps it there.
 */
export function switchFrom<T>(origin: Fiber, target: Fiber, args: readonly unknown[]): Transfer<T> {
  const last = origin._slot as Transfer<T> | undefined;
  const several = args.length === 1 ? null : args.length === 0 ? NO_ARGS : args;
  if (last === undefined || !last.done) {
    const fresh = new Transfer<T>(target, origin, several, pack(args), false);
    origin._slot = fresh;
    return fresh;
  }
  last._target = target;
  last._args = several;
  last._sent = pack(args);
  last._throws = false;
  last._state = NOT_RUN;
  return last;
}

/** What `switch()` hands over: nothing, the one argument, or all of them. */
export function pack(args: readonly unknown[]): unknown {
  return args.length === 1 ? args[0] : args.length === 0 ? undefined : args;
}
