import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import { green, until } from 'greenlets';
import { BodyIncomplete, BodyTooLarge, BodyUsed, HttpError, http } from 'greenlets/io';
import { afterEach, describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { local, passUntil, thrownBy } from './http-client-kit.js';
import { nothingLeft } from './http-left-over.js';
import { rawServer, writeAll } from './http-raw-server.js';
import { serve } from './local-server.js';

watchHub();
afterEach(nothingLeft);

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
    'is decompressed whole, however slowly it is read',
    green(function* () {
      // Four bytes a number: it compresses badly, and the server is held up.
      const numbers = Buffer.from(
        Uint32Array.from({ length: 600_000 }, (_, i) => Math.imul(i, 2_654_435_761)).buffer,
      );
      const packed = zlib.gzipSync(numbers, { level: 1 });
      const server = yield* local((_, response) => {
        response.setHeader('content-encoding', 'gzip');
        response.end(packed);
      });
      const chunks = (yield* http.get(server.url)).chunks();
      const pieces: Buffer[] = [];
      while (yield* chunks.more()) {
        pieces.push(chunks.value);
        if (pieces.length % 50 === 0) yield* until(new Promise((resolve) => setImmediate(resolve)));
      }
      expect(Buffer.concat(pieces).equals(numbers)).toBe(true);
      const whole = yield* http.get(server.url);
      for (let i = 0; i < 20; i++) yield* until(new Promise((resolve) => setImmediate(resolve)));
      expect((yield* whole.bytes()).equals(numbers)).toBe(true);
    }),
  );

  it(
    'does not leave its connection paused when its last bytes were too many to keep',
    green(function* () {
      const half = 'x'.repeat(40 * 1024);
      const server = yield* until(
        rawServer((socket, _, count) => {
          const head = 'HTTP/1.1 200 OK\r\ncontent-length: ';
          if (count > 0) socket.write(`${head}4\r\n\r\nnext`);
          else void writeAll(socket, [Buffer.from(`${head}${2 * half.length}\r\n\r\n${half}`)]);
        }),
      );
      const first = yield* http.get(server.url);
      const [socket] = server.open;
      socket?.write(half);
      yield* passUntil(() => http.globalAgent.statistics().free === 1);
      expect(yield* (yield* http.get(server.url)).text()).toBe('next');
      expect(server.made).toBe(1);
      expect(yield* first.text()).toBe(half + half);
    }),
  );

  it.each(['gzip', 'deflate'] as const)('ends where what was coded ends: %s with zeros behind it', (coding) =>
    green(function* () {
      const server = yield* local((_, response) => {
        response.setHeader('content-encoding', coding);
        response.write(pack[coding](page));
        response.end(Buffer.alloc(500_000));
      });
      const response = yield* http.get(server.url, { timeout: 60_000 });
      expect(yield* response.text()).toBe(page);
      const again = yield* http.get(server.url, { timeout: 60_000 });
      expect(Buffer.concat(yield* again.chunks().toArray()).toString()).toBe(page);
      yield* passUntil(() => http.globalAgent.statistics().sockets === http.globalAgent.statistics().free);
    })(),
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
    'is not given as it was sent when it is cut while it is compressed',
    green(function* () {
      const packed = zlib.gzipSync(randomBytes(1000));
      const server = yield* until(
        rawServer((socket) => {
          const head = `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`;
          socket.end(Buffer.concat([Buffer.from(head), packed.subarray(0, 500)]));
        }),
      );
      for (const pieces of ['chunks', 'lines'] as const) {
        const response = yield* http.get(server.url);
        yield* passUntil(() => http.globalAgent.statistics().sockets === 0);
        const read = response[pieces]();
        expect(yield* thrownBy(() => read.more())).toBeInstanceOf(BodyIncomplete);
      }
    }),
  );

  it(
    'is limited by what comes out of it, however it was compressed',
    green(function* () {
      const random = randomBytes(1000);
      const server = yield* local((_, response) => {
        response.setHeader('content-encoding', 'gzip').end(zlib.gzipSync(random));
      });
      for (const reads of ['at once', 'later'] as const) {
        const response = yield* http.get(server.url, { maxBodySize: 1000 });
        if (reads === 'later') yield* passUntil(() => http.globalAgent.statistics().free === 1);
        expect(yield* response.bytes()).toEqual(random);
        for (const read of ['bytes', 'chunks'] as const) {
          const tight = yield* http.get(server.url, { maxBodySize: 999 });
          if (reads === 'later') yield* passUntil(() => http.globalAgent.statistics().free === 1);
          const error = yield* thrownBy(() => (read === 'bytes' ? tight.bytes() : tight.chunks().toArray()));
          expect(error).toBeInstanceOf(BodyTooLarge);
        }
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
        else if (url === '/unchanged') response.writeHead(304, { 'content-length': 2000 }).end();
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
      expect(yield* (yield* http.get(`${server.url}/unchanged`, init)).text()).toBe('');
    }),
  );
});
