/** What is wrong with requests, with the status that it is answered with. */
import type { Refusal } from '../refusal.js';

/** The body of a request is larger than the server takes: 413. */
export class RequestTooLarge extends Error {
  readonly code: string = 'REQUEST_TOO_LARGE';
  readonly status = 413;

  constructor(length: number, most: number) {
    super(`the body of the request has ${length} bytes or more, and maxBodySize is ${most}`);
  }
}

/** The body of a request is no JSON: 400. */
export class BodyNotJson extends SyntaxError {
  readonly code: string = 'BODY_NOT_JSON';
  readonly status = 400;
}

/**
 * The body of a request has not come as a whole: it does not keep to HTTP (`HPE_…`: 400, 413), was late (`ERR_HTTP_REQUEST_TIMEOUT`: 408),
 * or the other end has gone (`ECONNRESET`: 400).
 */
export class RequestIncomplete extends Error {
  readonly code: string;
  readonly status: number;

  constructor(message: string, code: string, status: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

for (const type of [RequestTooLarge, BodyNotJson, RequestIncomplete]) {
  Object.defineProperty(type.prototype, 'name', { value: type.name, configurable: true, writable: true });
}

/** The status for an error that a handler let pass. */
export function statusOf(error: unknown): number {
  return error instanceof RequestTooLarge ||
    error instanceof BodyNotJson ||
    error instanceof RequestIncomplete
    ? error.status
    : 500;
}

/** The status for what the parser throws. */
export function statusOfRefusal({ code }: Refusal): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  return code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW' ? 413 : 400;
}
