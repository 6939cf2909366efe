/** Every error of the io floor, each with a `name` and a stable `code`. The name says who is at fault. */
import { formatFrame, parseStack } from '../runtime/place.js';

/** The body of a response has been read already, or somebody else is reading it. */
export class BodyUsed extends TypeError {
  readonly code: string = 'BODY_USED';
}

/** The body of a response was let go before it was read: closed, or its greenlet has ended. */
export class BodyClosed extends TypeError {
  readonly code: string = 'BODY_CLOSED';
}

for (const type of [BodyUsed, BodyClosed]) {
  Object.defineProperty(type.prototype, 'name', { value: type.name, configurable: true, writable: true });
}

/**
 * A failure of the platform's `fetch` made readable: the code that Node keeps in its causes is lifted to `error.code`, the
 * message names cause and request, and the stack shows the user's place instead of the platform's inside. Other errors (the
 * reason of a signal) are left alone.
 */
export function explain(failure: unknown, request: string, place?: Error): unknown {
  const error = failure as Failure;
  if (typeof error !== 'object' || error === null || error.name !== 'TypeError') return failure;
  const { cause } = error;
  if (typeof cause !== 'object' || cause === null) return failure;
  const code = codeOf(cause);
  if (code !== undefined && error.code === undefined) error.code = code;
  error.message = `${error.message}: ${cause.message || code} (${request})`;
  const frames = parseStack(place?.stack ?? '').map((frame) => `\n    at ${formatFrame(frame)}`);
  error.stack = `${error.name}: ${error.message}${frames.join('')}`;
  return failure;
}

function codeOf(failure: Failure): string | undefined {
  if (typeof failure.code === 'string') return failure.code;
  return typeof failure.cause === 'object' && failure.cause !== null ? codeOf(failure.cause) : undefined;
}

interface Failure {
  readonly name: string;
  message: string;
  stack?: string;
  code?: unknown;
  readonly cause?: Failure | undefined;
}
