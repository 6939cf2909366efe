/** Throwing a kill into a fiber. The request acts at once; nothing runs inside it. */
import { checkMs, timeoutOf } from './check.js';
import { ready } from './engine.js';
import { GreenletExit } from './errors.js';
import type { Fiber } from './fiber.js';
import { isErrorClass } from './greenlet.js';
import { withStackLimit } from './host.js';
import { doors } from './resume.js';
import { MAIN } from './waiter.js';

export interface KillOptions {
  /** What is thrown instead of `GreenletExit`: an error class is instantiated, anything else thrown as it is. */
  readonly exception?: unknown;
  /** False: the operation is over at once. */
  readonly block?: boolean | undefined;
  /** How long, in ms, the operation waits for the death. */
  readonly timeout?: number | undefined;
  /** ms until the greenlet is closed if it does not end; `hub.killGrace` unless given. */
  readonly grace?: number | undefined;
}

/** Refuses wrong options of a kill; gives its `timeout`. */
export function killTimeout(options: KillOptions, where: string): number {
  const timeout = timeoutOf(options, where);
  if (options.grace !== undefined) checkMs(options.grace, 'grace');
  return timeout;
}

/** The error that a kill throws. */
export function killError(exception: unknown): unknown {
  if (exception === undefined) return withStackLimit(0, () => new GreenletExit());
  return isErrorClass(exception) ? new exception() : exception;
}

/** Notes that `error` is a kill of `fiber`. A list of its own: what one `push` reserves is as large as a greenlet. */
export function noteKill(fiber: Fiber, error: unknown): void {
  const extra = fiber._more();
  extra.kills = extra.kills.length === 0 ? [error] : [...extra.kills, error];
}

/** Throws `error` into a fiber that has begun, as a kill. */
export function killFiber(fiber: Fiber, error: unknown): void {
  noteKill(fiber, error);
  fiber._interrupt({ error });
}

/** Has whoever got control by a death outside of the loop run when its turn comes. */
export function schedule(next: Fiber | null): void {
  if (next === null) return;
  if (next._mode === MAIN) doors.arrive(next._value, next._slot === true, null);
  else ready(next);
}
