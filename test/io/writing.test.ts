import { once } from 'node:events';
import { green, kill, select, sleep, spawn, Timeout, until, withTimeout } from 'greenlets';
import { SocketClosed } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';
import { eventually, listenerCount, watchLeftovers } from '../support/leftovers.js';
import { drain, MUCH, pair, readAll, thrownBy } from '../support/sockets.js';

watchHub();
watchLeftovers();

describe('write', () => {
  it(
    'sends text and bytes, in order',
    green(function* () {
      const { socket, peer } = yield* pair();
      yield* socket.write('größe ');
      yield* socket.write(Buffer.from('bytes '));
      yield* socket.write(new Uint8Array([33]));
      yield* socket.write('');
      void socket.end(' end');
      expect(yield* until(readAll(peer))).toBe('größe bytes ! end');
    }),
  );

  it(
    'waits for a slow reader, who holds up the writer and not the memory',
    green(function* () {
      const { socket, peer } = yield* pair();
      const chunk = Buffer.alloc(1024 * 1024);
      let written = 0;
      let most = 0;
      const writer = spawn(function* () {
        for (let i = 0; i < 40; i++) {
          yield* socket.write(chunk);
          written += chunk.length;
          most = Math.max(most, socket.raw.writableLength);
        }
        yield* socket.end();
      });
      yield* until(eventually('the writer is held up', () => socket.raw.writableNeedDrain));
      yield* until(pass());
      expect(written).toBeLessThan(40 * chunk.length);
      const count = drain(peer);
      yield* writer.get();
      expect(written).toBe(40 * chunk.length);
      expect(most).toBeLessThanOrEqual(chunk.length);
      yield* until(once(peer, 'end'));
      expect(count.bytes).toBe(written);
    }),
  );

  it(
    'may be done by several greenlets; all go on when there is room',
    green(function* () {
      const { socket, peer } = yield* pair();
      const writers = Array.from({ length: 4 }, () => spawn(() => socket.write(Buffer.alloc(MUCH / 4))));
      yield* until(eventually('they are held up', () => socket.raw.writableNeedDrain));
      const count = drain(peer);
      for (const each of writers) yield* each.get();
      yield* socket.end();
      yield* until(once(peer, 'end'));
      expect(count.bytes).toBe(MUCH);
    }),
  );

  it(
    'that waits is over when all has been sent, also when somebody has called end() meanwhile',
    green(function* () {
      const { socket, peer } = yield* pair();
      const writers = [1, 2].map(() =>
        spawn(() => socket.write(Buffer.alloc(MUCH / 2), { timeout: 10_000 })),
      );
      yield* until(eventually('they are held up', () => socket.raw.writableNeedDrain));
      const end = socket.end();
      const count = drain(peer);
      yield* end;
      for (const each of writers) yield* each.get();
      yield* until(eventually('all has come', () => count.bytes === MUCH));
    }),
  );

  it(
    'is no obstacle to a reader of the same socket',
    green(function* () {
      const { socket, peer } = yield* pair();
      const writer = spawn(() => socket.write(Buffer.alloc(MUCH)));
      yield* until(eventually('it is held up', () => socket.raw.writableNeedDrain));
      peer.write('meanwhile\n');
      expect(yield* socket.readLine()).toBe('meanwhile');
      expect(writer.ready()).toBe(false);
      drain(peer);
      yield* writer.get();
    }),
  );

  it(
    'throws Timeout when the other end does not read; bytesWritten says what was sent, and the rest stays on its way',
    green(function* () {
      const { socket, peer } = yield* pair();
      const error = yield* thrownBy(() => socket.write(Buffer.alloc(MUCH), { timeout: 20 }));
      expect(error).toBeInstanceOf(Timeout);
      const sent = socket.bytesWritten;
      expect(sent).toBeGreaterThan(0);
      expect(sent).toBeLessThan(MUCH);
      const count = drain(peer);
      yield* socket.end();
      expect(socket.bytesWritten).toBe(MUCH);
      yield* until(once(peer, 'end'));
      expect(count.bytes).toBe(MUCH);
    }),
  );

  it(
    'after which abort() takes back what was not sent',
    green(function* () {
      const { socket, peer } = yield* pair();
      const text = 'é'.repeat(1000);
      yield* thrownBy(() => socket.write(Buffer.alloc(MUCH), { timeout: 20 }));
      yield* thrownBy(() => socket.write(text, { timeout: 1 }));
      const sent = socket.bytesWritten;
      socket.abort();
      expect(socket.bytesWritten).toBe(sent);
      expect(sent).toBeLessThan(MUCH);
      peer.resume();
      yield* until(eventually('it is told', () => peer.readableEnded || peer.destroyed));
      expect(peer.bytesRead).toBeLessThanOrEqual(sent);
    }),
  );

  it(
    'interrupted by a kill, a timeout or a lost select, leaves no listener',
    green(function* () {
      const { socket } = yield* pair();
      const listeners = listenerCount(socket.raw);
      const writer = spawn(() => socket.write(Buffer.alloc(MUCH)));
      yield* until(eventually('it is held up', () => socket.raw.writableNeedDrain));
      yield* kill(writer);
      expect(yield* withTimeout(1, { timeoutValue: 'late' }, socket.write('x'))).toBe('late');
      expect((yield* select({ write: socket.write('x'), other: sleep(1) })).key).toBe('other');
      expect(listenerCount(socket.raw)).toBe(listeners);
    }),
  );

  it(
    'fails when the connection is reset meanwhile, for everyone who writes',
    green(function* () {
      const { socket, peer } = yield* pair();
      const writers = [1, 2].map(() => spawn(() => socket.write(Buffer.alloc(MUCH))));
      yield* until(eventually('they are held up', () => socket.raw.writableNeedDrain));
      peer.resetAndDestroy();
      for (const each of writers) {
        expect((yield* thrownBy(() => each.get())).code).toMatch(/^(ECONNRESET|EPIPE)$/);
      }
      expect((yield* thrownBy(() => socket.write('more'))).code).toMatch(/^(ECONNRESET|EPIPE)$/);
    }),
  );

  it(
    'refuses at the call what is neither text nor bytes',
    green(function* () {
      const { socket } = yield* pair();
      expect(() => socket.write(5 as never)).toThrow('data must be a string or bytes, got 5');
      expect(() => socket.end({} as never)).toThrow(TypeError);
    }),
  );
});

