/**
 * What only daemon threads wait for does not hold the process; but as long as somebody else waits, perhaps for what a daemon does
 * next, their timers do. Which of the two it is shows when the process is about to end.
 */
import process from 'node:process';
import { engine } from '../runtime/engine.js';
import type { Fiber } from '../runtime/fiber.js';
import { registered } from '../runtime/registry.js';
import { hasDeadline } from '../runtime/timeout.js';
import { visits } from '../runtime/visitor.js';
import { Waiter } from '../runtime/waiter.js';
import { ThreadGreenlet } from './thread-greenlet.js';

/** Node's longest timer; whoever waits longer comes here again. */
const LONGEST = 2 ** 31 - 1;

let watching = false;

/** A daemon thread is about to start. */
export function watchDaemons(): void {
  if (watching) return;
  watching = true;
  // In front of the runtime's own listener, which tells those who wait that nothing will ever happen.
  process.prependListener('beforeExit', goOn);
}

function goOn(): void {
  if (engine.awake) return;
  const threads = registered() as unknown as Fiber[];
  const othersWait = visits.size > 0 || threads.some((each) => !each._extra?.unreferenced);
  if (!othersWait || !threads.some(isTimedDaemon)) return;
  setTimeout(() => {}, Math.min(Math.max(engine.timers.earliest - engine.clock.now(), 0), LONGEST));
  // The hub is awake: for the runtime the process is not at its end.
  engine.awaken();
}

/** A daemon thread that will go on by itself. */
function isTimedDaemon(fiber: Fiber): boolean {
  if (!(fiber instanceof ThreadGreenlet) || !fiber._extra?.unreferenced) return false;
  return (
    hasDeadline(fiber) || [...engine.timers].some((each) => each instanceof Waiter && each._self === fiber)
  );
}
