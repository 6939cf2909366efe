/**
 * `greenlets/io`: files, sockets, streams, processes and the other parts of Node as operations.
 *
 * @module
 */
export type { Bytes } from './body.js';
export { BodyClosed, BodyUsed } from './errors.js';
export { type FetchInit, type FetchInput, fetch } from './fetch.js';
export { GreenResponse, type RawHeaders, type RawResponse } from './response.js';
