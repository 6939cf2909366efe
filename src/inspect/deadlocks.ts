/** The deadlocks that there are now. */
import type { greenlet } from '../runtime/greenlet.js';
import { registered } from '../runtime/registry.js';
import { closedCycles } from '../sync/deadlock.js';

/** Greenlets that wait for one another, each for the next and the last for the first. */
export interface DeadlockReport {
  readonly greenlets: readonly greenlet[];
  /** Each greenlet, what it waits for, who holds that, and the places. */
  readonly message: string;
}

/**
 * The cycles of greenlets that wait for one another and will for ever, by locks or by places in a pool; one that waits for itself
 * is a cycle too. Whoever waits with a timeout, or in a `select`, is part of none. Each was told as it closed, too
 * (`hub.onWarning`, code `DEADLOCK`). Never switches, and runs nothing of the greenlets' code.
 *
 * @example for (const { message } of deadlocks()) console.error(message);
 */
export function deadlocks(): DeadlockReport[] {
  return closedCycles(registered()).map(({ waiters, message }) =>
    Object.freeze({ greenlets: Object.freeze([...waiters] as greenlet[]), message }),
  );
}
