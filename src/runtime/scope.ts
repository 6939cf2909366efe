/** Structured concurrency: what is spawned in a scope has ended when the scope is left. */

import { tidy } from './attempt.js';
import type { Fn, Returned } from './body-types.js';
import { type AnyFn, Call } from './call.js';
import { checkFn } from './check.js';
import { engine } from './engine.js';
import { GreenletError, GreenletExit } from './errors.js';
import type { Fiber } from './fiber.js';
import type { greenlet } from './greenlet.js';
import { withStackLimit } from './host.js';
import { report } from './hub.js';
import { joinall } from './joinall.js';
import type { Link } from './links.js';
import { FAILED, observe } from './observe.js';
import type { Operation } from './operation.js';
import type { Greenlet } from './scheduled-greenlet.js';
import { spawn } from './spawn.js';
import type { Green } from './types.js';

/** What the function of `scope` gets. */
export interface Scope {
  /** Starts a child: as `spawn`, with its options too. Errors: `GreenletError` when the scope is being left. */
  readonly spawn: typeof spawn;
}

/** Ends the body of a scope whose child has failed. */
class ScopeExit extends GreenletExit {}

class Children implements Link {
  readonly _waiter = null;
  readonly living = new Set<Greenlet<unknown>>();
  readonly #owner: Fiber;
  #failure: { error: unknown } | null = null;
  #bodyIsRunning = true;
  #open = true;
  /** What ended the body, if a child did. */
  exit: ScopeExit | null = null;

  constructor(owner: Fiber) {
    this.#owner = owner;
  }

  readonly spawn = ((...args: Parameters<typeof spawn>) => {
    if (!this.#open) throw new GreenletError('this scope is being left: it takes no more children');
    const child = spawn(...args) as Greenlet<unknown>;
    this.living.add(child);
    child._link(this);
    return child;
  }) as typeof spawn;

  get failure(): { error: unknown } | null {
    return this.#failure;
  }

  _died(dead: object): void {
    const child = dead as Greenlet<unknown>;
    this.living.delete(child);
    if ((child._flags & FAILED) !== 0) this.fail(child._value, child);
  }

  /** The first failure is the scope's; the rest of the children is killed, and the body if it still runs. */
  fail(error: unknown, child: Greenlet<unknown> | null): void {
    if (this.#failure !== null) {
      // Whoever waited for the one that failed has thrown the same error on.
      if (child !== null && error === this.#failure.error) observe(child);
      return;
    }
    this.#failure = { error };
    if (child !== null) observe(child);
    this.close();
    if (child === null || !this.#bodyIsRunning) return;
    this.exit = withStackLimit(0, () => new ScopeExit('a child of the scope failed'));
    this.#owner._interrupt({ error: this.exit, source: this });
  }

  bodyEnded(): void {
    this.#bodyIsRunning = false;
    this.#owner._withdraw(this);
  }

  /** Takes no more children and kills those that live, once: their clean-up may block. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const child of this.living) child._kill(undefined);
  }
}

function* scoped(fn: AnyFn): Green<unknown> {
  const children = new Children(engine.current as Fiber);
  let value: unknown;
  try {
    value = yield* new Call(fn, [{ spawn: children.spawn } satisfies Scope]);
    children.bodyEnded();
    while (children.living.size > 0 && children.failure === null)
      yield* joinall([...children.living], { count: 1 });
  } catch (error) {
    children.bodyEnded();
    if (children.exit === null || error !== children.exit) {
      const { failure } = children;
      if (failure !== null && error !== failure.error && !(error instanceof GreenletExit))
        report(error, engine.current as greenlet);
      children.fail(error, null);
    }
  }
  children.close();
  let { failure } = children;
  while (children.living.size > 0) {
    try {
      yield* tidy(joinall([...children.living]));
    } catch (error) {
      // What came meanwhile passes on in place of the failure; by a throw the children live on.
      if (failure !== null && !(failure.error instanceof GreenletExit))
        report(failure.error, engine.current as greenlet);
      failure = { error };
    }
  }
  if (failure !== null) throw failure.error;
  return value;
}

/**
 * Runs `fn` in the current greenlet and leaves when all children that it spawned through its argument have ended. The first
 * failure, of a child or of `fn`, kills the rest and is thrown; later failures go to `hub.onError`. A kill or a timeout of
 * the caller ends all children.
 *
 * @example yield* scope(function* ({ spawn }) { spawn(reader); spawn(writer); });
 */
export function scope<R>(fn: Fn<[Scope], R>): Operation<Returned<R>> {
  checkFn(fn);
  return new Call(scoped, [fn as unknown as AnyFn], 'scope');
}
