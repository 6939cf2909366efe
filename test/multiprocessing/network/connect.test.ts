import { green, kill, sleep, spawn, until, withTimeout } from 'greenlets';
import {
  AuthenticationError,
  DataCloneError,
  EOFError,
  Lock,
  Manager,
  ProcessError,
  type Queue,
  TimeoutError,
} from 'greenlets/multiprocessing';
import { describe, expect, it } from 'vitest';
import { frame } from '../../../src/multiprocessing/network/frames.js';
import { Challenge, keyOf } from '../../../src/multiprocessing/network/handshake.js';
import { watchHub } from '../../support/hub-watch.js';
import { countOpen, eventually, watchLeftovers } from '../../support/leftovers.js';
import { hostServer, thrownBy } from '../../support/sockets.js';
import { connected, KEY, served } from './support.js';

watchHub();
watchLeftovers();

describe('Manager.connect', () => {
  it('refuses wrong arguments at the call', () => {
    const wrong: [object, RegExp][] = [
      [{ port: 1 }, /^authkey must be/],
      [{ port: 'x', authkey: KEY }, /^port must be/],
      [{ port: 1, host: '', authkey: KEY }, /^host must be/],
      [{ port: 1, authkey: KEY, timeout: -1 }, /^timeout must be/],
      [{ port: 1, authkey: KEY, maxMessage: 1 }, /^maxMessage must be/],
    ];
    for (const [options, message] of wrong) expect(() => Manager.connect(options as never)).toThrow(message);
  });

  it(
    'tells of what is no manager: one that talks, one that closes, one that says nothing',
    green(function* () {
      const http = yield* until(hostServer((socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\n')));
      const talks = yield* until(hostServer((socket) => void socket.write(frame(Buffer.from('hello')))));
      const closes = yield* until(hostServer((socket) => void socket.end()));
      const silent = yield* until(hostServer());
      const cases: [number, new () => Error, RegExp][] = [
        [http.port, ProcessError, /^a message of \d+ bytes came/],
        [talks.port, ProcessError, /^what listens at 127\.0\.0\.1:\d+ is no manager of this version$/],
        [closes.port, EOFError, /^Manager\.connect to .*: the connection was closed at the other end$/],
        [silent.port, TimeoutError, /^Manager\.connect to 127\.0\.0\.1:\d+ took more than 20 ms$/],
      ];
      for (const [port, type, message] of cases) {
        const timeout = port === silent.port ? 20 : 10_000;
        const error = yield* thrownBy(() => Manager.connect({ port, authkey: KEY, timeout }));
        expect(error).toBeInstanceOf(type);
        expect(error.message).toMatch(message);
      }
    }),
  );

  it(
    'tells of somebody who only pretends to know the key',
    green(function* () {
      const { port } = yield* until(
        hostServer((socket) => {
          const challenge = new Challenge(keyOf('another'));
          socket.write(frame(challenge.opening));
          socket.resume();
          socket.once('data', () => socket.write(frame(Buffer.from('#WELCOME#'.padEnd(41)))));
        }),
      );
      const error = yield* thrownBy(() => Manager.connect({ port, authkey: KEY }));
      expect(error).toBeInstanceOf(AuthenticationError);
      expect(error.message).toBe(`what listens at 127.0.0.1:${port} does not know the authkey`);
    }),
  );

  it(
    'leaves nothing open when it is interrupted, before the connection is there or after',
    green(function* () {
      const silent = yield* until(hostServer());
      const before = countOpen('TCPSocketWrap');
      const connecting = spawn(() => Manager.connect({ port: silent.port, authkey: KEY }));
      yield* until(eventually('it is connected', () => countOpen('TCPSocketWrap') >= before + 2));
      yield* kill(connecting);
      const late = yield* withTimeout(0, { timeoutValue: 'late' }, () =>
        Manager.connect({ port: silent.port, authkey: KEY }),
      );
      expect(late).toBe('late');
      yield* until(eventually('it is closed', () => countOpen('TCPSocketWrap') === before + 2));
    }),
  );

  it(
    'may be awaited, and run again: each time is a connection of its own',
    green(function* () {
      const { server } = yield* served();
      const connect = Manager.connect({ port: server.port, authkey: Buffer.from(KEY) });
      const [first, second] = [yield* until(connect.promise()), yield* connect];
      expect(server.connections).toBe(2);
      const lock = first.Lock();
      expect(yield* lock.acquire()).toBe(true);
      const error = yield* thrownBy(() => second.dict().set('lock', lock));
      expect(error).toBeInstanceOf(DataCloneError);
      yield* until(first[Symbol.asyncDispose]());
      yield* second.close();
      expect([first.closed, second.closed, String(second).endsWith(', closed>')]).toEqual([true, true, true]);
    }),
  );
});

describe('a connection to a manager', () => {
  it(
    'closes: what waits fails, what was held is free, and later calls say so',
    green(function* () {
      const { manager, server } = yield* served();
      const lock = manager.register('lock', manager.Lock());
      const remote = yield* connected(server);
      const held = yield* remote.get<Lock>('lock');
      yield* held.acquire();
      const getting = spawn(() => thrownBy(() => remote.Queue().get()));
      const waiting = spawn(() => lock.acquire());
      yield* remote.names();
      yield* remote.close();
      expect((yield* getting.get()).message).toMatch(/^the connection to the manager at .* has ended$/);
      expect(yield* waiting.get()).toBe(true);
      for (const op of [() => held.acquire(), () => remote.get('lock'), () => held.locked()]) {
        expect(yield* thrownBy(op)).toBeInstanceOf(EOFError);
      }
      expect(() => remote.Queue()).toThrow(EOFError);
    }),
  );

  it(
    'undoes what is interrupted: no permit and no item is lost',
    green(function* () {
      const { manager, server } = yield* served();
      const remote = yield* connected(server);
      const [lock, queue] = [
        manager.register('lock', manager.Lock()),
        manager.register('queue', manager.Queue()),
      ];
      const [far, items] = [yield* remote.get<Lock>('lock'), yield* remote.get<Queue>('queue')];
      yield* lock.acquire();
      for (const wait of [() => far.acquire(), () => items.get()]) {
        for (const passes of [0, 1, 5]) {
          const waiting = spawn(wait);
          for (let pass = 0; pass < passes; pass++) yield* remote.names();
          yield* kill(waiting);
        }
      }
      yield* remote.names();
      lock.release();
      yield* queue.put('kept');
      // Killed with the answer on its way.
      for (let round = 0; round < 20; round++) {
        const taking = spawn(() => far.acquire());
        const getting = spawn(() => items.get());
        yield* sleep(0);
        yield* kill(taking);
        yield* kill(getting);
      }
      yield* remote.names();
      expect([yield* lock.acquire({ timeout: 5000 }), yield* queue.get({ timeout: 5000 })]).toEqual([
        true,
        'kept',
      ]);
    }),
  );

  it(
    'puts back what was taken out of a list or a dict for one that was killed meanwhile',
    green(function* () {
      const { manager, server } = yield* served();
      const remote = yield* connected(server);
      const list = manager.register('list', manager.list([1, 2, 3]));
      const dict = manager.register('dict', manager.dict({ a: 1 }));
      const far = [yield* remote.get<typeof list>('list'), yield* remote.get<typeof dict>('dict')] as const;
      for (const take of [() => far[0].pop(), () => far[0].pop(0), () => far[1].pop('a')]) {
        const taking = spawn(take);
        yield* sleep(0);
        yield* kill(taking);
        // The answer comes, and then what it is answered with has been done.
        yield* remote.names();
        yield* remote.names();
      }
      expect([yield* list.copy(), yield* dict.get('a')]).toEqual([[1, 2, 3], 1]);
    }),
  );

  it(
    'refuses functions, what lives here, and what is too long, at the call, and goes on',
    green(function* () {
      const { manager, server } = yield* served({ maxMessage: 2000 });
      const remote = yield* connected(server);
      const d = remote.dict();
      const list = manager.register('list', manager.list(['x'.repeat(3000)]));
      const cases: [() => unknown, RegExp][] = [
        [
          () => d.set('f', structuredCloneOf),
          /^value \(structuredCloneOf\) cannot be sent to another process/,
        ],
        [
          () => d.set('l', new Lock()),
          /^a Lock that does not live there: make it with what Manager\.connect\(\) gives/,
        ],
        [() => d.set('x', 'x'.repeat(3000)), /^a message of \d+ bytes is too long: the other end takes 2000/],
        [() => d.set('s', new SharedArrayBuffer(8)), /could not be cloned/],
        [() => d.set('p', { a: [Promise.resolve()] }), /^value\.a\[0\] is a promise/],
      ];
      for (const [op, message] of cases) {
        const error = yield* thrownBy(op);
        expect(error.message).toMatch(message);
      }
      const far = yield* remote.get<typeof list>('list');
      expect((yield* thrownBy(() => far.at(0))).message).toMatch(/^a message of \d+ bytes is too long/);
      expect([yield* d.size(), yield* far.length()]).toEqual([0, 1]);
      expect(() => remote.Semaphore(-1)).toThrow(RangeError);
      expect(() => remote.Barrier(2, () => {})).toThrow(/^action must not be given/);
      expect(() => remote.Condition(new Lock())).toThrow(/^a Lock that does not live there/);
      expect(() => remote.Condition({} as never)).toThrow(/^lock must be a Lock or an RLock of this manager/);
    }),
  );
});

function structuredCloneOf() {}
