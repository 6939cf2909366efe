/** http.serve: what a handler sees of a request, and what becomes of its body. */
import { Agent } from 'node:http';
import { green, until } from 'greenlets';
import { http } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { atEnd, watchLeftovers } from '../support/leftovers.js';
import { answerTo, ask, RawClient, send, serving } from './http-serve-support.js';

const hub = watchHub();
watchLeftovers();

describe('a request', () => {
  it(
    'has method, url, path, query, headers and address',
    green(function* () {
      const server = yield* serving((request) => ({
        method: request.method,
        url: request.url,
        path: request.path,
        query: [...request.query],
        color: request.headers['x-color'],
        from: request.remoteAddress,
        text: String(request),
      }));
      const headers = { host: 'example.invalid:81', 'x-color': 'red' };
      const { text } = yield* until(ask(server, { method: 'PUT', path: '/a%20b/./c?x=1&x=%C3%A4', headers }));
      expect(JSON.parse(text)).toEqual({
        method: 'PUT',
        url: 'http://example.invalid:81/a%20b/c?x=1&x=%C3%A4',
        path: '/a%20b/c',
        query: [
          ['x', '1'],
          ['x', 'ä'],
        ],
        color: 'red',
        from: '127.0.0.1',
        text: '<ServerRequest PUT /a%20b/./c?x=1&x=%C3%A4>',
      });
    }),
  );

  it(
    'has the path of its target, whatever the Host header says',
    green(function* () {
      const server = yield* serving(({ path }) => path);
      for (const [host, target, path] of [
        ['a/admin?', '/public', '/public'],
        ['a#', '/public', '/public'],
        ['', '/public', '/public'],
        ['a b', '/public', '/public'],
        ['a', '//b/c', '//b/c'],
        ['a', 'http://b/c', '/c'],
        ['a', '*', '/*'],
      ] as const) {
        const client = new RawClient(server);
        client.send(`OPTIONS ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
        yield* until(client.closed);
        expect(client.text.split('\r\n\r\n')[1]).toBe(path);
      }
    }),
  );

  it(
    'gives its body as text, JSON, bytes, chunks or lines',
    green(function* () {
      const server = yield* serving(function* (request) {
        if (request.path === '/text') return yield* request.text();
        if (request.path === '/json') return { is: yield* request.json() };
        if (request.path === '/bytes') return yield* request.bytes();
        if (request.path === '/chunks') return Buffer.concat(yield* request.chunks().toArray());
        return { lines: yield* request.lines().toArray() };
      });
      const post = (path: string, body: string) => until(ask(server, { method: 'POST', path, body }));
      expect((yield* post('/text', 'häuser')).text).toBe('häuser');
      expect((yield* post('/text', '')).text).toBe('');
      expect((yield* post('/json', '{"a":1}')).text).toBe('{"is":{"a":1}}');
      expect((yield* post('/bytes', 'b')).headers['content-type']).toBe('application/octet-stream');
      expect((yield* post('/chunks', 'c'.repeat(300_000))).text).toHaveLength(300_000);
      expect((yield* post('/lines', 'one\r\ntwo\n\nfour')).text).toBe('{"lines":["one","two","","four"]}');
    }),
  );

  it(
    'whose body is no JSON answers 400, and is no error of the program; one of its own is',
    green(function* () {
      const server = yield* serving(function* (request) {
        if (request.path === '/own') return JSON.parse('{');
        return (yield* request.json()) as object;
      });
      const bad = yield* until(ask(server, { method: 'POST', body: '{no' }));
      expect([bad.status, bad.text]).toEqual([400, '']);
      expect(hub.takeErrors()).toEqual([]);
      expect((yield* until(ask(server, '/own'))).status).toBe(500);
      expect(hub.takeErrors()).toMatchObject([{ name: 'SyntaxError' }]);
    }),
  );

  it(
    'whose body is too large answers 413, announced or not, and the connection ends',
    green(function* () {
      const seen: unknown[] = [];
      const server = yield* serving(
        function* (request) {
          try {
            return String((yield* request.bytes()).length);
          } catch (error) {
            seen.push(error);
            throw error;
          }
        },
        { maxBodySize: 1000 },
      );
      const fits = yield* until(ask(server, { method: 'POST', body: 'x'.repeat(1000) }));
      expect(fits.text).toBe('1000');
      // Without its body: it is refused by what it says.
      const announced = send(server, { method: 'POST', headers: { 'content-length': 1001 } });
      announced.flushHeaders();
      expect((yield* until(answerTo(announced))).status).toBe(413);
      announced.destroy();
      const chunked = send(server, { method: 'POST' });
      chunked.write('x'.repeat(600));
      chunked.end('x'.repeat(3_000_000));
      const late = yield* until(answerTo(chunked));
      expect([late.status, late.headers.connection]).toEqual([413, 'close']);
      expect(seen).toMatchObject([{ code: 'REQUEST_TOO_LARGE' }, { code: 'REQUEST_TOO_LARGE' }]);
      expect(seen[0]).toBeInstanceOf(http.RequestTooLarge);
    }),
  );

  it(
    'keeps its body for the next read when a read of it is interrupted',
    green(function* () {
      const server = yield* serving(function* (request) {
        const first = request.bytes().promise({ signal: AbortSignal.timeout(10) });
        yield* until(first.catch(() => {}));
        sent.end('second');
        return yield* request.text();
      });
      const sent = send(server, { method: 'POST' });
      sent.write('first ');
      expect((yield* until(answerTo(sent))).text).toBe('first second');
    }),
  );
});

describe('a connection', () => {
  it(
    'is kept for the next request, and closed when one asks for that',
    green(function* () {
      const ports = new Set<number>();
      const server = yield* serving(({ socket }) => {
        ports.add(socket.remotePort ?? 0);
        return 'ok';
      });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      atEnd(() => agent.destroy());
      for (let i = 0; i < 3; i++) expect((yield* until(ask(server, { agent }))).text).toBe('ok');
      expect(ports.size).toBe(1);
      const client = new RawClient(server);
      client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      yield* until(client.closed);
      expect(client.text.match(/HTTP\/1\.1 200/g)).toHaveLength(1);
    }),
  );

  it(
    'answers requests that come all at once in their order, though the first is answered last',
    green(function* () {
      const done: string[] = [];
      let openFirst = () => {};
      const first = new Promise<void>((resolve) => {
        openFirst = resolve;
      });
      const server = yield* serving(function* ({ path }) {
        if (path === '/0') yield* until(first);
        done.push(path);
        if (done.length === 14) openFirst();
        return path;
      });
      const client = new RawClient(server);
      const paths = Array.from({ length: 15 }, (_, i) => `/${i}`);
      client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
      yield* until(client.until(/HTTP\/1\.1 200/, 15));
      yield* until(client.until(/\r\n\r\n\/14/));
      expect(client.text.match(/^\/\d+/gm)).toEqual(paths);
      expect(done.at(-1)).toBe('/0');
    }),
  );

  it(
    'goes on with the next request when a body was not read, or in part, or was long',
    green(function* () {
      const server = yield* serving(function* (request) {
        if (request.path === '/part') yield* request.body.read(5);
        if (request.path === '/line') yield* request.body.readLine();
        return request.path;
      });
      const client = new RawClient(server);
      for (const path of ['/none', '/part', '/line']) {
        const body = `first line\n${'x'.repeat(400_000)}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`;
        client.send(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
        client.send('GET /next HTTP/1.1\r\nHost: a\r\n\r\n');
      }
      yield* until(client.until(/\r\n\r\n\/next/, 3));
      const bodies = client.text.match(/^\/[a-z]+/gm);
      expect(bodies).toEqual(['/none', '/next', '/part', '/next', '/line', '/next']);
    }),
  );

  it(
    'whose request is no HTTP, or has a head that is too long, is answered with 400 or 431 without the handler',
    green(function* () {
      let calls = 0;
      const server = yield* serving(() => String(calls++), { maxHeaderSize: 8192 });
      for (const [text, status] of [
        ['nonsense\r\n\r\n', 400],
        ['GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n', 400],
        [
          'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
          400,
        ],
        [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
      ] as const) {
        const client = new RawClient(server).send(text);
        yield* until(client.closed);
        expect(client.text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      }
      expect(calls).toBe(0);
    }),
  );

  it(
    'that expects 100-continue gets it, and sends its body',
    green(function* () {
      const server = yield* serving((request) => request.text());
      const sent = send(server, { method: 'POST', headers: { expect: '100-continue' } });
      sent.flushHeaders();
      sent.on('continue', () => sent.end('body'));
      expect((yield* until(answerTo(sent))).text).toBe('body');
    }),
  );
});
