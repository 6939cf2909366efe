/** Telling when every greenlet is blocked. */
import { engine, hasReady, wake } from '../runtime/engine.js';
import { macrotask } from '../runtime/host.js';
import { hub } from '../runtime/hub.js';
import { Operation, park } from '../runtime/operation.js';
import { WaitQueue } from '../runtime/wait-queue.js';
import type { Started, Waiter } from '../runtime/waiter.js';

const nextMacrotask = (): Promise<void> => new Promise((resolve) => void macrotask(resolve));

/** Returns when no greenlet is ready and the promise jobs have run, without anything becoming ready by them. */
export async function quiet(): Promise<void> {
  for (let turns = -1; engine.awake || hasReady() || turns !== hub.stats().turns; ) {
    turns = hub.stats().turns;
    await nextMacrotask();
  }
}

const waiting = new WaitQueue();

class AllBlocked extends Operation<void> {
  readonly _name = 'waitAllBlocked';

  _start(waiter: Waiter): Started {
    waiting.push(waiter);
    void quiet().then(wakeWhoWaits);
    return park(waiter, this);
  }

  override _undo(waiter: Waiter): void {
    waiting.remove(waiter);
  }
}

/** How many wait for quiet: time stands still for them. */
export function waitersForQuiet(): number {
  return waiting.length;
}

function wakeWhoWaits(): void {
  for (let waiter = waiting.shift(); waiter !== null; waiter = waiting.shift()) wake(waiter, undefined);
}

/** Waits until every other greenlet is blocked; time does not pass meanwhile. Mirrors trio's `wait_all_tasks_blocked`. */
export function waitAllBlocked(): Operation<void> {
  return new AllBlocked();
}
