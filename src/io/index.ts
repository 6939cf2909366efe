/**
 * `greenlets/io`: files, sockets, streams, processes and the other parts of Node as operations.
 *
 * @module
 */
export type { Bytes } from './body.js';
export * as dns from './dns.js';
export {
  BodyClosed,
  BodyIncomplete,
  BodyTooLarge,
  BodyUsed,
  HttpError,
  HttpProtocolError,
  IncompleteRead,
  LineTooLong,
  RedirectRefused,
  SocketClosed,
  TooManyRedirects,
} from './errors.js';
export { type FetchInit, type FetchInput, fetch } from './fetch.js';
export * as fs from './fs/index.js';
export * as http from './http/index.js';
export { input } from './input.js';
export * as net from './net/index.js';
export { GreenResponse, type RawHeaders, type RawResponse } from './response.js';
export * as signal from './signal.js';
export * as stream from './stream/index.js';
export * as subprocess from './subprocess/index.js';
export * as timers from './timers.js';
export * as tls from './tls/index.js';
export * as udp from './udp.js';
