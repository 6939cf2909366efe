/** http.serve: what a handler may give, and how it is sent. */
import { Readable } from 'node:stream';
import { each, type Green, green, Queue, sleep, until } from 'greenlets';
import { http } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { eventually, watchLeftovers } from '../support/leftovers.js';
import { thrownBy } from '../support/sockets.js';
import { ask, gate, RawClient, serving } from './http-serve-support.js';

const hub = watchHub();
watchLeftovers();

const PIECE = Buffer.alloc(64 * 1024, 'x');

describe('what a handler gives', () => {
  const KINDS: [
    what: string,
    value: () => unknown,
    status: number,
    type: string | undefined,
    body: string,
  ][] = [
    ['text', () => 'häuser', 200, 'text/plain; charset=utf-8', 'häuser'],
    ['an empty text', () => '', 200, 'text/plain; charset=utf-8', ''],
    ['bytes', () => new Uint8Array([104, 105]), 200, 'application/octet-stream', 'hi'],
    ['an object', () => ({ a: [1, null] }), 200, 'application/json', '{"a":[1,null]}'],
    ['an array', () => [1, 2], 200, 'application/json', '[1,2]'],
    ['null', () => null, 204, undefined, ''],
    ['nothing', () => undefined, 204, undefined, ''],
  ];
  for (const [what, value, status, type, body] of KINDS) {
    it(
      `${what} is sent as a whole, with its length`,
      green(function* () {
        const server = yield* serving(value);
        const answer = yield* until(ask(server));
        expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([status, type, body]);
        const length = status === 204 ? undefined : String(Buffer.byteLength(body));
        expect(answer.headers['content-length']).toBe(length);
        expect(answer.headers['transfer-encoding']).toBeUndefined();
      }),
    );
  }

  it(
    'may come from a plain, an async or a generator function, or an operation',
    green(function* () {
      const server = yield* serving(({ path }) => {
        if (path === '/plain') return 'plain';
        if (path === '/async') return (async () => 'async')();
        if (path === '/operation') return until(Promise.resolve('operation'));
        return (function* (): Green<string> {
          yield* sleep(0);
          return 'generator';
        })();
      });
      for (const name of ['plain', 'async', 'operation', 'generator']) {
        expect((yield* until(ask(server, `/${name}`))).text).toBe(name);
      }
    }),
  );

  it(
    'a Response is sent with status, message, headers, each cookie by itself, and its body',
    green(function* () {
      const server = yield* serving(() => {
        const headers = new Headers({ 'x-color': 'red', 'content-type': 'text/x-mine' });
        headers.append('set-cookie', 'a=1; Path=/');
        headers.append('set-cookie', 'b=2, c');
        headers.append('vary', 'one');
        headers.append('vary', 'two');
        return new Response('body', { status: 404, statusText: 'Lost', headers });
      });
      const { status, message, headers, text } = yield* until(ask(server));
      expect([status, message, text]).toEqual([404, 'Lost', 'body']);
      expect(headers).toMatchObject({ 'x-color': 'red', 'content-type': 'text/x-mine', vary: 'one, two' });
      expect(headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2, c']);
    }),
  );

  it(
    'a Response without a body has none: 204, 304, and a redirect',
    green(function* () {
      const server = yield* serving(({ path }) => {
        if (path === '/to') return Response.redirect('http://example.invalid/', 302);
        return new Response(null, { status: Number(path.slice(1)) });
      });
      for (const status of [204, 304]) {
        const answer = yield* until(ask(server, `/${status}`));
        expect([answer.status, answer.text, answer.error]).toEqual([status, '', undefined]);
      }
      const moved = yield* until(ask(server, '/to'));
      expect([moved.status, moved.headers.location]).toEqual([302, 'http://example.invalid/']);
    }),
  );

  it(
    'bytes of any kind are sent as bytes, and a blob, a form and its parameters as a Response would send them',
    green(function* () {
      const numbers = Uint16Array.of(0x6968, 0x6968);
      const form = new FormData();
      form.append('a', 'b');
      const kinds: Record<string, () => unknown> = {
        '/buffer': () => numbers.buffer,
        '/view': () => new DataView(numbers.buffer, 2),
        '/numbers': () => numbers.subarray(1),
        '/blob': () => new Blob(['hi'], { type: 'text/x' }),
        '/parameters': () => new URLSearchParams({ a: 'b c' }),
        '/form': () => form,
      };
      const server = yield* serving(({ path }) => kinds[path]?.());
      const found = [];
      for (const path of Object.keys(kinds)) {
        const { status, text, headers } = yield* until(ask(server, path));
        expect(status).toBe(200);
        found.push([text, headers['content-type']]);
      }
      const [sent, type] = found.pop() ?? [];
      expect(found).toEqual([
        ['hihi', 'application/octet-stream'],
        ['hi', 'application/octet-stream'],
        ['hi', 'application/octet-stream'],
        ['hi', 'text/x'],
        ['a=b+c', 'application/x-www-form-urlencoded;charset=UTF-8'],
      ]);
      const back = yield* until(
        new Response(sent as string, { headers: { 'content-type': type! } }).formData(),
      );
      expect(back.get('a')).toBe('b');
    }),
  );

  it(
    'Results, a Readable, a web stream and an async iterable are sent in chunks as they come',
    green(function* () {
      const kinds: Record<string, () => unknown> = {
        '/results': () => each(['one', Buffer.from('two'), '', 'three']),
        '/readable': () => Readable.from(['one', 'two', 'three']),
        '/web': () => new Blob(['one', 'two', 'three']).stream(),
        '/response': () => new Response(new Blob(['one', 'two', 'three']).stream()),
        '/iterable': () => ({
          [Symbol.asyncIterator]: () => Readable.from(['one', 'two', 'three']).iterator(),
        }),
      };
      const server = yield* serving(({ path }) => kinds[path]?.());
      for (const path of Object.keys(kinds)) {
        const { status, text, headers, error } = yield* until(ask(server, path));
        expect([status, text, error]).toEqual([200, 'onetwothree', undefined]);
        expect(headers['transfer-encoding']).toBe('chunked');
      }
    }),
  );

  it(
    'a piece is sent when it is there, and not when all are',
    green(function* () {
      const queue = new Queue<string>();
      const server = yield* serving(() => queue.items());
      const client = new RawClient(server).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      queue.putNowait('first');
      yield* until(client.until(/first/));
      queue.putNowait('second');
      yield* until(client.until(/second/));
      yield* queue.shutdown();
      expect(yield* until(client.until(/\r\n0\r\n\r\n/))).toMatch(/5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n$/);
    }),
  );

  it(
    'an empty source gives an empty answer',
    green(function* () {
      const server = yield* serving(() => each([] as string[]));
      expect(yield* until(ask(server))).toMatchObject({ status: 200, text: '', error: undefined });
    }),
  );

  it(
    'a source is not pulled while the other end does not read, and is closed when that goes away',
    green(function* () {
      let pulled = 0;
      const closed = gate();
      const pieces = function* () {
        try {
          for (;;) {
            pulled++;
            yield PIECE;
          }
        } finally {
          closed.open();
        }
      };
      const server = yield* serving(() => each(pieces()));
      const client = new RawClient(server);
      client.socket.pause();
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      // Passes of the host, until nothing more is pulled.
      let still = 0;
      for (let last = -1; still < 100; still = pulled === last && pulled > 0 ? still + 1 : 0) {
        last = pulled;
        yield* until(new Promise((resolve) => setImmediate(resolve)));
      }
      expect(pulled).toBeLessThan(500);
      client.socket.destroy();
      yield* until(closed.opened);
    }),
  );

  it(
    'a large body arrives as a whole',
    green(function* () {
      const server = yield* serving(({ path }) =>
        path === '/whole' ? 'y'.repeat(5_000_000) : each(Array.from({ length: 80 }, () => PIECE)),
      );
      expect((yield* until(ask(server, '/whole'))).body.length).toBe(5_000_000);
      expect((yield* until(ask(server))).body.length).toBe(80 * PIECE.length);
    }),
  );

  it(
    'HEAD is answered with the head of GET, and a stream is not pulled for it but closed',
    green(function* () {
      const streams: Readable[] = [];
      const server = yield* serving(({ path }) => {
        if (path === '/text') return 'hello';
        const stream = Readable.from(['never', 'sent']);
        streams.push(stream);
        return path === '/stream'
          ? stream
          : new Response(Readable.toWeb(stream) as unknown as ReadableStream);
      });
      const text = yield* until(ask(server, { path: '/text', method: 'HEAD' }));
      expect([text.status, text.headers['content-length'], text.text]).toEqual([200, '5', '']);
      for (const path of ['/stream', '/response']) {
        const answer = yield* until(ask(server, { path, method: 'HEAD' }));
        expect([answer.status, answer.text, answer.error]).toEqual([200, '', undefined]);
      }
      yield* until(eventually('the streams are closed', () => streams.every((each) => each.destroyed)));
    }),
  );

  it(
    'a client of HTTP/1.0 gets a stream without chunks, and the end of the connection',
    green(function* () {
      const server = yield* serving(() => each(['one', 'two']));
      const client = new RawClient(server).send('GET / HTTP/1.0\r\n\r\n');
      yield* until(client.closed);
      expect(client.text).toMatch(/\r\n\r\nonetwo$/);
      expect(client.text).not.toMatch(/chunked/i);
    }),
  );

  it(
    'a wrong kind is a TypeError that names it, and answers 500',
    green(function* () {
      for (const [value, shown] of [
        [5, '5'],
        [true, 'true'],
        [() => 1, 'function'],
        [Symbol('s'), 'Symbol'],
      ] as const) {
        const server = yield* serving(() => value);
        expect((yield* until(ask(server))).status).toBe(500);
        const [error] = hub.takeErrors() as [Error];
        expect(error).toBeInstanceOf(TypeError);
        expect(error.message).toContain('a handler must give a Response, a string, bytes, an object or null');
        expect(error.message).toContain(shown);
      }
    }),
  );

  it(
    'what cannot be sent answers 500, and nothing of the head that was meant: no JSON, a read body, a status that is none, other pieces',
    green(function* () {
      const used = new Response('used');
      yield* until(used.text());
      const kinds: Record<string, () => unknown> = {
        '/cycle': () => {
          const cycle: Record<string, unknown> = {};
          cycle['self'] = cycle;
          return cycle;
        },
        '/used': () => used,
        '/error': () => Response.error(),
        '/numbers': () => each([1, 2] as never[]),
      };
      const server = yield* serving(({ path }) => kinds[path]?.());
      for (const path of ['/cycle', '/used', '/error']) {
        const { status, headers } = yield* until(ask(server, path));
        expect([path, status, headers['content-type']]).toEqual([path, 500, undefined]);
        expect(hub.takeErrors()).toHaveLength(1);
      }
      // The head went with the first piece.
      const broken = yield* thrownBy(() => until(ask(server, '/numbers')));
      expect(broken.code).toBe('ECONNRESET');
      expect(hub.takeErrors()).toHaveLength(1);
    }),
  );

  it(
    'a header with CR or LF in its name or value is refused, and answers 500',
    green(function* () {
      const headers: [string, string][] = [
        ['x-a', 'b\r\nx-injected: 1'],
        ['x-a', 'b\nx-injected: 1'],
        ['x-a\r\nx-injected', '1'],
      ];
      const server = yield* serving(({ path }) => {
        const [name, value] = headers[Number(path.slice(1))] as [string, string];
        return new Response('ok', { headers: { [name]: value } });
      });
      for (const index of headers.keys()) {
        const answer = yield* until(ask(server, `/${index}`));
        expect([answer.status, answer.headers['x-injected']]).toEqual([500, undefined]);
        expect(hub.takeErrors()[0]).toBeInstanceOf(TypeError);
      }
    }),
  );

  it(
    'a body that is not as long as its Content-Length says does not pass for a whole one, nor for the next answer',
    green(function* () {
      const server = yield* serving(({ path }) => {
        const length = path === '/short' ? '100' : '2';
        return new Response('four', { headers: { 'content-length': length } });
      });
      for (const path of ['/short', '/long']) {
        const client = new RawClient(server).send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
        yield* until(client.closed);
        expect(client.text).not.toMatch(/content-length: 2\r\n(.*\r\n)*\r\nfo/i);
        expect(hub.takeErrors()).toMatchObject([{ code: 'ERR_HTTP_CONTENT_LENGTH_MISMATCH' }]);
      }
    }),
  );
});

describe('http.serve', () => {
  it('refuses wrong options at the call', () => {
    expect(() => http.serve('no' as never)).toThrow('handler must be a function');
    expect(() => http.serve(() => null, { pool: 'big' as never })).toThrow('pool must be a number, a Pool');
    expect(() => http.serve(() => null, { pool: 0 })).toThrow(RangeError);
    expect(() => http.serve(() => null, { stopTimeout: -1 })).toThrow(RangeError);
    expect(() => http.serve(() => null, { onError: 5 as never })).toThrow(TypeError);
    expect(() => http.serve(() => null, { maxBodySize: -1 })).toThrow(RangeError);
  });
});
