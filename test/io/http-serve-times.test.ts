/**
 * http.serve: what takes too long is cut. The limits are short here, and each test waits for what comes of one: that nothing comes of
 * it would show as a test that does not end.
 */
import type { Socket } from 'node:net';
import { green, until } from 'greenlets';
import { http } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { eventually, listenerCount, watchLeftovers } from '../support/leftovers.js';
import { CERT, KEY } from './http-certificate.js';
import { gate, RawClient, serving } from './http-serve-support.js';

const hub = watchHub();
watchLeftovers();

const SHORT = 40;
const LONGER = 100;
const NEVER = Number.POSITIVE_INFINITY;
const UNLIMITED = { headersTimeout: NEVER, requestTimeout: NEVER, keepAliveTimeout: NEVER };
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const LATE = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/** Sends `text` byte by byte, each in a pass of its own, over and over, until the connection is closed. */
async function trickle(client: RawClient, text: string): Promise<void> {
  let closed = false;
  void client.closed.then(() => {
    closed = true;
  });
  for (let i = 0; !closed; i = (i + 1) % text.length) {
    client.send(text[i] as string);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** An idle connection has been cut twice: so much time has passed. */
async function longEnough(server: http.HttpServer): Promise<void> {
  for (let i = 0; i < 2; i++) {
    const idle = new RawClient(server).send(GET);
    await idle.closed;
    expect(idle.text).toMatch(/^HTTP\/1\.1 200 /);
  }
}

describe('headersTimeout', () => {
  it(
    'answers a head that does not come, or not as a whole, with 408',
    green(function* () {
      for (const limits of [{ headersTimeout: SHORT }, { requestTimeout: SHORT }]) {
        const server = yield* serving(() => 'ok', { ...UNLIMITED, ...limits });
        for (const text of ['', 'G', 'GET / HTTP/1.1\r\nHost: a\r\nx: ', '\r\n\r\n']) {
          const client = new RawClient(server).send(text);
          yield* until(client.closed);
          expect(client.text).toBe(LATE);
        }
        const second = new RawClient(server).send(`${GET}GET /second`);
        yield* until(second.closed);
        expect(second.text).toMatch(/^HTTP\/1\.1 200 (.*\r\n)*\r\nokHTTP\/1\.1 408 /);
      }
    }),
  );

  it(
    'cuts one who sends byte by byte',
    green(function* () {
      const server = yield* serving(() => 'ok', { ...UNLIMITED, headersTimeout: SHORT });
      const client = new RawClient(server).send('GET / HTTP/1.1\r\nHost: a\r\n');
      yield* until(trickle(client, 'a: b\r\n'));
      expect(client.text).toBe(LATE);
      const empty = new RawClient(server);
      yield* until(trickle(empty, '\r\n'));
      expect(empty.text).toBe(LATE);
    }),
  );

  it(
    'of a request behind others is answered when they have been',
    green(function* () {
      const go = gate();
      const server = yield* serving(
        function* ({ path }) {
          if (path === '/') yield* until(go.opened);
          return path;
        },
        { ...UNLIMITED, headersTimeout: SHORT, keepAliveTimeout: SHORT },
      );
      const client = new RawClient(server).send(`${GET}GET /second`);
      yield* until(eventually('it is worked on', () => server.requests === 1));
      const other = new RawClient(server);
      yield* until(other.closed);
      expect(other.text).toBe(LATE);
      go.open();
      yield* until(client.closed);
      expect(client.text).toMatch(/^HTTP\/1\.1 200 (.*\r\n)*\r\n\/HTTP\/1\.1 408 /);
    }),
  );
});

describe('requestTimeout', () => {
  it(
    'is an error of whoever reads a body that does not come, and answers 408',
    green(function* () {
      const seen: unknown[] = [];
      const server = yield* serving(
        function* (request) {
          try {
            return yield* request.text();
          } catch (error) {
            expect(error).toBeInstanceOf(http.RequestIncomplete);
            seen.push((error as { code: string }).code);
            throw error;
          }
        },
        { ...UNLIMITED, requestTimeout: LONGER },
      );
      const silent = new RawClient(server).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\na');
      yield* until(silent.closed);
      const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
      const slow = new RawClient(server).send(chunked);
      yield* until(trickle(slow, '1\r\nx\r\n'));
      for (const { text } of [silent, slow]) {
        expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n(.*\r\n)*Connection: close\r\n\r\n$/);
      }
      expect(seen).toEqual(['ERR_HTTP_REQUEST_TIMEOUT', 'ERR_HTTP_REQUEST_TIMEOUT']);
      expect(hub.takeErrors()).toEqual([]);
    }),
  );

  it(
    'does not take away the answer of a handler that does not read',
    green(function* () {
      const late = gate();
      const server = yield* serving(
        function* ({ method }) {
          if (method === 'POST') yield* until(late.opened);
          return 'ok';
        },
        { ...UNLIMITED, requestTimeout: LONGER, keepAliveTimeout: LONGER },
      );
      const client = new RawClient(server).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\na');
      yield* until(longEnough(server));
      late.open();
      yield* until(client.closed);
      expect(client.text).toMatch(/^HTTP\/1\.1 200 (.*\r\n)*Connection: close\r\n\r\nok$/);
    }),
  );
});

describe('keepAliveTimeout', () => {
  it(
    'ends a connection that is idle, without a word',
    green(function* () {
      const server = yield* serving(() => 'ok', { ...UNLIMITED, keepAliveTimeout: SHORT });
      const client = new RawClient(server).send(GET);
      yield* until(client.until(/ok$/));
      yield* until(client.closed);
      expect(client.text.match(/HTTP/g)).toHaveLength(1);
      expect(client.text).toContain('Keep-Alive: timeout=0\r\n');
    }),
  );

  it(
    'is counted anew after each request',
    green(function* () {
      const server = yield* serving(() => 'ok', { ...UNLIMITED, keepAliveTimeout: 400 });
      const client = new RawClient(server);
      let cut = false;
      void longEnough(server).then(() => {
        cut = true;
      });
      while (!cut) {
        client.text = '';
        client.send(GET);
        yield* until(client.until(/ok$/));
        expect(client.text).toContain(' 200 ');
      }
    }),
  );

  it(
    'does not count while a request is worked on, nor while the other end takes its answer',
    green(function* () {
      const size = 40_000_000;
      let socket: Socket | undefined;
      const asked = gate();
      const late = gate();
      const server = yield* serving(
        function* (request) {
          const { path } = request;
          if (path === '/slow') yield* until(late.opened);
          if (path === '/large') {
            socket = request.socket;
            asked.open();
          }
          return path === '/large' ? 'x'.repeat(size) : path;
        },
        { headersTimeout: LONGER, requestTimeout: LONGER, keepAliveTimeout: LONGER },
      );
      const slow = new RawClient(server).send(GET.replace('/', '/slow'));
      const large = new RawClient(server);
      large.socket.pause();
      large.send(GET.replace('/', '/large'));
      yield* until(asked.opened);
      yield* until(longEnough(server));
      late.open();
      yield* until(slow.closed);
      expect(slow.text).toMatch(/\/slow$/);
      expect(socket?.writable).toBe(true);
      large.socket.resume();
      yield* until(large.closed);
      expect(large.text.length).toBeGreaterThan(size);
    }),
  );
});

describe('a connection that is gone', () => {
  it(
    'is not cut again, however long its request goes on',
    green(function* () {
      const go = gate();
      let socket: Socket | undefined;
      const server = yield* serving(
        function* (request) {
          if (request.path === '/') return 'ok';
          socket = request.socket;
          yield* until(go.opened);
          return 'nobody hears';
        },
        { ...UNLIMITED, keepAliveTimeout: SHORT, killOnDisconnect: false },
      );
      const client = new RawClient(server).send(GET.replace('/', '/slow'));
      yield* until(eventually('it is worked on', () => server.requests === 1));
      client.socket.resetAndDestroy();
      yield* until(eventually('it is gone', () => socket?.closed === true));
      const listeners = listenerCount(socket as Socket);
      yield* until(longEnough(server));
      expect(listenerCount(socket as Socket)).toBeLessThanOrEqual(listeners);
      go.open();
      yield* until(eventually('it has ended', () => server.requests === 0));
    }),
  );

  it(
    'by TLS is one that sends no TLS, or nothing: it is closed',
    green(function* () {
      const server = yield* serving(() => 'ok', { tls: { key: KEY, cert: CERT }, headersTimeout: LONGER });
      for (const text of [GET, '']) {
        const client = new RawClient(server).send(text);
        yield* until(client.closed);
        expect(client.text).not.toContain('HTTP');
      }
    }),
  );
});

describe('limits', () => {
  it(
    'that are 0 or Infinity are none, and then nothing is said of them',
    green(function* () {
      for (const none of [0, NEVER]) {
        const limits = { headersTimeout: none, requestTimeout: none, keepAliveTimeout: none };
        const server = yield* serving(() => 'ok', limits);
        const client = new RawClient(server).send(GET);
        yield* until(client.until(/ok$/));
        expect(client.text).toMatch(/\r\nConnection: keep-alive\r\n\r\nok$/);
      }
    }),
  );

  it('are checked at the call', () => {
    for (const name of ['headersTimeout', 'requestTimeout', 'keepAliveTimeout'] as const) {
      expect(() => http.serve(() => null, { [name]: -1 })).toThrow(`${name} must be 0 or more milliseconds`);
      expect(() => http.serve(() => null, { [name]: '5' as never })).toThrow(`${name} must be a number`);
    }
    expect(() => http.serve(() => null, { maxHeaderSize: 0 })).toThrow(
      'maxHeaderSize must be a whole number',
    );
  });
});

describe('a connection that is ended by its last answer', () => {
  it(
    'is read from for a while, and then closed, though the other end does not stop',
    green(function* () {
      const server = yield* serving(() => 'last', { keepAliveTimeout: LONGER });
      const client = new RawClient(server).send(
        'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n',
      );
      // Its end is not taken for that of the connection.
      client.socket.allowHalfOpen = true;
      yield* until(trickle(client, '1\r\nx\r\n'));
      expect(client.text).toMatch(/last$/);
    }),
  );
});
