import { once } from 'node:events';
import type host from 'node:net';
import { green, kill, select, sleep, spawn, Timeout, until } from 'greenlets';
import { net, SocketClosed } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';
import { atEnd, eventually, watchLeftovers } from '../support/leftovers.js';
import { drain, hostServer, MUCH, pair, readAll, thrownBy } from '../support/sockets.js';

watchHub();
watchLeftovers();

describe('close', () => {
  it(
    'sends what was written, then closes; twice does nothing more',
    green(function* () {
      const { socket, peer } = yield* pair();
      const text = until(readAll(peer));
      yield* socket.write('last words');
      yield* socket.close();
      yield* socket.close();
      expect([socket.closed, socket.raw.destroyed]).toEqual([true, true]);
      expect(yield* text).toBe('last words');
    }),
  );

  it(
    'in one greenlet ends a read, a write and an end in others, each with SocketClosed',
    green(function* () {
      const { socket, peer } = yield* pair();
      const reader = spawn(() => socket.readLine());
      const writer = spawn(() => socket.write(Buffer.alloc(MUCH)));
      yield* until(eventually('it is held up', () => socket.raw.writableNeedDrain));
      void socket.close();
      for (const each of [reader, writer]) {
        const error = yield* thrownBy(() => each.get());
        expect(error).toBeInstanceOf(SocketClosed);
        expect(error.code).toBe('ERR_SOCKET_CLOSED');
      }
      drain(peer);
      yield* socket.close();
    }),
  );

  it(
    'makes every later use fail with SocketClosed, without a switch',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.write('unread');
      yield* until(eventually('it has come', () => socket.bytesRead === 6));
      yield* socket.close();
      let others = false;
      const other = spawn(() => {
        others = true;
      });
      for (const use of [
        () => socket.read(),
        () => socket.readExactly(1),
        () => socket.readLine(),
        () => socket.readUntil('x'),
        () => socket.write('x'),
      ]) {
        expect(yield* thrownBy(use)).toBeInstanceOf(SocketClosed);
      }
      expect(others).toBe(false);
      yield* other.join();
    }),
  );

  it(
    'acts at the call; its wait may be given up',
    green(function* () {
      const { socket, peer } = yield* pair();
      const closing = socket.close();
      expect(socket.closed).toBe(true);
      const waiter = spawn(() => closing);
      yield* sleep(0);
      yield* kill(waiter);
      peer.resume();
      yield* until(once(peer, 'end'));
    }),
  );

  it(
    'is done at the end of a using block and of asyncDispose',
    green(function* () {
      const { socket, peer } = yield* pair();
      const end = until(readAll(peer));
      socket[Symbol.dispose]();
      expect(socket.closed).toBe(true);
      expect(yield* end).toBe('');
      yield* until(socket[Symbol.asyncDispose]());
      expect(socket.raw.destroyed).toBe(true);
    }),
  );
});

describe('abort', () => {
  it(
    'closes at once, whatever is on its way',
    green(function* () {
      const { socket, peer } = yield* pair();
      const reader = spawn(() => socket.read());
      const writer = spawn(() => socket.write(Buffer.alloc(MUCH)));
      yield* until(eventually('it is held up', () => socket.raw.writableNeedDrain));
      socket.abort();
      socket.abort();
      for (const each of [reader, writer])
        expect(yield* thrownBy(() => each.get())).toBeInstanceOf(SocketClosed);
      yield* socket.close();
      peer.resume();
      yield* until(eventually('it is told', () => peer.readableEnded || peer.destroyed));
      expect(peer.bytesRead).toBeLessThan(MUCH);
    }),
  );

  it(
    'is an error for the other end',
    green(function* () {
      const { socket, peer } = yield* pair();
      const failed = new Promise<any>((resolve) => peer.once('error', resolve));
      peer.resume();
      socket.abort();
      expect((yield* until(failed)).code).toBe('ECONNRESET');
    }),
  );

  it(
    'closes a unix socket, too, which has no resets',
    green(function* () {
      const path = `\0greenlets-${process.pid}-abort`;
      const { socket, peer } = yield* pair({ path });
      socket.abort();
      yield* socket.close();
      peer.resume();
      yield* until(once(peer, 'end'));
    }),
  );
});

