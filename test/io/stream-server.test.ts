import host from 'node:net';
import { Group, green, Pool, Queue, spawn, until } from 'greenlets';
import { net } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';
import { watchLeftovers } from '../support/leftovers.js';
import { ask, client, echo, hostServer, LOCAL, soon, started, thrownBy } from '../support/sockets.js';

const watch = watchHub();
watchLeftovers();

describe('StreamServer', () => {
  it(
    'is refused before start, served after it, refused after stop, and served again',
    green(function* () {
      const server = new net.StreamServer(LOCAL, echo);
      expect([server.started, server.address]).toEqual([false, null]);
      expect(() => server.port).toThrow('has no port: start() it first');
      for (let round = 0; round < 2; round++) {
        yield* server.start();
        expect(server.started).toBe(true);
        const { port } = server;
        expect(server.address).toEqual({ address: '127.0.0.1', family: 'IPv4', port });
        const socket = yield* net.connect(port, '127.0.0.1');
        expect(yield* ask(socket)).toBe('ping');
        expect(server.connections).toBe(1);
        expect(String(server)).toBe(`<StreamServer 127.0.0.1:${port}, 1 connections>`);
        void socket.end();
        expect(yield* server.stop()).toEqual([]);
        expect([server.started, server.connections]).toEqual([false, 0]);
        expect((yield* thrownBy(() => net.connect(port, '127.0.0.1'))).code).toBe('ECONNREFUSED');
        expect(yield* socket.read()).toBe(null);
        yield* socket.close();
      }
    }),
  );

  it(
    'gives the handler the address of the other end',
    green(function* () {
      const seen = new Queue<unknown>();
      const server = yield* started(LOCAL, (_, address) => seen.put(address));
      const socket = yield* client(server);
      expect(yield* seen.get()).toEqual({ address: '127.0.0.1', family: 'IPv4', port: socket.localPort });
    }),
  );

  it.each([
    ['a generator function', echo],
    ['an async function', async (socket: net.Socket) => socket.write((await socket.read()) ?? '').promise()],
    ['a function that gives an operation', (socket: net.Socket) => socket.end('ping')],
  ])('takes %s, and closes the connection at its end', async (_, handle) => {
    await green(function* () {
      const server = yield* started(LOCAL, handle);
      const socket = yield* client(server);
      expect(yield* ask(socket)).toBe('ping');
      void socket.end();
      expect(yield* socket.read()).toBe(null);
      yield* soon('nobody is served', () => server.connections === 0);
    })();
  });

  it(
    'tells an error of a handler once, closes that connection and serves on',
    green(function* () {
      const server = yield* started(LOCAL, function* (socket) {
        if (String(yield* socket.read()) === 'fail') throw new RangeError('the handler is bad');
        yield* socket.write('good');
      });
      const [bad, good] = [yield* client(server), yield* client(server)];
      yield* bad.write('fail');
      expect(yield* bad.read()).toBe(null);
      expect(watch.takeErrors().map(String)).toEqual(['RangeError: the handler is bad']);
      expect(yield* ask(good, 'good')).toBe('good');
    }),
  );

  it(
    'lets connections wait after stopAccepting(), and serves them after startAccepting()',
    green(function* () {
      const server = yield* started(LOCAL, echo);
      server.stopAccepting();
      const socket = yield* client(server);
      const asking = spawn(ask, socket);
      yield* until(pass());
      yield* until(pass());
      expect([asking.ready(), server.connections]).toEqual([false, 0]);
      server.startAccepting();
      expect(yield* asking.get()).toBe('ping');
    }),
  );

  it(
    'closes a connection whose greenlet is killed before it began',
    green(function* () {
      const group = new Group();
      const server = yield* started(LOCAL, echo, { spawn: group });
      const socket = yield* client(server);
      yield* soon('it is there', () => group.length === 1);
      yield* group.kill();
      expect(yield* socket.read()).toBe(null);
    }),
  );

  it(
    'gives way to other greenlets after maxAccept connections',
    green(function* () {
      const server = yield* started(LOCAL, echo);
      server.maxAccept = 1;
      const sockets: net.Socket[] = [];
      for (let i = 0; i < 5; i++) sockets.push(yield* client(server));
      for (const socket of sockets) expect(yield* ask(socket)).toBe('ping');
    }),
  );

  it('refuses at the call what it cannot use', () => {
    const make = (...args: unknown[]) => new net.StreamServer(...(args as [net.Listener, typeof echo]));
    expect(() => make('7000', echo)).toThrow('listener must be a port');
    expect(() => make([7000, '127.0.0.1'], echo)).toThrow(TypeError);
    expect(() => make(7000)).toThrow('handle');
    expect(() => make(7000, echo, { spawn: 0 })).toThrow(RangeError);
    expect(() => make(7000, echo, { spawn: 'pool' })).toThrow('spawn must be a number, a Pool, a Group');
    expect(() => make(7000, echo, { backlog: 0 })).toThrow(RangeError);
    expect(() => make(0, echo).stop({ timeout: -1 })).toThrow(RangeError);
  });
});

