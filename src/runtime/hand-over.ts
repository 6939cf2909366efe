/** Where control goes: a transfer reaches its target, a dead greenlet's outcome its parent. */
import { clearTimer, engine, removeReady } from './engine.js';
import { GreenletError, GreenletExit } from './errors.js';
import type { Fiber } from './fiber.js';
import { describeWait } from './operation.js';
import { here } from './place.js';
import { doors } from './resume.js';
import {
  DEAD,
  NEW,
  NEXT,
  NEXT_PENDING,
  PARKED,
  START,
  SWITCHED,
  THROW,
  type Waiter,
  YIELDED,
} from './waiter.js';

/** A transfer (transfer.ts), as far as it is handed over. */
export interface Handed {
  readonly _name: string;
  readonly _target: Fiber;
  readonly _origin: Waiter;
  readonly _sent: unknown;
  readonly _args: readonly unknown[] | null;
  readonly _throws: boolean;
}

/** A dead greenlet stands for its nearest live ancestor. */
export function liveOf(target: Fiber): Fiber {
  let live = target;
  while (live._mode === DEAD && live._parent !== null) live = live._parent;
  return live;
}

/** Whether it throws where it arrives: a `GreenletExit` that is thrown into the dead is their value, and handed on as by a switch. */
export function raises({ _throws, _target, _sent }: Handed): boolean {
  return _throws && !(_target._mode === DEAD && _sent instanceof GreenletExit);
}

/** Errors: `GreenletError` when control cannot be handed to `target` now. */
export function checkEnterable(target: Fiber, transfer: Handed): void {
  const mode = target._mode;
  const throws = raises(transfer);
  if (target === doors.main || target === doors.hub) return;
  if (mode === NEW || mode === START) {
    target._checkRun();
    return;
  }
  if (mode === YIELDED && throws) return;
  if (mode === SWITCHED) return;
  // What has happened already, and only waits to be delivered, would be lost.
  if (mode === PARKED && throws && !target._op?._decided?.(target)) return;
  const what = describeWait(target);
  if (mode === PARKED || mode <= NEXT_PENDING) {
    throw new GreenletError(
      `cannot ${transfer._name} ${throws ? 'into' : 'to'} ${target}: it is parked in ${what}, which will resume it` +
        (throws ? '; use kill()' : ''),
    );
  }
  throw new GreenletError(
    `cannot ${transfer._name} to ${target}: its generator is on the JavaScript stack below (at ${here()})`,
  );
}

/** Hands a transfer to `target`. Who runs next; null: the hub. */
export function sendTo(target: Fiber, transfer: Handed): Fiber | null {
  const { _sent: sent, _target: to, _origin: origin } = transfer;
  const throws = raises(transfer);
  if (target === doors.hub) {
    if (throws) doors.report(sent, target);
    // Whoever switches to a scheduled greenlet goes on when it has ended: at once when it has ended already.
    return to._mode === DEAD && to._isScheduled ? resumeWith(origin as Fiber, undefined, false) : null;
  }
  if (target._parent === doors.hub) target._more().switchedBy = origin;
  if (target._mode === NEW || target._mode === START) return enter(target, sent, throws, transfer._args);
  if (target._mode === PARKED && target._op?._defers?.(target, sent)) {
    engine.last = target;
    return null;
  }
  if (target._mode === YIELDED || target._mode === PARKED) {
    target._throwNow({ error: sent });
    removeReady(target);
    return target;
  }
  return resumeWith(target, sent, throws);
}

/** What a greenlet that has not begun dies of: `error`, or that of a tracer that is told of it. */
function thrownInto(target: Fiber, error: unknown): unknown {
  if (engine.trace === null) return error;
  const { current } = engine;
  engine.current = target;
  try {
    engine.trace(target, true);
    return error;
  } catch (raised) {
    return raised;
  } finally {
    engine.current = current;
  }
}

/** Control comes to a greenlet that has not begun: with an error it dies unrun. It is off the ready list and the timers then. */
function enter(
  target: Fiber,
  value: unknown,
  failed: boolean,
  args: readonly unknown[] | null = null,
): Fiber | null {
  clearTimer(target);
  if (target._mode === START) removeReady(target);
  target._mode = NEW;
  if (failed) return target._ended(thrownInto(target, value), true, null);
  target._arguments(args ?? [value]);
  target._mode = START;
  return target;
}

/** Resumes `target`, which waits in a transfer or is main. */
export function resumeWith(target: Fiber, value: unknown, failed: boolean): Fiber {
  target._value = value;
  if (target === doors.main) {
    target._slot = failed;
    return target;
  }
  target._op = null;
  if (failed) target._mode = THROW;
  else target._mode = target._extra !== null && target._hasPending() ? NEXT_PENDING : NEXT;
  return target;
}

/** The outcome of a dead greenlet goes to `parent`. Who runs next; null: the hub. */
export function giveTo(parent: Fiber, value: unknown, failed: boolean, child: Fiber): Fiber | null {
  const target = liveOf(parent);
  if (target === doors.hub) {
    if (failed) doors.report(value, child);
    return null;
  }
  if (target === doors.main || target._mode === SWITCHED) {
    return resumeWith(target, value, failed);
  }
  if (target._mode === NEW || target._mode === START) return enter(target, value, failed);
  const what = describeWait(target);
  const lost = new GreenletError(
    `${child} ended, but its parent ${target} is parked in ${what} and cannot take the outcome`,
    failed ? { cause: value } : undefined,
  );
  doors.report(lost, child);
  return null;
}

/** A greenlet of the hub has ended: `switcher`, who switched to it and waits, goes on with nothing. */
export function goOn(switcher: Waiter, ended: Fiber): Fiber | null {
  const fiber = switcher as Fiber;
  const waitsForIt = fiber._mode === SWITCHED && (fiber._op as unknown as Handed)._target === ended;
  return fiber === doors.main || waitsForIt ? resumeWith(fiber, undefined, false) : null;
}
