/** http.serve: what goes over the wire, byte by byte. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { each, green, Queue, until } from 'greenlets';
import { http } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { atEnd, eventually, watchLeftovers } from '../support/leftovers.js';
import { get, post, RawClient, serving, statuses } from './http-serve-support.js';

const hub = watchHub();
watchLeftovers();

describe('an answer', () => {
  it(
    'is what Node sends, byte for byte',
    green(function* () {
      const kinds: Record<string, () => unknown> = {
        '/text': () => 'Hello, world!',
        '/more': () => 'h\u00e4user',
        '/bytes': () => Buffer.from('bytes'),
        '/none': () => null,
        '/stream': () => each(['one']),
      };
      const types: Record<string, string> = {
        '/text': 'text/plain; charset=utf-8',
        '/more': 'text/plain; charset=utf-8',
        '/bytes': 'application/octet-stream',
      };
      const node = createServer((request, response) => {
        const path = request.url as string;
        if (path === '/none') response.writeHead(204).end();
        else if (path === '/stream') {
          response.writeHead(200);
          response.write('one');
          response.end();
        } else {
          const body = kinds[path]?.() as string;
          const length = Buffer.byteLength(body);
          response
            .writeHead(200, { 'content-type': types[path] as string, 'content-length': length })
            .end(body);
        }
      });
      node.listen(0, '127.0.0.1');
      yield* until(once(node, 'listening'));
      atEnd(() => new Promise((resolve) => node.close(resolve)));
      const ours = yield* serving(({ path }) => kinds[path]?.());
      for (const path of Object.keys(kinds)) {
        for (const [line, more] of [
          [`GET ${path} HTTP/1.1`, ''],
          [`HEAD ${path} HTTP/1.1`, ''],
          [`GET ${path} HTTP/1.0`, ''],
          [`GET ${path} HTTP/1.0`, 'Connection: keep-alive\r\n'],
          [`GET ${path} HTTP/1.1`, 'Connection: close\r\n'],
        ]) {
          const texts: string[] = [];
          for (const port of [(node.address() as AddressInfo).port, ours.port]) {
            const client = new RawClient({ port } as http.HttpServer);
            client.send(`${line}\r\nHost: a\r\n${more}\r\n`);
            // The answer to a second one shows that the first has come as a whole.
            client.send('GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
            yield* until(client.closed);
            texts.push(client.text.replaceAll(/Date: .*/g, 'Date: now'));
          }
          expect(texts[1]).toBe(texts[0]);
        }
      }
    }),
  );

  it(
    'whose Response says something that cannot stand in a head is not sent: 500, and the error is told',
    green(function* () {
      let odd: [string, string] = ['a', 'b'];
      let cookies: string[] = [];
      let reason = '';
      const server = yield* serving(() => {
        // What the platform's own classes refuse, others may let pass.
        const headers = Object.assign([odd], { getSetCookie: () => cookies });
        const given = { headers: { value: headers }, statusText: { value: reason } };
        return Object.defineProperties(new Response('body'), given);
      });
      const wrong: [[string, string], string[], string][] = [
        [['a', 'b\r\nx-injected: 1'], [], ''],
        [['a', 'b\nx-injected: 1'], [], ''],
        [['a', 'b\0'], [], ''],
        [['a', '\u0100'], [], ''],
        [['a\r\nx-injected', '1'], [], ''],
        [['a b', '1'], [], ''],
        [['', '1'], [], ''],
        [['content-length', '-1'], [], ''],
        [['content-length', '1, 2'], [], ''],
        [['a', 'b'], ['c\r\nx-injected: 1'], ''],
        [['a', 'b'], [], 'OK\r\nx-injected: 1'],
      ];
      for ([odd, cookies, reason] of wrong) {
        const client = new RawClient(server).send(get('/'));
        yield* until(client.closed);
        expect(statuses(client.text)).toEqual(['500']);
        expect(client.text).not.toMatch(/injected|body/);
        expect(hub.takeErrors()).toMatchObject([{ name: 'TypeError' }]);
      }
      [odd, cookies, reason] = [['a', 'b'], ['c=1', 'd=2'], 'Fine'];
      const client = new RawClient(server).send(get('/', 'Connection: close\r\n'));
      yield* until(client.closed);
      expect(client.text).toMatch(/^HTTP\/1\.1 200 Fine\r\na: b\r\nset-cookie: c=1\r\nset-cookie: d=2\r\n/);
    }),
  );

  it(
    'says by itself how it is sent, and what becomes of the connection: a Response can only ask for its end',
    green(function* () {
      const server = yield* serving(({ path }) => {
        const headers = new Headers({ 'transfer-encoding': 'gzip', 'keep-alive': 'timeout=999' });
        headers.set('connection', path === '/last' ? 'x-a, close' : 'upgrade');
        return new Response('body', { headers });
      });
      const client = new RawClient(server).send(get('/') + get('/last') + get('/lost'));
      yield* until(client.closed);
      const [, first = '', last = ''] = client.text.split('HTTP/1.1 200 OK\r\n');
      expect(first).toMatch(
        /\r\nDate: .*\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n.*chunked\r\n\r\n4/,
      );
      expect(last).toMatch(/\r\nDate: .*\r\nConnection: close\r\n.*chunked\r\n\r\n4/);
      expect(statuses(client.text)).toEqual(['200', '200']);
    }),
  );

  it(
    'of a length that is known is sent without chunks; without a body it has the length 0',
    green(function* () {
      const server = yield* serving(({ path }) => {
        if (path === '/none') return new Response(null);
        if (path === '/lie') return new Response(null, { headers: { 'content-length': '3' } });
        return new Response('body', { headers: { 'content-length': '4' } });
      });
      const client = new RawClient(server).send(get('/known') + get('/none') + get('/lie'));
      yield* until(client.closed);
      expect(client.text).toMatch(
        /content-length: 4\r\n(.*\r\n)*\r\nbodyHTTP\/1\.1 200 OK\r\ncontent-length: 0/,
      );
      expect(client.text).not.toContain('chunked');
      expect(statuses(client.text)).toEqual(['200', '200', '500']);
      expect(hub.takeErrors()).toMatchObject([{ code: 'ERR_HTTP_CONTENT_LENGTH_MISMATCH' }]);
    }),
  );
});

