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

/** What can be held while a function runs. */
export interface Holdable {
  acquire(): Operation<boolean>;
  release(): unknown;
  /** Takes it for `self` if that is possible now. @internal */
  _take(self: Waiter): boolean;
}

/** Waits until it has the lock. */
function* waiting(lock: Holdable, fn: AnyFn): Green<unknown> {
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
  readonly #lock: Holdable;
  readonly #fn: AnyFn;

  constructor(lock: Holdable, fn: AnyFn, name: string) {
    super(waiting, [lock, fn], name);
    this.#lock = lock;
    this.#fn = fn;
  }

  override _start(waiter: Waiter): Started {
    const lock = this.#lock;
    // Errors that wait come before the lock.
    const takes = waiter instanceof Fiber && waiter._mode === RUNNING && lock._take(waiter);
    if (!takes) return super._start(waiter);
    let result: unknown;
    let holds = false;
    try {
      result = this.#fn();
      const body = toGenerator(result, this.#fn);
      if (body !== null) {
        holds = true;
        return onTop(waiter, holding(lock, body));
      }
    } finally {
      if (!holds) lock.release();
    }
    return done(waiter, result);
  }
}