describe('a reset by the other end', () => {
  it(
    'is thrown by the read that waits, and by every later one; what had come before is read first',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.write('before');
      yield* until(eventually('it has come', () => socket.bytesRead === 6));
      const reader = spawn(() => socket.readExactly(10));
      yield* sleep(0);
      peer.resetAndDestroy();
      expect((yield* thrownBy(() => reader.get())).code).toBe('ECONNRESET');
      expect(String(yield* socket.readExactly(6))).toBe('before');
      expect((yield* thrownBy(() => socket.read())).code).toBe('ECONNRESET');
      expect(socket.closed).toBe(true);
      yield* socket.close();
    }),
  );

  it(
    'that nobody waits for is no uncaught error',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.resetAndDestroy();
      yield* until(eventually('it is closed', () => socket.closed));
      expect((yield* thrownBy(() => socket.write('x'))).code).toBe('ECONNRESET');
    }),
  );
});

describe('a socket', () => {
  it(
    'tells where it stands, and passes settings on to the host',
    green(function* () {
      const { socket, peer } = yield* pair();
      expect(socket.remotePort).toBe(peer.localPort);
      expect([socket.remoteAddress, socket.localAddress]).toEqual(['127.0.0.1', '127.0.0.1']);
      expect(socket.address()).toEqual({ address: '127.0.0.1', family: 'IPv4', port: socket.localPort });
      expect(String(socket)).toBe(`<Socket 127.0.0.1:${peer.localPort} from ${peer.remotePort}>`);
      expect(socket.setNoDelay().setNoDelay(false).setKeepAlive(true, 1000).unref().ref()).toBe(socket);
      yield* socket.write('12345');
      peer.end('123');
      yield* socket.readExactly(3);
      yield* socket.end();
      expect([socket.bytesRead, socket.bytesWritten]).toEqual([3, 5]);
      yield* socket.close();
      expect(String(socket)).toMatch(/, closed>$/);
    }),
  );

  it(
    'may be made of a socket of the host, which has received something already',
    green(function* () {
      let raw: host.Socket | undefined;
      const { port } = yield* until(
        hostServer((socket) => {
          raw = socket;
        }),
      );
      const client = yield* net.connect(port, '127.0.0.1');
      atEnd(() => client.abort());
      yield* client.write('early');
      yield* until(eventually('it has been accepted', () => raw !== undefined));
      const served = new net.Socket(raw as host.Socket);
      raw?.resume();
      expect(String(yield* served.readExactly(5))).toBe('early');
      yield* served.close();
    }),
  );
});

