/** Whether the timers of a wait keep the process alive. */
import { engine, setTimer } from './engine.js';
import { Fiber } from './fiber.js';
import type { Waiter } from './waiter.js';

/** False for a daemon, and for what is waited for in its name. */
export function holdsProcess(waiter: Waiter): boolean {
  const self = waiter._self;
  return !(self instanceof Fiber && self._extra?.unreferenced);
}

/** Has the wait of `waiter` expire `ms` from now. `Infinity`: never. */
export function limitWait(waiter: Waiter, ms: number): void {
  if (ms !== Number.POSITIVE_INFINITY) setTimer(waiter, ms, holdsProcess(waiter));
}

/** Says whether what `fiber` waits for keeps the process alive, now and from now on. */
export function setHold(fiber: Fiber, on: boolean): void {
  const extra = fiber._more();
  const change = () => {
    extra.unreferenced = !on;
  };
  if (fiber._op?._holdChanges === undefined) change();
  else fiber._op._holdChanges(fiber, change);
  if (fiber._timer === -1) return;
  engine.timers.hold(fiber, on);
  engine.arm();
}
