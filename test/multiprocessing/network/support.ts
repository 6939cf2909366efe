/** Managers that are served, and peers that speak to them by hand. */
import { once } from 'node:events';
import host from 'node:net';
import { deserialize, serialize } from 'node:v8';
import { type Green, until } from 'greenlets';
import {
  type ConnectedManager,
  type ConnectOptions,
  Manager,
  type ManagerServer,
  type ServeOptions,
  type SharedManager,
} from 'greenlets/multiprocessing';
import { FrameReader, frame } from '../../../src/multiprocessing/network/frames.js';
import { Answer } from '../../../src/multiprocessing/network/handshake.js';
import { atEnd } from '../../support/leftovers.js';

export const KEY = 'the key of the tests';

export interface Served {
  readonly manager: SharedManager;
  readonly server: ManagerServer;
  /** Why connections were refused, or closed. */
  readonly refused: Error[];
}

/** A manager that is served until the end of the test. */
export function* served(options: Partial<ServeOptions> = {}): Green<Served> {
  const manager = Manager();
  const refused: Error[] = [];
  const server = yield* manager.serve({
    authkey: KEY,
    onRefused: (error) => refused.push(error),
    ...options,
  });
  atEnd(() => server.stop());
  return { manager, server, refused };
}

export function* connected(
  server: ManagerServer,
  options: Partial<ConnectOptions> = {},
): Green<ConnectedManager> {
  const remote = yield* Manager.connect({ port: server.port, authkey: KEY, ...options });
  atEnd(() => remote.close());
  return remote;
}

/** A socket of the host that sends and reads what it likes. */
export class Peer {
  readonly socket: host.Socket;
  readonly #reader = new FrameReader(2 ** 30);
  readonly #messages: Buffer[] = [];
  #wake: () => void = () => {};
  readonly closed: Promise<unknown>;

  constructor(port: number) {
    this.socket = host.connect(port, '127.0.0.1');
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.on('close', resolve));
    void this.closed.then(() => this.#wake());
    this.socket.on('data', (chunk) => {
      this.#reader.push(chunk);
      for (let next = this.#reader.next(); next !== null; next = this.#reader.next())
        this.#messages.push(next);
      this.#wake();
    });
    atEnd(() => this.socket.destroy());
  }

  send(message: Uint8Array): void {
    this.socket.write(frame(message));
  }

  say(topic: unknown, payload: unknown): void {
    this.send(serialize([topic, payload]));
  }

  /** The next message; null when it was closed. */
  async read(): Promise<Buffer | null> {
    while (this.#messages.length === 0) {
      if (this.socket.destroyed) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#messages.shift() as Buffer;
  }

  async hear(): Promise<any> {
    const message = await this.read();
    return message === null ? null : deserialize(message);
  }
}

export async function knock(port: number): Promise<Peer> {
  const peer = new Peer(port);
  await once(peer.socket, 'connect');
  return peer;
}

export interface Insider {
  readonly peer: Peer;
  /** What the manager calls this client, and the number of what it asks first. */
  readonly far: string;
  readonly root: number;
  readonly base: number;
}

export const NAME = 'm.@1';

/** A peer that knows the key, and then says what it likes. */
export async function intrude(
  port: number,
  hello: unknown = { you: NAME, here: 'm', most: 2 ** 20 },
): Promise<Insider> {
  const peer = await knock(port);
  const answer = new Answer(Buffer.from(KEY), 'here');
  peer.send(answer.answer((await peer.read()) as Buffer));
  answer.check((await peer.read()) as Buffer);
  peer.send(serialize(hello));
  const { you, root, base } = (await peer.hear()) ?? {};
  return { peer, far: you, root, base };
}

export const intruder = (port: number, hello?: unknown) => until(intrude(port, hello));