describe('HTTP/1.0', () => {
  it(
    'ends the connection with its answer, unless the other end asks for more and the length is known',
    green(function* () {
      const server = yield* serving(({ path }) => (path === '/stream' ? each(['one', 'two']) : path));
      const ends = new RawClient(server).send('GET /ends HTTP/1.0\r\n\r\n');
      yield* until(ends.closed);
      expect(ends.text).toMatch(/Connection: close\r\n\r\n\/ends$/);
      const keeps = new RawClient(server).send('GET /keeps HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
      yield* until(keeps.until(/Connection: keep-alive\r\n(.*\r\n)*\r\n\/keeps$/));
      keeps.send('GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
      yield* until(keeps.closed);
      expect(keeps.text).toMatch(/Connection: close\r\n\r\nonetwo$/);
      expect(keeps.text).not.toMatch(/chunked/i);
    }),
  );
});

describe('a stream that fails', () => {
  it(
    'does not look whole to a client of HTTP/1.0, which knows its end by that of the connection only',
    green(function* () {
      const pieces = new Queue<string>();
      const server = yield* serving(() => pieces.items());
      const client = new RawClient(server);
      const failed = once(client.socket, 'error');
      client.send('GET / HTTP/1.0\r\n\r\n');
      pieces.putNowait('piece');
      yield* until(client.until(/piece$/));
      pieces.putNowait(5 as never);
      expect(yield* until(failed)).toMatchObject([{ code: 'ECONNRESET' }]);
      expect(hub.takeErrors()).toHaveLength(1);
    }),
  );
});

describe('a client that ends its half', () => {
  /** Sends `text` and the end at once; gives what comes. */
  async function halfClosed(server: http.HttpServer, text: string): Promise<string> {
    const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    let got = '';
    socket.on('error', () => {});
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      got += chunk;
    });
    socket.end(text);
    await once(socket, 'close');
    return got;
  }

  it(
    'is answered when the answer is there, and with 400 when its request is not complete',
    green(function* () {
      const seen: unknown[] = [];
      const server = yield* serving(
        function* (request) {
          try {
            return yield* request.text();
          } catch (error) {
            seen.push((error as { code?: string }).code);
            throw error;
          }
        },
        { killOnDisconnect: false },
      );
      expect(yield* until(halfClosed(server, post('/', 'body')))).toMatch(
        /^HTTP\/1\.1 200 (.*\r\n)*\r\nbody$/,
      );
      expect(yield* until(halfClosed(server, ''))).toBe('');
      const incomplete = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nbody';
      for (const text of ['GET', 'GET / HTTP/1.1\r\nHost: a\r\n', incomplete]) {
        expect(yield* until(halfClosed(server, text))).toBe(
          'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n',
        );
      }
      yield* until(eventually('no request is left', () => server.requests === 0));
      expect(seen).toEqual(['ECONNRESET']);
    }),
  );

  it(
    'is gone, as for Node: the request that is worked on is killed',
    green(function* () {
      let killed = 0;
      const server = yield* serving(function* () {
        try {
          yield* until(new Promise(() => {}));
        } finally {
          killed++;
        }
      });
      expect(yield* until(halfClosed(server, get('/')))).toBe('');
      yield* until(eventually('it is killed', () => killed === 1));
    }),
  );
});

describe('the async context', () => {
  it(
    'is that of whoever started the server, for every request',
    green(function* () {
      const storage = new AsyncLocalStorage<string>();
      const seen = new Set<string | undefined>();
      const server = storage.run('server', () =>
        http.serve(
          ({ path }) => {
            seen.add(storage.getStore());
            storage.enterWith('request');
            return path;
          },
          { host: '127.0.0.1' },
        ),
      );
      atEnd(() => server.stop({ timeout: 0 }).promise());
      yield* server;
      const client = new RawClient(server);
      storage.run('client', () => client.send(Array.from({ length: 50 }, () => get('/')).join('')));
      yield* until(client.until(/200 OK/, 50));
      expect([...seen]).toEqual(['server']);
    }),
  );
});
