/** http.serve: bodies that are large, slow, broken off, or not read; and kills at each stage. */
import type { Socket } from 'node:net';
import { each, type Green, type Greenlet, green, sleep, spawn, until } from 'greenlets';
import { http } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';
import { eventually, watchLeftovers } from '../support/leftovers.js';
import { gate, RawClient, serving } from './http-serve-support.js';

const hub = watchHub();
watchLeftovers();

const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const sized = (length: number, path = '/') =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const BLOCK = 'x'.repeat(256 * 1024);

/** Passes of the host, until `value` stays the same for many of them. */
async function settled(value: () => number): Promise<number> {
  let still = 0;
  for (let last = -1; still < 100; still = value() === last ? still + 1 : 0) {
    last = value();
    await pass();
  }
  return value();
}

describe('a body', () => {
  it(
    'that nobody reads yet holds up the sender, and is all there for a reader who comes late',
    green(function* () {
      const go = gate();
      let socket: Socket | undefined;
      const server = yield* serving(
        function* (request) {
          socket = request.socket;
          yield* until(go.opened);
          return String((yield* request.bytes()).length);
        },
        { maxBodySize: Number.POSITIVE_INFINITY },
      );
      for (const isChunked of [false, true]) {
        const client = new RawClient(server).send(isChunked ? CHUNKED : sized(40 * BLOCK.length));
        for (let i = 0; i < 40; i++) {
          client.send(isChunked ? `${BLOCK.length.toString(16)}\r\n${BLOCK}\r\n` : BLOCK);
        }
        if (isChunked) client.send('0\r\n\r\n');
        yield* until(eventually('it is worked on', () => server.requests === 1));
        if (!isChunked) {
          const read = yield* until(settled(() => (socket as Socket).bytesRead));
          expect(read).toBeLessThan(512 * 1024);
        }
        go.open();
        yield* until(client.until(/\r\n\r\n\d+$/));
        expect(client.text).toMatch(new RegExp(`\r\n\r\n${40 * BLOCK.length}$`));
      }
    }),
  );

  it(
    'that is read slowly holds up the sender',
    green(function* () {
      let socket: Socket | undefined;
      const more = gate();
      const server = yield* serving(function* (request) {
        socket = request.socket;
        yield* request.body.readExactly(10);
        yield* until(more.opened);
        let length = 10;
        for (let chunk = yield* request.body.read(); chunk !== null; chunk = yield* request.body.read()) {
          length += chunk.length;
        }
        return String(length);
      });
      const client = new RawClient(server).send(sized(40 * BLOCK.length));
      for (let i = 0; i < 40; i++) client.send(BLOCK);
      yield* until(eventually('it is worked on', () => server.requests === 1));
      expect(yield* until(settled(() => socket?.bytesRead ?? 0))).toBeLessThan(512 * 1024);
      more.open();
      yield* until(client.until(/\r\n\r\n\d+$/));
      expect(client.text).toMatch(new RegExp(`\r\n\r\n${40 * BLOCK.length}$`));
    }),
  );

  it(
    'that nobody has read and that is long ends the connection; the answer says so, and is not lost',
    green(function* () {
      const server = yield* serving(({ path }) => path);
      const client = new RawClient(server).send(sized(100 * BLOCK.length, '/first'));
      yield* until(client.until(/\/first$/));
      expect(client.text).toContain('Connection: close\r\n');
      // What is sent on is read, and dropped.
      for (let i = 0; i < 100; i++) client.send(BLOCK);
      client.send('GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n');
      client.socket.end();
      yield* until(client.closed);
      expect(client.text).not.toContain('smuggled');
    }),
  );

  it(
    'that is still being sent when it has been refused does not make its sender lose the answer',
    green(function* () {
      const server = yield* serving((request) => request.text(), { maxBodySize: 1000 });
      const client = new RawClient(server);
      client.socket.pause();
      client.send(sized(20 * BLOCK.length));
      for (let i = 0; i < 20; i++) {
        // None of it fails, which it would if the connection were closed on it.
        yield* until(
          new Promise<void>((resolve, reject) => {
            client.socket.write(BLOCK, (error) => (error == null ? resolve() : reject(error)));
          }),
        );
      }
      client.socket.resume();
      yield* until(client.closed);
      expect(client.text).toMatch(/^HTTP\/1\.1 413 (.*\r\n)*Connection: close\r\n\r\n$/);
    }),
  );

  it(
    'of no known length that nobody reads is dropped up to a bound, and then cut',
    green(function* () {
      const server = yield* serving(() => 'unread');
      const client = new RawClient(server).send(CHUNKED);
      yield* until(client.until(/unread$/));
      let ended = false;
      void client.closed.then(() => {
        ended = true;
      });
      client.socket.once('end', () => {
        ended = true;
      });
      while (!ended) {
        client.send(`${BLOCK.length.toString(16)}\r\n${BLOCK}\r\n`);
        yield* until(new Promise((resolve) => setTimeout(resolve, 1)));
      }
      yield* until(client.closed);
    }),
  );

  it(
    'that is let go by close() is dropped, and cannot be read any more',
    green(function* () {
      const seen: string[] = [];
      const server = yield* serving(function* (request) {
        if (request.method === 'GET') return 'next';
        yield* request.body.readLine();
        request.body.close();
        try {
          yield* request.bytes();
        } catch (error) {
          seen.push((error as { code: string }).code);
        }
        return 'closed';
      });
      const client = new RawClient(server).send(`${sized(200_000)}line\n`);
      yield* until(client.until(/closed$/));
      client.send('y'.repeat(200_000 - 5) + GET);
      yield* until(client.until(/next$/));
      expect(seen).toEqual(['BODY_CLOSED']);
    }),
  );

  it(
    'has its trailers behind it',
    green(function* () {
      const server = yield* serving(function* (request) {
        const first = yield* request.body.readExactly(1);
        const before = Object.keys(request.trailers).length;
        client.send('0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n');
        const rest = yield* request.bytes();
        return { before, after: request.trailers, length: first.length + rest.length };
      });
      const client = new RawClient(server).send(`${CHUNKED}1\r\na\r\n`);
      yield* until(client.until(/\{.*\}$/));
      expect(client.text).toMatch(/\{"before":0,"after":\{"x-sum":"1, 2"\},"length":1\}$/);
    }),
  );

  it(
    'that is malformed is an error of whoever reads it, and answers 400 or 413; nobody else is told',
    green(function* () {
      const codes: unknown[] = [];
      const server = yield* serving(function* (request) {
        try {
          return String((yield* request.bytes()).length);
        } catch (error) {
          expect(error).toBeInstanceOf(http.RequestIncomplete);
          codes.push((error as { code: string }).code);
          throw error;
        }
      });
      for (const [text, status] of [
        ['3\r\nabcd', 400],
        ['x\r\n', 400],
        [`1;${'x'.repeat(5000)}\r\na\r\n`, 413],
        [`0\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
      ] as const) {
        const client = new RawClient(server).send(CHUNKED);
        yield* until(eventually('it is worked on', () => server.requests === 1));
        client.send(text);
        yield* until(client.closed);
        expect(client.text).toMatch(new RegExp(`^HTTP/1.1 ${status} (.*\r\n)*Connection: close\r\n\r\n$`));
      }
      expect(codes).toEqual([
        'HPE_STRICT',
        'HPE_INVALID_CHUNK_SIZE',
        'HPE_CHUNK_EXTENSIONS_OVERFLOW',
        'HPE_HEADER_OVERFLOW',
      ]);
    }),
  );

  it(
    'that is malformed does not take away the answer of a handler that does not read it',
    green(function* () {
      const go = gate();
      const server = yield* serving(function* () {
        yield* until(go.opened);
        return 'fine';
      });
      const client = new RawClient(server).send(`${CHUNKED}x\r\n`);
      yield* until(eventually('it is worked on', () => server.requests === 1));
      yield* until(pass());
      go.open();
      yield* until(client.closed);
      expect(client.text).toMatch(/^HTTP\/1\.1 200 (.*\r\n)*Connection: close\r\n\r\nfine$/);
    }),
  );

  it(
    'whose sender goes away is an error of whoever reads it, if that is not killed',
    green(function* () {
      const seen: unknown[] = [];
      const server = yield* serving(
        function* (request) {
          try {
            yield* request.bytes();
          } catch (error) {
            seen.push((error as { code: string }).code);
          }
          return 'nobody hears';
        },
        { killOnDisconnect: false },
      );
      for (const isReset of [false, true]) {
        const client = new RawClient(server).send(`${sized(100)}abc`);
        yield* until(eventually('it is worked on', () => server.requests === 1));
        if (isReset) client.socket.resetAndDestroy();
        else client.socket.destroy();
        yield* until(eventually('it has ended', () => server.requests === 0));
      }
      expect(seen).toEqual(['ECONNRESET', 'ECONNRESET']);
    }),
  );
});

/** Never gives anything. */
const SILENT: AsyncIterable<string> = {
  [Symbol.asyncIterator]: () => ({
    next: () => new Promise(() => {}),
    return: async () => ({ done: true, value: undefined }),
  }),
};

describe('a kill', () => {
  /** At each stage a request is brought to; what the other end has got by then. */
  const STAGES: [
    stage: string,
    text: string,
    got: RegExp,
    handler: (request: http.ServerRequest) => unknown,
  ][] = [
    ['waiting for its body', sized(10), /^HTTP\/1\.1 503 /, (request) => request.bytes()],
    [
      'in the middle of its body',
      `${sized(1000)}abc`,
      /^HTTP\/1\.1 503 /,
      (request) => request.body.readExactly(500),
    ],
    ['in its handler', GET, /^HTTP\/1\.1 503 /, () => sleep(Number.POSITIVE_INFINITY)],
    ['before the first piece', GET, /^HTTP\/1\.1 503 /, () => SILENT],
    [
      'between pieces',
      GET,
      /^HTTP\/1\.1 200 (?!(.*\r\n)*0\r\n\r\n)/,
      () => new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('piece')) }),
    ],
    [
      'while the other end does not read',
      GET,
      /^HTTP\/1\.1 200 /,
      () =>
        each({
          *[Symbol.iterator]() {
            for (;;) yield BLOCK;
          },
        } as Iterable<string>),
    ],
  ];
  it.each(STAGES)('of a request that is %s leaves nothing behind', (stage, text, got, handler) =>
    green(function* () {
      const server = yield* serving(handler);
      const client = new RawClient(server);
      if (stage.startsWith('while')) client.socket.pause();
      client.send(text);
      yield* until(eventually('it is worked on', () => server.requests === 1));
      yield* until(settled(() => client.text.length));
      const killed: Greenlet<unknown>[] = yield* server.stop({ timeout: 0 });
      expect(killed).toHaveLength(1);
      client.socket.resume();
      yield* until(client.closed);
      expect(client.text).toMatch(got);
    })(),
  );

  it(
    'of one that waits until those ahead are answered leaves nothing behind',
    green(function* () {
      const go = gate();
      const members: Greenlet<unknown>[] = [];
      const server = yield* serving(function* ({ path }): Green<unknown> {
        if (path === '/first') yield* until(go.opened);
        return path === '/second' ? each(['one', 'two']) : path;
      });
      const get = (path: string) => GET.replace('/', path);
      const client = new RawClient(server).send(get('/first') + get('/second') + get('/third'));
      yield* until(eventually('two are left', () => server.requests === 2));
      yield* until(pass());
      const stopping = spawn(() => server.stop({ timeout: 0 }));
      members.push(...(yield* stopping.get()));
      expect(members).toHaveLength(2);
      yield* until(client.closed);
      // The first ends the connection.
      expect(client.text).toMatch(/^HTTP\/1\.1 503 (.*\r\n)*\r\n/);
      expect(hub.takeErrors()).toEqual([]);
    }),
  );
});
