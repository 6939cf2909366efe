import fc from 'fast-check';
import { green, sleep, spawn, until } from 'greenlets';
import {
  AuthenticationError,
  EOFError,
  Manager,
  ProcessError,
  TimeoutError,
} from 'greenlets/multiprocessing';
import { describe, expect, it } from 'vitest';
import { Answer, keyOf } from '../../../src/multiprocessing/network/handshake.js';
import { watchHub } from '../../support/hub-watch.js';
import { eventually, watchLeftovers } from '../../support/leftovers.js';
import { thrownBy } from '../../support/sockets.js';
import { connected, intruder, KEY, knock, NAME, served } from './support.js';

watchHub();
watchLeftovers();

describe('a manager that is served', () => {
  it(
    'listens from the call on, tells its port, and serves what is registered until it is stopped',
    green(function* () {
      const { manager, server } = yield* served();
      manager.register('numbers', manager.dict({ one: 1 }));
      const { port } = server;
      expect(String(server)).toMatch(/^<ManagerServer at 127\.0\.0\.1:\d+, 0 connected>$/);
      const remote = yield* connected(server);
      expect([yield* remote.names(), server.connections]).toEqual([['numbers'], 1]);
      const numbers = yield* remote.get<ReturnType<typeof manager.dict>>('numbers');
      expect(yield* numbers.get('one')).toBe(1);
      expect((yield* thrownBy(() => remote.get('letters'))).message).toBe(
        "nothing is registered as 'letters'; there is: numbers",
      );
      yield* server.stop();
      expect([server.started, server.address, server.connections]).toEqual([false, null, 0]);
      const late = yield* thrownBy(() => Manager.connect({ port, authkey: KEY }));
      expect(late.code).toBe('ECONNREFUSED');
    }),
  );

  it(
    'refuses wrong arguments at the call',
    green(function* () {
      const manager = Manager();
      const wrong: [object, RegExp][] = [
        [{}, /^authkey must be/],
        [{ authkey: KEY, port: -1 }, /^port must be/],
        [{ authkey: KEY, port: 65_536 }, /^port must be at most 65535/],
        [{ authkey: KEY, host: 5 }, /^host must be a name/],
        [{ authkey: KEY, maxConnections: 0 }, /^maxConnections must be/],
        [{ authkey: KEY, maxMessage: 5 }, /^maxMessage must be/],
        [{ authkey: KEY, handshakeTimeout: -1 }, /^handshakeTimeout must be/],
        [{ authkey: KEY, onRefused: 'x' }, /^onRefused must be a function/],
      ];
      for (const [options, message] of wrong) expect(() => manager.serve(options as never)).toThrow(message);
      for (const object of [{}, 5, null, () => {}]) {
        expect(() => manager.register('x', object as never)).toThrow(
          /^object must be one that a manager makes/,
        );
      }
    }),
  );

  it(
    'tells whoever waits that it cannot listen',
    green(function* () {
      const { server } = yield* served();
      const second = Manager().serve({ authkey: KEY, port: server.port });
      expect((yield* thrownBy(() => second.start())).code).toBe('EADDRINUSE');
      expect(second.started).toBe(false);
    }),
  );

  it(
    'serves for ever until it is interrupted',
    green(function* () {
      const server = Manager().serve({ authkey: KEY });
      const forever = spawn(() => server.serveForever());
      yield* server.start();
      yield* connected(server);
      yield* forever.kill();
      expect([server.started, server.connections]).toEqual([false, 0]);
    }),
  );

  it(
    'lets nobody in that does not know the key, and is told why',
    green(function* () {
      const { server, refused } = yield* served();
      const error = yield* thrownBy(() => connected(server, { authkey: 'another' }));
      expect(error).toBeInstanceOf(AuthenticationError);
      expect(error.code).toBe('AUTHENTICATION');
      yield* until(eventually('it is told', () => refused.length === 1));
      expect(refused[0]).toBeInstanceOf(AuthenticationError);
      expect(refused[0]?.message).toMatch(/^the client at 127\.0\.0\.1:\d+ does not know the authkey$/);
      expect(server.connections).toBe(0);
    }),
  );

  it(
    'closes what sends anything else than an answer, and serves others on',
    green(function* () {
      const { server, refused } = yield* served();
      const remote = yield* connected(server);
      const d = remote.dict();
      const garbage = async (bytes: Uint8Array) => {
        const peer = await knock(server.port);
        peer.socket.write(bytes);
        peer.socket.end();
        await peer.closed;
      };
      yield* until(fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), garbage), { numRuns: 60 }));
      for (const text of ['GET / HTTP/1.1\r\n\r\n', '\u0000\u0000\u0000\u0000', 'x'.repeat(100_000)])
        yield* until(garbage(Buffer.from(text)));
      yield* d.set('still', 'there');
      expect([yield* d.get('still'), server.connections]).toEqual(['there', 1]);
      expect(refused.every((each) => each instanceof ProcessError || 'code' in each)).toBe(true);
    }),
  );

  it(
    'closes at once what announces a long message before it has shown that it knows the key',
    green(function* () {
      const { server, refused } = yield* served();
      const peer = yield* until(knock(server.port));
      peer.socket.write(Buffer.from([0, 0, 1, 1]));
      yield* until(peer.closed);
      expect(refused.map(({ message }) => message)).toEqual([
        'a message of 257 bytes came, and 256 are allowed',
      ]);
    }),
  );

  it(
    'closes those that say nothing, or stop in the middle, after its timeout',
    green(function* () {
      const { server, refused } = yield* served({ handshakeTimeout: 20 });
      const silent = yield* until(knock(server.port));
      const half = yield* until(knock(server.port));
      half.socket.write(Buffer.from([0, 0, 0, 64, 1, 2, 3]));
      const rude = yield* until(knock(server.port));
      const answer = new Answer(keyOf(KEY), 'here');
      rude.send(answer.answer((yield* until(rude.read())) as Buffer));
      yield* until(Promise.all([silent.closed, half.closed, rude.closed]));
      yield* until(eventually('all are told', () => refused.length === 3));
      for (const each of refused) {
        expect(each).toBeInstanceOf(TimeoutError);
        expect(each.message).toMatch(
          /^the client at .* has not shown within 20 ms that it knows the authkey$/,
        );
      }
      expect(server.connections).toBe(0);
    }),
  );

  it(
    'keeps those that know the key for as long as they like to say nothing',
    green(function* () {
      const { server } = yield* served({ handshakeTimeout: 10 });
      const remote = yield* connected(server);
      yield* sleep(30);
      expect([yield* remote.names(), remote.closed]).toEqual([[], false]);
    }),
  );

  it(
    'takes as many as it was told to, and tells the next one',
    green(function* () {
      const { server } = yield* served({ maxConnections: 2 });
      const first = yield* connected(server);
      yield* connected(server);
      const error = yield* thrownBy(() => connected(server));
      expect(error).toBeInstanceOf(ProcessError);
      expect(error.message).toBe(
        `the manager at 127.0.0.1:${server.port} has as many connections as it takes: see its maxConnections`,
      );
      yield* first.close();
      yield* until(eventually('there is room', () => server.connections === 1));
      yield* connected(server);
    }),
  );

  it(
    'takes an end that was half closed for the end',
    green(function* () {
      const { manager, server } = yield* served();
      const lock = manager.register('lock', manager.Lock());
      const { peer, far, root } = yield* intruder(server.port);
      const call = { from: 'm', to: NAME, actor: 1, actorName: 'main' };
      peer.say('call', {
        ...call,
        id: 1,
        object: root,
        method: 'get',
        args: { value: ['lock'], marked: false },
      });
      const [, reply] = yield* until(peer.hear());
      const { id } = Object.values(reply.value.value)[1] as { id: number };
      peer.say('call', { ...call, id: 2, object: id, method: 'acquire', args: { value: [], marked: false } });
      expect((yield* until(peer.hear()))[1]).toMatchObject({ id: 2, to: far, value: { value: true } });
      expect(yield* lock.locked()).toBe(true);
      peer.socket.end();
      expect(yield* lock.acquire()).toBe(true);
    }),
  );

  it(
    'does not read from those that do not read, and closes them when too much waits for them',
    green(function* () {
      const { manager, server, refused } = yield* served({ maxMessage: 2 ** 20 });
      manager.register('large', manager.list(['x'.repeat(500_000)]));
      const { peer, root } = yield* intruder(server.port);
      const call = { from: 'm', to: NAME, actor: 1, actorName: 'main' };
      peer.say('call', {
        ...call,
        id: 1,
        object: root,
        method: 'get',
        args: { value: ['large'], marked: false },
      });
      const { id: object } = Object.values((yield* until(peer.hear()))[1].value.value)[1] as { id: number };
      peer.socket.pause();
      for (let id = 2; id < 200; id++)
        peer.say('call', { ...call, id, object, method: 'slice', args: { value: [], marked: false } });
      // As many are answered as the host takes on its way, and no more.
      const remote = yield* connected(server);
      expect(yield* remote.names()).toEqual(['large']);
      expect([refused, server.connections]).toEqual([[], 2]);
    }),
  );

  it(
    'stops: what clients wait for fails, what they hold is free, and nothing is left',
    green(function* () {
      const { manager, server } = yield* served();
      const [lock, queue] = [
        manager.register('lock', manager.Lock()),
        manager.register('queue', manager.Queue()),
      ];
      const remote = yield* connected(server);
      const held = yield* remote.get<typeof lock>('lock');
      const empty = yield* remote.get<typeof queue>('queue');
      yield* held.acquire();
      const getting = spawn(() => thrownBy(() => empty.get()));
      yield* until(knock(server.port));
      yield* server.stop();
      const error = yield* getting.get();
      expect(error).toBeInstanceOf(EOFError);
      expect(error.message).toMatch(/^the connection to the manager at 127\.0\.0\.1:\d+ has ended$/);
      expect((yield* thrownBy(() => held.locked())).message).toBe(error.message);
      expect(yield* lock.acquire({ blocking: false })).toBe(true);
      expect(() => remote.dict()).toThrow(EOFError);
      yield* server.stop();
    }),
  );

  it(
    'that is disposed of is stopped, with its manager too',
    green(function* () {
      const manager = Manager();
      const first = yield* manager.serve({ authkey: KEY });
      const second = yield* manager.serve({ authkey: KEY });
      first[Symbol.dispose]();
      expect([first.started, second.started]).toEqual([false, true]);
      yield* until(manager[Symbol.asyncDispose]());
      expect([second.started, second.address]).toEqual([false, null]);
      yield* first.stop();
    }),
  );
});
