/** http.serve: requests of all kinds, mixed, cut into pieces at random, with clients that go away: each is answered, or nothing is left. */
import fc from 'fast-check';
import { each, type Green, sleep, until } from 'greenlets';
import { http } from 'greenlets/io';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';
import { eventually, watchLeftovers } from '../support/leftovers.js';
import { writeAll } from './http-raw-server.js';
import { RawClient } from './http-serve-support.js';

watchHub();

/** The same search every time; another seed is another search. */
fc.configureGlobal({ seed: 1 });

const LARGE = 'z'.repeat(100_000);

function* handler(request: http.ServerRequest): Green<unknown> {
  const [, kind, id] = request.path.split('/');
  const tag = `<${id}>`;
  switch (kind) {
    case 'whole':
      return tag;
    case 'later':
      yield* sleep(0);
      yield* until(pass());
      return tag;
    case 'stream':
      return each([tag, 'more', LARGE]);
    case 'slow':
      yield* until(pass());
      return new Response(tag);
    case 'echo':
      return `${tag}${(yield* request.text()).length}`;
    case 'part':
      yield* request.body.read();
      return tag;
    case 'large':
      return tag + LARGE;
    case 'none':
      return new Response(null, { status: 204, headers: { 'x-tag': tag } });
    default:
      throw new Error(tag);
  }
}

const KINDS = ['whole', 'later', 'stream', 'slow', 'echo', 'part', 'large', 'none'] as const;
const request = fc.record({
  kind: fc.constantFrom(...KINDS),
  body: fc.constantFrom('', 'small', LARGE, '<0>GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
  chunked: fc.boolean(),
});
type Asked = typeof request extends fc.Arbitrary<infer T> ? T : never;

function textOf({ kind, body, chunked }: Asked, id: number): string {
  const head = `${body === '' && !chunked ? 'GET' : 'POST'} /${kind}/${id} HTTP/1.1\r\nHost: a\r\n`;
  if (!chunked) return `${head}${body === '' ? '' : `Content-Length: ${body.length}\r\n`}\r\n${body}`;
  const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
  return `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`;
}

describe('a mix of requests', () => {
  const servers = [true, false].map((killOnDisconnect) =>
    http.serve(handler, { host: '127.0.0.1', killOnDisconnect, pool: 20 }),
  );

  beforeAll(async () => {
    for (const server of servers) await server.start();
  });

  afterAll(async () => {
    for (const server of servers) expect(await server.stop({ timeout: 0 })).toEqual([]);
  });

  describe('on one connection', () => {
    watchLeftovers();

    it('is answered in order, however it is cut', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(request, { minLength: 1, maxLength: 60 }),
          fc.array(fc.nat(), { maxLength: 20 }),
          async (list, places) => {
            const client = new RawClient(servers[0] as http.HttpServer);
            const whole = Buffer.from(list.map(textOf).join(''));
            const at = [...places.map((place) => place % whole.length), 0, whole.length].sort(
              (a, b) => a - b,
            );
            await writeAll(
              client.socket,
              at.slice(1).map((place, i) => whole.subarray(at[i], place)),
            );
            client.send('GET /whole/last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
            await client.closed;
            expect(client.text.match(/<\w+>/g)).toEqual([...list.keys(), 'last'].map((id) => `<${id}>`));
          },
        ),
        { numRuns: 40 },
      );
    });

    it('leaves nothing behind when the client goes away, whenever that is', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(request, { minLength: 1, maxLength: 10 }),
          fc.nat(),
          fc.nat(4),
          fc.constantFrom('destroy', 'resetAndDestroy', 'end'),
          fc.constantFrom(...servers),
          fc.boolean(),
          async (list, cut, passes, how, server, reads) => {
            const client = new RawClient(server);
            if (!reads) client.socket.pause();
            const whole = list.map(textOf).join('');
            client.send(whole.slice(0, cut % (whole.length + 1)));
            for (let i = 0; i < passes; i++) await pass();
            if (client.socket.connecting)
              await new Promise((resolve) => client.socket.once('connect', resolve));
            client.socket[how]();
            client.socket.resume();
            await client.closed;
            await eventually('no request is left', () => server.requests === 0);
          },
        ),
        { numRuns: 150 },
      );
    });
  });
});
