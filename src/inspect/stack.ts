/**
 * The stack of a greenlet. Where a parked greenlet stands its generators tell (runtime/stack.ts). Of the one that runs, the
 * innermost frame is on the JavaScript stack, on top of the runtime's loop; the frames that `call` holds below it are parked.
 */
import { showValue } from '../runtime/check.js';
import { engine } from '../runtime/engine.js';
import type { Fiber } from '../runtime/fiber.js';
import { greenlet } from '../runtime/greenlet.js';
import { withStackLimit } from '../runtime/host.js';
import { formatFrame, parseStack, type StackFrame } from '../runtime/place.js';
import { readStack } from '../runtime/stack.js';
import { PARKED, RUNNING, RUNNING_CLOSING, RUNNING_PENDING } from '../runtime/waiter.js';

/** Frames, innermost first. As a string: the lines of a stack trace. */
export interface Stack extends ReadonlyArray<StackFrame> {
  toString(): string;
}

/**
 * Where `target` stands: the frames of the user's program, innermost first, with source maps honoured where the host honours
 * them. Of a parked greenlet through every `yield*` and `call`; of the one that runs from the caller of this outwards; of main
 * only while main runs. Empty when it has not begun or is dead. Nothing of the greenlet's code runs, and it is parked as
 * before. Never switches. Errors: `TypeError` for what is no greenlet. Stands where Python reads `greenlet.gr_frame`.
 *
 * @example console.log(`${worker}\n${stack(worker)}`);
 */
export function stack(target: greenlet): Stack {
  if (!(target instanceof greenlet)) {
    throw new TypeError(`greenlet must be a greenlet, got ${showValue(target)}`);
  }
  const frames = framesOf(target).map((frame) => Object.freeze(frame));
  return Object.freeze(Object.defineProperty(frames, 'toString', { value: toText }));
}

function toText(this: readonly StackFrame[]): string {
  return this.map((frame) => `    at ${formatFrame(frame)}`).join('\n');
}

function framesOf(target: greenlet): StackFrame[] {
  const mode = target._mode;
  const runs = mode === RUNNING || mode === RUNNING_PENDING || mode === RUNNING_CLOSING;
  if (runs || engine.current === target) return [...callersFrames(), ...heldFrames(target)];
  return readStack(target);
}

/** Where the runtime's loop has resumed the greenlet that runs: what lies below is not its. */
const LOOP = /^\s*at run \(.*\bresume\.[jt]s:\d+:\d+\)$/m;

/** The frames on the JavaScript stack. */
function callersFrames(): StackFrame[] {
  const text = withStackLimit(Number.POSITIVE_INFINITY, () => new Error('stack')).stack ?? '';
  return parseStack(text.split(LOOP, 1)[0] as string);
}

/** The frames below the innermost one, read as those of a fiber that is parked in that `call`. */
function heldFrames(fiber: Fiber): StackFrame[] {
  const held = fiber._frame;
  if (held === null) return [];
  return readStack({ _mode: PARKED, _gen: held.gen, _frame: held.below } as Fiber);
}
