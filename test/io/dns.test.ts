/** dns: names and addresses, with single flight. */
import dgram from 'node:dgram';
import promises from 'node:dns/promises';
import { all, green, settled, sleep, spawn, until } from 'greenlets';
import { dns } from 'greenlets/io';
import { describe, expect, it, vi } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { atEnd, watchLeftovers } from '../support/leftovers.js';
import { thrownBy } from '../support/sockets.js';

watchHub();
watchLeftovers();

/** Questions that the test answers. */
function answering() {
  const asked: { args: unknown[]; answer: (value: never) => void; fail: (error: unknown) => void }[] = [];
  vi.spyOn(promises, 'lookup').mockImplementation(((...args: unknown[]) => {
    return new Promise((answer, fail) => asked.push({ args, answer, fail }));
  }) as never);
  return asked;
}

const HOME = { address: '127.0.0.1', family: 4 };

describe('dns', () => {
  it(
    'lookup gives what the host gives, and does nothing until it is run',
    green(function* () {
      const operation = dns.lookup('127.0.0.1');
      expect(yield* operation).toEqual(HOME);
      expect(yield* dns.lookup('127.0.0.1', { all: true })).toEqual([HOME]);
    }),
  );

  it(
    'equal questions at once are asked once, and each gets an answer of its own; later ones are asked again',
    green(function* () {
      const asked = answering();
      const both = spawn(() =>
        all([dns.lookup('a', { all: true }), dns.lookup('a', { all: true }), dns.lookup('b')]),
      );
      yield* sleep(0);
      expect(asked.map(({ args }) => args)).toEqual([['a', { all: true }], ['b']]);
      asked[0]?.answer([HOME] as never);
      asked[1]?.answer(HOME as never);
      const [first, second, other] = yield* both.get();
      expect([first, second, other]).toEqual([[HOME], [HOME], HOME]);
      expect(first).not.toBe(second);
      const again = spawn(() => dns.lookup('b'));
      yield* sleep(0);
      expect(asked).toHaveLength(3);
      asked[2]?.answer(HOME as never);
      yield* again.get();
    }),
  );

  it(
    'whoever is interrupted takes nothing from the others',
    green(function* () {
      const asked = answering();
      const [first, second] = [spawn(() => dns.lookup('a')), spawn(() => dns.lookup('a'))];
      yield* sleep(0);
      yield* first.kill();
      asked[0]?.answer(HOME as never);
      expect(yield* second.get()).toEqual(HOME);
      expect(asked).toHaveLength(1);
    }),
  );

  it(
    'an error has its code, reaches all who asked, and is not kept; nobody is told when all are gone',
    green(function* () {
      const asked = answering();
      const failing = spawn(() => settled([dns.lookup('a'), dns.lookup('a')]));
      yield* sleep(0);
      asked[0]?.fail(Object.assign(new Error('getaddrinfo ENOTFOUND a'), { code: 'ENOTFOUND' }));
      for (const { error } of yield* failing.get())
        expect((error as { code: string }).code).toBe('ENOTFOUND');
      const lost = spawn(() => dns.lookup('a'));
      yield* sleep(0);
      yield* lost.kill();
      asked[1]?.fail(new Error('nobody hears it'));
      yield* until(new Promise((resolve) => setImmediate(resolve)));
    }),
  );

  it(
    'the code is that of the host: a name that cannot be, a question that is none',
    green(function* () {
      expect((yield* thrownBy(() => dns.lookup('no.such.host.invalid'))).code).toMatch(
        /^(ENOTFOUND|EAI_AGAIN)$/,
      );
      expect((yield* thrownBy(() => dns.lookup(5 as never))).code).toBe('ERR_INVALID_ARG_TYPE');
    }),
  );

  it('has every name of node:dns/promises', () => {
    const missing = Object.keys(promises).filter((name) => !(name in dns) && name !== 'resolveTlsa');
    expect(missing).toEqual([]);
    for (const code of ['NOTFOUND', 'TIMEOUT'] as const) expect(dns[code]).toBe(promises[code]);
    const methods = ['cancel', 'getServers', 'setServers', 'setLocalAddress', 'reverse'];
    const resolver = new dns.Resolver();
    for (const name of [...Object.keys(dns).filter((each) => each.startsWith('resolve')), ...methods]) {
      expect(typeof resolver[name as 'resolve'], name).toBe('function');
    }
  });

  it(
    'a Resolver asks the servers that it is told; cancel() ends what is under way, an interrupted question nobody else`s',
    green(function* () {
      const server = dgram.createSocket('udp4');
      atEnd(() => server.close());
      const asked = yield* until<number>(
        new Promise((resolve) => server.bind(0, '127.0.0.1', () => resolve(server.address().port))),
      );
      const resolver = new dns.Resolver();
      resolver.setServers([`127.0.0.1:${asked}`]);
      expect(resolver.getServers()).toEqual([`127.0.0.1:${asked}`]);
      const [killed, waiting] = [
        spawn(() => resolver.resolve4('a.test')),
        spawn(() => resolver.resolve('b.test', 'MX')),
      ];
      yield* until(new Promise((resolve) => server.once('message', resolve)));
      yield* killed.kill();
      expect(waiting.dead).toBe(false);
      resolver.cancel();
      expect((yield* thrownBy(() => waiting.get())).code).toBe(dns.CANCELLED);
      expect(() => new dns.Resolver({ timeout: Number.NaN })).toThrow(RangeError);
    }),
  );
});
