import { type Greenlet, green, hub, kill, type Operation, sleep, spawn, until } from 'greenlets';
import { net, SocketClosed } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';
import { atEnd, watchLeftovers } from '../support/leftovers.js';
import { ask, client, echo, LOCAL, soon, started, thrownBy } from '../support/sockets.js';

watchHub();
watchLeftovers();

describe('stop', () => {
  it(
    'waits for the handlers, kills those that are late, and gives them',
    green(function* () {
      const cleaned: string[] = [];
      const server = yield* started(LOCAL, function* (socket) {
        const name = String(yield* socket.readLine());
        try {
          yield* socket.readLine();
        } finally {
          cleaned.push(name);
        }
      });
      const sockets: net.Socket[] = [];
      for (const name of ['quick\n', 'late\n']) {
        const socket = yield* client(server);
        yield* socket.write(name);
        sockets.push(socket);
      }
      yield* soon('both are served', () => server.connections === 2);
      yield* sockets[0]?.write('done\n') as Operation<void>;
      yield* soon('one is', () => cleaned.length === 1);
      const late = yield* server.stop({ timeout: 1 });
      expect(late.map((each: Greenlet<unknown>) => [each.dead, each.killed])).toEqual([[true, true]]);
      expect(cleaned).toEqual(['quick', 'late']);
      expect(yield* sockets[1]?.read() as Operation<Buffer | null>).toBe(null);
    }),
  );

  it(
    'closes the connections that wait, and serves none of them',
    green(function* () {
      let served = 0;
      const server = yield* started(
        LOCAL,
        function* (socket) {
          served++;
          yield* echo(socket);
        },
        { spawn: 1 },
      );
      const first = yield* client(server);
      yield* ask(first);
      const waiting = yield* client(server);
      yield* until(pass());
      // A place falls free in the very turn in which it is stopped.
      const stopping = server.stop({ timeout: 0 });
      yield* stopping;
      const end = yield* thrownBy(function* () {
        yield* waiting.readExactly(1);
      });
      expect(['INCOMPLETE_READ', 'ECONNRESET']).toContain(end.code);
      expect([served, server.connections]).toEqual([1, 0]);
    }),
  );

  it(
    'before it listens: whoever waits in start() is told, and nothing listens later',
    green(function* () {
      for (const listener of [['localhost', 0], LOCAL] as net.Listener[]) {
        const server = new net.StreamServer(listener, echo);
        const starting = server.start();
        const starter = spawn(() => starting);
        if (listener !== LOCAL) yield* sleep(0);
        yield* server.stop();
        const error = yield* thrownBy(() => starter.get());
        expect(error.message).toBe('StreamServer was stopped before it listened');
      }
    }),
  );

  it(
    'without a server, and twice, is over at once; a second one with a timeout cuts the first short',
    green(function* () {
      expect(yield* new net.StreamServer(0, echo).stop()).toEqual([]);
      const server = yield* started(LOCAL, echo);
      const socket = yield* client(server);
      yield* ask(socket);
      const patient = spawn(() => server.stop());
      yield* sleep(0);
      expect(patient.ready()).toBe(false);
      expect(yield* server.stop({ timeout: 0 })).toHaveLength(1);
      expect(yield* patient.get()).toEqual([]);
    }),
  );

  it(
    'is done by both kinds of disposal',
    green(function* () {
      const server = yield* started(LOCAL, echo);
      const socket = yield* client(server);
      yield* ask(socket);
      server[Symbol.dispose]();
      expect(server.started).toBe(false);
      yield* until(server[Symbol.asyncDispose]());
      expect(server.connections).toBe(0);
    }),
  );
});

describe('serveForever', () => {
  it(
    'returns after stop()',
    green(function* () {
      const server = yield* started(LOCAL, echo);
      const serving = spawn(() => server.serveForever());
      yield* sleep(0);
      expect([server.started, serving.ready()]).toEqual([true, false]);
      yield* server.stop();
      expect(yield* serving.get()).toBe(undefined);
    }),
  );

  it(
    'killed, stops the server, waits stopTimeout for the handlers and kills them',
    green(function* () {
      const server = new net.StreamServer(LOCAL, echo);
      const serving = spawn(() => server.serveForever({ stopTimeout: 1 }));
      yield* soon('it listens', () => server.address !== null);
      const socket = yield* client(server);
      yield* ask(socket);
      yield* kill(serving);
      expect([server.started, server.connections]).toEqual([false, 0]);
      expect(yield* socket.read()).toBe(null);
      expect(
        yield* thrownBy(() =>
          socket
            .close()
            .promise()
            .then(() => socket.read().promise()),
        ),
      ).toBeInstanceOf(SocketClosed);
    }),
  );

  it(
    'killed, waits stopTimeout for the handlers, however short the grace of a kill is',
    green(function* () {
      const { killGrace } = hub;
      atEnd(() => {
        hub.killGrace = killGrace;
      });
      hub.killGrace = 5;
      const server = new net.StreamServer(LOCAL, function* (socket) {
        yield* socket.readLine();
        yield* sleep(50);
        yield* socket.write('done\n');
      });
      const serving = spawn(() => server.serveForever({ stopTimeout: 60_000 }));
      yield* soon('it listens', () => server.address !== null);
      const socket = yield* client(server);
      yield* socket.write('work\n');
      yield* soon('it is served', () => server.connections === 1);
      yield* kill(serving);
      expect([server.started, server.connections, serving.killed]).toEqual([false, 0, true]);
      expect(yield* socket.readLine()).toBe('done');
    }),
  );
});
