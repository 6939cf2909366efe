import { Readable } from 'node:stream';
import { Event, GreenletExit, green, Queue, spawn, until } from 'greenlets';
import { http } from 'greenlets/io';
import { afterEach, describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { echo, local, thrownBy } from './http-client-kit.js';
import { nothingLeft } from './http-left-over.js';
import { rawServer } from './http-raw-server.js';
import { serve } from './local-server.js';

watchHub();
afterEach(nothingLeft);

describe('http.request', () => {
  it(
    'does nothing when it is built, and makes a request at each run',
    green(function* () {
      const server = yield* local((_, response) => response.end('hello'));
      const operation = http.get(server.url);
      expect(server.exchanges).toHaveLength(0);
      expect(yield* (yield* operation).text()).toBe('hello');
      expect(yield* (yield* operation).text()).toBe('hello');
      expect(server.exchanges).toHaveLength(2);
    }),
  );

  it(
    'gives status, headers and version',
    green(function* () {
      const server = yield* local((_, response) => {
        response.writeHead(404, 'Lost', { 'X-Color': 'red', 'set-cookie': ['a=1', 'b=2'], 'x-many': 'x' });
        response.end();
      });
      const response = yield* http.get(`${server.url}/page?secret=1#part`);
      expect(response).toMatchObject({
        status: 404,
        statusText: 'Lost',
        ok: false,
        url: `${server.url}/page?secret=1`,
        redirected: false,
        httpVersion: '1.1',
      });
      expect(String(response)).toBe(`<HttpResponse 404 of GET ${server.url}/page>`);
      const { headers } = response;
      expect(headers.get('x-color')).toBe('red');
      expect(headers.get('X-COLOR')).toBe('red');
      expect(headers.has('x-none')).toBe(false);
      expect(headers.get('x-none')).toBe(null);
      expect(headers.get('x-many')).toBe('x');
      expect(headers.getSetCookie()).toEqual(['a=1', 'b=2']);
      expect([...headers].filter(([name]) => name === 'set-cookie')).toHaveLength(2);
      expect(headers.raw[0]).toEqual(['X-Color', 'red']);
      expect(yield* response.text()).toBe('');
    }),
  );

  it('can be awaited outside of greenlets', async () => {
    const server = await serve((_, response) => response.end('{"a":1}'));
    const response = await http.get(server.url);
    expect(await response.json()).toEqual({ a: 1 });
  });

  it.each([
    ['text', 'h\u00e4', '3', 'text/plain;charset=UTF-8'],
    ['bytes', Buffer.from('abc'), '3', undefined],
    ['an ArrayBuffer', new Uint8Array([97]).buffer, '1', undefined],
    [
      'URLSearchParams',
      new URLSearchParams({ a: '1 2' }),
      '5',
      'application/x-www-form-urlencoded;charset=UTF-8',
    ],
    ['an iterable', ['a', Buffer.from('b'), ''], undefined, undefined],
    ['a Readable', () => Readable.from(['a', 'b']), undefined, undefined],
    ['a web stream', () => new Blob(['ab']).stream(), undefined, undefined],
    [
      'an async iterable',
      async function* () {
        yield 'a';
        yield 'b';
      },
      undefined,
      undefined,
    ],
    [
      'FormData',
      () => {
        const form = new FormData();
        form.set('k', 'v');
        return form;
      },
      undefined,
      expect.stringMatching(/^multipart\/form-data; boundary=/),
    ],
  ] as const)('sends %s', async (_, given, length, type) => {
    const server = await serve(echo);
    const body = (typeof given === 'function' ? given() : given) as http.RequestBody;
    const seen: any = await (await http.request(server.url, { method: 'post', body })).json();
    expect(seen.method).toBe('POST');
    expect(seen.headers['content-length']).toBe(length);
    expect(seen.headers['transfer-encoding']).toBe(length === undefined ? 'chunked' : undefined);
    expect(seen.headers['content-type']).toEqual(type);
    if (length === undefined && type === undefined) expect(seen.body).toBe('ab');
    else if (type === 'text/plain;charset=UTF-8') expect(seen.body).toBe('h\u00e4');
  });

  it(
    'sends Results, and waits while the server does not take more',
    green(function* () {
      const server = yield* local();
      const queue = new Queue<Buffer>(1);
      const posting = spawn(() => http.request(server.url, { method: 'POST', body: queue.items() }));
      let put = 0;
      const putting = spawn(function* () {
        for (; put < 1000; put++) yield* queue.put(Buffer.alloc(64 * 1024));
        void queue.shutdown();
      });
      const { request, response } = yield* until(server.next());
      // The host's buffers are full some time; until then, whoever puts goes on.
      let before = -1;
      while (put !== before) {
        before = put;
        for (let i = 0; i < 20; i++) yield* until(new Promise((resolve) => setImmediate(resolve)));
      }
      expect(put).toBeLessThan(1000);
      request.resume();
      request.on('end', () => response.end('done'));
      expect(yield* (yield* posting.get()).text()).toBe('done');
      yield* putting.join();
      expect(put).toBe(1000);
    }),
  );

  it(
    'checks the length of a stream that has one',
    green(function* () {
      const server = yield* local(echo);
      const init = { method: 'POST', headers: { 'content-length': '3' } };
      const response = yield* http.request(server.url, { ...init, body: ['a', 'bc'] });
      const seen: any = yield* response.json();
      expect(seen).toMatchObject({ body: 'abc', headers: { 'content-length': '3' } });
      for (const body of [['a'], ['abcd']]) {
        const error = yield* thrownBy(() => http.request(server.url, { ...init, body }));
        expect(error.message).toContain("must have the 3 bytes that headers['content-length'] says");
      }
    }),
  );

  it(
    'throws what the source of its body throws',
    green(function* () {
      const server = yield* local();
      const body = (async function* () {
        yield 'a';
        throw new Error('no more');
      })();
      expect((yield* thrownBy(() => http.request(server.url, { method: 'POST', body }))).message).toBe(
        'no more',
      );
    }),
  );

  it(
    'throws what the source of its body throws, also an exit, and after the head of the response',
    green(function* () {
      const server = yield* local((request, response) => {
        request.on('error', () => {});
        request.once('data', (piece) => response.write(piece));
      });
      for (const broken of [new Error('no more'), new GreenletExit('no more')]) {
        const source = async function* () {
          yield 'some';
          throw broken;
        };
        const silent = yield* until(rawServer(() => {}));
        const early = yield* thrownBy(() =>
          http.request(silent.url, { method: 'POST', body: source(), timeout: 5000 }),
        );
        expect(early).toBe(broken);
        const more = new Event();
        const gated = async function* () {
          yield 'some';
          await more.wait();
          throw broken;
        };
        const response = yield* http.request(server.url, { method: 'POST', body: gated(), timeout: 5000 });
        const chunks = response.chunks();
        expect(yield* chunks.more()).toBe(true);
        expect(String(chunks.value)).toBe('some');
        more.set();
        expect(yield* thrownBy(() => chunks.more())).toBe(broken);
      }
    }),
  );

  it(
    'waits for 100 Continue when it is told to',
    green(function* () {
      const server = yield* until(
        rawServer((socket, head, count) => {
          expect(head).toContain('expect: 100-continue');
          if (count > 0) return;
          socket.once('data', (body: Buffer) => {
            socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
          });
          socket.write('HTTP/1.1 100 Continue\r\n\r\n');
        }),
      );
      const init = { method: 'PUT', headers: { Expect: '100-continue' } };
      expect(yield* (yield* http.request(server.url, { ...init, body: 'later' })).text()).toBe('later');
    }),
  );

  it(
    'does not send a body that is refused',
    green(function* () {
      const server = yield* until(
        rawServer((socket) => socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n')),
      );
      const init = { method: 'PUT', headers: { Expect: '100-continue' }, body: 'never' };
      expect((yield* http.request(server.url, init)).status).toBe(413);
      expect(http.globalAgent.statistics().sockets).toBe(0);
    }),
  );

  it.each([
    [{ url: '/path' }, 'url must be a whole address such as \'https://example.org/\', got "/path"'],
    [{ url: 'ftp://a/' }, 'url must begin with http: or https:, got "ftp://a/"'],
    [{ url: 'http://a/b c' }, 'url must have no spaces or control characters, got "http://a/b c"'],
    [
      { url: 'http://a/\r\nx: y' },
      'url must have no spaces or control characters, got "http://a/\\r\\nx: y"',
    ],
    [{ url: 5 }, 'url must be a string or a URL, got 5 (number)'],
    [{ method: 'GET / HTTP/1.1\r\nx: y' }, "method must be a token such as 'GET', got \"GET / HTTP"],
    [{ method: 'CONNECT' }, "method must not be 'CONNECT'"],
    [{ headers: { 'a b': 'c' } }, 'headers must have names that are tokens, got "a b"'],
    [
      { headers: { a: 'b\r\nc: d' } },
      'headers[\'a\'] must be Latin-1 text without line ends and other controls, got "b\\r\\nc: d"',
    ],
    [{ headers: { a: 'b\0' } }, "headers['a'] must be Latin-1 text"],
    [{ headers: { a: '\u20ac' } }, "headers['a'] must be Latin-1 text"],
    [{ headers: [['a', 'b', 'c']] }, 'headers must be pairs of names and values'],
    [
      { headers: { 'Transfer-Encoding': 'chunked' } },
      "headers['Transfer-Encoding'] is set by the client itself",
    ],
    [{ headers: { 'content-length': '+1' } }, "headers['content-length'] must be a whole number"],
    [
      { method: 'PUT', headers: { 'content-length': '2' }, body: 'abc' },
      "headers['content-length'] is 2, but the body has 3 bytes",
    ],
    [{ body: 'x' }, "body cannot be sent with GET; write { method: 'POST', … }"],
    [{ method: 'POST', body: 5 }, 'body must be text, bytes'],
    [{ timeout: -1 }, 'timeout must be 0 or more milliseconds, got -1'],
    [{ headersTimeout: 'x' }, 'headersTimeout must be a number of milliseconds, got "x"'],
    [{ maxRedirects: 1.5 }, 'maxRedirects must be a whole number of at least 0, got 1.5'],
    [{ redirect: 'maybe' }, "redirect must be 'follow', 'manual' or 'error', got \"maybe\""],
    [{ agent: {} }, 'agent must be an http.Agent'],
    [{ socketPath: '' }, 'socketPath must be the path of a unix socket, got ""'],
  ])('refuses %j at the call', (given, message) => {
    const { url = 'http://127.0.0.1:1/', ...init } = given as any;
    expect(() => http.request(url, init)).toThrow(message);
  });

  it(
    'sends what it was given, and sensible defaults',
    green(function* () {
      const server = yield* local(echo);
      const plain: any = yield* (yield* http.get(server.url)).json();
      expect(plain.headers).toEqual({
        host: server.url.slice(7),
        'user-agent': 'greenlets',
        accept: '*/*',
        'accept-encoding': 'gzip, deflate, br',
      });
      const headers = {
        Host: 'other',
        'User-Agent': 'me',
        accept: 'x',
        'accept-encoding': 'y',
        'x-many': ['1', '2'],
        n: 5,
      };
      const url = server.url.replace('//', '//user:p%40ss@');
      const mine: any = yield* (yield* http.get(new URL(url), { headers })).json();
      expect(mine.headers).toEqual({
        host: 'other',
        'user-agent': 'me',
        accept: 'x',
        'accept-encoding': 'y',
        'x-many': '1, 2',
        n: '5',
        authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
      });
    }),
  );
});
