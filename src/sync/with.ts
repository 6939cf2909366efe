/**
 * `with` of everything lock-like. A lock that is free is taken at once, and a function that gives no generator needs no frame then:
 * it costs little more than its call. A generator runs as a frame above one that lets go of the lock.
 */
import { toGenerator } from '../runtime/body.js';
import { type AnyFn, Call, onTop } from '../runtime/call.js';
import { type AnyGenerator, Fiber } from '../runtime/fiber.js';
import { done, Operation } from '../runtime/operation.js';
import type { Green } from '../runtime/types.js';
import { RUNNING, type Started, type Waiter } from '../runtime/waiter.js';

/** What can be taken and let go. */
interface Holdable {
  acquire(): Operation<boolean>;
  release(): unknown;
}

/** The same, which can also be taken at once. */
interface Takable extends Holdable {
  /** Takes it for `self` if that is possible now. @internal */
  _take(self: Waiter): boolean;
}

/** Runs `fn` while it has the lock, for which it waits. */
export function* within(lock: Holdable, fn: AnyFn): Green<unknown> {
  yield* lock.acquire();
  try {
    return yield* new Call(fn, []);
  } finally {
    lock.release();
  }
}

/** The lock has been taken. */
function* holding(lock: Holdable, body: AnyGenerator): Green<unknown> {
  try {
    return yield* new Inner(body);
  } finally {
    lock.release();
  }
}

/** The frame above. */
class Inner extends Operation<unknown> {
  readonly _name = 'with';
  readonly #body: AnyGenerator;

  constructor(body: AnyGenerator) {
    super();
    this.#body = body;
  }

  override get _isFrame(): boolean {
    return true;
  }

  _start(waiter: Waiter): Started {
    return onTop(waiter as Fiber, this.#body);
  }
}

export class With<T> extends Call<T> {
  constructor(lock: Takable, fn: AnyFn, name: string) {
    super(within, [lock, fn], name);
  }

  override _start(waiter: Waiter): Started {
    const [lock, fn] = this.args as readonly [Takable, AnyFn];
    // Errors that wait come before the lock.
    const takes = waiter instanceof Fiber && waiter._mode === RUNNING && lock._take(waiter);
    if (!takes) return super._start(waiter);
    let result: unknown;
    let body: AnyGenerator | null;
    try {
      result = fn();
      body = toGenerator(result, fn);
    } catch (error) {
      lock.release();
      throw error;
    }
    if (body !== null) return onTop(waiter, holding(lock, body));
    lock.release();
    return done(waiter, result);
  }
}
