/** A server on loopback whose every answer is in the hands of the test. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** One request, as the server saw it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Fulfilled when the connection of an unfinished answer has been closed, or the answer was sent: 'aborted' or 'sent'. */
  readonly end: Promise<'aborted' | 'sent'>;
}

export interface LocalServer {
  readonly url: string;
  /** Every request so far. */
  readonly exchanges: Exchange[];
  /** The next request that comes. */
  next(): Promise<Exchange>;
  close(): Promise<void>;
}

const open = new Set<LocalServer>();

/** Without a handler nothing is answered but by the test. Closed at the end of the test. */
export async function serve(handler: Handler = () => {}): Promise<LocalServer> {
  const exchanges: Exchange[] = [];
  const waiting: ((exchange: Exchange) => void)[] = [];
  const server = createServer((request, response) => {
    const end = new Promise<'aborted' | 'sent'>((resolve) => {
      response.on('close', () => resolve(response.writableFinished ? 'sent' : 'aborted'));
    });
    const exchange = { request, response, end };
    exchanges.push(exchange);
    handler(request, response);
    waiting.shift()?.(exchange);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const local: LocalServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    async close() {
      open.delete(local);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  open.add(local);
  return local;
}

afterEach(async () => {
  for (const server of open) await server.close();
});
