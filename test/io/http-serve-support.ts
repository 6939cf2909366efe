/** A server of `http.serve`, and clients that are the host's own. */
import { once } from 'node:events';
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
  request,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Green } from 'greenlets';
import { http } from 'greenlets/io';
import { atEnd } from '../support/leftovers.js';

/** Listens; stopped at the end of the test. */
export function* serving(
  handler: http.RequestHandler,
  options: http.ServeOptions = {},
): Green<http.HttpServer> {
  const server = http.serve(
    handler,
    options.path === undefined ? { host: '127.0.0.1', ...options } : options,
  );
  atEnd(() => server.stop({ timeout: 0 }).promise());
  return yield* server;
}

export interface Answer {
  readonly status: number;
  readonly message: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** The code of the error that came before its end. */
  readonly error: string | undefined;
}

export type Asking = RequestOptions & { readonly body?: string | Uint8Array | undefined };

/** A request that is sent; with `hold` the test writes the body. */
export function send(server: http.HttpServer, asking: Asking = {}): ClientRequest {
  const { body, ...options } = asking;
  const where = typeof server.address === 'string' ? { socketPath: server.address } : { port: server.port };
  const sent = request({ host: '127.0.0.1', agent: false, ...where, ...options });
  sent.on('error', () => {});
  if (body !== undefined) sent.end(body);
  return sent;
}

/** The answer to `sent`. Errors: the host's when none comes. */
export async function answerTo(sent: ClientRequest): Promise<Answer> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  let error: string | undefined;
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('error', (failure: NodeJS.ErrnoException) => {
    error = failure.code;
  });
  await new Promise((resolve) => response.once('close', resolve));
  const body = Buffer.concat(chunks);
  return {
    status: response.statusCode ?? 0,
    message: response.statusMessage ?? '',
    headers: response.headers,
    body,
    text: body.toString(),
    error,
  };
}

export function ask(server: http.HttpServer, asking: Asking | string = {}): Promise<Answer> {
  const options = typeof asking === 'string' ? { path: asking } : asking;
  return answerTo(send(server, { body: '', ...options }));
}

/** A connection whose bytes are in the hands of the test. */
export class RawClient {
  readonly socket: Socket;
  /** All that has come. */
  text = '';
  /** Fulfilled when the connection is closed. */
  readonly closed: Promise<unknown>;
  #arrived: () => void = () => {};

  constructor(server: http.HttpServer) {
    this.socket = connect(server.port, '127.0.0.1');
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
    this.socket.setEncoding('latin1').on('data', (chunk: string) => {
      this.text += chunk;
      this.#arrived();
    });
    atEnd(async () => {
      this.socket.destroy();
      await this.closed;
    });
  }

  send(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** Waits until `pattern` has come `times` times, or the connection is closed. */
  async until(pattern: RegExp, times = 1): Promise<string> {
    let over = false;
    void this.closed.then(() => {
      over = true;
      this.#arrived();
    });
    const all = new RegExp(pattern, 'g');
    while (!over && (this.text.match(all)?.length ?? 0) < times) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    return this.text;
  }
}

/** A GET as text, with the header lines `more`. */
export function get(path: string, more = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
}

/** A POST as text; `body` is Latin-1. */
export function post(path: string, body: string, more = ''): string {
  return `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
}

/** The status of each answer in `text`. */
export function statuses(text: string): string[] {
  return (text.match(/HTTP\/1\.1 \d+/g) ?? []).map((line) => line.slice(9));
}

/** Something that a test waits for once. */
export function gate<T = void>(): {
  readonly open: (value: T) => void;
  readonly opened: Promise<T>;
} {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}
