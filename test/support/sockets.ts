/** Two ends of one connection: ours, and a plain socket of the host that is in the hands of the test. */
import { once } from 'node:events';
import host from 'node:net';
import { call, type Green, until } from 'greenlets';
import { net } from 'greenlets/io';
import { atEnd, eventually } from './leftovers.js';

export interface Ends {
  /** Ours. */
  readonly socket: net.Socket;
  /** The other end; what comes is not read unless the test does. */
  readonly peer: host.Socket;
}

/** A server of the host, closed at the end of the test with all of its connections. */
export async function hostServer(
  onConnection: (socket: host.Socket) => void = () => {},
  listen: host.ListenOptions = { port: 0, host: '127.0.0.1' },
): Promise<{ server: host.Server; port: number }> {
  const sockets = new Set<host.Socket>();
  const server = host.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  server.listen(listen);
  await once(server, 'listening');
  atEnd(async () => {
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  return { server, port: typeof address === 'object' ? (address?.port ?? 0) : 0 };
}

/** A connection of which the test has both ends. Closed at the end of the test. */
export function* pair(listen?: host.ListenOptions): Green<Ends> {
  let accepted: (socket: host.Socket) => void = () => {};
  const peer = new Promise<host.Socket>((resolve) => {
    accepted = resolve;
  });
  const { port } = yield* until(hostServer((socket) => accepted(socket), listen));
  const path = listen?.path;
  const socket = yield* net.connect(path === undefined ? { port, host: '127.0.0.1' } : { path });
  atEnd(() => socket.abort());
  return { socket, peer: yield* until(peer) };
}

/** Everything that comes to `peer` until the end. */
export async function readAll(peer: host.Socket): Promise<string> {
  let text = '';
  peer.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  peer.resume();
  await once(peer, 'end');
  return text;
}

/** What an operation throws. */
export function* thrownBy(fn: () => unknown): Green<any> {
  try {
    yield* call(fn as () => Green<unknown>);
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** More than the kernel and the host take at once. */
export const MUCH = 16 * 1024 * 1024;

/** Reads on, and counts. */
export function drain(peer: host.Socket): { bytes: number } {
  const count = { bytes: 0 };
  peer.on('data', (chunk) => {
    count.bytes += chunk.length;
  });
  peer.resume();
  return count;
}

export const LOCAL = ['127.0.0.1', 0] as const;

export function* echo(socket: net.Socket): Green<void> {
  for (let data = yield* socket.read(); data !== null; data = yield* socket.read()) yield* socket.write(data);
}

/** A started server, stopped at the end of the test. */
export function* started(...args: ConstructorParameters<typeof net.StreamServer>): Green<net.StreamServer> {
  const server = new net.StreamServer(...args);
  atEnd(() => server.stop({ timeout: 0 }).promise());
  yield* server.start();
  return server;
}

/** A client, closed at the end of the test. */
export function* client(server: net.StreamServer): Green<net.Socket> {
  const socket = yield* net.connect(server.port, '127.0.0.1');
  atEnd(() => socket.abort());
  return socket;
}

export function* ask(socket: net.Socket, text = 'ping'): Green<string> {
  yield* socket.write(text);
  return String(yield* socket.readExactly(text.length));
}

export const soon = (what: string, holds: () => boolean) => until(eventually(what, holds));
