/**
 * `call(fn, …)` runs `fn` as a frame held by the runtime: only the innermost frame's generator is resumed, so switching costs
 * the same at any depth, and nothing overflows. The library's own helpers that run a function (withTimeout, scope, …) are
 * shared generator functions run this way.
 */
import { isGenerator, toGenerator } from './body.js';
import type { Fn, Returned } from './body-types.js';
import { checkFn, isPromiseLike } from './check.js';
import { engine, wake } from './engine.js';
import { type AnyGenerator, Fiber } from './fiber.js';
import type { Link } from './links.js';
import { done, Operation, park, SUSPENDED, throwPending } from './operation.js';
import { lateCalls, until } from './until.js';
import { ENTER, RUNNING_PENDING, type Started, type Waiter } from './waiter.js';

/** A greenlet that runs a body for somebody who is none. */
export interface Child {
  readonly _value: unknown;
  readonly error: unknown;
  successful(): boolean;
  _link(link: Link): void;
  _unlink(link: Link): void;
  _kill(exception: unknown): void;
}

/** Set by spawn.ts. */
export const children: { spawn: (fn: AnyFn, args: readonly unknown[], name: string | undefined) => Child } = {
  spawn: () => {
    throw new Error('spawn.ts is not loaded');
  },
};

lateCalls.spawn = (fn, value) => void children.spawn(fn, [value], 'late');

/** A child that runs for `waiter`, which gets its outcome. */
export class ChildRun implements Link {
  readonly _waiter: Waiter;
  readonly child: Child;

  constructor(waiter: Waiter, child: Child) {
    this._waiter = waiter;
    this.child = child;
    child._link(this);
  }

  _died(): void {
    const ok = this.child.successful();
    wake(this._waiter, this.child._value, !ok);
  }

  /** The waiter has been taken back. */
  cancel(): void {
    this.child._unlink(this);
    this.child._kill(undefined);
  }
}

export type AnyFn = (...args: never[]) => unknown;

export class Call<T> extends Operation<T> {
  readonly _name: string;
  readonly fn: AnyFn;
  readonly args: readonly unknown[];

  constructor(fn: AnyFn, args: readonly unknown[], name = 'call') {
    super();
    this._name = name;
    this.fn = fn;
    this.args = args;
  }

  _start(waiter: Waiter): Started {
    if (!(waiter instanceof Fiber)) return this.#inChild(waiter);
    const { fn, args } = this;
    const result = fn(...(args as never[]));
    if (typeof result !== 'object' || result === null) return done(waiter, result);
    if (result instanceof Operation) return startFor(waiter, result);
    if (result instanceof Fiber) return done(waiter, result);
    if (!isGenerator(result) && isPromiseLike(result)) return startFor(waiter, until(result));
    const generator = toGenerator(result, fn);
    return generator === null ? done(waiter, result) : onTop(waiter, generator);
  }

  override get _isFrame(): boolean {
    return true;
  }

  override get _isBody(): boolean {
    return true;
  }

  /** Outside of greenlets the function gets one of its own. */
  #inChild(waiter: Waiter): Started {
    return park(waiter, this, new ChildRun(waiter, this._spawn()));
  }

  /** Runs it in a greenlet of its own. @internal */
  _spawn(): Child {
    return children.spawn(this.fn, this.args, this._name === 'call' ? undefined : this._name);
  }

  override _undo(waiter: Waiter): void {
    (waiter._slot as ChildRun).cancel();
  }
}

/** Has `generator`, which has not begun, run as the frame on top of those of `fiber`, which runs. */
export function onTop(fiber: Fiber, generator: AnyGenerator): Started {
  fiber._push(generator);
  fiber._mode = ENTER;
  engine.successor = fiber;
  return SUSPENDED;
}

/** Runs what the function gave in its place. It is a suspension, where a call is none. */
function startFor(waiter: Waiter, operation: Operation<unknown>): Started {
  if (engine.watch !== null) engine.watch.ran(operation);
  if (waiter._mode === RUNNING_PENDING && !operation._isFrame) throwPending(waiter);
  return operation._start(waiter);
}

/**
 * Runs `fn` in the current greenlet as a frame of its own and gives its value. Recursion through it may be as deep as memory
 * allows. Outside of greenlets it runs in a new greenlet. Switches if `fn` does.
 *
 * @example function* depth(n: number): Green<number> { return n === 0 ? 0 : 1 + (yield* call(depth, n - 1)); }
 */
export function call<A extends unknown[], R>(fn: Fn<A, R>, ...args: A): Operation<Returned<R>> {
  checkFn(fn);
  return new Call(fn as unknown as AnyFn, args);
}

/** A function or an operation as an operation. */
export function asOperation(work: unknown, args: readonly unknown[], name?: string): Operation<unknown> {
  if (work instanceof Operation) return work;
  if (isGenerator(work)) {
    return new Call(() => work, [], name);
  }
  checkFn(work, 'fn', ' (or an operation)');
  return new Call(work as AnyFn, args, name);
}
