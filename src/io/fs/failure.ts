/**
 * Errors of the operating system come from Node without a stack, or with one of Node's inside. They stay the objects that Node
 * made (`code`, `errno`, `syscall`, `path`, `dest`, `message`), and get the stack of the greenlet that they are thrown into.
 */
import { engine } from '../../runtime/engine.js';
import { PlacedError } from '../../runtime/errors.js';
import { Fiber } from '../../runtime/fiber.js';
import { parseStack } from '../../runtime/place.js';

/**
 * Stands between such an error and `Error.prototype`. The runtime asks an error that it throws whether it is yet unplaced, on the
 * stack of the greenlet: the answer is always no, and asking places it. The message stays Node's.
 */
const PLACED = Object.create(PlacedError.prototype, {
  name: { value: 'Error', configurable: true, writable: true },
  constructor: { value: Error, configurable: true, writable: true },
  _unplaced: { get: place, configurable: true },
}) as PlacedError;

/** `error` will show the stack of the greenlet that it is thrown into. Errors of other kinds are left alone. */
export function unplaced(error: unknown): unknown {
  if (error instanceof Error && 'errno' in error && Object.getPrototypeOf(error) === Error.prototype) {
    Object.setPrototypeOf(error, PLACED);
  }
  return error;
}

/**
 * Inside a frame that the runtime holds (`call`, `Results.more`) there may be nothing of the user's on the stack: then the next frame
 * is asked, too. To look is dear, so it is only done where there are such frames.
 */
function place(this: Error): boolean {
  const { captureStackTrace } = Error as unknown as { captureStackTrace?: (target: object) => void };
  captureStackTrace?.(this);
  const { current } = engine;
  const whole = current instanceof Fiber && current._frame === null;
  if (whole || parseStack(this.stack ?? '').length > 0) {
    Object.defineProperty(this, '_unplaced', { value: false, configurable: true, writable: true });
  }
  return false;
}
