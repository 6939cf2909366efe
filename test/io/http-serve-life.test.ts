/** http.serve: errors, limits, disconnections, and stopping. */
import { Readable } from 'node:stream';
import {
  each,
  type Green,
  type Greenlet,
  Group,
  green,
  isExit,
  Pool,
  sleep,
  spawn,
  hub as theHub,
  until,
} from 'greenlets';
import { http } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';
import { atEnd, countOpen, eventually, watchLeftovers } from '../support/leftovers.js';
import { thrownBy } from '../support/sockets.js';
import { ask, gate, RawClient, serving } from './http-serve-support.js';

const hub = watchHub();
watchLeftovers();

const NEVER = Number.POSITIVE_INFINITY;
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('an error of a handler', () => {
  it(
    'answers 500 without telling what it was, is told once, and the server goes on',
    green(function* () {
      const error = new Error('secret');
      const server = yield* serving(({ path }) => {
        if (path === '/bad') throw error;
        return 'fine';
      });
      const { status, text } = yield* until(ask(server, '/bad'));
      expect([status, text]).toEqual([500, '']);
      expect(hub.takeErrors()).toEqual([error]);
      expect((yield* until(ask(server))).text).toBe('fine');
    }),
  );

  it(
    'goes to onError, with the request, which may answer; then nothing is told',
    green(function* () {
      const seen: unknown[] = [];
      const server = yield* serving(
        () => {
          throw new Error('mine');
        },
        {
          *onError(error, { path }) {
            yield* sleep(0);
            seen.push(String(error), path);
            return path === '/silent' ? undefined : new Response('sorry', { status: 503 });
          },
        },
      );
      expect(yield* until(ask(server, '/a'))).toMatchObject({ status: 503, text: 'sorry' });
      expect(yield* until(ask(server, '/silent'))).toMatchObject({ status: 500, text: '' });
      expect(seen).toEqual(['Error: mine', '/a', 'Error: mine', '/silent']);
    }),
  );

  it(
    'of onError itself is told, and answers 500',
    green(function* () {
      const options = {
        onError: () => {
          throw new Error('onError fails');
        },
      };
      const server = yield* serving(() => {
        throw new Error('first');
      }, options);
      expect((yield* until(ask(server))).status).toBe(500);
      yield* until(pass());
      expect(hub.takeErrors().map(String)).toEqual(['Error: onError fails']);
    }),
  );

  it(
    'of a source before its first piece answers 500; later the body is cut off and does not look whole',
    green(function* () {
      const failing = function* (good: number): Generator<string> {
        for (let i = 0; i < good; i++) yield 'piece';
        throw new Error('source fails');
      };
      const web = (good: number) => {
        const pieces = failing(good);
        return new ReadableStream({
          pull(controller) {
            controller.enqueue(Buffer.from(pieces.next().value as string));
          },
        });
      };
      const kinds: Record<string, (good: number) => unknown> = {
        results: (good) => each(failing(good)),
        readable: (good) => Readable.from(failing(good)),
        response: (good) => new Response(web(good), { headers: { 'x-color': 'red' } }),
      };
      const server = yield* serving(({ path, query }) => kinds[path.slice(1)]?.(Number(query.get('good'))));
      for (const kind of Object.keys(kinds)) {
        const early = yield* until(ask(server, `/${kind}?good=0`));
        expect([early.status, early.headers['x-color']]).toEqual([500, undefined]);
        expect(hub.takeErrors().map(String)).toEqual(['Error: source fails']);
        const client = new RawClient(server).send(GET.replace('/', `/${kind}?good=100`));
        yield* until(client.closed);
        expect(client.text).not.toContain(' 500 ');
        expect(client.text).not.toContain('\r\n0\r\n');
        expect(hub.takeErrors().map(String)).toEqual(['Error: source fails']);
      }
    }),
  );
});

