/** http.serve: requests that are sent on unasked, and those that wait for a word before they go on. */
import type { Socket } from 'node:net';
import { each, green, Queue, until } from 'greenlets';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';
import { eventually, watchLeftovers } from '../support/leftovers.js';
import { gate, get, post, RawClient, serving, statuses } from './http-serve-support.js';

watchHub();
watchLeftovers();

describe('requests that are sent on unasked', () => {
  it(
    'are worked on side by side, as many as are taken at once; then the other end waits, and all are answered in order',
    green(function* () {
      const go = gate();
      const server = yield* serving(function* (request) {
        yield* until(go.opened);
        return `\n${request.path}${yield* request.text()}`;
      });
      const paths = Array.from({ length: 300 }, (_, i) => `/${i}`);
      const client = new RawClient(server);
      client.send(paths.map((path, i) => (i % 3 === 0 ? post(path, '-body') : get(path))).join(''));
      yield* until(eventually('as many as are taken are worked on', () => server.requests === 32));
      yield* until(pass());
      expect(server.requests).toBe(32);
      go.open();
      yield* until(client.until(/\n\/299/));
      yield* until(client.until(/HTTP\/1\.1 200/, 300));
      expect(client.text.match(/^\/\d+(-body)?/gm)).toEqual(
        paths.map((path, i) => (i % 3 === 0 ? `${path}-body` : path)),
      );
    }),
  );

  it(
    'are not taken while the other end does not take the answers',
    green(function* () {
      let socket: Socket | undefined;
      let answered = 0;
      const server = yield* serving((request) => {
        socket = request.socket;
        answered++;
        return 'x'.repeat(10_000);
      });
      const client = new RawClient(server);
      client.socket.pause();
      client.send(get('/').repeat(5000));
      let still = 0;
      for (let last = -1; still < 100; still = answered === last && answered > 0 ? still + 1 : 0) {
        last = answered;
        yield* until(pass());
      }
      expect(socket?.writableLength).toBeLessThan(1_000_000);
      expect(answered).toBeLessThan(2000);
      client.socket.resume();
      yield* until(eventually('all are answered', () => answered === 5000));
      yield* until(eventually('all has come', () => client.text.length > 50_000_000));
    }),
    20_000,
  );

  it(
    'have their answers sent in order, whole or bit by bit, whichever is there first',
    green(function* () {
      const first = new Queue<string>();
      const done: string[] = [];
      const server = yield* serving(({ path }) => {
        done.push(path);
        if (path === '/slow') return first.items();
        return path === '/stream' ? each(['s1', 's2']) : `whole${path}`;
      });
      const client = new RawClient(server).send(get('/slow') + get('/whole') + get('/stream') + get('/last'));
      yield* until(eventually('all have come', () => done.length === 4));
      yield* until(pass());
      expect(client.text).toBe('');
      first.putNowait('f1');
      yield* until(client.until(/f1/));
      yield* until(pass());
      expect(statuses(client.text)).toHaveLength(1);
      yield* first.shutdown();
      yield* until(client.until(/whole\/last/));
      expect(client.text.match(/f1|whole\/[a-z]+|s[12]/g)).toEqual([
        'f1',
        'whole/whole',
        's1',
        's2',
        'whole/last',
      ]);
    }),
  );

  it(
    'behind one that ends the connection are not answered, and those that are worked on are killed',
    green(function* () {
      const killed: [path: string, closed: boolean][] = [];
      const both = gate();
      let calls = 0;
      const server = yield* serving(function* ({ path, socket }) {
        if (++calls === 2) both.open();
        yield* until(both.opened);
        if (path === '/first') return new Response('bye', { headers: { connection: 'close' } });
        try {
          yield* until(new Promise(() => {}));
        } finally {
          killed.push([path, socket.destroyed]);
        }
        return 'never';
      });
      const client = new RawClient(server).send(`${get('/first')}${get('/second')}GET /third`);
      yield* until(client.closed);
      yield* until(eventually('the other is killed', () => killed.length === 1));
      expect(statuses(client.text)).toEqual(['200']);
      // At once, and not when the connection is closed after a while.
      expect(killed).toEqual([['/second', false]]);
    }),
  );

  it(
    'behind one that ends the connection fail to read their bodies if they are not killed',
    green(function* () {
      const seen: unknown[] = [];
      const go = gate();
      const server = yield* serving(
        function* (request) {
          if (request.path === '/first') {
            yield* until(go.opened);
            return new Response('bye', { headers: { connection: 'close' } });
          }
          try {
            yield* request.bytes();
          } catch (error) {
            seen.push((error as { code: string }).code);
          }
          return 'nobody hears';
        },
        { killOnDisconnect: false },
      );
      const client = new RawClient(server).send(get('/first'));
      client.send('POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n');
      yield* until(eventually('both are worked on', () => server.requests === 2));
      go.open();
      yield* until(client.closed);
      yield* until(eventually('both have ended', () => server.requests === 0));
      expect([statuses(client.text), seen]).toEqual([['200'], ['ECONNRESET']]);
    }),
  );

  it(
    'behind a last one are not even read',
    green(function* () {
      const paths: string[] = [];
      const server = yield* serving(({ path }) => {
        paths.push(path);
        return path;
      });
      const client = new RawClient(server).send(get('/last', 'Connection: close\r\n') + get('/more'));
      yield* until(client.closed);
      expect([statuses(client.text), paths]).toEqual([['200'], ['/last']]);
    }),
  );
});

