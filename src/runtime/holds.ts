/** Whether the timers of a wait keep the process alive. */
import { Fiber } from './fiber.js';
import type { Waiter } from './waiter.js';

/** False for a daemon, and for what is waited for in its name. */
export function holdsProcess(waiter: Waiter): boolean {
  const self = waiter._self;
  return !(self instanceof Fiber && self._extra?.unreferenced);
}