describe('listeners', () => {
  it(
    'a path',
    green(function* () {
      const path = `\0greenlets-${process.pid}-server`;
      const server = yield* started({ path }, echo);
      expect(server.address).toBe(path);
      expect(() => server.port).toThrow('it listens on a path');
      const socket = yield* net.connect({ path });
      expect(yield* ask(socket)).toBe('ping');
      yield* socket.close();
    }),
  );

  it(
    'a port that is taken: start() throws EADDRINUSE, and it may be started later',
    green(function* () {
      const other = yield* until(hostServer());
      const server = new net.StreamServer({ host: '127.0.0.1', port: other.port }, echo);
      const starting = server.start();
      expect((yield* thrownBy(() => starting)).code).toBe('EADDRINUSE');
      expect(server.started).toBe(false);
      // Whoever waits later is told, too.
      expect((yield* thrownBy(() => starting)).code).toBe('EADDRINUSE');
      other.server.close();
      yield* soon('the port is free', () => !other.server.listening);
      yield* server.start();
      expect(server.port).toBe(other.port);
      yield* server.stop();
    }),
  );

  it(
    'a port that is taken, and nobody waits: told to hub.onError',
    green(function* () {
      const other = yield* until(hostServer());
      void new net.StreamServer(['127.0.0.1', other.port], echo).start();
      yield* until(pass());
      yield* until(pass());
      expect(watch.takeErrors().map((error) => (error as { code?: string }).code)).toEqual(['EADDRINUSE']);
    }),
  );

  it(
    'a server of the host, which may be restarted while an old connection is served',
    green(function* () {
      const given = host.createServer({ allowHalfOpen: true });
      const server = yield* started(given, echo);
      const old = yield* client(server);
      yield* ask(old);
      void server.stop();
      yield* server.start();
      const fresh = yield* client(server);
      expect([yield* ask(old), yield* ask(fresh)]).toEqual(['ping', 'ping']);
      expect(server.connections).toBe(2);
      expect(yield* server.stop({ timeout: 0 })).toHaveLength(2);
      expect([given.listenerCount('connection'), given.listenerCount('error')]).toEqual([0, 0]);
    }),
  );
});

describe('spawn', () => {
  it(
    'Pool(2): a third connection waits until one has ended',
    green(function* () {
      const server = yield* started(LOCAL, echo, { spawn: 2 });
      const sockets = [yield* client(server), yield* client(server), yield* client(server)];
      const [first, second, third] = sockets as [net.Socket, net.Socket, net.Socket];
      expect([yield* ask(first), yield* ask(second)]).toEqual(['ping', 'ping']);
      expect(server.full()).toBe(true);
      const asking = spawn(ask, third);
      yield* until(pass());
      yield* until(pass());
      expect([asking.ready(), server.connections]).toEqual([false, 2]);
      yield* first.close();
      expect(yield* asking.get()).toBe('ping');
    }),
  );

  it(
    'a function is called for each; what it throws is told once, and that connection is closed',
    green(function* () {
      let calls = 0;
      const server = yield* started(LOCAL, echo, {
        spawn(fn, ...args) {
          if (++calls === 1) throw new Error('no greenlet for you');
          return spawn(fn, ...args);
        },
      });
      const refused = yield* client(server);
      expect(yield* refused.read()).toBe(null);
      expect(watch.takeErrors().map(String)).toEqual(['Error: no greenlet for you']);
      const socket = yield* client(server);
      expect(yield* ask(socket)).toBe('ping');
      expect(server.connections).toBe(1);
      expect(yield* server.stop({ timeout: 0 })).toHaveLength(1);
    }),
  );

  it(
    'a function may block, as Pool.spawn does: nobody is accepted meanwhile',
    green(function* () {
      const pool = new Pool(1);
      const server = yield* started(LOCAL, echo, { spawn: (fn, ...args) => pool.spawn(fn, ...args) });
      const [first, second] = [yield* client(server), yield* client(server)];
      expect(yield* ask(first)).toBe('ping');
      const asking = spawn(ask, second);
      yield* until(pass());
      expect([asking.ready(), server.connections]).toEqual([false, 1]);
      yield* first.close();
      expect(yield* asking.get()).toBe('ping');
    }),
  );
});
