import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { green, until } from 'greenlets';
import { HttpError, HttpProtocolError, http, RedirectRefused, TooManyRedirects } from 'greenlets/io';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { CERT, KEY } from './http-certificate.js';
import { echo, local, thrownBy } from './http-client-kit.js';
import { nothingLeft } from './http-left-over.js';
import { rawServer } from './http-raw-server.js';

watchHub();
afterEach(nothingLeft);

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
      expect(error.stack).toContain('http-client-kit.ts');
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
      const folder = mkdtempSync(join(tmpdir(), 'greenlets-http-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const path = join(folder, 's');
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