describe('the pool', () => {
  it(
    'bounds the requests that are worked on; the others wait their turn, in order',
    green(function* () {
      for (const pool of [2, new Pool(2)]) {
        const order: string[] = [];
        const gates = new Map(['/a', '/b', '/c', '/d'].map((path) => [path, gate()]));
        const server = yield* serving(
          function* ({ path }) {
            order.push(path);
            yield* until(gates.get(path)?.opened as Promise<void>);
            return path;
          },
          { pool },
        );
        const answers: Promise<unknown>[] = [];
        for (const path of gates.keys()) {
          const count = server.requests;
          answers.push(ask(server, path));
          yield* until(eventually('it has come', () => server.requests === count + 1));
        }
        yield* until(pass());
        expect(order).toEqual(['/a', '/b']);
        gates.get('/b')?.open();
        yield* until(answers[1] as Promise<unknown>);
        yield* until(eventually('the third runs', () => order.length === 3));
        for (const each of gates.values()) each.open();
        yield* until(Promise.all(answers));
        expect(order).toEqual(['/a', '/b', '/c', '/d']);
      }
    }),
  );

  it(
    'forgets a request whose other end goes away while it waits for its turn',
    green(function* () {
      const first = gate();
      const calls: string[] = [];
      const server = yield* serving(
        function* ({ path }) {
          calls.push(path);
          yield* until(first.opened);
          return path;
        },
        { pool: 1 },
      );
      const one = ask(server, '/one');
      yield* until(eventually('one is there', () => server.requests === 1));
      const gone = new RawClient(server).send(GET.replace('/', '/gone'));
      yield* until(eventually('the second is there', () => server.requests === 2));
      gone.socket.destroy();
      yield* until(eventually('the second is forgotten', () => server.requests === 1));
      first.open();
      yield* until(one);
      expect((yield* until(ask(server, '/three'))).text).toBe('/three');
      expect(calls).toEqual(['/one', '/three']);
    }),
  );

  it(
    'may be a group of others, in which the requests are members',
    green(function* () {
      const group = new Group();
      const server = yield* serving(() => String(group.length), { pool: group });
      expect((yield* until(ask(server))).text).toBe('1');
    }),
  );
});

describe('the other end goes away', () => {
  function* disconnecting(options: http.ServeOptions, pipelined = false): Green<string[]> {
    const steps: string[] = [];
    const begun = gate();
    const go = gate();
    const server = yield* serving(function* ({ path }) {
      try {
        begun.open();
        yield* until(go.opened);
        steps.push(`${path} goes on`);
      } catch (error) {
        steps.push(`${path} ${isExit(error) ? 'killed' : 'failed'}`);
        throw error;
      }
      return Readable.from(['never read']);
    }, options);
    const client = new RawClient(server).send(pipelined ? GET + GET : GET);
    yield* until(begun.opened);
    yield* until(eventually('all are there', () => server.requests === (pipelined ? 2 : 1)));
    client.socket.destroy();
    yield* until(client.closed);
    if (options.killOnDisconnect === false) {
      yield* until(eventually('both ends are closed', () => countOpen('TCPSocketWrap') === 0));
      go.open();
    }
    yield* until(eventually('no request is left', () => server.requests === 0));
    return steps;
  }

  it(
    'and its requests are killed, also those that came behind another',
    green(function* () {
      expect(yield* disconnecting({})).toEqual(['/ killed']);
      expect(yield* disconnecting({}, true)).toEqual(['/ killed', '/ killed']);
    }),
  );

  it(
    'and its request goes on with killOnDisconnect: false; what it gives is let go, and nothing is told',
    green(function* () {
      expect(yield* disconnecting({ killOnDisconnect: false })).toEqual(['/ goes on']);
    }),
  );
});

