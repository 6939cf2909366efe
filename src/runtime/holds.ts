/** Whether the timers of a wait keep the process alive. */
import { engine } from './engine.js';
import { Fiber } from './fiber.js';
import type { Waiter } from './waiter.js';

/** False for a daemon, and for what is waited for in its name. */
export function holdsProcess(waiter: Waiter): boolean {
  const self = waiter._self;
  return !(self instanceof Fiber && self._extra?.unreferenced);
}

/** Says whether what `fiber` waits for keeps the process alive, now and from now on. */
export function setHold(fiber: Fiber, on: boolean): void {
  fiber._more().unreferenced = !on;
  if (fiber._timer === -1) return;
  engine.timers.hold(fiber, on);
  engine.arm();
}
