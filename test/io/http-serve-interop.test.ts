/** http.serve: clients that are not made by hand. */
import { Agent as NodeAgent, request as nodeRequest } from 'node:http';
import { get as secureGet } from 'node:https';
import type { Socket } from 'node:net';
import { checkServerIdentity, type TLSSocket } from 'node:tls';
import { each, type Green, green, Pool, until } from 'greenlets';
import { http } from 'greenlets/io';
import { Pool as UndiciPool } from 'undici';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { atEnd, eventually, watchLeftovers } from '../support/leftovers.js';
import { CERT, KEY } from './http-certificate.js';
import { serving } from './http-serve-support.js';

watchHub();
watchLeftovers();

const COUNT = 30;

/** What a client sends, and gets. */
interface Sent {
  readonly path: string;
  readonly body: string;
}

/** A client: sends a POST and gives status, a cookie and the text of the answer. */
type Client = (sent: Sent) => Promise<[status: number, cookies: readonly string[], text: string]>;

const CLIENTS: Record<string, (server: http.HttpServer) => Client> = {
  'node:http'(server) {
    const agent = new NodeAgent({ keepAlive: true, maxSockets: 1 });
    atEnd(() => agent.destroy());
    return ({ path, body }) =>
      new Promise((resolve, reject) => {
        const { port } = server;
        const asked = nodeRequest({ host: '127.0.0.1', port, path, method: 'POST', agent }, (response) => {
          response.toArray().then((chunks: Buffer[]) => {
            const { statusCode = 0, headers } = response;
            resolve([statusCode, headers['set-cookie'] ?? [], Buffer.concat(chunks).toString()]);
          }, reject);
        });
        asked.on('error', reject);
        asked.end(body);
      });
  },
  undici(server) {
    const pool = new UndiciPool(server.url.slice(0, -1), { connections: 1, pipelining: 4 });
    atEnd(() => pool.destroy());
    return async ({ path, body }) => {
      const { statusCode, headers, body: answer } = await pool.request({ path, method: 'PUT', body });
      return [statusCode, [headers['set-cookie'] ?? []].flat(), await answer.text()];
    };
  },
  fetch(server) {
    return async ({ path, body }) => {
      const response = await fetch(new URL(path, server.url), { method: 'POST', body });
      return [response.status, response.headers.getSetCookie(), await response.text()];
    };
  },
  'http.request'(server) {
    const agent = new http.Agent({ maxSockets: 1 });
    atEnd(() => agent.close());
    return async ({ path, body }) => {
      const url = new URL(path, server.url).href;
      const response = await http.request(url, { method: 'POST', body, agent });
      return [response.status, response.headers.getSetCookie(), await response.text()];
    };
  },
};

function* handler(request: http.ServerRequest): Green<unknown> {
  const body = yield* request.text();
  const headers = new Headers([
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
  ]);
  const text = `${request.path} ${body}`;
  if (request.path.endsWith('0')) return new Response(text, { status: 201, headers });
  return request.path.endsWith('1') ? each([text.slice(0, 3), text.slice(3)]) : text;
}

describe('a server of http.serve', () => {
  it.each(Object.keys(CLIENTS))('is one for %s, which keeps its connection', (name) =>
    green(function* () {
      const sockets = new Set<Socket>();
      const server = yield* serving((request) => {
        sockets.add(request.socket);
        return handler(request);
      });
      const client = (CLIENTS[name] as (typeof CLIENTS)[string])(server);
      for (let i = 0; i < COUNT; i++) {
        const sent = { path: `/${i}`, body: 'h\u00e4user'.repeat(i * 100) };
        const answer = yield* until(client(sent));
        const first = i % 10 === 0;
        expect(answer).toEqual([first ? 201 : 200, first ? ['a=1', 'b=2'] : [], `${sent.path} ${sent.body}`]);
      }
      // Which opens another one when the last answer is not quite over.
      expect(sockets.size).toBeLessThanOrEqual(name === 'fetch' ? COUNT / 5 : 1);
      yield* server.stop();
      yield* until(eventually('it is closed', () => [...sockets].every(({ closed }) => closed)));
    })(),
  );

  it(
    'answers many requests at once over few connections, of any client',
    green(function* () {
      const server = yield* serving(handler);
      for (const name of ['undici', 'node:http']) {
        const client = (CLIENTS[name] as (typeof CLIENTS)[string])(server);
        const all = Array.from({ length: 200 }, (_, i) => client({ path: `/${i}`, body: `body ${i}` }));
        const texts = (yield* until(Promise.all(all))).map(([, , text]) => text);
        expect(texts).toEqual(texts.map((_, i) => `/${i} body ${i}`));
      }
      const agent = new http.Agent({ maxSockets: 4 });
      atEnd(() => agent.close());
      function* ask(i: number): Green<string> {
        const response = yield* http.request(`${server.url}${i}`, {
          method: 'POST',
          body: `body ${i}`,
          agent,
        });
        return yield* response.text();
      }
      const texts = yield* new Pool(20).map(
        ask,
        Array.from({ length: 200 }, (_, i) => i),
      );
      expect(texts).toEqual(texts.map((_, i) => `/${i} body ${i}`));
    }),
  );

  it(
    'speaks HTTP/1.1 when a client of TLS offers more, and tells of its socket',
    green(function* () {
      const server = yield* serving(
        ({ socket, httpVersion, rawHeaders }) => [
          (socket as TLSSocket).alpnProtocol,
          httpVersion,
          rawHeaders.slice(0, 2),
        ],
        { tls: { key: KEY, cert: CERT } },
      );
      const text = yield* until(
        new Promise<string>((resolve, reject) => {
          const options = {
            ca: CERT,
            agent: false,
            ALPNProtocols: ['h2', 'http/1.1'],
            checkServerIdentity: (_: string, peer: Parameters<typeof checkServerIdentity>[1]) =>
              checkServerIdentity('localhost', peer),
            headers: { 'X-Mine': 'yes' },
          } as const;
          const asked = secureGet(server.url, options, (response) => {
            response.toArray().then((chunks: Buffer[]) => resolve(Buffer.concat(chunks).toString()), reject);
          });
          asked.on('error', reject);
        }),
      );
      expect(JSON.parse(text)).toEqual(['http/1.1', '1.1', ['X-Mine', 'yes']]);
    }),
  );
});
