import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type host from 'node:net';
import { type Green, Group, green, kill, type Operation, Pool, sleep, spawn, until } from 'greenlets';
import { LineTooLong, net, tls } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';
import { atEnd, countOpen, eventually, listenerCount, watchLeftovers } from '../support/leftovers.js';
import { echo, hostServer, LOCAL, pair, started, thrownBy } from '../support/sockets.js';

watchHub();
watchLeftovers();

/** Both ends of each connection are in this process, beside some files of its own. */
function connectionsAllowed(): number {
  const { userLimits } = process.report.getReport() as unknown as {
    userLimits: { open_files: { soft: number | 'unlimited' } };
  };
  const { soft } = userLimits.open_files;
  return soft === 'unlimited' ? 10_000 : Math.min(10_000, Math.floor((soft - 500) / 2));
}

describe('peers that misbehave', () => {
  it(
    'one that never answers holds up nobody but those with whom it talks',
    green(function* () {
      const { socket } = yield* pair();
      const waiting = spawn(() => socket.readLine());
      const server = yield* started(LOCAL, echo);
      const other = yield* net.connect(server.port, '127.0.0.1');
      yield* other.write('ping');
      expect(String(yield* other.readExactly(4))).toBe('ping');
      expect(waiting.ready()).toBe(false);
      yield* kill(waiting);
      yield* other.close();
    }),
  );

  it(
    'ones that reset or half-close are gone after their handler, and the server serves on',
    green(function* () {
      const ends: unknown[] = [];
      const server = yield* started(LOCAL, function* (socket) {
        try {
          for (let line = yield* socket.readLine(); line !== null; line = yield* socket.readLine()) {
            yield* socket.write(`${line}!\n`);
          }
          ends.push('end');
        } catch (error) {
          ends.push((error as { code?: string }).code);
        }
      });
      for (const bad of [true, false]) {
        const socket = yield* net.connect(server.port, '127.0.0.1');
        yield* socket.write('hello\n');
        expect(yield* socket.readLine()).toBe('hello!');
        if (bad) socket.abort();
        else yield* socket.end('half');
        if (!bad) expect(yield* socket.lines().toArray()).toEqual(['half!']);
        yield* socket.close();
        yield* until(eventually('nobody is served', () => server.connections === 0));
      }
      expect(ends).toEqual(['ECONNRESET', 'end']);
    }),
  );

  it(
    'one that sends one byte at a time is read like any other',
    green(function* () {
      const { socket, peer } = yield* pair();
      const reader = spawn(function* () {
        return [
          yield* socket.readLine(),
          String(yield* socket.readExactly(5)),
          String(yield* socket.readUntil('::')),
          yield* socket.readLine(),
        ];
      });
      peer.setNoDelay();
      for (const byte of Buffer.from('a line\r\n12345until::end')) {
        peer.write(Buffer.from([byte]));
        yield* until(pass());
      }
      peer.end();
      expect(yield* reader.get()).toEqual(['a line', '12345', 'until::', 'end']);
    }),
  );

  it(
    'one that sends 100 MB without a newline meets LineTooLong, and most of it is never taken in',
    green(function* () {
      const { socket, peer } = yield* pair();
      const megabyte = Buffer.alloc(1024 * 1024, 'x');
      for (let i = 0; i < 100; i++) peer.write(megabyte);
      const error = yield* thrownBy(() => socket.readLine());
      expect(error).toBeInstanceOf(LineTooLong);
      // Nobody reads: what is kept comes to an end.
      yield* until(eventually('the socket pauses', () => socket.raw.isPaused()));
      yield* until(pass());
      expect(socket.bytesRead).toBeLessThan(1024 * 1024);
      // All of it can still be read by who wants to.
      peer.end();
      let bytes = 0;
      let most = 0;
      for (let data = yield* socket.read(); data !== null; data = yield* socket.read()) {
        bytes += data.length;
        most = Math.max(most, socket.bytesRead - bytes);
      }
      expect(bytes).toBe(100 * megabyte.length);
      expect(most).toBeLessThan(512 * 1024);
    }),
  );
});

