/** http.serve: requests that could be read in two ways. */
import { green, until } from 'greenlets';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { eventually, watchLeftovers } from '../support/leftovers.js';
import { gate, get, post, RawClient, serving, statuses } from './http-serve-support.js';

watchHub();
watchLeftovers();

describe('a request that could be read in two ways', () => {
  const inner = get('/smuggled');
  const CASES: [what: string, text: string][] = [
    [
      'both lengths',
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'both lengths, the other way',
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n`,
    ],
    ['two lengths', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 60\r\n\r\n`],
    ['two equal lengths', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n`],
    ['a list of lengths', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 60\r\n\r\n`],
    ['a signed length', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n`],
    [
      'a coding that is not known',
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    ],
    ['a coding in quotes', `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`],
    [
      'a coding with a control',
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'a space ahead of the colon',
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a folded line', `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
    ['a bare newline', `POST / HTTP/1.1\nHost: a\n\n`],
    [
      'a bare newline behind a header',
      `POST / HTTP/1.1\r\nHost: a\r\nx: y\nTransfer-Encoding: chunked\r\n\r\n`,
    ],
    ['a bare return', `POST / HTTP/1.1\r\nHost: a\r\nx: y\rTransfer-Encoding: chunked\r\n\r\n`],
    ['a NUL', `POST / HTTP/1.1\r\nHost: a\r\nx: \0\r\n\r\n`],
    ['chunks in HTTP/1.0', `POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two hosts', `POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`],
    ['no host', `POST / HTTP/1.1\r\n\r\n`],
    [
      'a size of a chunk with a prefix',
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n`,
    ],
    [
      'a chunk with a bare newline',
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n`,
    ],
    [
      'a chunk that is longer than its size',
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab0\r\n\r\n`,
    ],
    [
      'a length in the trailers',
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 9\r\n\r\n`,
    ],
  ];
  it.each(CASES)('is answered with 400, and nothing behind it is: %s', (_, text) =>
    green(function* () {
      const paths: string[] = [];
      const server = yield* serving(function* (request) {
        paths.push(request.path);
        yield* request.bytes();
        return 'read';
      });
      const client = new RawClient(server).send(text + inner);
      yield* until(client.closed);
      expect(statuses(client.text)).toEqual(['400']);
      expect(client.text).toMatch(/\r\nConnection: close\r\n/);
      expect(paths).not.toContain('/smuggled');
    })(),
  );

  it(
    'behind others is answered when they have been',
    green(function* () {
      const go = gate();
      const server = yield* serving(function* ({ path }) {
        yield* until(go.opened);
        return path;
      });
      const client = new RawClient(server).send(`${get('/a')}${get('/b')}GET / HTTP/9.9\r\n\r\n${inner}`);
      yield* until(eventually('both are worked on', () => server.requests === 2));
      go.open();
      yield* until(client.closed);
      expect(statuses(client.text)).toEqual(['200', '200', '400']);
    }),
  );

  it(
    'has a body of the length that it says, whatever is in there and behind it',
    green(function* () {
      const server = yield* serving(function* (request) {
        return `${request.path} ${(yield* request.bytes()).length}\n`;
      });
      const client = new RawClient(server);
      client.send(`${post('/a', inner)}${post('/b', '')}`);
      client.send(`POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`);
      client.send(
        `${inner.length.toString(16)};x=y\r\n${inner}\r\n0\r\nX-T: t\r\n\r\n${get('/d', 'Connection: close\r\n')}`,
      );
      yield* until(client.closed);
      expect(client.text.match(/^\/. \d+/gm)).toEqual([
        `/a ${inner.length}`,
        '/b 0',
        `/c ${inner.length}`,
        '/d 0',
      ]);
    }),
  );
});
