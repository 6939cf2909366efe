/** Where a redirect goes, and what of the request goes there: by the rules of the platform's `fetch`. */
import { Buffer } from 'node:buffer';
import type { BodySource } from './request-body.js';
import type { Headers } from './request-options.js';

/** One request of an exchange. */
export interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: BodySource | null;
}

/** Not sent to another origin: they were meant for the first. */
const SECRET = new Set(['authorization', 'proxy-authorization', 'cookie', 'host']);
const OF_BODY = new Set([
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-type',
  'expect',
]);

export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/** What is requested next; a text says why nothing is. */
export function nextHop(hop: Hop, status: number, location: string): Hop | string {
  let url: URL;
  try {
    // Headers are read as Latin-1; addresses that are not encoded are UTF-8.
    url = new URL(Buffer.from(location, 'latin1').toString('utf8'), hop.url);
  } catch {
    return `it is redirected to ${JSON.stringify(location)}, which is no address`;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return `it is redirected to ${JSON.stringify(location)}, which is not http`;
  }
  if (url.hash === '') url.hash = hop.url.hash;
  let { method, headers, body } = hop;
  const dropsBody =
    status === 303 ? method !== 'GET' && method !== 'HEAD' : status <= 302 && method === 'POST';
  if (dropsBody) {
    method = 'GET';
    body = null;
    headers = headers.filter(([name]) => !OF_BODY.has(name));
  }
  if (body !== null && body.bytes === null) {
    return `it is redirected with its body, which was a stream and cannot be sent again`;
  }
  if (url.origin !== hop.url.origin) headers = headers.filter(([name]) => !SECRET.has(name));
  return { method, url, headers, body };
}
