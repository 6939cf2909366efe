/** The head of an answer: what a `Response` says about it, checked, so that nothing in it passes for another header or another answer. */
import { STATUS_CODES } from 'node:http';
import { showValue } from '../../../runtime/check.js';
import { consistsOf, TOKEN, VALUE } from '../characters.js';

export interface AnswerHead {
  readonly status: number;
  /** After the status. */
  readonly reason: string;
  /** Header lines, each with its end; none that says how the body is sent, but for its length. */
  readonly fields: string;
  /** What `Content-Length` says, -1 without one. */
  readonly length: number;
  /** `Date` is among the fields. */
  readonly dated: boolean;
  /** It wants the connection to end. */
  readonly closes: boolean;
}

/** That of an answer of our own; `length` is -1 when it is not known. */
export function plainHead(status: number, type: string, length: number): AnswerHead {
  let fields = type === '' ? '' : `content-type: ${type}\r\n`;
  if (length !== -1) fields += `content-length: ${length}\r\n`;
  return { status, reason: reasonOf(status), fields, length, dated: false, closes: false };
}

export function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? 'unknown';
}

/** An answer with this status has no body. */
export function isBodyless(status: number): boolean {
  return status === 204 || status === 304;
}

/** That of `response`. Errors: `RangeError`, `TypeError` when it cannot be sent. */
export function responseHead(response: Response): AnswerHead {
  const { status, statusText, headers } = response;
  if (!Number.isInteger(status) || status < 200 || status > 999) {
    throw new RangeError(`the status of a Response must be from 200 to 999, got ${showValue(status)}`);
  }
  if (!consistsOf(statusText, VALUE)) throw badHeader('the statusText', statusText);
  let fields = '';
  let length = -1;
  let dated = false;
  let closes = false;
  for (const [name, value] of headers) {
    if (!consistsOf(name, TOKEN) || name === '') throw badHeader('the name of a header', name);
    if (!consistsOf(value, VALUE)) throw badHeader(`the header ${name}`, value);
    switch (name.toLowerCase()) {
      case 'set-cookie':
      case 'keep-alive':
      case 'transfer-encoding':
        // How the body is sent, and what becomes of the connection, is said here.
        continue;
      case 'connection':
        closes ||= /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(value);
        continue;
      case 'content-length':
        length = lengthOf(value);
        if (status === 204) continue;
        break;
      case 'date':
        dated = true;
    }
    fields += `${name}: ${value}\r\n`;
  }
  for (const value of headers.getSetCookie()) {
    if (!consistsOf(value, VALUE)) throw badHeader('the header set-cookie', value);
    fields += `set-cookie: ${value}\r\n`;
  }
  return { status, reason: statusText === '' ? reasonOf(status) : statusText, fields, length, dated, closes };
}

function lengthOf(value: string): number {
  const length = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(length)) throw badHeader('the header content-length', value);
  return length;
}

function badHeader(what: string, value: string): TypeError {
  return new TypeError(`${what} of a Response cannot be sent, got ${showValue(value)}`);
}

/** The body is not as long as the head says. */
export function wrongLength(sent: number, length: number): TypeError {
  const what = `the body of a Response must have the ${length} bytes of its content-length, got ${sent}`;
  return Object.assign(new TypeError(what), { code: 'ERR_HTTP_CONTENT_LENGTH_MISMATCH' });
}
