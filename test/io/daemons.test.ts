/** What only daemons wait for does not hold the process. */
import { green, sleep, spawn } from 'greenlets';
import { net, udp } from 'greenlets/io';
import { beforeAll, describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { atEnd, countOpen, watchLeftovers } from '../support/leftovers.js';
import { runProgram } from '../support/run-program.js';
import { LOCAL, pair, started } from '../support/sockets.js';

watchHub();
watchLeftovers();

// The first daemon has the process told of its end from then on.
beforeAll(async () => {
  const socket = await udp.bind({ host: '127.0.0.1' });
  const daemon = spawn({ daemon: true }, () => socket.receive());
  await sleep(0);
  await daemon.kill();
  await socket.close();
});

/** Sockets that hold the process. */
const held = () => countOpen('TCPSocketWrap');

describe('a socket', () => {
  it(
    'holds the process unless only daemons wait for it, whoever comes first',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.unref();
      const before = held();
      const daemon = spawn({ daemon: true }, () => socket.readLine());
      yield* sleep(0);
      expect(held()).toBe(before - 1);
      const writer = spawn(() => socket.write(Buffer.alloc(16 * 1024 * 1024)));
      yield* sleep(0);
      expect(held()).toBe(before);
      yield* writer.kill();
      expect(held()).toBe(before - 1);
      yield* daemon.kill();
      expect(held()).toBe(before - 1);
      const reader = spawn(() => socket.readLine());
      yield* sleep(0);
      expect(held()).toBe(before);
      peer.write('line\n');
      yield* reader.get();
      expect(held()).toBe(before);
    }),
  );

  it(
    'follows its greenlet, when that becomes a daemon while it waits, or is none any more',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.unref();
      const before = held();
      const reader = spawn(() => socket.readLine());
      yield* sleep(0);
      reader.unref();
      expect(held()).toBe(before - 1);
      reader.ref();
      expect(held()).toBe(before);
      yield* reader.kill();
    }),
  );

  it(
    'that a daemon opens does not hold it, until somebody else waits for it',
    green(function* () {
      const server = yield* started(LOCAL, function* (socket) {
        socket.unref();
        yield* sleep(Number.POSITIVE_INFINITY);
      });
      const before = held();
      const opener = spawn({ daemon: true }, () => net.connect(server.port, '127.0.0.1'));
      const socket = yield* opener.get();
      atEnd(() => socket.abort());
      const reader = spawn(() => socket.read());
      const others = held();
      yield* sleep(0);
      expect(held()).toBe(others + 1);
      yield* reader.kill();
      expect(others - before).toBeLessThanOrEqual(1);
    }),
  );

  it(
    'for datagrams, too',
    green(function* () {
      const socket = yield* udp.bind({ host: '127.0.0.1' });
      atEnd(() => socket.close().promise());
      expect(countOpen('UDPWrap')).toBe(1);
      const daemon = spawn({ daemon: true }, () => socket.receive());
      yield* sleep(0);
      expect(countOpen('UDPWrap')).toBe(0);
      const other = spawn(() => socket.receive());
      yield* sleep(0);
      expect(countOpen('UDPWrap')).toBe(1);
      yield* other.kill();
      yield* daemon.kill();
    }),
  );
});

describe('a program', () => {
  it('ends when only daemons wait: for connections, answers, datagrams, children, signals, changes of files', async () => {
    const { code, out, err } = await runProgram('daemon-io', ['alone']);
    expect({ code, out, err }).toEqual({
      code: 0,
      out: ['the program has ended', 'the read has ended'],
      err: '',
    });
  });

  it('lives as long as somebody waits for what a daemon does next', async () => {
    const { code, out, err } = await runProgram('daemon-io', ['needed']);
    expect({ code, out, err }).toEqual({ code: 0, out: ['answer', 'the read has ended'], err: '' });
  });
});
