/** The one primitive, for writing new operations. */
import { checkFn } from './check.js';
import { engine, wake } from './engine.js';
import { Fiber } from './fiber.js';
import { done, irregular, Operation, park, resumed } from './operation.js';
import { doors } from './resume.js';
import { RUNNING, type Started, type Waiter } from './waiter.js';

/** Ends a wait. Only the first call counts, whenever it comes. The functions may be handed over by themselves. */
export interface Waker<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

// What a run is at. Small: there is one for everyone who is parked.
const EARLY = 0;
const EARLY_VALUE = 1;
const EARLY_ERROR = 2;
const WAITING = 3;
const OVER = 4;

class Run<T> implements Waker<T> {
  declare state: number;
  /** What came before the wait had begun; how to undo the wait, once it has. */
  declare payload: unknown;
  declare readonly waiter: Waiter;

  constructor(waiter: Waiter) {
    this.state = EARLY;
    this.payload = undefined;
    this.waiter = waiter;
  }

  // Getters, so that nothing is allocated for the one that is not used.
  get resolve(): (value: T) => void {
    return (value) => end(this, value, false);
  }

  get reject(): (error: unknown) => void {
    return (error) => end(this, error, true);
  }
}

function end(run: Run<never>, value: unknown, failed: boolean): void {
  if (run.state === WAITING) {
    run.state = OVER;
    wake(run.waiter, value, failed);
  } else if (run.state === EARLY) {
    run.state = failed ? EARLY_ERROR : EARLY_VALUE;
    run.payload = value;
  }
}

// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing fits
type Register<T> = (waker: Waker<T>) => (() => void) | void;

class Suspension<T> extends Operation<T> {
  readonly _name: string;
  readonly #register: Register<T>;

  constructor(name: string, register: Register<T>) {
    super();
    this._name = name;
    this.#register = register;
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

  _start(waiter: Waiter): Started {
    const run = new Run<T>(waiter);
    const undo = this.#register(run) ?? undefined;
    if (run.state === EARLY_ERROR) throw run.payload;
    if (run.state === EARLY_VALUE) return done(waiter, run.payload);
    run.payload = undo;
    run.state = WAITING;
    return park(waiter, this, run);
  }

  override _undo(waiter: Waiter): void {
    const run = waiter._slot as Run<T>;
    run.state = OVER;
    try {
      (run.payload as (() => void) | undefined)?.();
    } catch (error) {
      // It must not: whoever interrupts is not at fault, and the interruption takes place.
      doors.report(error, waiter instanceof Fiber ? waiter : null);
    }
  }
}

/**
 * An operation of one's own: `register` is called at each run, arranges that `waker.resolve` or `waker.reject` is called once
 * (it may do so at once), and may return how to take that back, which is called when the wait is interrupted and must
 * neither block nor throw. `name` is shown in reports.
 *
 * @example const pressed = suspend<string>('key', (waker) => { on(waker.resolve); return () => off(waker.resolve); });
 */
export function suspend<T>(name: string, register: Register<T>): Operation<T>;
export function suspend<T>(register: Register<T>): Operation<T>;
export function suspend<T>(name: string | Register<T>, register?: Register<T>): Operation<T> {
  if (typeof name === 'function') return new Suspension(name.name || 'suspend', name);
  checkFn(register, 'register');
  return new Suspension<T>(name, register as Register<T>);
}
