/** Pages for the examples that fetch: they work without a network, too. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const PAGES = [
  { name: 'slowest', latency: 300, length: 50_000 },
  { name: 'slow', latency: 200, length: 20_000 },
  { name: 'quick', latency: 100, length: 5_000 },
];

/** Serves three pages, of which the first answers last, as long as somebody reads them; gives their addresses. */
export async function localPages(): Promise<string[]> {
  const server = createServer(({ url }, response) => {
    const page = PAGES.find(({ name }) => url === `/${name}`);
    setTimeout(() => response.end('x'.repeat(page?.length ?? 0)), page?.latency ?? 0);
  });
  // It must not hold the process when the pages have been read.
  server.on('connection', (socket) => socket.unref());
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return PAGES.map(({ name }) => `http://127.0.0.1:${port}/${name}`);
}
