/** Every error of the io floor, each with a `name` and a stable `code`. The name says who is at fault. */
import { PlacedError } from '../runtime/errors.js';
import { formatFrame, type StackFrame } from '../runtime/place.js';

/** The body of a response has been read already, or somebody else is reading it. */
export class BodyUsed extends TypeError {
  readonly code: string = 'BODY_USED';
}

/** The body of a response was let go before it was read: closed, or its greenlet has ended. */
export class BodyClosed extends TypeError {
  readonly code: string = 'BODY_CLOSED';
}

/** The other end has closed before all that was asked for had come. Mirrors `asyncio.IncompleteReadError`. */
export class IncompleteRead extends PlacedError {
  readonly code: string = 'INCOMPLETE_READ';
  /** What had come; it has been taken. */
  partial: Uint8Array<ArrayBufferLike> = new Uint8Array(0);
  /** How many bytes were asked for; undefined for a delimiter. */
  expected: number | undefined = undefined;
}

/** A line, or what ends with a delimiter, is longer than is allowed. Nothing has been taken. Mirrors `asyncio.LimitOverrunError`. */
export class LineTooLong extends PlacedError {
  readonly code: string = 'LINE_TOO_LONG';
}

/** The socket was closed at this end, by this program. */
export class SocketClosed extends PlacedError {
  readonly code: string = 'ERR_SOCKET_CLOSED';
}

/** More has happened to a watched file than is kept for those who ask. The name of the code is Node's. */
export class WatchOverflow extends PlacedError {
  readonly code: string = 'ERR_FS_WATCH_QUEUE_OVERFLOW';
}

/** A request of `http` has failed. The `code` is that of the host's error (`ECONNREFUSED`, …), which is the `cause`, or its own. */
export class HttpError extends PlacedError {
  readonly code: string = 'HTTP_ERROR';

  constructor(message: string, code?: string, options?: { cause?: unknown }) {
    super(message, options);
    if (code !== undefined) this.code = code;
  }
}

/** The other end does not keep to HTTP. The codes are those of Node's parser (`HPE_INVALID_HEADER_TOKEN`, …). */
export class HttpProtocolError extends HttpError {}

/** A request was sent from one address to the next too often, or in a loop. */
export class TooManyRedirects extends HttpError {
  override readonly code: string = 'TOO_MANY_REDIRECTS';
}

/** A redirect came that is not followed: redirects are errors here, the address is none, or the body cannot be sent again. */
export class RedirectRefused extends HttpError {
  override readonly code: string = 'REDIRECT_REFUSED';
}

/** The body of a response is longer than is allowed. */
export class BodyTooLarge extends HttpError {
  override readonly code: string = 'BODY_TOO_LARGE';
}

/** The other end has closed the connection before all of the body had come. */
export class BodyIncomplete extends HttpError {
  override readonly code: string = 'BODY_INCOMPLETE';
}

for (const type of [
  BodyUsed,
  BodyClosed,
  IncompleteRead,
  LineTooLong,
  SocketClosed,
  WatchOverflow,
  HttpError,
  HttpProtocolError,
  TooManyRedirects,
  RedirectRefused,
  BodyTooLarge,
  BodyIncomplete,
]) {
  Object.defineProperty(type.prototype, 'name', { value: type.name, configurable: true, writable: true });
}

/**
 * A failure of the platform's `fetch` made readable: the code that Node keeps in its causes is lifted to `error.code`, the
 * message names cause and request, and the stack shows the user's place instead of the platform's inside. Other errors (the
 * reason of a signal) are left alone.
 */
export function explain(failure: unknown, request: string, places: readonly StackFrame[] = []): unknown {
  const error = failure as Failure;
  if (typeof error !== 'object' || error === null || error.name !== 'TypeError') return failure;
  const { cause } = error;
  if (typeof cause !== 'object' || cause === null) return failure;
  const code = codeOf(cause);
  if (code !== undefined && error.code === undefined) error.code = code;
  error.message = `${error.message}: ${cause.message || code} (${request})`;
  const frames = places.map((frame) => `\n    at ${formatFrame(frame)}`);
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

/** Of a call whose signal was aborted, as Node's own functions say it. */
export function aborted(cause: unknown): Error {
  const error = new Error('The operation was aborted', { cause });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}
