/** What `http.request` takes, checked at the call and brought into one form. */
import { checkCount, checkMs, checkOptions, showValue } from '../../../runtime/check.js';
import { consistsOf, TOKEN, VALUE } from '../characters.js';
import { Agent, globalAgent, type TlsOptions } from './agent.js';
import { type BodySource, bodyOf, type RequestBody } from './request-body.js';

/** Names and values: an object, pairs, a `Map`, or the headers of a request or response. */
export type HeadersInit =
  | Readonly<Record<string, string | number | readonly string[] | undefined>>
  | Iterable<readonly [name: string, value: string]>;

export interface RequestOptions {
  /** 'GET' unless given. */
  readonly method?: string | undefined;
  readonly headers?: HeadersInit | undefined;
  /** Text, bytes, `URLSearchParams`, `FormData`, `Blob`; or an (async) iterable, stream or `Results` of text and bytes, sent chunked. */
  readonly body?: RequestBody | null | undefined;
  /** ms for the whole exchange, to the end of the body; `Timeout` after that. */
  readonly timeout?: number | undefined;
  /** ms for a connection to be made, by TLS if so. */
  readonly connectTimeout?: number | undefined;
  /** ms from the request to the headers of its response. */
  readonly headersTimeout?: number | undefined;
  /** ms without a byte of the body, while somebody would take one. */
  readonly bodyTimeout?: number | undefined;
  /** 'follow' unless given; 'manual' gives the redirect as the response; 'error': `RedirectRefused`. */
  readonly redirect?: 'follow' | 'manual' | 'error' | undefined;
  /** 20 unless given. */
  readonly maxRedirects?: number | undefined;
  /** Asks for gzip, deflate and br, and undoes them. True unless given. */
  readonly decompress?: boolean | undefined;
  /** Keeps the connections; one for the program unless given. */
  readonly agent?: Agent | undefined;
  /** Bytes of the head of the response, and of its trailers; 16384 unless given. */
  readonly maxHeaderSize?: number | undefined;
  /** Bytes of the body, decompressed. Unless given, there is no limit to `chunks` and `lines`, and 256 MiB to what is read whole. */
  readonly maxBodySize?: number | undefined;
  /** The host's options for TLS. Connections are shared by requests with the same object. */
  readonly tls?: TlsOptions | undefined;
  /** A unix socket that stands for host and port. */
  readonly socketPath?: string | undefined;
}

export type Headers = [name: string, value: string][];

/** A request as it is made, each time it is run. */
export interface Plan {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: BodySource | null;
  readonly timeout: number;
  readonly connectTimeout: number;
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  readonly redirect: 'follow' | 'manual' | 'error';
  readonly maxRedirects: number;
  readonly decompress: boolean;
  readonly agent: Agent;
  readonly maxHeaderSize: number;
  readonly maxBodySize: number;
  readonly tls: TlsOptions | undefined;
  readonly socketPath: string | undefined;
}

const MAX_HEADER_SIZE = 16_384;
const MAX_REDIRECTS = 20;
const NEVER = Number.POSITIVE_INFINITY;

/** Headers that say how the message is framed, which is not the caller's to say. */
const OWN = new Set(['transfer-encoding', 'upgrade', 'keep-alive', 'proxy-connection', 'http2-settings']);

/** Errors: `TypeError` and `RangeError`, which name the argument, the value and the mend. */
export function planOf(input: string | URL, options: RequestOptions): Plan {
  const url = urlOf(input);
  checkOptions(options, 'http.request', "{ method: 'POST' }");
  const { method: given = 'GET', redirect = 'follow', agent = globalAgent, socketPath, tls } = options;
  const method = methodOf(given);
  const headers = options.headers === undefined ? [] : headersOf(options.headers);
  const body = options.body == null ? null : bodyOf(options.body);
  if (body !== null && (method === 'GET' || method === 'HEAD' || method === 'TRACE')) {
    throw new TypeError(`body cannot be sent with ${method}; write { method: 'POST', … }`);
  }
  if (redirect !== 'follow' && redirect !== 'manual' && redirect !== 'error') {
    throw new TypeError(`redirect must be 'follow', 'manual' or 'error', got ${showValue(redirect)}`);
  }
  if (!(agent instanceof Agent)) throw new TypeError(`agent must be an http.Agent, got ${showValue(agent)}`);
  if (
    socketPath !== undefined &&
    (typeof socketPath !== 'string' || socketPath === '' || socketPath.includes('\0'))
  ) {
    throw new TypeError(`socketPath must be the path of a unix socket, got ${showValue(socketPath)}`);
  }
  if (tls !== undefined && (typeof tls !== 'object' || tls === null)) {
    throw new TypeError(`tls must be { ca, rejectUnauthorized, … }, got ${showValue(tls)}`);
  }
  return {
    method,
    url,
    headers,
    body,
    timeout: msOf(options, 'timeout'),
    connectTimeout: msOf(options, 'connectTimeout'),
    headersTimeout: msOf(options, 'headersTimeout'),
    bodyTimeout: msOf(options, 'bodyTimeout'),
    redirect,
    maxRedirects: countOf(options, 'maxRedirects', 0, MAX_REDIRECTS),
    decompress: options.decompress !== false,
    agent,
    maxHeaderSize: countOf(options, 'maxHeaderSize', 1, MAX_HEADER_SIZE),
    maxBodySize: countOf(options, 'maxBodySize', 0, NEVER),
    tls,
    socketPath,
  };
}

