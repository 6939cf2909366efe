import { readFileSync } from 'node:fs';
import host from 'node:net';
import hostTls from 'node:tls';
import { green, kill, sleep, spawn, Timeout, until } from 'greenlets';
import { net, SocketClosed, tls } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';
import { atEnd, eventually, watchLeftovers } from '../support/leftovers.js';
import { echo, hostServer, pair, thrownBy } from '../support/sockets.js';

watchHub();
watchLeftovers();

/** Self-signed, for localhost and 127.0.0.1, good until the year 2126. */
const read = (name: string) => readFileSync(new URL(`certificates/${name}`, import.meta.url), 'utf8');
const key = read('localhost.key');
const cert = read('localhost.crt');
/** What a client trusts. */
const ca = cert;

function* started(handle: net.ConnectionHandler = echo, options: Partial<tls.TlsServerOptions> = {}) {
  const server = new tls.TlsServer(['127.0.0.1', 0], handle, { key, cert, ...options });
  atEnd(() => server.stop({ timeout: 0 }).promise());
  yield* server.start();
  return server;
}

function* connected(port: number, options: tls.TlsConnectOptions = {}) {
  const socket = yield* tls.connect({ port, host: '127.0.0.1', ca, ...options });
  atEnd(() => socket.abort());
  return socket;
}