describe('Expect', () => {
  const expecting = (path: string, more = '') =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n${more}\r\n`;

  it(
    '100-continue is answered with 100 when the body is first wanted',
    green(function* () {
      const go = gate();
      const come = gate();
      const server = yield* serving(function* (request) {
        come.open();
        yield* until(go.opened);
        return yield* request.text();
      });
      const client = new RawClient(server).send(expecting('/'));
      yield* until(come.opened);
      yield* until(pass());
      expect(client.text).toBe('');
      go.open();
      expect(yield* until(client.until(/\r\n\r\n/))).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      client.send('body');
      yield* until(client.until(/body$/));
      // The connection is kept.
      client.send(post('/', 'more'));
      yield* until(client.until(/more$/));
      expect(statuses(client.text)).toEqual(['100', '200', '200']);
    }),
  );

  it(
    '100-continue is not answered with 100 when the body is refused, not wanted, or there already; the first two end the connection',
    green(function* () {
      const server = yield* serving(
        function* (request) {
          return request.path === '/unread' ? 'unread' : yield* request.text();
        },
        { maxBodySize: 3 },
      );
      for (const [path, status] of [
        ['/unread', '200'],
        ['/large', '413'],
      ] as const) {
        const client = new RawClient(server).send(expecting(path));
        yield* until(client.closed);
        expect(statuses(client.text)).toEqual([status]);
        expect(client.text).toContain('Connection: close\r\n');
      }
      const there = new RawClient(server);
      there.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc`);
      yield* until(there.until(/abc$/));
      expect(statuses(there.text)).toEqual(['200']);
    }),
  );

  it(
    '100-continue behind another request is answered when that has been',
    green(function* () {
      const go = gate();
      const server = yield* serving(function* (request) {
        if (request.path === '/first') yield* until(go.opened);
        return yield* request.text();
      });
      const client = new RawClient(server).send(get('/first') + expecting('/second'));
      yield* until(eventually('both are worked on', () => server.requests === 2));
      yield* until(pass());
      expect(client.text).toBe('');
      go.open();
      yield* until(client.until(/100 Continue\r\n\r\n/));
      client.send('body');
      yield* until(client.until(/body$/));
      expect(statuses(client.text)).toEqual(['200', '100', '200']);
    }),
  );

  it(
    'something else is answered with 417, without the handler and what is in the body',
    green(function* () {
      let calls = 0;
      const server = yield* serving(() => String(calls++));
      const client = new RawClient(server).send(post('/', get('/smuggled'), 'Expect: a-miracle\r\n'));
      yield* until(client.closed);
      expect([statuses(client.text), calls]).toEqual([['417'], 0]);
    }),
  );
});
