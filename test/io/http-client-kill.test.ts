import { createServer, type Socket } from 'node:net';
import { type Green, type Greenlet, green, sleep, spawn, Timeout, until, withTimeout } from 'greenlets';
import { http } from 'greenlets/io';
import { afterEach, describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { passUntil, thrownBy } from './http-client-kit.js';
import { nothingLeft } from './http-left-over.js';
import { type RawServer, rawServer } from './http-raw-server.js';

watchHub();
afterEach(nothingLeft);

/** Where a request can stand: how it gets there (`there` says that it is), on a server that never goes on. */
interface Stage {
  readonly name: string;
  /** The timeout that is for it, and what its message says. */
  readonly option?: 'connectTimeout' | 'headersTimeout' | 'bodyTimeout';
  readonly phase?: string;
  url(server: RawServer): string;
  init?(): http.RequestOptions;
  there(server: RawServer): boolean;
}

let heads = 0;
let looked = 0;

const agents: http.Agent[] = [];
function agentOf(options: http.AgentOptions): http.Agent {
  const agent = new http.Agent(options);
  agents.push(agent);
  return agent;
}
afterEach(() => {
  for (const agent of agents.splice(0)) {
    agent.close();
    expect(agent.statistics()).toEqual({ origins: 0, sockets: 0, free: 0, waiting: 0 });
  }
});

const STAGES: readonly Stage[] = [
  {
    name: 'looking up the address',
    option: 'connectTimeout',
    phase: '(connecting)',
    url: ({ port }) => `http://some.host:${port}/`,
    init: () => ({ agent: agentOf({ lookup: () => void looked++ }) }),
    there: () => looked > 0,
  },
  {
    name: 'shaking hands by TLS',
    option: 'connectTimeout',
    phase: '(connecting)',
    url: ({ port }) => `https://127.0.0.1:${port}/`,
    there: ({ open }) => open.size > 0,
  },
  {
    name: 'waiting for the headers',
    option: 'headersTimeout',
    phase: '(waiting for the headers)',
    url: ({ url }) => `${url}/never`,
    there: () => heads > 0,
  },
  {
    name: 'waiting for 100 Continue',
    url: ({ url }) => `${url}/never`,
    init: () => ({ method: 'PUT', body: 'x', headers: { expect: '100-continue' } }),
    there: () => heads > 0,
  },
  {
    name: 'sending a body',
    option: 'headersTimeout',
    phase: '(waiting for the headers)',
    url: ({ url }) => `${url}/deaf`,
    init: () => ({ method: 'POST', body: endless() }),
    there: () => heads > 0,
  },
  {
    name: 'waiting for the body',
    option: 'bodyTimeout',
    phase: '(waiting for more of the body)',
    url: ({ url }) => `${url}/half`,
    there: () => heads > 0,
  },
  {
    name: 'waiting for more of a compressed body',
    option: 'bodyTimeout',
    phase: '(waiting for more of the body)',
    url: ({ url }) => `${url}/packed`,
    there: () => heads > 0,
  },
  {
    name: 'following a redirect',
    url: ({ url }) => `${url}/redirect`,
    there: () => heads > 1,
  },
];

let closed = 0;
function* endless(): Generator<Buffer, void, undefined> {
  try {
    for (;;) yield Buffer.alloc(64 * 1024);
  } finally {
    closed++;
  }
}

function* stuckServer(): Green<RawServer> {
  heads = looked = closed = 0;
  return yield* until(
    rawServer((socket, head) => {
      heads++;
      const path = head.split(' ')[1];
      if (path === '/deaf') socket.pause();
      else if (path === '/half') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
      else if (path === '/packed') {
        socket.write('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 999\r\n\r\n\x1f\x8b');
      } else if (path === '/redirect') {
        socket.write('HTTP/1.1 302 Go\r\nLocation: /never\r\nContent-Length: 0\r\n\r\n');
      }
    }),
  );
}

/** A server that does not read does not see the end: what was sent is in the way. */
function* seesTheEnd(server: RawServer): Green<void> {
  yield* passUntil(() => {
    // At every pass: it may hear of a connection, and stop to read, only now.
    for (const socket of server.open) socket.resume();
    return server.open.size === 0;
  });
}

function* page(url: string, init: http.RequestOptions | undefined): Green<string> {
  return yield* (yield* http.request(url, init)).text();
}

describe.each(STAGES)('$name', ({ url, init, there, option, phase }) => {
  it(
    'a kill ends it: the connection is closed, and nothing is left',
    green(function* () {
      const server = yield* stuckServer();
      const before = http.globalAgent.statistics().sockets;
      const greenlet = spawn(page, url(server), init?.());
      yield* passUntil(() => there(server));
      yield* greenlet.kill();
      expect(greenlet.killed).toBe(true);
      expect(http.globalAgent.statistics().sockets).toBe(before);
      yield* seesTheEnd(server);
    }),
  );

  it(
    'the timeout for the whole ends it, and says what it was',
    green(function* () {
      const server = yield* stuckServer();
      const error = yield* thrownBy(() => page(url(server), { ...init?.(), timeout: 30 }));
      expect(error).toBeInstanceOf(Timeout);
      expect(error.message).toMatch(
        /^http\.request of (GET|PUT|POST) https?:\S+ timed out after 30 ms \(<Greenlet /,
      );
      yield* seesTheEnd(server);
    }),
  );

  it.runIf(option !== undefined)(
    'its own timeout ends it',
    green(function* () {
      const server = yield* stuckServer();
      const error = yield* thrownBy(() => page(url(server), { ...init?.(), [option as 'timeout']: 30 }));
      expect(error).toBeInstanceOf(Timeout);
      expect(error.message).toContain(phase);
      expect(error.message).toContain('timed out after 30 ms');
      yield* seesTheEnd(server);
    }),
  );
});

describe('a kill', () => {
  it(
    'while it connects closes the socket',
    green(function* () {
      const server = yield* stuckServer();
      const greenlet = spawn(page, server.url, {});
      yield* sleep(0);
      expect(http.globalAgent.statistics().sockets).toBe(1);
      yield* greenlet.kill();
      expect(http.globalAgent.statistics()).toEqual({ origins: 0, sockets: 0, free: 0, waiting: 0 });
    }),
  );

  it(
    'while it waits for a connection takes it out of the row',
    green(function* () {
      const server = yield* stuckServer();
      const agent = agentOf({ maxSockets: 1 });
      const first = spawn(page, `${server.url}/never`, { agent });
      const second = spawn(page, `${server.url}/never`, { agent });
      yield* passUntil(() => heads === 1);
      expect(agent.statistics()).toEqual({ origins: 1, sockets: 1, free: 0, waiting: 1 });
      yield* second.kill();
      expect(agent.statistics()).toEqual({ origins: 1, sockets: 1, free: 0, waiting: 0 });
      const third = spawn(page, `${server.url}/never`, { agent });
      yield* sleep(0);
      yield* first.kill();
      yield* passUntil(() => heads === 2);
      yield* third.kill();
    }),
  );

  it(
    'closes the source of the body',
    green(function* () {
      const server = yield* stuckServer();
      const greenlet = spawn(page, `${server.url}/deaf`, { method: 'POST', body: endless() });
      yield* passUntil(() => heads > 0);
      yield* greenlet.kill();
      yield* passUntil(() => closed === 1);
      yield* seesTheEnd(server);
    }),
  );

  it(
    'names the wait in reports',
    green(function* () {
      const server = yield* stuckServer();
      const timeout = yield* thrownBy(() => withTimeout(20, http.get(`${server.url}/never?secret`)));
      expect(timeout.message).toContain(`in http.request of GET ${server.url}/never (`);
      const response = yield* http.get(`${server.url}/half`);
      const late = yield* thrownBy(() => withTimeout(20, response.text()));
      expect(late.message).toContain(`in HttpResponse.text of GET ${server.url}/half (`);
      response.close();
      http.globalAgent.close();
      yield* passUntil(() => http.globalAgent.statistics().sockets === 0);
    }),
  );

  it(
    'of a read loses nothing: it can be read again',
    green(function* () {
      let server: Socket | undefined;
      const raw = yield* until(
        rawServer((socket) => {
          server = socket;
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nhalf');
        }),
      );
      const response = yield* http.get(raw.url);
      expect(yield* thrownBy(() => withTimeout(10, response.text()))).toBeInstanceOf(Timeout);
      expect(yield* thrownBy(() => withTimeout(10, response.bytes()))).toBeInstanceOf(Timeout);
      server?.write(' and half');
      expect(yield* response.text()).toBe('half and half');
    }),
  );

  it(
    'that comes when the response is there closes what was not read of it',
    green(function* () {
      const raw = yield* until(
        rawServer((socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nhalf')),
      );
      const killed: Greenlet<unknown>[] = [];
      for (let passes = 0; passes < 12; passes++) {
        const greenlet = spawn(function* () {
          yield* (yield* http.get(raw.url)).text();
        });
        killed.push(greenlet);
        for (let i = 0; i < passes; i++) yield* until(new Promise((resolve) => setImmediate(resolve)));
        yield* greenlet.kill();
      }
      expect(http.globalAgent.statistics().sockets).toBe(0);
      yield* passUntil(() => raw.open.size === 0);
    }),
  );

  it('a signal of promise() ends it', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const controller = new AbortController();
    const { port } = server.address() as { port: number };
    const getting = http.get(`http://127.0.0.1:${port}/`).promise({ signal: controller.signal });
    const socket = await accepted;
    const end = new Promise((resolve) =>
      socket
        .on('error', () => {})
        .once('close', resolve)
        .resume(),
    );
    controller.abort(new Error('enough'));
    await expect(getting).rejects.toThrow('enough');
    await end;
    await new Promise((resolve) => server.close(resolve));
  });
});