describe('stop', () => {
  it(
    'lets the requests under way end, gives nobody, and the connections are gone',
    green(function* () {
      const go = gate();
      const server = yield* serving(function* () {
        yield* until(go.opened);
        return 'answered';
      });
      const idle = new RawClient(server);
      const busy = new RawClient(server).send(GET);
      yield* until(eventually('it is worked on', () => server.requests === 1));
      yield* until(eventually('the other is connected', () => !idle.socket.connecting));
      const stopping = spawn(() => server.stop({ timeout: NEVER }));
      yield* sleep(0);
      expect([server.started, server.address]).toEqual([false, null]);
      go.open();
      expect(yield* stopping.get()).toEqual([]);
      yield* until(Promise.all([idle.closed, busy.closed]));
      expect(busy.text).toMatch(/Connection: close\r\n(.*\r\n)*\r\nanswered$/i);
    }),
  );

  it(
    'ends idle connections at once, while others are being answered',
    green(function* () {
      const go = gate();
      const server = yield* serving(function* ({ path }) {
        if (path === '/busy') yield* until(go.opened);
        return path;
      });
      const idle = new RawClient(server).send(GET);
      yield* until(idle.until(/\r\n\r\n\/$/));
      const busy = new RawClient(server).send(GET.replace('/', '/busy'));
      yield* until(eventually('it is worked on', () => server.requests === 1));
      const stopping = spawn(() => server.stop({ timeout: NEVER }));
      yield* until(idle.closed);
      expect([stopping.ready(), server.requests]).toEqual([false, 1]);
      go.open();
      expect(yield* stopping.get()).toEqual([]);
      yield* until(busy.closed);
      expect(busy.text).toMatch(/\/busy$/);
    }),
  );

  it(
    'kills after its timeout, gives those it had to kill, and they are answered with 503',
    green(function* () {
      const cleaned: string[] = [];
      const server = yield* serving(function* ({ path }) {
        try {
          yield* sleep(NEVER);
        } finally {
          cleaned.push(path);
        }
      });
      const answers = [ask(server, '/a'), ask(server, '/b')];
      yield* until(eventually('both are worked on', () => server.requests === 2));
      const killed = yield* server.stop({ timeout: 0 });
      expect(killed.map((each: Greenlet<unknown>) => each.killed)).toEqual([true, true]);
      expect(cleaned.sort()).toEqual(['/a', '/b']);
      for (const answer of yield* until(Promise.all(answers))) expect(answer.status).toBe(503);
      expect(server.requests).toBe(0);
    }),
  );

  it(
    'ends those that wait for a place in the pool, too, and a second stop may be in more of a hurry',
    green(function* () {
      const pool = new Pool(1);
      const server = yield* serving(() => sleep(NEVER), { pool });
      const clients = [0, 1, 2].map(() => new RawClient(server).send(GET));
      yield* until(eventually('all have come', () => server.requests === 3));
      const patient = spawn(() => server.stop({ timeout: NEVER }));
      yield* sleep(0);
      expect(yield* server.stop({ timeout: 0 })).toHaveLength(3);
      expect(yield* patient.get()).toEqual([]);
      yield* until(Promise.all(clients.map(({ closed }) => closed)));
      yield* until(pass());
      expect(pool.length).toBe(0);
    }),
  );

  it(
    'does not wait for ever for an answer that nobody reads',
    green(function* () {
      const asked = gate();
      const server = yield* serving(() => {
        asked.open();
        return 'x'.repeat(50_000_000);
      });
      const client = new RawClient(server);
      client.socket.pause();
      client.send(GET);
      yield* until(asked.opened);
      expect(yield* server.stop({ timeout: 1 })).toEqual([]);
    }),
  );

  it(
    'is nothing when it does not listen, and the server can be started again, on the same port',
    green(function* () {
      const server = yield* serving(() => 'up');
      const { port } = server;
      yield* server.stop();
      expect(yield* server.stop()).toEqual([]);
      const again = http.serve(() => 'again', { host: '127.0.0.1', port });
      yield* again;
      expect((yield* until(ask(again))).text).toBe('again');
      yield* again.stop();
      yield* again.start();
      expect((yield* until(ask(again))).text).toBe('again');
      yield* again.stop();
      yield* server.start();
      expect((yield* until(ask(server))).text).toBe('up');
    }),
  );

  it(
    'before it listens ends the wait for that with an error, and it never listens',
    green(function* () {
      const server = http.serve(() => 'up', { host: 'localhost' });
      const waiting = spawn(() => server.start());
      yield* sleep(0);
      yield* server.stop();
      expect((yield* thrownBy(() => waiting.get())).message).toContain('stopped before it listened');
    }),
  );
});

describe('serveForever', () => {
  it(
    'ends when the server was stopped and its requests have ended',
    green(function* () {
      const go = gate();
      const server = yield* serving(function* () {
        yield* until(go.opened);
        return 'ok';
      });
      const forever = spawn(() => server.serveForever());
      const answer = ask(server);
      yield* until(eventually('it is worked on', () => server.requests === 1));
      void server.stop({ timeout: NEVER });
      yield* until(pass());
      expect(forever.ready()).toBe(false);
      go.open();
      expect((yield* until(answer)).text).toBe('ok');
      expect(yield* forever.get()).toBeUndefined();
    }),
  );

  it(
    'killed stops the server, and kills the requests after stopTimeout',
    green(function* () {
      const server = yield* serving(() => sleep(NEVER), { stopTimeout: 0 });
      const forever = spawn(() => server.serveForever());
      const client = new RawClient(server).send(GET);
      yield* until(eventually('it is worked on', () => server.requests === 1));
      yield* forever.kill();
      expect([server.started, server.requests]).toEqual([false, 0]);
      yield* until(client.closed);
    }),
  );

  it(
    'killed answers what is under way for stopTimeout, however short the grace of a kill is',
    green(function* () {
      const { killGrace } = theHub;
      atEnd(() => {
        theHub.killGrace = killGrace;
      });
      theHub.killGrace = 5;
      const server = yield* serving(
        function* () {
          yield* sleep(50);
          return 'ok';
        },
        { stopTimeout: 60_000 },
      );
      const forever = spawn(() => server.serveForever());
      const answer = ask(server);
      yield* until(eventually('it is worked on', () => server.requests === 1));
      yield* forever.kill();
      expect([server.started, server.requests, forever.killed]).toEqual([false, 0, true]);
      expect((yield* until(answer)).text).toBe('ok');
    }),
  );
});
