/** Errors of a request, which name it and show the stack of the greenlet that they are thrown into. */
import { withStackLimit } from '../../../runtime/host.js';
import { HttpError, HttpProtocolError } from '../../errors.js';
import { Refusal } from '../refusal.js';

type HttpErrorClass = new (message: string, code?: string, options?: { cause?: unknown }) => HttpError;

/** An error of that class; the code is the class's, or its own. */
export function failed(type: HttpErrorClass, message: string, code?: string, cause?: unknown): HttpError {
  const options = cause === undefined ? undefined : { cause };
  const error = withStackLimit(0, () => new type(message, code, options));
  error._unplaced = true;
  return error;
}

/** What the host, or the parser, says of the request `label`. */
export function failure(error: unknown, label: string, what: string): unknown {
  if (error instanceof Refusal) {
    return failed(HttpProtocolError, `${label}: ${error.message}`, error.code);
  }
  if (!(error instanceof Error)) return error;
  const { code, message } = error as { code?: string; message: string };
  return failed(HttpError, `${label}: ${what}: ${message || code}`, code, error);
}
