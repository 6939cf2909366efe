/** A server that answers with the bytes that a test gives it, cut as the test says. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach } from 'vitest';

export interface RawServer {
  readonly url: string;
  readonly port: number;
  /** How many connections have been made, and those that are open. */
  readonly made: number;
  readonly open: ReadonlySet<Socket>;
  close(): Promise<void>;
}

/** Has `socket`, at its `count`th request (from 0), of which `head` is the head. */
export type RawHandler = (socket: Socket, head: string, count: number) => void;

const servers = new Set<RawServer>();

/** Each head of a request is told; bodies are the handler's affair. Closed at the end of the test. */
export async function rawServer(handler: RawHandler): Promise<RawServer> {
  const open = new Set<Socket>();
  let made = 0;
  const server = createServer((socket) => {
    made++;
    let count = 0;
    let text = '';
    open.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end + 4);
        text = text.slice(end + 4);
        handler(socket, head, count++);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const raw: RawServer = {
    url: `http://127.0.0.1:${port}`,
    port,
    get made() {
      return made;
    },
    open,
    async close() {
      servers.delete(raw);
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  servers.add(raw);
  return raw;
}

afterEach(async () => {
  for (const server of servers) await server.close();
});

/** Writes the pieces one by one, each in a pass of its own. */
export async function writeAll(socket: Socket, pieces: readonly Uint8Array[]): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