describe('many connections', () => {
  const count = connectionsAllowed();

  it(
    `an echo server answers ${count} at once (10,000, or what the limit on open files allows), and none is left`,
    green(function* () {
      const server = yield* started(LOCAL, echo);
      server.maxAccept = 1000;
      const sockets: net.Socket[] = [];
      atEnd(() => {
        for (const socket of sockets) socket.abort();
      });
      // Those that the server has not taken in yet must fit into the queue of its listener.
      yield* new Pool(100).map(
        function* () {
          const socket = yield* net.connect(server.port, '127.0.0.1');
          sockets.push(socket);
          yield* socket.write('first');
          yield* socket.readExactly(5);
        },
        Array.from({ length: count }),
      );
      expect(server.connections).toBe(count);
      const answered = yield* new Group().map(function* (socket) {
        const text = `I come from ${socket.localPort}`;
        yield* socket.write(text);
        return String(yield* socket.readExactly(text.length)) === text;
      }, sockets);
      expect(answered.filter(Boolean)).toHaveLength(count);
      for (const socket of sockets) void socket.close();
      for (const socket of sockets) yield* socket.close();
      yield* until(eventually('nobody is served', () => server.connections === 0));
      yield* server.stop();
      yield* until(eventually('all are closed', () => countOpen('TCPSocketWrap', 'TCPServerWrap') === 0));
    }),
  );

  it(
    'a server that is stopped while 1,000 are busy kills their handlers, each of which cleans up',
    green(function* () {
      let busy = 0;
      let cleaned = 0;
      const server = yield* started(LOCAL, function* (socket) {
        busy++;
        try {
          for (;;) yield* socket.write(yield* socket.readExactly(4));
        } finally {
          cleaned++;
        }
      });
      const sockets = yield* new Pool(100).map(
        () => net.connect(server.port, '127.0.0.1'),
        Array.from({ length: 1000 }),
      );
      const talking = sockets.map((socket) =>
        spawn(function* () {
          for (let rounds = 0; ; rounds++) {
            yield* socket.write('ping');
            const data = yield* socket.read();
            if (data === null) return rounds;
          }
        }),
      );
      yield* until(eventually('all are busy', () => busy === 1000));
      const killed = yield* server.stop({ timeout: 0 });
      expect([killed.length, cleaned, server.connections]).toEqual([1000, 1000, 0]);
      for (const each of talking) {
        yield* each.join();
        expect(
          each.error === undefined || /ECONNRESET|EPIPE/.test((each.error as { code: string }).code),
        ).toBe(true);
      }
      for (const socket of sockets) yield* socket.close();
    }),
  );
});

describe('a kill at each stage', () => {
  const read = (name: string) => readFileSync(new URL(`certificates/${name}`, import.meta.url), 'utf8');
  const [key, cert] = [read('localhost.key'), read('localhost.crt')];

  /** A client that does everything that a client can do. */
  function* session(port: number, stage: (name: string) => void): Green<void> {
    stage('connect');
    const socket = yield* tls.connect({ port, host: '127.0.0.1', ca: cert });
    try {
      stage('write');
      yield* socket.write(Buffer.alloc(4 * 1024 * 1024, 'x'));
      stage('read');
      yield* socket.readExactly(4);
      stage('end');
      yield* socket.end('bye');
      stage('close');
      yield* socket.close();
    } finally {
      void socket.close();
    }
  }

  it.each(['connect', 'write', 'read', 'end', 'close', 'over'])(
    'of a TLS session (%s), after any number of passes, leaves nothing at either end',
    async (killedAt) => {
      await green(function* () {
        const server = new tls.TlsServer(
          LOCAL,
          function* (socket) {
            let left = 4 * 1024 * 1024;
            while (left > 0) left -= ((yield* socket.read()) ?? { length: Infinity }).length;
            yield* socket.write('done');
            while ((yield* socket.read()) !== null);
          },
          { key, cert },
        );
        yield* server.start();
        for (let passes = 0; passes < 6; passes++) {
          let at = '';
          const client = spawn(session, server.port, (name: string) => {
            at = name;
          });
          yield* sleep(0);
          yield* until(eventually(`${killedAt} begins`, () => at === killedAt || client.dead));
          for (let i = 0; i < passes; i++) yield* until(new Promise((resolve) => setImmediate(resolve)));
          yield* kill(client);
          expect(client.killed || client.successful()).toBe(true);
          yield* until(eventually('nobody is served', () => server.connections === 0));
        }
        yield* server.stop();
      })();
    },
  );

  it(
    'of reads and writes leaves no listener on the socket',
    green(function* () {
      const { socket, peer } = yield* pair();
      const listeners = listenerCount(socket.raw);
      const uses: (() => Operation<unknown>)[] = [
        () => socket.read(),
        () => socket.readLine(),
        () => socket.write(Buffer.alloc(8 << 20)),
      ];
      for (const use of uses) {
        for (let passes = 0; passes < 3; passes++) {
          const g = spawn(use);
          for (let i = 0; i < passes; i++) yield* until(pass());
          yield* kill(g);
        }
      }
      expect(listenerCount(socket.raw)).toBe(listeners);
      peer.resume();
    }),
  );
});

describe('the end of the other side', () => {
  it(
    'comes to a handler of any number of connections that are dropped at once',
    green(function* () {
      const peers: host.Socket[] = [];
      const { port } = yield* until(hostServer((socket) => peers.push(socket)));
      const readers = Array.from({ length: 50 }, () =>
        spawn(function* () {
          const socket = yield* net.connect(port, '127.0.0.1');
          try {
            return yield* socket.readLine();
          } finally {
            yield* socket.close();
          }
        }),
      );
      yield* until(eventually('all are there', () => peers.length === 50));
      const closed = peers.map((peer) => once(peer, 'close'));
      for (const peer of peers) peer.destroy();
      for (const each of readers) expect(yield* each.get()).toBe(null);
      yield* until(Promise.all(closed));
    }),
  );
});