describe('connect', () => {
  it(
    'takes a port and a host, or options, and always switches',
    green(function* () {
      const { port } = yield* until(hostServer());
      let others = false;
      const other = spawn(() => {
        others = true;
      });
      const sockets = [
        yield* net.connect(port, '127.0.0.1'),
        yield* net.connect({ port, host: '127.0.0.1', noDelay: true }),
        yield* net.connect({ port, timeout: 10_000 }),
      ];
      expect(others).toBe(true);
      yield* other.join();
      for (const socket of sockets) {
        expect(socket.remotePort).toBe(port);
        yield* socket.close();
      }
    }),
  );

  it(
    'is one connection for each run, and none before',
    green(function* () {
      let accepted = 0;
      const { port } = yield* until(hostServer(() => accepted++));
      const operation = net.connect(port, '127.0.0.1');
      expect(accepted).toBe(0);
      const two = [yield* operation, yield* operation];
      yield* until(eventually('both are accepted', () => accepted === 2));
      for (const socket of two) yield* socket.close();
    }),
  );

  it(
    'reaches a unix socket by its path',
    green(function* () {
      const path = `\0greenlets-${process.pid}-connect`;
      const { socket, peer } = yield* pair({ path });
      peer.write('over a path\n');
      expect(yield* socket.readLine()).toBe('over a path');
      expect(String(socket)).toBe('<Socket local>');
    }),
  );

  it(
    'throws the error of the host when it is refused, or there is no such host or path',
    green(function* () {
      const { server, port } = yield* until(hostServer());
      server.close();
      yield* until(once(server, 'close'));
      expect((yield* thrownBy(() => net.connect(port, '127.0.0.1'))).code).toBe('ECONNREFUSED');
      expect((yield* thrownBy(() => net.connect(port, 'localhost'))).code).toBe('ECONNREFUSED');
      expect((yield* thrownBy(() => net.connect({ path: '/no/such/socket' }))).code).toBe('ENOENT');
      const lookup = (_host: string, _options: unknown, callback: (error: Error) => void) =>
        process.nextTick(callback, Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));
      const unknown = net.connect({ port: 1, host: 'unknown.invalid', lookup: lookup as never });
      expect((yield* thrownBy(() => unknown)).code).toBe('ENOTFOUND');
    }),
  );

  it(
    'refuses at the call what is no address; what the host refuses is an error of the run, which leaves nothing',
    green(function* () {
      expect(() => net.connect('localhost' as never)).toThrow('options must be a port');
      expect(() => net.connect({} as never)).toThrow(TypeError);
      expect(() => net.connect(80, 5 as never)).toThrow('host must be a string, got 5');
      expect(() => net.connect({ port: 80, timeout: -1 })).toThrow(RangeError);
      expect(() => net.connect(70_000)).toThrow('port must be a whole number from 0 to 65535, got 70000');
      const bad = net.connect({ port: 80, host: '127.0.0.1', localAddress: 'nowhere' });
      expect((yield* thrownBy(() => bad)).code).toBe('ERR_INVALID_IP_ADDRESS');
    }),
  );

  /** A host whose address is looked up for ever. */
  const endless = { port: 1, host: 'endless.invalid', lookup: (() => {}) as never };

  it(
    'throws Timeout when it is not connected in time, and leaves nothing',
    green(function* () {
      const error = yield* thrownBy(() => net.connect({ ...endless, timeout: 1 }));
      expect(error).toBeInstanceOf(Timeout);
      expect(error.message).toContain('net.connect of endless.invalid:1');
    }),
  );

  it(
    'killed during the lookup leaves nothing, whatever the lookup gives later',
    green(function* () {
      let found: (error: Error | null, addresses?: unknown) => void = () => {};
      const lookup = (_host: string, _options: unknown, callback: typeof found) => {
        found = callback;
      };
      const g = spawn(() => net.connect({ ...endless, lookup: lookup as never }));
      yield* sleep(0);
      yield* kill(g);
      found(null, [{ address: '127.0.0.1', family: 4 }]);
      const h = spawn(() => net.connect({ ...endless, lookup: lookup as never }));
      yield* sleep(0);
      yield* kill(h);
      found(new Error('not found, and nobody cares'));
      yield* until(pass());
    }),
  );

  it(
    'killed while the connection is being made leaves nothing',
    green(function* () {
      const { port } = yield* until(hostServer());
      const g = spawn(() => net.connect(port, '127.0.0.1'));
      yield* sleep(0);
      yield* kill(g);
      expect((yield* select({ socket: net.connect(port, '127.0.0.1'), other: sleep(0) })).key).toBe('other');
    }),
  );

  it('can be awaited outside of greenlets', async () => {
    const { port } = await hostServer((socket) => socket.end('hello'));
    const socket = await net.connect(port, '127.0.0.1');
    expect(await socket.readLine()).toBe('hello');
    await socket.close();
  });
});
