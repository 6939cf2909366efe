/**
 * A fiber is a waiter with a generator: what the resume loop runs. It holds the frames that `call` has put on top of one
 * another, and the errors (kills, timeouts) that wait to be thrown into it.
 *
 *      _gen     the innermost frame's generator, the only one that is ever resumed
 *      _frame   the frames below it, innermost first: switching costs the same at any depth
 *
 * An error from outside is thrown where the fiber is parked. If it has been woken already, what it waited for has happened:
 * the error is then thrown at its next suspension. While it is shielded, errors wait for the end of the shield.
 */
import { ready, takeBack } from './engine.js';
import {
  CLOSE,
  NEW,
  NEXT,
  NEXT_PENDING,
  PARKED,
  RUNNING,
  RUNNING_CLOSING,
  RUNNING_PENDING,
  SWITCHED,
  THROW,
  type Timed,
  Waiter,
  YIELDED,
} from './waiter.js';

// biome-ignore lint/suspicious/noExplicitAny: the loop passes values between generators of any type
export type AnyGenerator = Generator<unknown, any, any>;

/** A frame that waits for the one above it. */
export interface Frame {
  readonly gen: AnyGenerator;
  readonly below: Frame | null;
}

/** An error on its way into a fiber. */
export interface Interruption {
  readonly error: unknown;
  /** Of two timeouts that are due together the one that began first is thrown first; kills have no rank. */
  readonly rank?: number | undefined;
  /** Who sent it, so that it can be taken back. */
  readonly source?: object | undefined;
}

const NO_KILLS: readonly unknown[] = Object.freeze([]);

/** What few fibers have. */
export class Extra {
  name: string | undefined = undefined;
  /** Errors to be thrown at the next suspension, in order. */
  readonly pending: Interruption[] = [];
  /** What a fiber in mode THROW is about to be thrown. */
  throwing: Interruption | null = null;
  /** How many shields it is in. */
  shields = 0;
  /** Timeouts of this rank and above began inside the innermost shield, and are not held up by it. */
  shieldRank = 0;
  /** The errors of its kills: `isExit` knows them. */
  kills: readonly unknown[] = NO_KILLS;
  /** Its async context, once stores are in use. */
  context: unknown = null;
  /** The grace is over: it is closed wherever it suspends. */
  closing = false;
  /** What its clean-up threw while it was closed. */
  closeError: { error: unknown } | null = null;
  /** How often it suspended though it is being closed. */
  refusals = 0;
  /** Host `AbortController`, made when `signal` is first read. */
  controller: { readonly signal: unknown; abort(reason?: unknown): void } | null = null;
  /** Made where it was spawned (spawn-place.ts). */
  place: Error | undefined = undefined;
  /** Timers set for it do not hold the process. */
  unreferenced = false;
  locals: Map<object, unknown> | undefined = undefined;
  /** What those that it spawns share. */
  origin: object | null = null;
  /** The grace, in ms, that begins when its shields end. */
  postponedGrace: number | null = null;
  /** The timer of its grace. */
  grace: (Timed & { readonly ms: number }) | null = null;
  /** Who switched to a greenlet of the hub, and goes on when it has ended. */
  switchedBy: Waiter | null = null;
  /** The parent of a scheduled greenlet that is not the hub's. */
  parent: Fiber | null = null;
  /** How it has ended. */
  flags = 0;
}

export abstract class Fiber extends Waiter {
  /** @internal */ declare _gen: AnyGenerator | null;
  /** @internal */ declare _frame: Frame | null;
  /** @internal */ declare _extra: Extra | null;

  constructor() {
    super(NEW);
    this._gen = null;
    this._frame = null;
    this._extra = null;
  }

  get _self(): Waiter {
    return this;
  }

  /** Who gets its outcome. @internal */
  abstract get _parent(): Fiber | null;
  abstract set _parent(parent: Fiber | null);

  /** @internal */
  _more(): Extra {
    this._extra ??= new Extra();
    return this._extra;
  }

  /** How it has ended: bits of observe.ts, none after a value. @internal */
  get _flags(): number {
    return this._extra === null ? 0 : this._extra.flags;
  }

  set _flags(flags: number) {
    this._more().flags = flags;
  }

  /** What `run` is called with when it begins. @internal */
  abstract _arguments(args: readonly unknown[]): void;

