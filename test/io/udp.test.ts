import dgram from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { green, kill, select, sleep, spawn, Timeout, until } from 'greenlets';
import { SocketClosed, udp } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';
import { atEnd, eventually, listenerCount, watchLeftovers } from '../support/leftovers.js';
import { thrownBy } from '../support/sockets.js';

watchHub();
watchLeftovers();

/** A socket on loopback, closed at the end of the test. */
function* bound(options: udp.BindOptions = {}) {
  const socket = yield* udp.bind({ host: '127.0.0.1', ...options });
  atEnd(() => socket.close().promise());
  return socket;
}

describe('udp', () => {
  it(
    'sends and receives datagrams, each whole, with the address of the sender',
    green(function* () {
      const [a, b] = [yield* bound(), yield* bound()];
      expect(yield* a.send('größe', b.port, '127.0.0.1')).toBe(7);
      expect(yield* a.send(Buffer.from('two'), b.port, '127.0.0.1')).toBe(3);
      const first = yield* b.receive();
      expect(String(first.data)).toBe('größe');
      expect([first.address, first.port, first.family]).toEqual(['127.0.0.1', a.port, 'IPv4']);
      expect(String((yield* b.receive()).data)).toBe('two');
    }),
  );

  it(
    'serves those who wait in their order, and an interrupted one loses nothing',
    green(function* () {
      const [a, b] = [yield* bound(), yield* bound()];
      const listeners = listenerCount(b.raw);
      const got: string[] = [];
      const receive = function* (name: string) {
        got.push(`${name} ${(yield* b.receive()).data}`);
      };
      const killed = spawn(receive, 'killed');
      const rest = [spawn(receive, 'one'), spawn(receive, 'two')];
      yield* sleep(0);
      yield* kill(killed);
      expect(yield* thrownBy(() => b.receive({ timeout: 1 }))).toBeInstanceOf(Timeout);
      expect((yield* select({ datagram: b.receive(), other: sleep(1) })).key).toBe('other');
      for (const text of ['x', 'y']) yield* a.send(text, b.port, '127.0.0.1');
      for (const each of rest) yield* each.get();
      expect(got).toEqual(['one x', 'two y']);
      expect(listenerCount(b.raw)).toBe(listeners);
    }),
  );

  it(
    'keeps maxPending datagrams for who receives late, and drops the oldest',
    green(function* () {
      const a = yield* bound();
      const b = yield* bound({ maxPending: 2 });
      for (let i = 0; i < 5; i++) yield* a.send(String(i), b.port, '127.0.0.1');
      yield* until(eventually('three are dropped', () => b.dropped === 3));
      expect([yield* b.receive(), yield* b.receive()].map(({ data }) => String(data))).toEqual(['3', '4']);
    }),
  );

  it(
    'close() ends those who wait with SocketClosed; twice does nothing more',
    green(function* () {
      const socket = yield* bound();
      expect(String(socket)).toBe(`<UdpSocket ${socket.port}>`);
      const receivers = [spawn(() => socket.receive()), spawn(() => socket.receive())];
      yield* sleep(0);
      const listeners = listenerCount(socket.raw);
      void socket.close();
      void socket.close();
      expect(listenerCount(socket.raw)).toBe(listeners);
      for (const each of receivers) expect(yield* thrownBy(() => each.get())).toBeInstanceOf(SocketClosed);
      yield* socket.close();
      expect(socket.closed).toBe(true);
      expect(yield* thrownBy(() => socket.receive())).toBeInstanceOf(SocketClosed);
      expect(yield* thrownBy(() => socket.send('x', 1, '127.0.0.1'))).toBeInstanceOf(SocketClosed);
      expect(() => socket.port).toThrow('<UdpSocket closed> has no address');
    }),
  );

  it(
    'close() is over at once when the host has closed it',
    green(function* () {
      const socket = yield* bound();
      socket.raw.close();
      yield* until(pass());
      yield* socket.close();
      socket[Symbol.dispose]();
      yield* until(socket[Symbol.asyncDispose]());
    }),
  );

  it(
    'throws the errors of the host, and leaves nothing',
    green(function* () {
      const a = yield* bound();
      const taken = udp.bind({ host: '127.0.0.1', port: a.port });
      expect((yield* thrownBy(() => taken)).code).toBe('EADDRINUSE');
      expect((yield* thrownBy(() => a.send(Buffer.alloc(70_000), a.port, '127.0.0.1'))).code).toBe(
        'EMSGSIZE',
      );
      expect(() => a.send(5 as never, 1)).toThrow('data must be a string or bytes');
      expect(() => a.send('x', 65_536)).toThrow('port must be a whole number from 0 to 65535, got 65536');
      expect(() => a.send('x', 0)).toThrow('port must be from 1 to 65535, got 0');
      expect(() => a.send('x', 1, 5 as never)).toThrow('host must be a string, got 5');
      expect(() => a.connect('x' as never)).toThrow(RangeError);
      expect(() => udp.bind({ port: -1 })).toThrow(RangeError);
      // The host would bind 4464.
      expect(() => udp.bind({ port: 70_000 })).toThrow('port must be a whole number from 0 to 65535');
      expect(() => udp.bind({ maxPending: 0 })).toThrow(RangeError);
    }),
  );

  it(
    'killed while it is bound or sends leaves nothing',
    green(function* () {
      const binder = spawn(() => udp.bind({ host: 'localhost' }));
      yield* sleep(0);
      yield* kill(binder);
      const a = yield* bound();
      const sender = spawn(() => a.send('x', a.port, 'localhost'));
      yield* sleep(0);
      yield* kill(sender);
      yield* until(pass());
    }),
  );

  it(
    'takes a socket of the host that is bound',
    green(function* () {
      const raw = dgram.createSocket('udp4');
      yield* until(new Promise<void>((resolve) => raw.bind(0, '127.0.0.1', resolve)));
      const socket = new udp.UdpSocket(raw);
      yield* socket.send('self', socket.port, '127.0.0.1');
      expect(String((yield* socket.receive()).data)).toBe('self');
      yield* socket.close();
    }),
  );

  it(
    'sends to this machine unless there is a host, by the family of the socket',
    green(function* () {
      const loopback = networkInterfaces()['lo'] ?? [];
      for (const [type, host] of [
        ['udp4', '127.0.0.1'],
        ['udp6', '::1'],
      ] as const) {
        if (type === 'udp6' && !loopback.some(({ address }) => address === host)) continue;
        const socket = yield* bound({ type, host });
        yield* socket.send('self', socket.port);
        expect(String((yield* socket.receive()).data)).toBe('self');
      }
    }),
  );

  it(
    'close() ends those who send or connect, also while a name is looked up, with SocketClosed',
    green(function* () {
      for (const way of ['send', 'connect'] as const) {
        const socket = yield* bound();
        const waiting = spawn(() =>
          way === 'send' ? socket.send('x', 9, 'localhost') : socket.connect(9, 'localhost'),
        );
        yield* sleep(0);
        void socket.close();
        expect(yield* thrownBy(() => waiting.get())).toBeInstanceOf(SocketClosed);
      }
    }),
  );

  it(
    'a connected one sends without a port, hears from there alone, and tells whoever receives next of ECONNREFUSED',
    green(function* () {
      const [a, b, other] = [yield* bound(), yield* bound(), yield* bound()];
      const listeners = listenerCount(a.raw);
      yield* a.connect(b.port, '127.0.0.1');
      expect(listenerCount(a.raw)).toBe(listeners);
      expect(yield* a.send('hello')).toBe(5);
      const { port, data } = yield* b.receive();
      expect([port, String(data)]).toEqual([a.port, 'hello']);
      yield* other.send('not heard', a.port, '127.0.0.1');
      yield* b.send('heard', a.port, '127.0.0.1');
      expect(String((yield* a.receive()).data)).toBe('heard');
      yield* b.close();
      const refused = new Promise((resolve) => a.raw.once('error', resolve));
      yield* a.send('nobody');
      yield* until(refused);
      expect((yield* thrownBy(() => a.receive())).code).toBe('ECONNREFUSED');
      expect(yield* thrownBy(() => a.receive({ timeout: 0 }))).toBeInstanceOf(Timeout);
      expect((yield* thrownBy(() => other.send('x'))).code).toBe('ERR_SOCKET_BAD_PORT');
      expect((yield* thrownBy(() => other.connect(9, 'no.such.host.invalid'))).syscall).toBe('getaddrinfo');
      expect(listenerCount(other.raw)).toBe(listeners);
    }),
  );

  it('has a name also where it has no port', () => {
    const raw = dgram.createSocket('udp4');
    const socket = new udp.UdpSocket(raw);
    expect(String(socket)).toBe('<UdpSocket without a port>');
    void socket.close();
  });
});
