/** What is wrong with requests, with the status that it is answered with. */

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

for (const type of [RequestTooLarge, BodyNotJson]) {
  Object.defineProperty(type.prototype, 'name', { value: type.name, configurable: true, writable: true });
}

/** The status for an error that a handler let pass. */
export function statusOf(error: unknown): number {
  return error instanceof RequestTooLarge || error instanceof BodyNotJson ? error.status : 500;
}
