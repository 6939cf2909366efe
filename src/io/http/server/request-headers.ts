/** The headers of a request, in the shapes that `node:http` gives them. */
import type { IncomingHttpHeaders } from 'node:http';
import { HttpHeaders } from '../headers.js';

/** Of these the first one counts. */
const SINGLE = new Set(
  `age authorization content-length content-type etag expires from host if-modified-since if-unmodified-since last-modified
  location max-forwards proxy-authorization referer retry-after server user-agent`.split(/\s+/),
);

/** By their names in lower case: several of a name joined by `, `, cookies by `; `, those of `set-cookie` as an array. */
export function headersOf(fields: string): IncomingHttpHeaders {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of new HttpHeaders(fields).raw) {
    const key = name.toLowerCase();
    const known = headers[key];
    if (Array.isArray(known)) known.push(value);
    else if (key === 'set-cookie') headers[key] = [value];
    else if (known === undefined) headers[key] = value;
    else if (!SINGLE.has(key)) headers[key] = `${known}${key === 'cookie' ? '; ' : ', '}${value}`;
  }
  return headers;
}

/** Names and values in turn, as they came. */
export function rawHeadersOf(fields: string): string[] {
  return new HttpHeaders(fields).raw.flat();
}
