import type { Socket } from 'node:net';
import { type Green, green, hub, joinall, sleep, spawn, until } from 'greenlets';
import { BodyClosed, http } from 'greenlets/io';
import { virtual } from 'greenlets/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { ASKING, collectUntil } from '../support/garbage.js';
import { watchHub } from '../support/hub-watch.js';
import { eventually } from '../support/leftovers.js';
import { passUntil, thrownBy } from './http-client-kit.js';
import { nothingLeft } from './http-left-over.js';
import { type RawHandler, type RawServer, rawServer } from './http-raw-server.js';

watchHub();
afterEach(nothingLeft);

function* raw(handler: RawHandler): Green<RawServer> {
  return yield* until(rawServer(handler));
}

function answer(socket: Socket, body: string, headers = ''): void {
  socket.write(`HTTP/1.1 200 OK\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`);
}

function* text(url: string, init?: http.RequestOptions): Green<string> {
  return yield* (yield* http.request(url, init)).text();
}

describe('connections', () => {
  it(
    'are kept by the time of the host, of both ends, where a virtual run patches the globals',
    virtual(
      function* () {
        const server = yield* http.serve(() => 'ok', { port: 0, host: '127.0.0.1' });
        const agent = new http.Agent();
        expect(yield* text(server.url, { agent })).toBe('ok');
        expect(agent.statistics().free).toBe(1);
        expect(hub.stats().timers).toBe(0);
        yield* sleep(1e6);
        expect(yield* text(server.url, { agent })).toBe('ok');
        expect(agent.statistics()).toMatchObject({ sockets: 1, free: 1 });
        agent.close();
        yield* server.stop();
      },
      { patch: true },
    ),
  );

  it(
    'are used again, the last used first, and do not hold the process when idle',
    green(function* () {
      const ports: (number | undefined)[] = [];
      const server = yield* raw((socket, head) => {
        if (head.startsWith('GET /who')) ports.push(socket.remotePort);
        answer(socket, 'ok');
      });
      const two = [spawn(text, server.url), spawn(text, server.url)];
      yield* joinall(two);
      expect(server.made).toBe(2);
      expect(http.globalAgent.statistics()).toMatchObject({ origins: 1, sockets: 2, free: 2 });
      expect(process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap')).toHaveLength(2); // the server's
      for (let i = 0; i < 3; i++) yield* text(`${server.url}/who`);
      expect(new Set(ports).size).toBe(1);
      expect(server.made).toBe(2);
    }),
  );

  it(
    'at most maxSockets to an origin: who comes first is served first',
    green(function* () {
      const order: string[] = [];
      const server = yield* raw((socket, head) => {
        order.push(head.split(' ')[1] as string);
        answer(socket, 'ok');
      });
      const agent = new http.Agent({ maxSockets: 1 });
      const asked = ['/1', '/2', '/3', '/4'];
      const greenlets = asked.map((path) => spawn(text, server.url + path, { agent }));
      yield* sleep(0);
      expect(agent.statistics()).toMatchObject({ sockets: 1, waiting: 3 });
      yield* (greenlets[1] as (typeof greenlets)[0]).kill();
      yield* joinall(greenlets);
      expect(order).toEqual(['/1', '/3', '/4']);
      expect(server.made).toBe(1);
      expect(String(agent)).toBe('<Agent 1 sockets, 1 free>');
      agent.close();
    }),
  );

  it(
    'that are refused let the next one try',
    green(function* () {
      const server = yield* raw(() => {});
      yield* until(server.close());
      const agent = new http.Agent({ maxSockets: 1 });
      const greenlets = [1, 2, 3].map(() => spawn(thrownBy, () => http.get(server.url, { agent })));
      for (const each of yield* joinall(greenlets)) expect(each.value.code).toBe('ECONNREFUSED');
      expect(agent.statistics()).toEqual({ origins: 0, sockets: 0, free: 0, waiting: 0 });
    }),
  );

  it.each([
    ['the server says close', 'Connection: close\r\n'],
    ['the server will keep it no longer', 'Keep-Alive: timeout=0\r\n'],
  ])('are not kept when %s', async (_, headers) => {
    const server = await rawServer((socket) => answer(socket, 'ok', headers));
    expect(await (await http.get(server.url)).text()).toBe('ok');
    expect(http.globalAgent.statistics().sockets).toBe(0);
  });

  it(
    'are not kept by an agent without idleTimeout, by HTTP/1.0, or when the request says close',
    green(function* () {
      const server = yield* raw((socket) => answer(socket, 'ok'));
      const old = yield* raw((socket) => socket.write('HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'));
      const agent = new http.Agent({ idleTimeout: 0 });
      expect(yield* text(server.url, { agent })).toBe('ok');
      expect(agent.statistics().sockets).toBe(0);
      expect(yield* text(old.url)).toBe('ok');
      expect(yield* text(server.url, { headers: { connection: 'close' } })).toBe('ok');
      expect(http.globalAgent.statistics().sockets).toBe(0);
    }),
  );

  it(
    'are closed when they have been idle',
    green(function* () {
      const server = yield* raw((socket) => answer(socket, 'ok'));
      const agent = new http.Agent({ idleTimeout: 20 });
      expect(yield* text(server.url, { agent })).toBe('ok');
      expect(agent.statistics().free).toBe(1);
      const [socket] = server.open;
      yield* until(new Promise((resolve) => (socket as Socket).once('close', resolve)));
      expect(agent.statistics()).toEqual({ origins: 0, sockets: 0, free: 0, waiting: 0 });
    }),
  );

  it(
    'are not used again after bytes that nobody asked for',
    green(function* () {
      const server = yield* raw((socket, head) => {
        answer(socket, 'ok');
        if (head.startsWith('GET /more')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
      });
      expect(yield* text(`${server.url}/more`)).toBe('ok');
      yield* passUntil(() => http.globalAgent.statistics().sockets === 0);
      expect(yield* text(server.url)).toBe('ok');
      const [socket] = server.open;
      (socket as Socket).write('HTTP/1.1 408 Late\r\n\r\n');
      yield* passUntil(() => http.globalAgent.statistics().sockets === 0);
      expect(yield* text(server.url)).toBe('ok');
      expect(server.made).toBe(3);
    }),
  );

  it(
    'that the server closes when they are used again: what may be sent twice is, once',
    green(function* () {
      const seen: string[] = [];
      const server = yield* raw((socket, head, count) => {
        seen.push(`${head.split(' ')[0]} ${count}`);
        if (count === 0) answer(socket, 'ok');
        else socket.destroy();
      });
      yield* text(server.url);
      expect(yield* text(server.url)).toBe('ok');
      expect(seen).toEqual(['GET 0', 'GET 1', 'GET 0']);
      expect(server.made).toBe(2);
      const error = yield* thrownBy(() => text(server.url, { method: 'POST', body: 'x' }));
      expect(error.code).toBe('ECONNRESET');
      expect(seen.slice(3)).toEqual(['POST 1']);
    }),
  );

  it(
    'that the server closes when they are used again: the second try has a new one, also when there is a queue',
    green(function* () {
      const server = yield* raw((socket, _, count) => {
        if (count === 0) answer(socket, 'ok');
        else socket.destroy();
      });
      const agent = new http.Agent({ maxSockets: 1 });
      const all = [1, 2, 3, 4, 5].map(() => spawn(text, server.url, { agent }));
      yield* joinall(all, { raiseError: true });
      expect(all.map((each) => each.value)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
      expect(agent.statistics()).toMatchObject({ sockets: 1, free: 1, waiting: 0 });
      agent.close();
    }),
  );

  it(
    'that break after the first byte of an answer: nothing is sent twice',
    green(function* () {
      const server = yield* raw((socket, _, count) => {
        if (count === 0) answer(socket, 'ok');
        else socket.end('HTTP/1.1 2');
      });
      yield* text(server.url);
      expect((yield* thrownBy(() => text(server.url))).code).toBe('ECONNRESET');
      expect(server.made).toBe(1);
    }),
  );

  it(
    'that the server has closed meanwhile are not used',
    green(function* () {
      const server = yield* raw((socket) => answer(socket, 'ok'));
      yield* text(server.url);
      for (const socket of server.open) socket.end();
      yield* passUntil(() => http.globalAgent.statistics().sockets === 0);
      expect(yield* text(server.url, { method: 'POST' })).toBe('ok');
    }),
  );
});

describe('an agent', () => {
  it.each([
    [5, 'http.Agent: options must be an object such as { maxSockets: 6 }, got 5 (number)'],
    [{ maxSockets: 0 }, 'maxSockets must be a whole number of at least 1, got 0'],
    [{ maxFreeSockets: -1 }, 'maxFreeSockets must be a whole number of at least 0, got -1'],
    [{ idleTimeout: '1' }, 'idleTimeout must be a number of milliseconds, got "1"'],
  ])('refuses %j', (options, message) => {
    expect(() => new http.Agent(options as http.AgentOptions)).toThrow(message);
  });

  it(
    'that is closed closes what is used when it falls free, and goes on',
    green(function* () {
      const sockets: Socket[] = [];
      const server = yield* raw((socket) => void sockets.push(socket));
      const agent = new http.Agent({ maxSockets: 1 });
      const two = [spawn(text, server.url, { agent }), spawn(text, server.url, { agent })];
      yield* passUntil(() => sockets.length === 1);
      agent.close();
      answer(sockets[0] as Socket, 'first');
      yield* passUntil(() => sockets.length === 2);
      expect(server.made).toBe(2);
      answer(sockets[1] as Socket, 'second');
      yield* joinall(two);
      expect(two.map((each) => each.value)).toEqual(['first', 'second']);
      agent[Symbol.dispose]();
    }),
  );

  it.each(['GET /', 'HEAD /', 'GET /none'])(
    'goes on with the connection that a redirect without a body came by: %s',
    (what) =>
      green(function* () {
        const [method, path] = what.split(' ') as [string, string];
        const server = yield* raw((socket, head) => {
          if (head.startsWith(`${what} `)) {
            const length = method === 'HEAD' ? 5000 : 0;
            socket.write(`HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: ${length}\r\n\r\n`);
          } else answer(socket, method === 'HEAD' ? '' : 'there');
        });
        const response = yield* http.request(server.url + path, { method });
        expect(yield* response.text()).toBe(method === 'HEAD' ? '' : 'there');
        expect(server.made).toBe(1);
      })(),
  );

  it(
    'does not use a connection again whose server has answered ahead of a body that it does not take',
    green(function* () {
      const server = yield* raw((socket, head) => {
        answer(socket, head.slice(0, 4));
        if (head.startsWith('POST')) socket.pause();
      });
      const init = { method: 'POST', body: Buffer.alloc(30_000_000) };
      expect(yield* text(server.url, init)).toBe('POST');
      expect(http.globalAgent.statistics().sockets).toBe(0);
      expect(yield* text(server.url)).toBe('GET ');
      yield* until(server.close());
    }),
  );

  it(
    'keeps at most maxFreeSockets, and finds addresses by lookup',
    green(function* () {
      const server = yield* raw((socket) => answer(socket, 'ok'));
      const asked: string[] = [];
      const agent = new http.Agent({
        maxFreeSockets: 1,
        lookup: (host, _options, found) => {
          asked.push(host);
          found(null, [{ address: '127.0.0.1', family: 4 }]);
        },
      });
      const url = `http://some.host:${server.port}/`;
      yield* joinall([1, 2, 3].map(() => spawn(text, url, { agent })));
      expect(asked).toEqual(['some.host', 'some.host', 'some.host']);
      expect(agent.statistics()).toMatchObject({ sockets: 1, free: 1 });
      agent.close();
    }),
  );
});

describe('a body that is not read', () => {
  it(
    'frees its connection by itself when it is small',
    green(function* () {
      const server = yield* raw((socket) => answer(socket, 'x'.repeat(10_000)));
      const response = yield* http.get(server.url);
      yield* passUntil(() => http.globalAgent.statistics().free === 1);
      expect((yield* response.text()).length).toBe(10_000);
    }),
  );

  it(
    'is let go with its greenlet when it is large: the connection is closed',
    green(function* () {
      const server = yield* raw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n');
        socket.write(Buffer.alloc(10_000_000));
      });
      let kept: http.HttpResponse | undefined;
      const greenlet = spawn(function* () {
        kept = yield* http.get(server.url);
      });
      yield* greenlet.join();
      yield* passUntil(() => server.open.size === 0);
      const error = yield* thrownBy(() => (kept as http.HttpResponse).text());
      expect(error).toBeInstanceOf(BodyClosed);
      expect(error.message).toMatch(/^the body of GET \S+ was let go when <Greenlet /);
    }),
  );

  it(
    'stays when its greenlet gives the response, detaches it, or another one reads',
    green(function* () {
      const sockets: Socket[] = [];
      const server = yield* raw((socket) => {
        sockets.push(socket);
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab');
      });
      const given = yield* spawn(() => http.get(server.url)).get();
      let detached: http.HttpResponse | undefined;
      yield* spawn(function* () {
        detached = (yield* http.get(server.url)).detach();
      }).join();
      for (const socket of sockets) socket.write('cd');
      expect(yield* given.text()).toBe('abcd');
      expect(yield* (detached as http.HttpResponse).text()).toBe('abcd');
    }),
  );

  it(
    'and is closed is drained when little is left, in time: the connection is used again',
    green(function* () {
      const sockets: Socket[] = [];
      const server = yield* raw((socket, head) => {
        sockets.push(socket);
        if (head.startsWith('GET /half')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab');
        else if (head.startsWith('GET /chunked')) {
          socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n');
        } else answer(socket, 'ok');
      });
      for (const [path, rest] of [
        ['/half', 'cd'],
        ['/chunked', '2\r\ncd\r\n0\r\n\r\n'],
      ] as const) {
        const response = yield* http.get(server.url + path);
        response.close();
        expect(http.globalAgent.statistics().sockets).toBe(1);
        sockets.at(-1)?.write(rest);
        yield* passUntil(() => http.globalAgent.statistics().free === 1);
        expect(yield* thrownBy(() => response.text())).toBeInstanceOf(BodyClosed);
      }
      expect(yield* text(server.url)).toBe('ok');
      expect(server.made).toBe(1);
      // Of this one the rest does not come.
      (yield* http.get(`${server.url}/half`)).close();
      yield* passUntil(() => server.open.size === 0);
    }),
  );

  it(
    'and is closed is not drained for longer because its rest comes in crumbs',
    green(function* () {
      const server = yield* raw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        const timer = setInterval(() => socket.write('1\r\na\r\n'), 100);
        socket.on('close', () => clearInterval(timer));
      });
      const events = (yield* http.get(server.url)).chunks();
      yield* events.more();
      events.close();
      const since = performance.now();
      yield* passUntil(() => server.open.size === 0 || performance.now() - since > 5000);
      expect(server.open.size).toBe(0);
    }),
  );

  it.each(ASKING)('is let go when the response is garbage, which %s asked for', async (_, ask) => {
    const server = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\nsome');
    });
    for (let i = 0; i < 3; i++) await ask(() => http.get(server.url));
    expect(server.open.size).toBe(3);
    expect(await collectUntil(() => server.open.size <= 1)).toBe(true);
    await server.close();
    await eventually('the last is gone', () => http.globalAgent.statistics().sockets === 0);
  });

  it.each(ASKING)('does not keep its response, when it has ended, which %s asked for', async (_, ask) => {
    const server = await rawServer((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nso'),
    );
    const responses: WeakRef<object>[] = [];
    for (let i = 0; i < 3; i++) responses.push(await ask(() => http.get(server.url)));
    for (const socket of server.open) socket.write('me');
    await eventually('the bodies have ended', () => http.globalAgent.statistics().free === 3);
    expect(await collectUntil(() => responses.filter((each) => each.deref()).length <= 1)).toBe(true);
  });

  it(
    'is let go by using, and by closing its pieces',
    green(function* () {
      const server = yield* raw((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\na\nb\n`);
      });
      (yield* http.get(server.url))[Symbol.dispose]();
      expect(http.globalAgent.statistics().sockets).toBe(0);
      const lines = (yield* http.get(server.url)).lines();
      yield* lines.more();
      lines.close();
      expect(http.globalAgent.statistics().sockets).toBe(0);
      yield* passUntil(() => server.open.size === 0);
    }),
  );

  it(
    'keeps the server waiting, not the memory',
    green(function* () {
      const all = 50_000_000;
      const sockets: Socket[] = [];
      const server = yield* raw((socket) => {
        sockets.push(socket);
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${all}\r\n\r\n`);
        socket.write(Buffer.alloc(all));
      });
      const response = yield* http.get(server.url);
      const chunks = response.chunks();
      yield* chunks.more();
      let read = chunks.value.length;
      // Nothing moves any more: what is not read is in the buffers of the host.
      const [socket] = sockets as [Socket];
      let before = -1;
      let same = 0;
      while (same < 50) {
        same = socket.writableLength === before ? same + 1 : 0;
        before = socket.writableLength;
        yield* until(new Promise((resolve) => setImmediate(resolve)));
      }
      expect(socket.writableLength).toBeGreaterThan(0);
      while (yield* chunks.more()) read += chunks.value.length;
      expect(read).toBe(all);
    }),
  );
});
