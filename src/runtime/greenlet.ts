/**
 * The raw greenlet: a symmetric coroutine with a parent and no scheduler, as in the package `greenlet`.
 *
 * Control moves only by `switch` and `throw`; the outcome of a greenlet goes to its parent. Code outside greenlets is the main
 * greenlet.
 */
import { adopt } from './body.js';
import { checkFn, checkType, mismatch } from './check.js';
import { contexts } from './context.js';
import { enroll, engine as shared } from './engine.js';
import { GreenletError, GreenletExit } from './errors.js';
import { Fiber } from './fiber.js';
import { giveTo } from './hand-over.js';
import { doors } from './resume.js';
import { SHOWN } from './shown.js';
import { pack, switchFrom, Transfer, transferFromMain } from './transfer.js';
import { DEAD, MAIN, NEW, RUNNING, RUNNING_CLOSING, RUNNING_PENDING } from './waiter.js';

const engine = shared;

export const NO_ARGS: readonly unknown[] = Object.freeze([]);
const MAX_REFUSALS = 100;

/** The number that the next greenlet gets. */
export const idents = { next: 0 };

// biome-ignore lint/suspicious/noExplicitAny: Python's greenlets are untyped; a program of two that switch to one another could not infer
export class greenlet<R = any> extends Fiber {
  /** A number of its own, never used again. */
  readonly ident: number;
  /** @internal */ declare _fn: ((...args: never[]) => unknown) | null;
  /** @internal */ declare _args: unknown;
  /** @internal */ declare _above: Fiber | null;

  /**
   * Creates a greenlet; nothing runs before the first switch. `run` may be a generator function, which can switch, or a plain one.
   * `parent` is the current greenlet unless given. Errors: `TypeError` for a `run` that is no function or a parent that is no
   * greenlet. Mirrors `greenlet.greenlet`; a wrong `run` is refused here and not at the first switch.
   */
  // biome-ignore lint/suspicious/noExplicitAny: see the class
  constructor(run?: ((...args: any[]) => any) | null, parent?: greenlet | null) {
    super();
    this._parent = parent == null ? (engine.current as Fiber) : checkGreenlet(parent, 'parent');
    if (run != null) checkFn(run, 'run');
    this.ident = idents.next++;
    this._fn = run ?? null;
    this._args = NO_ARGS;
    if (contexts.capture !== null && !this._isScheduled) contexts.capture(this);
  }

  /**
   * Switches to this greenlet: `yield*` it inside a greenlet; main's runs at once. The first switch calls `run` with the
   * arguments; later ones make the pending `switch()` in it return `undefined`, the argument, or an array of several. Gives
   * what is sent when control comes back. A dead greenlet stands for its nearest live ancestor (a dead scheduled one of the hub: the
   * switch is over at once, with nothing), the current one gives the arguments back. Errors: `GreenletError` for a greenlet that
   * is parked in an operation.
   */
  switch(...args: unknown[]): Transfer<R> {
    const origin = engine.current;
    if (origin === doors.main || origin === doors.hub) return this._transferTo(args, pack(args), false);
    return switchFrom<R>(origin as Fiber, this, args);
  }

  /**
   * Switches to this greenlet and throws there, by default `GreenletExit`. An unstarted one dies unrun. Errors that it does
   * not catch go on to its parent; `GreenletExit` becomes its value. What it is parked in is undone first; a `Condition.wait`
   * throws when it has the lock back. Errors: `GreenletError` where that has happened already and only waits for its turn.
   */
  throw(error: unknown = new GreenletExit()): Transfer<R> {
    return this._transferTo(null, isErrorClass(error) ? new error() : error, true);
  }

  /** The body; override it in a subclass. Called with the arguments of the first switch. */
  // biome-ignore lint/suspicious/noExplicitAny: subclasses give it the parameters they like
  run(...args: any[]): any {
    this._checkRun();
    // Called as a function: a method call would hand it `this`, and show in stacks as `Greenlet.fn [as _fn]`.
    const fn = this._fn;
    return fn?.(...(args as never[]));
  }

  /** @internal */
  override _checkRun(): void {
    if (this._fn !== null || this.run !== greenlet.prototype.run) return;
    throw new GreenletError(`${this} has no run: pass a function to the constructor or override run()`);
  }

  /** @internal */
  get _parent(): Fiber | null {
    return this._above;
  }

  set _parent(parent: Fiber | null) {
    this._above = parent;
  }

