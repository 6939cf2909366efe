import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import zlib from 'node:zlib';
import { call, type Green, green, Queue, spawn, until } from 'greenlets';
import {
  BodyTooLarge,
  BodyUsed,
  HttpError,
  HttpProtocolError,
  http,
  RedirectRefused,
  TooManyRedirects,
} from 'greenlets/io';
import { afterEach, describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { CERT, KEY } from './http-certificate.js';
import { nothingLeft } from './http-left-over.js';
import { rawServer } from './http-raw-server.js';
import { type LocalServer, serve } from './local-server.js';

watchHub();
afterEach(nothingLeft);

function* local(handler?: Parameters<typeof serve>[0]): Green<LocalServer> {
  return yield* until(serve(handler));
}

function* thrownBy(fn: () => unknown): Green<any> {
  try {
    yield* call(fn as () => Green<unknown>);
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** Echoes method, address, headers and body. */
function echo(request: Parameters<Parameters<typeof serve>[0] & {}>[0], response: any): void {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    const { method, url, headers } = request;
    response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(pieces).toString() }));
  });
}

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

describe('the body', () => {
  it(
    'is read as text by its charset, JSON, bytes, or an ArrayBuffer',
    green(function* () {
      const server = yield* local(({ url }, response) => {
        if (url === '/cyrillic')
          response.setHeader('content-type', 'text/plain; charset=Windows-1251').end(Buffer.from([0xe4]));
        else if (url === '/odd') response.setHeader('content-type', 'text/plain; charset="x-none"').end('ä');
        else response.end('\ufeff["ä"]');
      });
      expect(yield* (yield* http.get(server.url)).text()).toBe('["ä"]');
      expect(yield* (yield* http.get(server.url)).json<string[]>()).toEqual(['ä']);
      expect([...(yield* (yield* http.get(server.url)).bytes()).subarray(0, 4)]).toEqual([
        0xef, 0xbb, 0xbf, 0x5b,
      ]);
      const buffer = yield* (yield* http.get(server.url)).arrayBuffer();
      expect(buffer).toBeInstanceOf(ArrayBuffer);
      expect(buffer.byteLength).toBe(9);
      expect(yield* (yield* http.get(`${server.url}/cyrillic`)).text()).toBe('д');
      expect(yield* (yield* http.get(`${server.url}/odd`)).text()).toBe('ä');
    }),
  );

  it(
    'may be empty, chunked with trailers, or end with the connection; HEAD has none',
    green(function* () {
      const server = yield* local(({ url, method }, response) => {
        if (url === '/none') response.writeHead(204).end();
        else if (method === 'HEAD') response.setHeader('content-length', 5).end();
        else {
          response.setHeader('trailer', 'x-sum');
          response.write('one ');
          response.addTrailers({ 'x-sum': '7' });
          response.end('two');
        }
      });
      const response = yield* http.get(server.url);
      expect(yield* response.text()).toBe('one two');
      expect(response.trailers.get('x-sum')).toBe('7');
      expect(yield* (yield* http.get(`${server.url}/none`)).text()).toBe('');
      expect(yield* (yield* http.request(server.url, { method: 'HEAD' })).text()).toBe('');
      const old = yield* until(rawServer((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nto the end')));
      const last = yield* http.get(old.url);
      expect(last.httpVersion).toBe('1.0');
      expect(yield* last.text()).toBe('to the end');
    }),
  );

  it(
    'comes in lines and chunks as the server sends it',
    green(function* () {
      const server = yield* local((_, response) => response.write('one\r\ntw'));
      const lines = (yield* http.get(server.url)).lines();
      expect(yield* lines.more()).toBe(true);
      expect(lines.value).toBe('one');
      server.exchanges[0]?.response.write('o\nth');
      yield* lines.more();
      expect(lines.value).toBe('two');
      server.exchanges[0]?.response.end('ree ä');
      expect(yield* lines.toArray()).toEqual(['three ä']);
      const other = http.get(server.url);
      const chunks = (yield* other).chunks();
      yield* chunks.more();
      expect(String(chunks.value)).toBe('one\r\ntw');
      server.exchanges[1]?.response.end('x');
      expect((yield* chunks.toArray()).map(String)).toEqual(['x']);
      expect(yield* chunks.more()).toBe(false);
    }),
  );

  it(
    'is given once; the error names who has it',
    green(function* () {
      const server = yield* local((_, response) => response.end('once'));
      const response = yield* http.get(server.url);
      yield* response.text();
      const error = yield* thrownBy(() => response.text());
      expect(error).toBeInstanceOf(BodyUsed);
      expect(error.message).toMatch(/^the body of GET \S+ has been read already, by <Greenlet /);
    }),
  );

  const long = 'a line of a long page\n'.repeat(200_000);
  const page = 'a line of a page\n'.repeat(1000);
  const pack = {
    gzip: zlib.gzipSync,
    deflate: zlib.deflateSync,
    raw: zlib.deflateRawSync,
    br: (text: string) =>
      zlib.brotliCompressSync(text, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  };

  it.each(['gzip', 'deflate', 'raw', 'br'] as const)(
    'is decompressed: %s, small and large, whole and in pieces',
    async (name) => {
      const server = await serve(({ url }, response) => {
        const text = url === '/long' ? long : url === '/empty' ? '' : page;
        response.setHeader('content-encoding', name === 'raw' ? 'deflate' : name);
        response.end(text === '' ? '' : pack[name](text));
      });
      expect(await (await http.get(server.url)).text()).toBe(page);
      expect(await (await http.get(`${server.url}/long`)).text()).toBe(long);
      expect(await (await http.get(`${server.url}/empty`)).text()).toBe('');
      expect((await (await http.get(`${server.url}/long`)).lines().toArray()).length).toBe(200_000);
      expect(Buffer.concat(await (await http.get(server.url)).chunks().toArray()).toString()).toBe(page);
      const raw = await http.get(server.url, { decompress: false });
      expect(await raw.bytes()).toEqual(pack[name](page));
    },
  );

  it(
    'is decompressed by several codings, and left alone by one that is not known',
    green(function* () {
      const server = yield* local(({ url }, response) => {
        response.setHeader('content-encoding', url === '/odd' ? 'rot13' : 'deflate, gzip');
        response.end(url === '/odd' ? 'nop' : zlib.gzipSync(zlib.deflateSync('twice')));
      });
      expect(yield* (yield* http.get(server.url)).text()).toBe('twice');
      expect(Buffer.concat(yield* (yield* http.get(server.url)).chunks().toArray()).toString()).toBe('twice');
      expect(yield* (yield* http.get(`${server.url}/odd`)).text()).toBe('nop');
    }),
  );

  it(
    'that is not what it says fails, with the code of zlib',
    green(function* () {
      const server = yield* local(({ url }, response) => {
        response.setHeader('content-encoding', 'gzip');
        response.end(url === '/cut' ? zlib.gzipSync(page).subarray(0, 50) : 'plain');
      });
      for (const read of ['text', 'chunks']) {
        const bad = yield* http.get(server.url);
        const error = yield* thrownBy(() => (read === 'text' ? bad.text() : bad.chunks().toArray()));
        expect(error).toBeInstanceOf(HttpError);
        expect(error.code).toBe('Z_DATA_ERROR');
        expect(error.message).toContain(`GET ${server.url}/: its body cannot be decompressed`);
        const half = yield* http.get(`${server.url}/cut`);
        expect((yield* thrownBy(() => (read === 'text' ? half.text() : half.chunks().toArray()))).code).toBe(
          'Z_BUF_ERROR',
        );
      }
    }),
  );

  it(
    'is limited: declared, counted, and decompressed',
    green(function* () {
      const server = yield* local(({ url }, response) => {
        if (url === '/bomb')
          response.setHeader('content-encoding', 'gzip').end(zlib.gzipSync('x'.repeat(5_000_000)));
        else if (url === '/counted') response.write('x'.repeat(2000));
        else response.setHeader('content-length', 2000).end('x'.repeat(2000));
      });
      const init = { maxBodySize: 1000 };
      const declared = yield* thrownBy(() => http.get(server.url, init));
      expect(declared).toBeInstanceOf(BodyTooLarge);
      expect(declared.code).toBe('BODY_TOO_LARGE');
      for (const path of ['/counted', '/bomb']) {
        const response = yield* http.get(server.url + path, init);
        expect(yield* thrownBy(() => response.text())).toBeInstanceOf(BodyTooLarge);
      }
      expect((yield* (yield* http.get(server.url, { maxBodySize: 2000 })).text()).length).toBe(2000);
    }),
  );
});

describe('redirects', () => {
  it(
    'are followed by the rules of fetch',
    green(function* () {
      const server = yield* local((request, response) => {
        const status = /^\/(\d+)$/.exec(request.url ?? '')?.[1];
        if (status !== undefined) response.writeHead(Number(status), { location: '/to?x=1' }).end('moved');
        else echo(request, response);
      });
      const expected = { 301: 'GET', 302: 'GET', 303: 'GET', 307: 'POST', 308: 'POST' };
      for (const [status, method] of Object.entries(expected)) {
        const headers = { 'content-language': 'de' };
        const response = yield* http.request(`${server.url}/${status}`, {
          method: 'POST',
          body: 'b',
          headers,
        });
        expect(response).toMatchObject({ redirected: true, url: `${server.url}/to?x=1` });
        const seen: any = yield* response.json();
        expect(seen).toMatchObject({ method, body: method === 'POST' ? 'b' : '' });
        expect(seen.headers['content-language']).toBe(method === 'POST' ? 'de' : undefined);
      }
      const head = yield* http.request(`${server.url}/303`, { method: 'HEAD' });
      expect(server.exchanges.at(-1)?.request.method).toBe('HEAD');
      yield* head.text();
      expect(http.globalAgent.statistics().sockets).toBe(1);
    }),
  );

  it(
    'to another origin do not take secrets along',
    green(function* () {
      const other = yield* local(echo);
      const server = yield* local((_, response) => response.writeHead(302, { location: other.url }).end());
      const headers = { authorization: 'x', cookie: 'y', host: 'z', 'x-own': '1' };
      const seen: any = yield* (yield* http.get(server.url, { headers })).json();
      expect(seen.headers.authorization).toBe(undefined);
      expect(seen.headers.cookie).toBe(undefined);
      expect(seen.headers.host).toBe(other.url.slice(7));
      expect(seen.headers['x-own']).toBe('1');
    }),
  );

  it(
    'may be given, refused, too many, a loop, or lead nowhere',
    green(function* () {
      const server = yield* local(({ url = '' }, response) => {
        const location = {
          '/loop': '/loop2',
          '/loop2': '/loop',
          '/ftp': 'ftp://x/',
          '/bad': 'http://[',
          '/body': '/x',
        }[url];
        const status = url === '/body' ? 307 : 302;
        response.writeHead(status, { location: location ?? `/${Number(url.slice(1)) + 1}` }).end('moved');
      });
      const manual = yield* http.get(`${server.url}/1`, { redirect: 'manual' });
      expect(manual).toMatchObject({ status: 302, redirected: false });
      expect(yield* manual.text()).toBe('moved');
      const refused = yield* thrownBy(() => http.get(`${server.url}/1`, { redirect: 'error' }));
      expect(refused).toBeInstanceOf(RedirectRefused);
      const many = yield* thrownBy(() => http.get(`${server.url}/1`));
      expect(many).toBeInstanceOf(TooManyRedirects);
      expect(many.message).toContain(`GET ${server.url}/1: more than maxRedirects (20) redirects`);
      expect(server.exchanges).toHaveLength(1 + 1 + 21);
      const loop = yield* thrownBy(() => http.get(`${server.url}/loop`));
      expect(loop).toBeInstanceOf(TooManyRedirects);
      expect(loop.message).toContain('go in a loop, back to GET');
      for (const path of ['/ftp', '/bad']) {
        expect(yield* thrownBy(() => http.get(server.url + path))).toBeInstanceOf(RedirectRefused);
      }
      const stream = { method: 'POST', body: ['a'] };
      expect((yield* thrownBy(() => http.request(`${server.url}/body`, stream))).code).toBe(
        'REDIRECT_REFUSED',
      );
    }),
  );
});

describe('errors', () => {
  it(
    'have the codes of the host, and name the request and the place',
    green(function* () {
      const server = yield* local();
      const { url } = server;
      yield* until(server.close());
      const error = yield* thrownBy(() => http.get(`${url}/x?secret`));
      expect(error).toBeInstanceOf(HttpError);
      expect(error.code).toBe('ECONNREFUSED');
      expect(error.cause.code).toBe('ECONNREFUSED');
      expect(error.message).toContain(`GET ${url}/x: the connection failed: connect ECONNREFUSED`);
      expect(error.message).not.toContain('secret');
      expect(error.stack).toContain('http-client.test.ts');
      const raw = yield* until(rawServer((socket) => void socket.write('SSH-2.0-x\r\n')));
      const odd = yield* thrownBy(() => http.get(raw.url));
      expect(odd).toBeInstanceOf(HttpProtocolError);
      expect(odd).toMatchObject({ name: 'HttpProtocolError', code: 'HPE_INVALID_CONSTANT' });
      const deaf = yield* until(rawServer((socket) => void socket.destroy()));
      const closed = yield* thrownBy(() => http.get(deaf.url));
      expect(closed.code).toBe('ECONNRESET');
      expect(closed.message).toContain('the connection was closed before an answer had come');
    }),
  );

  it(
    'of a body that is cut short come with its reader',
    green(function* () {
      const raw = yield* until(
        rawServer((socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')),
      );
      const whole = yield* http.get(raw.url);
      expect((yield* thrownBy(() => whole.text())).code).toBe('BODY_INCOMPLETE');
      const chunks = (yield* http.get(raw.url)).chunks();
      yield* chunks.more();
      expect(String(chunks.value)).toBe('half');
      expect((yield* thrownBy(() => chunks.more())).code).toBe('BODY_INCOMPLETE');
    }),
  );
});

describe('other sockets', () => {
  it(
    'of unix are reached by socketPath',
    green(function* () {
      const path = join(mkdtempSync(join(tmpdir(), 'greenlets-http-')), 's');
      const server = createServer((request, response) => response.end(request.headers.host));
      yield* until(new Promise<void>((resolve) => server.listen(path, resolve)));
      const response = yield* http.get('http://some.host/', { socketPath: path });
      expect(yield* response.text()).toBe('some.host');
      http.globalAgent.close();
      yield* until(new Promise((resolve) => server.close(resolve)));
    }),
  );

  it(
    'of TLS are kept and verified',
    green(function* () {
      const server = createTlsServer({ key: KEY, cert: CERT }, (_, response) => response.end('safe'));
      yield* until(new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
      const url = `https://127.0.0.1:${(server.address() as { port: number }).port}`;
      let made = 0;
      server.on('secureConnection', () => made++);
      const tls = { ca: CERT };
      for (let i = 0; i < 3; i++) expect(yield* (yield* http.get(url, { tls })).text()).toBe('safe');
      expect(made).toBe(1);
      const error = yield* thrownBy(() => http.get(url));
      expect(error.code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
      http.globalAgent.close();
      yield* until(new Promise((resolve) => server.close(resolve)));
    }),
  );
});
