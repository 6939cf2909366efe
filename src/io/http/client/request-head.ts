/** The head of a request as text, and what it says about how the body is sent. */
import { Buffer } from 'node:buffer';
import { ACCEPTED } from './inflate.js';
import type { BodySource } from './request-body.js';
import type { Headers } from './request-options.js';

export interface RequestHead {
  readonly text: string;
  /** The body is sent in chunks; else `length` bytes of it. */
  readonly chunked: boolean;
  readonly length: number;
  /** It waits for the other end to ask for it (`Expect: 100-continue`). */
  readonly expects: boolean;
  /** It says that the connection is not kept. */
  readonly closes: boolean;
}

/** Writes the head. Errors: `TypeError` when the caller's `Content-Length` is not that of the body. */
export function requestHead(
  method: string,
  url: URL,
  headers: Headers,
  body: BodySource | null,
  decompress: boolean,
): RequestHead {
  const bytes = body?.bytes ?? null;
  let text = '';
  let host = '';
  let length = bytes === null ? -1 : bytes.length;
  let expects = false;
  let closes = false;
  let type = body?.contentType ?? null;
  let accept = true;
  let encoding = decompress;
  let agent = true;
  let login = url.username !== '' || url.password !== '';
  for (const [name, value] of headers) {
    if (name === 'host') {
      host = value;
      continue;
    }
    if (name === 'content-length') {
      if (bytes !== null && Number(value) !== bytes.length) {
        throw new TypeError(`headers['content-length'] is ${value}, but the body has ${bytes.length} bytes`);
      }
      length = Number(value);
      continue;
    }
    if (name === 'expect') {
      expects = body !== null;
      if (!expects) continue;
    } else if (name === 'accept') accept = false;
    else if (name === 'accept-encoding') encoding = false;
    else if (name === 'connection') closes = value.toLowerCase() === 'close';
    else if (name === 'user-agent') agent = false;
    else if (name === 'content-type') type = null;
    else if (name === 'authorization') login = false;
    text += `${name}: ${value}\r\n`;
  }
  const chunked = body !== null && length === -1;
  if (agent) text += 'user-agent: greenlets\r\n';
  if (accept) text += 'accept: */*\r\n';
  if (encoding) text += `accept-encoding: ${ACCEPTED}\r\n`;
  if (type !== null) text += `content-type: ${type}\r\n`;
  if (login) text += `authorization: Basic ${credentials(url)}\r\n`;
  if (chunked) text += 'transfer-encoding: chunked\r\n';
  else if (body !== null) text += `content-length: ${length}\r\n`;
  else if (method === 'POST' || method === 'PUT' || method === 'PATCH') text += 'content-length: 0\r\n';
  return {
    text: `${method} ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${host || url.host}\r\n${text}\r\n`,
    chunked,
    length: body === null ? 0 : length,
    expects,
    closes,
  };
}

function credentials(url: URL): string {
  return Buffer.from(`${decoded(url.username)}:${decoded(url.password)}`).toString('base64');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
