/**
 * `greenlets/io`: files, sockets, streams, processes and the other parts of Node as operations.
 *
 * @module
 */
export type { Bytes } from './body.js';
export { BodyClosed, BodyUsed, IncompleteRead, LineTooLong, SocketClosed } from './errors.js';
export { type FetchInit, type FetchInput, fetch } from './fetch.js';
export * as net from './net/index.js';
export { GreenResponse, type RawHeaders, type RawResponse } from './response.js';
export * as tls from './tls/index.js';
