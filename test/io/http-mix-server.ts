/** A server that takes requests of any kind one after the other, and answers each with the bytes that were made for it. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Answer } from './http-mix-answers.js';

const GONE = new Error('the connection is gone');

/** What comes on a connection. */
class Incoming {
  #bytes = Buffer.alloc(0);
  #told: (() => void) | null = null;

  constructor(readonly socket: Socket) {
    socket.on('error', () => {});
    socket.on('close', () => this.#told?.());
    socket.on('end', () => this.#told?.());
    socket.on('data', (bytes) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      this.#told?.();
    });
  }

  async #more(): Promise<void> {
    if (this.socket.destroyed || this.socket.readableEnded) throw GONE;
    await new Promise<void>((resolve) => {
      this.#told = resolve;
    });
  }

  async take(count: number): Promise<Buffer> {
    while (this.#bytes.length < count) await this.#more();
    const bytes = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return bytes;
  }

  async until(end: string): Promise<string> {
    while (!this.#bytes.includes(end)) await this.#more();
    return (await this.take(this.#bytes.indexOf(end) + end.length)).toString('latin1');
  }
}

export interface MixServer {
  readonly url: string;
  /** What each address is answered with, and what its request must have sent. */
  readonly answers: Map<string, Answer>;
  readonly bodies: Map<string, Buffer>;
  /** What was wrong with requests. */
  readonly faults: string[];
  close(): Promise<void>;
}

export async function mixServer(): Promise<MixServer> {
  const sockets = new Set<Socket>();
  const answers = new Map<string, Answer>();
  const bodies = new Map<string, Buffer>();
  const faults: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    serve(new Incoming(socket)).catch((error) => {
      if (error !== GONE) faults.push(String(error));
      socket.destroy();
    });
  });

  async function serve(incoming: Incoming): Promise<void> {
    const { socket } = incoming;
    for (;;) {
      const head = await incoming.until('\r\n\r\n');
      const path = head.split(' ')[1] as string;
      const answer = answers.get(path);
      if (answer === undefined) throw new Error(`nobody asks for ${path}`);
      const early = hasBody(head) && answer.early;
      if (early === 'leaves') socket.pause();
      else if (!early || early === 'no') await takeBody(incoming, head, path, false);
      for (const piece of answer.pieces) {
        if (piece.length > 0) await write(socket, piece);
        for (let i = answer.passes; i > 0; i--) await new Promise((resolve) => setImmediate(resolve));
        if (socket.destroyed) return;
      }
      if (early === 'takes') await takeBody(incoming, head, path, true);
      if (answer.keeps && !answer.rude && early !== 'leaves') continue;
      if (answer.fault !== 'cut') socket.end();
      else socket[answer.end]();
      return;
    }
  }

  async function takeBody(incoming: Incoming, head: string, path: string, answered: boolean): Promise<void> {
    if (!hasBody(head)) return;
    if (/expect:/i.test(head)) {
      // Who was not asked does not send it.
      if (answered && !answers.get(path)?.bytes.includes('100 Continue')) return;
      if (!answered) incoming.socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    }
    const length = /content-length: (\d+)/i.exec(head)?.[1];
    const parts: Buffer[] = [];
    if (length !== undefined) parts.push(await incoming.take(Number(length)));
    else {
      for (let size = -1; size !== 0; ) {
        size = Number.parseInt(await incoming.until('\r\n'), 16);
        parts.push(await incoming.take(size));
        if ((await incoming.take(2)).toString() !== '\r\n') throw new Error('a chunk is not what it says');
      }
    }
    const wanted = bodies.get(path);
    if (wanted !== undefined && !Buffer.concat(parts).equals(wanted))
      faults.push(`${path}: another body came`);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers,
    bodies,
    faults,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function hasBody(head: string): boolean {
  return /transfer-encoding: chunked|content-length: [1-9]/i.test(head);
}

async function write(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.write(bytes) || socket.destroyed) return;
  await new Promise<void>((resolve) => {
    socket.once('drain', resolve);
    socket.once('close', resolve);
  });
}
