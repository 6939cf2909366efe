/**
 * The exact stack of a parked greenlet, at no cost until it is asked for: its generators are resumed with a probe that travels
 * down every `yield*` to the operation that it waits in, which notes the stack and answers 'not done'. Nothing of the
 * user's code runs, and the greenlet is parked as before.
 */
import { engine } from './engine.js';
import { type AnyGenerator, Fiber, type Frame } from './fiber.js';
import { withStackLimit } from './host.js';
import { takeProbed } from './operation.js';
import { held, parseStack, type StackFrame } from './place.js';
import { NEXT_PENDING, PARKED, PROBING, START, SWITCHED } from './waiter.js';

const MARK = 'probeGenerator';

/** The frames of a parked fiber, innermost first; none when it has not begun, runs, or is dead. */
export function readStack(fiber: Fiber, frames = Number.POSITIVE_INFINITY): StackFrame[] {
  const mode = fiber._mode;
  const parked = mode === PARKED || mode === SWITCHED || (mode <= NEXT_PENDING && mode !== START);
  if (!parked || fiber._gen === null) return [];
  const current = engine.current;
  engine.current = fiber;
  fiber._mode = PROBING;
  try {
    const found = probeGenerator(fiber._gen);
    for (let frame = fiber._frame; frame !== null && found.length < frames; frame = frame.below) {
      found.push(...probeGenerator(frame.gen));
    }
    return found.slice(0, frames);
  } finally {
    fiber._mode = mode;
    engine.current = current;
  }
}

/** The frames of the running fiber that are on no JavaScript stack: those below the innermost that show any. */
function heldFrames(): StackFrame[] {
  const fiber = engine.current;
  if (!(fiber instanceof Fiber) || fiber._frame === null) return [];
  const mode = fiber._mode;
  fiber._mode = PROBING;
  try {
    for (let frame: Frame | null = fiber._frame; frame !== null; frame = frame.below) {
      const found = probeGenerator(frame.gen);
      if (found.length > 0) return found;
    }
    return [];
  } finally {
    fiber._mode = mode;
  }
}

held.frames = heldFrames;

function probeGenerator(generator: AnyGenerator): StackFrame[] {
  withStackLimit(Number.POSITIVE_INFINITY, () => generator.next(undefined));
  const text = takeProbed();
  const end = text.indexOf(MARK);
  return parseStack(end === -1 ? text : text.slice(0, end));
}