describe('tls.connect', () => {
  it(
    'gives a socket whose other end is known, with all that a socket can do',
    green(function* () {
      const server = yield* started();
      const socket = yield* connected(server.port);
      expect(socket).toBeInstanceOf(tls.TlsSocket);
      expect(socket.authorized).toBe(true);
      expect(socket.alpnProtocol).toBe(false);
      expect(socket.getPeerCertificate().subject.CN).toBe('localhost');
      yield* socket.write('one\ntwo\nthree');
      expect([yield* socket.readLine(), yield* socket.readLine()]).toEqual(['one', 'two']);
      expect(String(yield* socket.readExactly(5))).toBe('three');
      yield* socket.close();
      expect(socket.raw.destroyed).toBe(true);
    }),
  );

  it(
    'sends the name of the host, and agrees on a protocol',
    green(function* () {
      const names: unknown[] = [];
      const server = yield* started(
        (socket) => {
          const { raw } = socket as tls.TlsSocket;
          names.push((raw as { servername?: unknown }).servername, raw.alpnProtocol);
        },
        { ALPNProtocols: ['other', 'mine'] },
      );
      const lookup = (_name: string, _options: unknown, found: (...args: unknown[]) => void) =>
        process.nextTick(found, null, [{ address: '127.0.0.1', family: 4 }]);
      const socket = yield* connected(server.port, {
        host: 'localhost',
        lookup: lookup as never,
        ALPNProtocols: ['mine'],
      });
      expect(socket.alpnProtocol).toBe('mine');
      expect(yield* socket.read()).toBe(null);
      expect(names).toEqual(['localhost', 'mine']);
    }),
  );

  it(
    'refuses a certificate that nobody vouches for, with its code, unless it is told not to',
    green(function* () {
      const server = yield* started();
      const untrusted = tls.connect({ port: server.port, host: '127.0.0.1' });
      expect((yield* thrownBy(() => untrusted)).code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
      const misnamed = tls.connect({ port: server.port, host: '127.0.0.1', ca, servername: 'example.org' });
      expect((yield* thrownBy(() => misnamed)).code).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
      const socket = yield* connected(server.port, { ca: '', rejectUnauthorized: false });
      expect(socket.authorized).toBe(false);
    }),
  );

  it(
    'throws the error of the host when it is refused, or the other end does not speak TLS',
    green(function* () {
      const plain = yield* until(hostServer((socket) => socket.resume().end('hello\n')));
      const error = yield* thrownBy(() => tls.connect({ port: plain.port, host: '127.0.0.1', ca }));
      expect(error.code).toMatch(/^(ERR_SSL_|EPROTO)/);
      const closing = yield* until(hostServer((socket) => socket.destroy()));
      const closed = yield* thrownBy(() => tls.connect({ port: closing.port, host: '127.0.0.1', ca }));
      expect(closed.code).toBe('ECONNRESET');
      closing.server.close();
      const refused = yield* thrownBy(() => tls.connect({ port: closing.port, host: '127.0.0.1', ca }));
      expect(refused.code).toBe('ECONNREFUSED');
    }),
  );

  it(
    'timed out or killed in the handshake, leaves nothing',
    green(function* () {
      const peers: host.Socket[] = [];
      const silent = yield* until(hostServer((socket) => peers.push(socket)));
      const options = { port: silent.port, host: '127.0.0.1', ca };
      const error = yield* thrownBy(() => tls.connect({ ...options, timeout: 20 }));
      expect(error).toBeInstanceOf(Timeout);
      expect(error.message).toContain(`tls.connect of 127.0.0.1:${silent.port}`);
      const g = spawn(() => tls.connect(options));
      yield* until(eventually('it shakes hands', () => peers.length === 2));
      yield* kill(g);
      for (const peer of peers) peer.resume();
      yield* until(
        eventually('they are told', () => peers.every((peer) => peer.readableEnded || peer.destroyed)),
      );
    }),
  );

  it('refuses at the call what is no address', () => {
    expect(() => tls.connect(443 as never)).toThrow('options must be an object such as { host');
    expect(() => tls.connect({ port: 70_000 })).toThrow(RangeError);
    expect(() => tls.connect({ port: 1, timeout: -1 })).toThrow(RangeError);
  });
});

describe('a TLS connection', () => {
  it(
    'may be closed in one direction alone, by either end',
    green(function* () {
      const server = yield* started(function* (socket) {
        const request = yield* socket.readExactly(4);
        yield* socket.end(`first ${request}`);
        expect(yield* thrownBy(() => socket.write('x'))).toBeInstanceOf(SocketClosed);
        late.push(String(yield* socket.read()));
      });
      const late: string[] = [];
      const socket = yield* connected(server.port);
      yield* socket.write('ping');
      expect(String(yield* socket.readExactly(10))).toBe('first ping');
      expect(yield* socket.read()).toBe(null);
      yield* socket.end('still');
      yield* until(eventually('it is read', () => late.length > 0));
      expect(late).toEqual(['still']);
    }),
  );

  it(
    'is aborted without a reset; what waits is told',
    green(function* () {
      const server = yield* started();
      const socket = yield* connected(server.port);
      const reader = spawn(() => socket.read());
      yield* sleep(0);
      socket.abort();
      expect(yield* thrownBy(() => reader.get())).toBeInstanceOf(SocketClosed);
      yield* socket.close();
    }),
  );

  it(
    'holds up the writer when the other end does not read',
    green(function* () {
      const reading: (() => void)[] = [];
      const server = yield* started(function* (socket) {
        yield* until(new Promise<void>((resolve) => reading.push(resolve)));
        let bytes = 0;
        for (let data = yield* socket.read(); data !== null; data = yield* socket.read())
          bytes += data.length;
        yield* socket.end(String(bytes));
      });
      const socket = yield* connected(server.port);
      const size = 16 * 1024 * 1024;
      const writer = spawn(() => socket.write(Buffer.alloc(size)));
      yield* until(eventually('it is held up', () => socket.raw.writableNeedDrain));
      yield* until(pass());
      expect(writer.ready()).toBe(false);
      reading[0]?.();
      yield* writer.get();
      void socket.end();
      expect(yield* socket.readLine()).toBe(String(size));
    }),
  );
});

describe('TlsServer', () => {
  it(
    'drops handshakes that fail, and serves on',
    green(function* () {
      const server = yield* started();
      const plain = yield* net.connect(server.port, '127.0.0.1');
      yield* plain.write('GET / HTTP/1.1\r\n\r\n');
      yield* plain.chunks().toArray();
      yield* plain.close();
      const socket = yield* connected(server.port);
      yield* socket.write('ping');
      expect(String(yield* socket.readExactly(4))).toBe('ping');
      expect(server.connections).toBe(1);
    }),
  );

  it(
    'drops the handshakes under way when it is stopped',
    green(function* () {
      const server = yield* started();
      const plain = yield* net.connect(server.port, '127.0.0.1');
      atEnd(() => plain.abort());
      const socket = yield* connected(server.port);
      yield* socket.write('ping');
      yield* socket.readExactly(4);
      // The one that is served is not half-made.
      const stopping = spawn(() => server.stop());
      expect(yield* plain.read()).toBe(null);
      yield* socket.write('pong');
      expect(String(yield* socket.readExactly(4))).toBe('pong');
      yield* socket.close();
      expect(yield* stopping.get()).toEqual([]);
    }),
  );

  it('refuses at the call what it cannot use', () => {
    expect(() => new tls.TlsServer(0, echo, undefined as never)).toThrow(
      'options must be an object such as { key, cert',
    );
    expect(() => new tls.TlsServer('x' as never, echo, { key, cert })).toThrow(TypeError);
  });
});

describe('tls.upgrade', () => {
  /** A server that speaks plainly until it has said 'go'. */
  function* starttls() {
    const server = yield* started();
    // Bytes pass through to the TLS server after the first line.
    const front = yield* until(
      hostServer((socket) => {
        socket.resume();
        socket.once('data', () => {
          socket.write('go\n');
          const back = host.connect(server.port, '127.0.0.1');
          back.on('error', () => {});
          socket.pipe(back).pipe(socket);
        });
      }),
    );
    const socket = yield* net.connect(front.port, '127.0.0.1');
    atEnd(() => socket.abort());
    yield* socket.write('STARTTLS\n');
    expect(yield* socket.readLine()).toBe('go');
    return socket;
  }

  it(
    'encrypts a connection that exists; the plain socket counts as closed',
    green(function* () {
      const plain = yield* starttls();
      const operation = tls.upgrade(plain, { ca });
      expect(plain.closed).toBe(false);
      const secure = yield* operation;
      atEnd(() => secure.abort());
      expect([plain.closed, secure.authorized]).toEqual([true, true]);
      yield* secure.write('ping');
      expect(String(yield* secure.readExactly(4))).toBe('ping');
      expect(yield* thrownBy(() => plain.write('x'))).toBeInstanceOf(SocketClosed);
      expect(yield* thrownBy(() => plain.read())).toBeInstanceOf(SocketClosed);
      expect(yield* thrownBy(() => operation)).toBeInstanceOf(SocketClosed);
      // Closing the plain one does nothing, and is over at once.
      yield* plain.close();
      yield* secure.write('pong');
      expect(String(yield* secure.readExactly(4))).toBe('pong');
      yield* secure.close();
      expect(plain.raw.destroyed).toBe(true);
    }),
  );

  it(
    'fails when the certificate is not that of servername, and leaves nothing',
    green(function* () {
      const plain = yield* starttls();
      const error = yield* thrownBy(() => tls.upgrade(plain, { ca, servername: 'example.org' }));
      expect(error.code).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
      yield* plain.close();
    }),
  );

  it(
    'killed, timed out or reset in the handshake, or refused by the host, leaves nothing',
    green(function* () {
      for (const end of ['kill', 'timeout', 'reset', 'options'] as const) {
        const { socket, peer } = yield* pair();
        if (end === 'timeout') {
          expect(yield* thrownBy(() => tls.upgrade(socket, { ca, timeout: 1 }))).toBeInstanceOf(Timeout);
        } else if (end === 'options') {
          const bad = tls.upgrade(socket, { minVersion: 'TLSv9' as never });
          expect((yield* thrownBy(() => bad)).code).toBe('ERR_TLS_INVALID_PROTOCOL_VERSION');
        } else {
          const g = spawn(() => tls.upgrade(socket, { ca }));
          yield* until(eventually('it shakes hands', () => socket.closed));
          if (end === 'kill') {
            yield* kill(g);
          } else {
            peer.resetAndDestroy();
            expect((yield* thrownBy(() => g.get())).code).toBe('ECONNRESET');
          }
        }
        yield* until(eventually('it is gone', () => socket.raw.destroyed));
      }
    }),
  );

  it(
    'refuses a socket in which something is unread, and leaves it usable',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.write('unread');
      yield* until(eventually('it has come', () => socket.bytesRead === 6));
      const error = yield* thrownBy(() => tls.upgrade(socket, { ca }));
      expect(error.message).toContain('6 bytes are unread');
      expect(String(yield* socket.read())).toBe('unread');
      expect(() => tls.upgrade('x' as never)).toThrow('socket must be a Socket');
    }),
  );
});

describe('a StreamServer on a tls.Server of the host', () => {
  it(
    'serves the encrypted connections; TlsServer takes no server of the host, which it would not encrypt',
    green(function* () {
      const raw = hostTls.createServer({ key, cert });
      const server = new net.StreamServer(raw, echo);
      atEnd(() => server.stop({ timeout: 0 }).promise());
      yield* server.start();
      const socket = yield* connected(server.port);
      yield* socket.write('secret\n');
      expect(yield* socket.readLine()).toBe('secret');
      expect(server.connections).toBe(1);
      yield* socket.close();
      yield* server.stop();
      expect(raw.listenerCount('secureConnection')).toBe(0);
      for (const wrong of [raw, host.createServer()]) {
        expect(() => new tls.TlsServer(wrong as never, echo, { key, cert })).toThrow(
          'listener must be a port, [host, port] or { host, port, path }, got an instance of',
        );
      }
    }),
  );
});
