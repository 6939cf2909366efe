/**
 * The grace rule: a kill cannot be swallowed for good, though JavaScript's `catch {}` catches everything. A greenlet that
 * is still alive when its grace is over is closed (`return`, frame by frame) at its current and every later suspension, and
 * never resumed otherwise; one that refuses too often is abandoned (greenlet.ts).
 */
import { clearTimer, ready, setTimer, takeBack } from './engine.js';
import type { Fiber } from './fiber.js';
import type { greenlet } from './greenlet.js';
import { warn } from './hub.js';
import { describe } from './operation.js';
import { formatFrame } from './place.js';
import { readStack } from './stack.js';
import {
  CLOSE,
  DEAD,
  NEXT,
  NEXT_PENDING,
  PARKED,
  RUNNING,
  RUNNING_CLOSING,
  RUNNING_PENDING,
  SWITCHED,
  THROW,
  type Timed,
  YIELDED,
} from './waiter.js';

class Grace implements Timed {
  _timer = -1;
  readonly #fiber: Fiber;
  readonly ms: number;

  constructor(fiber: Fiber, ms: number) {
    this.#fiber = fiber;
    this.ms = ms;
  }

  _expired(): void {
    // Its turn has not come since: the kill has not even been thrown, and cannot have been swallowed.
    if (isUndelivered(this.#fiber)) setTimer(this, this.ms, true);
    else close(this.#fiber);
  }
}

/** The first kill of `fiber` is about to be thrown. */
function isUndelivered(fiber: Fiber): boolean {
  const extra = fiber._extra;
  return fiber._mode === THROW && extra?.throwing != null && extra.throwing.error === extra.kills[0];
}

/** The first kill of `fiber`: its grace begins, unless it is shielded. */
export function condemn(fiber: Fiber, ms: number): void {
  const extra = fiber._more();
  if (extra.grace !== null || fiber._mode === DEAD) return;
  if (extra.shields > 0) {
    extra.postponedGrace = ms;
    return;
  }
  extra.grace = new Grace(fiber, ms);
  setTimer(extra.grace, ms, true);
}

/** `fiber` has ended. */
export function absolve(fiber: Fiber): void {
  const extra = fiber._extra;
  if (extra?.grace == null) return;
  clearTimer(extra.grace);
  if (extra.refusals > 100) {
    warn({
      code: 'ABANDONED',
      message: `${fiber} refused to end ${extra.refusals - 1} times and was abandoned; its finally blocks may not have run to their end`,
      greenlet: fiber as unknown as greenlet,
    });
  }
}

function close(fiber: Fiber): void {
  const mode = fiber._mode;
  if (mode === DEAD) return;
  const extra = fiber._more();
  const at = readStack(fiber)[0];
  warn({
    code: 'KILL_SWALLOWED',
    message: `${fiber} outlived the grace of its kill, ${fiber._op === null ? 'ready' : `parked in ${describe(fiber._op)}`}; it is closed: a catch must rethrowExit, or it needs more grace`,
    greenlet: fiber as unknown as greenlet,
    at: at === undefined ? '' : formatFrame(at),
  });
  extra.closing = true;
  extra.pending.length = 0;
  if (mode === RUNNING || mode === RUNNING_PENDING) {
    fiber._mode = RUNNING_CLOSING;
    return;
  }
  // What has been decided, or must finish something first, ends by itself, and is closed then.
  if (mode === PARKED && (fiber._op?._decided?.(fiber) || fiber._op?._defers?.(fiber, extra.kills[0])))
    return;
  if (mode === NEXT || mode === NEXT_PENDING) {
    // What it waited for has happened: it runs with that, and is closed at its next suspension.
    fiber._mode = NEXT_PENDING;
    return;
  }
  if (mode === PARKED || mode === SWITCHED) {
    takeBack(fiber);
    ready(fiber);
  }
  if (mode === PARKED || mode === SWITCHED || mode === YIELDED || mode === THROW) {
    fiber._mode = CLOSE;
    fiber._value = extra.kills[0];
  }
}
