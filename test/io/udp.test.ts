import dgram from 'node:dgram';
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
});
