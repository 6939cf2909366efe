/** Seeing every switch. Mirrors `greenlet.settrace`. */
import { checkFn } from './check.js';
import { engine } from './engine.js';
import type { Fiber } from './fiber.js';
import type { greenlet } from './greenlet.js';
import { doors } from './resume.js';
import { DEAD, THROW, type Waiter } from './waiter.js';

export type Tracer = (event: 'switch' | 'throw', origin: greenlet, target: greenlet) => void;

let tracer: Tracer | null = null;
const watchers = new Set<Tracer>();
let from: Waiter;

/** Control has moved to `target`; null: to the hub, or to main when main began the drive. */
function moved(target: Waiter | null, throws?: boolean): void {
  // Killed before its first turn: what comes by is its place in the ready list, and nothing of it runs.
  if (target?._mode === DEAD && throws === undefined) return;
  const to = target ?? (engine.sliced ? doors.hub : doors.main);
  // The hub hands back to the host, and so to main, without a step that could be told.
  if (!engine.sliced && from === doors.hub) from = doors.main;
  if (to === from && throws === undefined) return;
  const origin = from;
  from = to;
  const thrown =
    throws ?? (to._mode === THROW || (to === doors.main && to._slot === true && target !== null));
  const event = thrown ? 'throw' : 'switch';
  // One that goes to itself has not given way.
  if (to !== origin) for (const watcher of watchers) watcher(event, origin as greenlet, to as greenlet);
  try {
    tracer?.(event, origin as greenlet, to as greenlet);
  } catch (error) {
    // As in greenlet: tracing ends, and the error is thrown in the target.
    settrace(null);
    const fiber = to as Fiber;
    if (to === doors.main || to === doors.hub) doors.report(error, null);
    else if (fiber._gen === null || throws !== undefined) throw error;
    else {
      fiber._value = error;
      fiber._mode = THROW;
    }
  }
}

/**
 * Calls `callback('switch' | 'throw', origin, target)` at every switch, also of a greenlet to itself, in the target, before it goes on, or
 * dies unrun of a throw; null ends that. Gives the
 * former callback. An error in the callback ends tracing and is thrown in the target.
 */
export function settrace(callback: Tracer | null): Tracer | null {
  if (callback !== null) checkFn(callback, 'callback', '; null ends tracing');
  const former = tracer;
  tracer = callback;
  turn();
  return former;
}

/** Calls `watcher` as `settrace` would, beside whatever that calls, until what is given is called. It must not throw. */
export function watchSwitches(watcher: Tracer): () => void {
  watchers.add(watcher);
  turn();
  return () => {
    watchers.delete(watcher);
    turn();
  };
}

/** Turns tracing on, or off when nobody wants it. */
function turn(): void {
  const on = tracer !== null || watchers.size > 0;
  if (engine.trace === null) from = engine.current;
  engine.trace = on ? moved : null;
}

export function gettrace(): Tracer | null {
  return tracer;
}
