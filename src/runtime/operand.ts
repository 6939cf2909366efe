/** What may be waited for, as an operation. */
import { isGenerator } from './body.js';
import { asOperation } from './call.js';
import { isPromiseLike, showValue } from './check.js';
import { wake } from './engine.js';
import { Get } from './join.js';
import type { Link } from './links.js';
import { done, Operation, park } from './operation.js';
import { Greenlet } from './scheduled-greenlet.js';
import { until } from './until.js';
import { DEAD, type Started, type Waiter } from './waiter.js';

/** An object of the sync floor: passing it waits until `ready()`, and takes nothing. */
export interface Condition {
  ready(): boolean;
  /** @internal */
  _whenReady(): Operation<unknown>;
}

export function isCondition(value: unknown): value is Condition {
  return typeof value === 'object' && value !== null && '_whenReady' in value;
}

/** An operand of `all`, `race`, … as an operation that gives its value. */
export function toOperation(operand: unknown, index: number | string): Operation<unknown> {
  if (operand instanceof Operation) return operand;
  if (operand instanceof Greenlet) return new Get(operand, Number.POSITIVE_INFINITY);
  if (isGenerator(operand)) return asOperation(operand, []);
  if (isCondition(operand)) return operand._whenReady();
  if (isPromiseLike(operand)) return until(operand);
  throw new TypeError(
    `operand ${index} must be an operation, a generator, a Greenlet, a promise or a sync object, got ${showValue(operand)}` +
      (typeof operand === 'function' ? '; call it, or wrap it in call(fn)' : ''),
  );
}

class Ended extends Operation<unknown> {
  readonly _name = 'wait';
  readonly #greenlet: Greenlet<unknown>;

  constructor(greenlet: Greenlet<unknown>) {
    super();
    this.#greenlet = greenlet;
  }

  override get _object(): unknown {
    return this.#greenlet;
  }

  _start(waiter: Waiter): Started {
    if (this.#greenlet._mode === DEAD) return done(waiter, this.#greenlet);
    const link: Link = { _waiter: waiter, _died: () => wake(waiter, this.#greenlet) };
    this.#greenlet._link(link);
    return park(waiter, this, link);
  }

  override _undo(waiter: Waiter): void {
    this.#greenlet._unlink(waiter._slot as Link);
  }
}

/** An object of `wait` and `iwait`: a greenlet is waited for without taking its error. */
export function toReadiness(operand: unknown, index: number): Operation<unknown> {
  return operand instanceof Greenlet ? new Ended(operand) : toOperation(operand, index);
}