  /** Who gets its outcome; null for the main greenlet. */
  get parent(): greenlet | null {
    return this._parent as greenlet | null;
  }

  /** Errors: `TypeError` for what is no greenlet, `GreenletError` for a cycle and for the main greenlet. */
  set parent(parent: greenlet | null) {
    if (this._mode === MAIN) throw new GreenletError('cannot set the parent of a main greenlet');
    const above = checkGreenlet(parent, 'parent');
    for (let each: Fiber | null = above; each !== null; each = each._parent) {
      if (each === this) throw new GreenletError(`cyclic parent chain: ${above} is a descendant of ${this}`);
    }
    this._parent = above;
  }

  /** It has ended, or died without having run. */
  get dead(): boolean {
    return this._mode === DEAD;
  }

  /** It has begun (a scheduled greenlet: it has been scheduled) and not ended. */
  get started(): boolean {
    return this._mode !== NEW && this._mode !== DEAD;
  }

  /** Shown in reports; `Greenlet-7` unless set. */
  get name(): string {
    return this._extra?.name ?? this._defaultName();
  }

  set name(name: string) {
    checkType(name, 'name', 'string');
    this._more().name = name;
  }

  /** @internal */
  _defaultName(): string {
    return this._mode === MAIN ? 'main' : `${this.constructor.name}-${this.ident}`;
  }

  /** `<greenlet 'name' pending>`; also `suspended active started`, `current active started`, `dead`. */
  override toString(): string {
    const fn = this._fn?.name;
    const of = fn === undefined || fn === '' ? '' : `: ${fn}`;
    return `<${this.constructor.name} '${this.name}'${of} ${this._stateText()}>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }

  get [Symbol.toStringTag](): string {
    return 'greenlet';
  }

  /** @internal */
  _stateText(): string {
    if (this._mode === DEAD) return 'dead';
    if (this._mode === NEW) return 'pending';
    const main = this._mode === MAIN ? ' main' : '';
    const mode = this._mode;
    const current =
      engine.current === this || mode === RUNNING || mode === RUNNING_PENDING || mode === RUNNING_CLOSING;
    return `${current ? 'current' : 'suspended'} active started${main}`;
  }

  /** @internal */
  _transferTo(args: readonly unknown[] | null, sent: unknown, throws: boolean): Transfer<R> {
    const origin = engine.current;
    if (origin === doors.main) return transferFromMain(this, args, sent, throws);
    if (origin === doors.hub) {
      throw new GreenletError(
        `cannot switch to ${this} from inside a callback: it runs in the hub; spawn() a greenlet there`,
      );
    }
    return new Transfer<R>(this, origin, args, sent, throws);
  }

  /** @internal */
  _arguments(args: readonly unknown[]): void {
    this._args = args;
  }

  /** @internal */
  _begin(): IteratorResult<unknown, unknown> {
    const args = this._args as readonly unknown[];
    this._args = NO_ARGS;
    return adopt(this, this.run(...args), this._fn ?? this.run);
  }

  /** @internal */
  _refuses(): boolean {
    return this._more().refusals++ >= MAX_REFUSALS;
  }

  /** @internal */
  _ended(value: unknown, failed: boolean, _first: Fiber | null): Fiber | null {
    this._mode = DEAD;
    this._gen = null;
    return giveTo(this._parent as Fiber, value, failed && !(value instanceof GreenletExit), this);
  }
}

function isErrorClass(value: unknown): value is new () => Error {
  return typeof value === 'function' && value.prototype instanceof Error;
}

function checkGreenlet(value: unknown, name: string): Fiber {
  if (!(value instanceof greenlet)) throw noGreenlet(value, name);
  return value;
}

function noGreenlet(value: unknown, name: string): TypeError {
  const hint = ' (a greenlet of another thread or of another copy of the package does not fit)';
  return mismatch(name, 'a greenlet', value, hint);
}

class MainGreenlet extends greenlet {}
Object.defineProperty(MainGreenlet, 'name', { value: 'greenlet' });

/** The greenlet of the code outside of greenlets. */
export const main: greenlet = new MainGreenlet();
main._mode = MAIN;
main._parent = null;
doors.main = main;
enroll(main);
engine.current = main;

/** The greenlet that runs; outside of greenlets the main greenlet. Mirrors `greenlet.getcurrent`. Never switches. */
export function getcurrent(): greenlet {
  return engine.current as greenlet;
}

export { isErrorClass };
