/** http.serve: where it listens, and many requests at once. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { green, sleep, until } from 'greenlets';
import { http } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';
import { atEnd, eventually, watchLeftovers } from '../support/leftovers.js';
import { thrownBy } from '../support/sockets.js';
import { CERT, KEY } from './http-certificate.js';
import { answerTo, ask, RawClient, send, serving } from './http-serve-support.js';

const hub = watchHub();
watchLeftovers();

describe('where it listens', () => {
  it(
    'a port that is taken is an error of whoever waits, once; else of the hub',
    green(function* () {
      const other = createServer().listen(0, '127.0.0.1');
      yield* until(once(other, 'listening'));
      atEnd(() => new Promise((resolve) => other.close(resolve)));
      const { port } = other.address() as { port: number };
      const options = { host: '127.0.0.1', port };
      for (const wait of [
        () => http.serve(() => 1, options)[Symbol.iterator](),
        () => http.serve(() => 1, options).serveForever(),
        // Begun in a callback of the host, where the error comes before the wait.
        () =>
          until(
            new Promise((done) =>
              setImmediate(() =>
                done(
                  http
                    .serve(() => 1, options)
                    .start()
                    .promise(),
                ),
              ),
            ),
          ),
      ]) {
        expect((yield* thrownBy(wait)).code).toBe('EADDRINUSE');
        yield* until(pass());
      }
      const server = http.serve(() => 1, options);
      const told: unknown[] = [];
      yield* until(eventually('it is told', () => told.push(...hub.takeErrors()) > 0));
      yield* until(pass());
      expect(told).toMatchObject([{ code: 'EADDRINUSE' }]);
      expect(server.started).toBe(false);
      expect(() => server.port).toThrow(/listens on no port/);
    }),
  );

  it(
    'may be a unix socket',
    green(function* () {
      const folder = mkdtempSync(join(tmpdir(), 'serve-'));
      atEnd(() => rmSync(folder, { recursive: true }));
      const path = join(folder, 'socket');
      const server = yield* serving(({ path: asked }) => asked, { path });
      expect(server.address).toBe(path);
      expect((yield* until(ask(server, '/by-socket'))).text).toBe('/by-socket');
      yield* server.stop();
    }),
  );

  it(
    'may be encrypted',
    green(function* () {
      const server = yield* serving(({ url }) => url, { tls: { key: KEY, cert: CERT } });
      expect(server.url).toBe(`https://127.0.0.1:${server.port}/`);
      const text = yield* until(
        new Promise<string>((resolve, reject) => {
          const asked = get(server.url, { ca: CERT, agent: false }, async (response) => {
            const chunks = await response.toArray();
            resolve(Buffer.concat(chunks).toString());
          });
          asked.on('error', reject);
        }),
      );
      expect(text).toBe(server.url);
      // One that never shakes hands does not hold up the end.
      const mute = new RawClient(server);
      yield* until(once(mute.socket, 'connect'));
      yield* server.stop();
      yield* until(mute.closed);
    }),
  );

  it('is told by name and address; it is stopped by await using', async () => {
    const server = http.serve(() => 'ok', { host: '127.0.0.1' });
    await server.start();
    expect(server.url).toBe(`http://127.0.0.1:${server.port}/`);
    expect(String(server)).toBe('<HttpServer on, 0 requests>');
    expect((await ask(server)).text).toBe('ok');
    await server[Symbol.asyncDispose]();
    expect(String(server)).toBe('<HttpServer off, 0 requests>');
    expect(server.address).toBeNull();
  });
});

describe('many', () => {
  it(
    'requests at once, 1,000 of them, are all answered, and none is left',
    green(function* () {
      const server = yield* serving(function* ({ path }) {
        yield* sleep(1);
        return path;
      });
      const all = Array.from({ length: 1000 }, (_, i) => answerTo(send(server, { path: `/${i}`, body: '' })));
      const texts = (yield* until(Promise.all(all))).map(({ text }) => text);
      expect(texts).toEqual(texts.map((_, i) => `/${i}`));
      expect(server.requests).toBe(0);
    }),
    20_000,
  );
});