  /** Errors: `GreenletError` when it has no body. @internal */
  _checkRun(): void {}

  /** Calls the body; a generator that it gives is put into `_gen`, anything else is the value. @internal */
  abstract _begin(): IteratorResult<unknown, unknown>;

  /** It has ended; who runs next, at once, or null for the hub. @internal */
  abstract _ended(value: unknown, failed: boolean, first: Fiber | null): Fiber | null;

  /** @internal */
  _woken(value: unknown, failed: boolean): void {
    this._value = value;
    if (this._extra?.closing === true) this._mode = CLOSE;
    else if (failed) this._mode = THROW;
    else this._mode = this._hasPending() ? NEXT_PENDING : NEXT;
    ready(this);
  }

  /** @internal */
  _turn(): void {}

  /** @internal */
  _push(gen: AnyGenerator): void {
    this._frame = { gen: this._gen as AnyGenerator, below: this._frame };
    this._gen = gen;
  }

  /** Leaves the innermost frame; false when there is none below it. @internal */
  _pop(): boolean {
    const frame = this._frame;
    if (frame === null) return false;
    this._gen = frame.gen;
    this._frame = frame.below;
    return true;
  }

  /** It is closed once more; whether it has refused too often and is to be abandoned. @internal */
  abstract _refuses(): boolean;

  /** What it is once its generator runs again. @internal */
  _runningMode(): number {
    const extra = this._extra;
    if (extra === null) return RUNNING;
    if (extra.closing) return RUNNING_CLOSING;
    return extra.pending.length > 0 ? RUNNING_PENDING : RUNNING;
  }

  /** Whether an error waits that may be thrown now. @internal */
  _hasPending(): boolean {
    const extra = this._extra;
    return extra !== null && extra.pending.length > 0;
  }

  /** The next error that waits, unless the fiber is shielded. @internal */
  _takePending(): Interruption | null {
    const extra = this._extra as Extra;
    const index =
      extra.shields === 0 ? 0 : extra.pending.findIndex(({ rank }) => (rank ?? -1) >= extra.shieldRank);
    const interruption = extra.pending.splice(index, index === -1 ? 0 : 1)[0] ?? null;
    if (extra.pending.length === 0 && this._mode === RUNNING_PENDING) this._mode = RUNNING;
    return interruption;
  }

  /** Throws an error into this fiber: where it is parked, or at its next suspension. It must have begun and be alive. @internal */
  _interrupt(interruption: Interruption): void {
    const extra = this._more();
    const mode = this._mode;
    const open = extra.shields === 0 || (interruption.rank ?? -1) >= extra.shieldRank;
    if (open && mode === PARKED && this._op?._defers?.(this, interruption.error)) return;
    if (open && (mode === YIELDED || mode === SWITCHED || (mode === PARKED && !this._op?._decided?.(this)))) {
      this._throwNow(interruption);
      return;
    }
    const { throwing } = extra;
    if (mode === THROW && throwing !== null && isOuter(interruption, throwing)) {
      this._value = interruption.error;
      extra.throwing = interruption;
      extra.pending.unshift(throwing);
      return;
    }
    insert(extra.pending, interruption);
    if (mode === NEXT) this._mode = NEXT_PENDING;
    else if (mode === RUNNING) this._mode = RUNNING_PENDING;
  }

  /** Undoes what it is parked in and has it throw when its turn comes. @internal */
  _throwNow(interruption: Interruption): void {
    const parked = this._mode === PARKED || this._mode === SWITCHED;
    if (parked) takeBack(this);
    this._mode = THROW;
    this._value = interruption.error;
    this._more().throwing = interruption;
    if (parked) ready(this);
  }

  /** Takes back an error that has not been thrown yet. @internal */
  _withdraw(source: object): void {
    const pending = this._extra?.pending;
    const index = pending?.findIndex((each) => each.source === source) ?? -1;
    if (index !== -1) pending?.splice(index, 1);
  }
}

function isOuter(one: Interruption, other: Interruption): boolean {
  return one.rank !== undefined && other.rank !== undefined && one.rank < other.rank;
}

/** Behind everything that came before, but before the timeouts that began inside its own. */
function insert(pending: Interruption[], interruption: Interruption): void {
  const index = pending.findIndex((each) => isOuter(interruption, each));
  pending.splice(index === -1 ? pending.length : index, 0, interruption);
}