type Times = 'timeout' | 'connectTimeout' | 'headersTimeout' | 'bodyTimeout';

function msOf(options: RequestOptions, name: Times): number {
  const ms = options[name];
  if (ms === undefined) return NEVER;
  checkMs(ms, name);
  return ms;
}

function countOf(
  options: RequestOptions,
  name: 'maxRedirects' | 'maxHeaderSize' | 'maxBodySize',
  least: number,
  standard: number,
): number {
  const count = options[name];
  if (count === undefined) return standard;
  checkCount(count, name, least);
  return count;
}

function urlOf(input: string | URL): URL {
  if (typeof input === 'string') {
    for (let i = 0; i < input.length; i++) {
      const code = input.charCodeAt(i);
      if (code <= 32 || code === 127) {
        throw new TypeError(
          `url must have no spaces or control characters, got ${showValue(input)}; encode them`,
        );
      }
    }
  } else if (!(input instanceof URL))
    throw new TypeError(`url must be a string or a URL, got ${showValue(input)}`);
  let url: URL;
  try {
    // Of a URL, a copy: it may change.
    url = new URL(input);
  } catch {
    throw new TypeError(
      `url must be a whole address such as 'https://example.org/', got ${showValue(input)}`,
    );
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`url must begin with http: or https:, got ${showValue(String(input))}`);
  }
  return url;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']);

function methodOf(method: unknown): string {
  if (typeof method !== 'string' || method === '' || !consistsOf(method, TOKEN)) {
    throw new TypeError(`method must be a token such as 'GET', got ${showValue(method)}`);
  }
  if (METHODS.has(method)) return method;
  const upper = method.toUpperCase();
  if (upper === 'CONNECT') throw new TypeError(`method must not be 'CONNECT': tunnels are not spoken here`);
  return METHODS.has(upper) ? upper : method;
}

function headersOf(init: HeadersInit): Headers {
  if (typeof init !== 'object' || init === null) {
    throw new TypeError(`headers must be an object or pairs of names and values, got ${showValue(init)}`);
  }
  const headers: Headers = [];
  if (Symbol.iterator in init) {
    for (const pair of init as Iterable<readonly [string, string]>) {
      if (!Array.isArray(pair) || pair.length !== 2) {
        throw new TypeError(`headers must be pairs of names and values, got ${showValue(pair)}`);
      }
      add(headers, pair[0], pair[1]);
    }
    return headers;
  }
  const record = init as Record<string, unknown>;
  for (const name of Object.keys(record)) {
    const value = record[name];
    if (value === undefined) continue;
    if (Array.isArray(value)) for (const each of value) add(headers, name, each);
    else add(headers, name, value);
  }
  return headers;
}

function add(headers: Headers, name: unknown, given: unknown): void {
  if (typeof name !== 'string' || name === '' || !consistsOf(name, TOKEN)) {
    throw new TypeError(`headers must have names that are tokens, got ${showValue(name)}`);
  }
  const value = typeof given === 'number' ? String(given) : given;
  if (typeof value !== 'string' || !consistsOf(value, VALUE)) {
    throw new TypeError(
      `headers['${name}'] must be Latin-1 text without line ends and other controls, got ${showValue(value)}`,
    );
  }
  const lower = name.toLowerCase();
  if (OWN.has(lower)) throw new TypeError(`headers['${name}'] is set by the client itself; leave it out`);
  if (lower === 'expect' && value.toLowerCase() !== '100-continue') {
    throw new TypeError(`headers['${name}'] must be '100-continue', got ${showValue(value)}`);
  }
  if (lower === 'connection' && value.toLowerCase() !== 'close' && value.toLowerCase() !== 'keep-alive') {
    throw new TypeError(`headers['${name}'] must be 'close' or 'keep-alive', got ${showValue(value)}`);
  }
  if (lower === 'content-length' && !/^\d{1,15}$/.test(value)) {
    throw new TypeError(`headers['${name}'] must be a whole number, got ${showValue(value)}`);
  }
  headers.push([lower, value]);
}
