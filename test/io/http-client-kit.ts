/** What the tests of the client share. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { call, type Green, until } from 'greenlets';
import { type LocalServer, serve } from './local-server.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export function* local(handler?: Handler): Green<LocalServer> {
  return yield* until(serve(handler));
}

/** What `fn` throws. */
export function* thrownBy(fn: () => unknown): Green<any> {
  try {
    yield* call(fn as () => Green<unknown>);
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** Passes of the host, until `condition` holds. */
export function* passUntil(condition: () => boolean): Green<void> {
  while (!condition()) yield* until(new Promise((resolve) => setImmediate(resolve)));
}

/** Echoes method, address, headers and body. */
export function echo(request: IncomingMessage, response: ServerResponse): void {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    const { method, url, headers } = request;
    response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(pieces).toString() }));
  });
}