describe('half-close', () => {
  it(
    'end() says that nothing more comes, and reading goes on',
    green(function* () {
      const { socket, peer } = yield* pair();
      yield* socket.end('request');
      expect(yield* until(readAll(peer))).toBe('request');
      peer.end('answer');
      expect(String(yield* socket.readExactly(6))).toBe('answer');
      expect(yield* socket.read()).toBe(null);
    }),
  );

  it(
    'the end of the other side leaves this one writable',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.end('all');
      expect(String(yield* socket.read())).toBe('all');
      expect(yield* socket.read()).toBe(null);
      yield* sleep(0);
      expect(socket.closed).toBe(false);
      yield* socket.write('still');
      void socket.end();
      expect(yield* until(readAll(peer))).toBe('still');
    }),
  );

  it(
    'after end() nothing can be written, and a second end() is over at once',
    green(function* () {
      const { socket, peer } = yield* pair();
      yield* socket.end();
      yield* socket.end();
      expect(yield* thrownBy(() => socket.write('late'))).toBeInstanceOf(SocketClosed);
      expect(() => socket.end('late')).toThrow(SocketClosed);
      peer.end('unharmed');
      expect(String(yield* socket.read())).toBe('unharmed');
    }),
  );

  it(
    'the wait of end() may be given up: what was written is sent all the same',
    green(function* () {
      const { socket, peer } = yield* pair();
      const ender = spawn(() => socket.end(Buffer.alloc(MUCH)));
      yield* until(eventually('it waits', () => socket.raw.writableEnded));
      yield* kill(ender);
      const count = drain(peer);
      yield* until(once(peer, 'end'));
      expect(count.bytes).toBe(MUCH);
    }),
  );

  it(
    'end() fails when the connection is reset before all was sent',
    green(function* () {
      const { socket, peer } = yield* pair();
      const ender = spawn(() => socket.end(Buffer.alloc(MUCH)));
      yield* until(eventually('it waits', () => socket.raw.writableEnded));
      peer.resetAndDestroy();
      expect((yield* thrownBy(() => ender.get())).code).toMatch(/^(ECONNRESET|EPIPE)$/);
    }),
  );
});
