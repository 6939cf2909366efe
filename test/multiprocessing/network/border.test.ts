/** Clients that know the key and say what they like. */
import { serialize } from 'node:v8';
import fc from 'fast-check';
import { green, until } from 'greenlets';
import { Queue, Value } from 'greenlets/multiprocessing';
import { describe, expect, it } from 'vitest';
import { MARK } from '../../../src/io/workers/codec.js';
import { watchHub } from '../../support/hub-watch.js';
import { eventually, watchLeftovers } from '../../support/leftovers.js';
import { connected, type Insider, intruder, NAME, served } from './support.js';

watchHub();
watchLeftovers();

/** The number of the last request of a round. */
const LAST = 999_999;

const packed = (value: unknown) => ({ value, marked: false });
const mark = (kind: string, data: unknown) => ({ [MARK]: kind, data });

function callOf(object: unknown, method: unknown, args: unknown, more: object = {}): [string, object] {
  return ['call', { from: 'm', to: NAME, id: 1, actor: 1, actorName: 'main', object, method, args, ...more }];
}

/** Numbers, names and values, and what looks like parts of messages. */
function anything(insider: Insider): fc.Arbitrary<unknown> {
  const word = fc.constantFrom(
    'call cancel write attach gone reply get set create createCells release acquire notify constructor __proto__ dict Lock',
    'm',
    NAME,
    `${NAME}.m.1`,
    insider.far,
    'm.1',
    `${NAME}#1`,
  );
  const words = word.chain((text) => fc.constantFrom(...text.split(' ')));
  const leaf = fc.oneof(
    words,
    fc.integer({ min: -2, max: 20 }),
    fc.constantFrom(insider.root, insider.base + 1, 2 ** 60, NaN, 1n, null, undefined, true),
    fc.string({ maxLength: 5 }),
    fc.uint8Array({ maxLength: 9 }),
  );
  return fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, leaf, tie('list'), tie('packed'), tie('mark'), tie('message')),
    list: fc.array(tie('value'), { maxLength: 4 }),
    packed: fc.record({ value: tie('value'), marked: fc.boolean() }),
    mark: fc.tuple(words, tie('value')).map(([kind, data]) => mark(`mp.${kind}`, data)),
    message: fc.dictionary(
      fc
        .constantFrom(
          'from to id actor actorName object method args home name memory writes all key code lock'.split(
            ' ',
          ),
        )
        .chain((names) => fc.constantFrom(...names)),
      tie('value'),
      { maxKeys: 8 },
    ),
  })).value;
}

describe('a client that knows the key', () => {
  it(
    'may say anything: it is answered or closed, and others are served on',
    green(function* () {
      const { manager, server } = yield* served();
      const remote = yield* connected(server);
      const dict = manager.register('dict', manager.dict({ a: 1 }));
      const far = yield* remote.get<typeof dict>('dict');
      let insider = yield* intruder(server.port);
      let [answered, closed] = [0, 0];
      const say = async (message: unknown) => {
        if (insider.peer.socket.destroyed) insider = await intruder(server.port).promise();
        insider.peer.send(serialize(message));
        // Either this is answered, or it was closed.
        insider.peer.say(...callOf(insider.root, 'names', packed([]), { id: LAST }));
        let heard = await insider.peer.hear();
        while (heard !== null && heard[1].id !== LAST) heard = await insider.peer.hear();
        if (heard === null) closed++;
        else answered++;
      };
      const valid = fc
        .tuple(
          fc.constantFrom(insider.root, 1, 2, insider.base + 1),
          fc.constantFrom(
            'get',
            'names',
            'create',
            'createCells',
            'set',
            'acquire',
            'constructor',
            'toString',
          ),
          fc.array(anything(insider), { maxLength: 4 }),
        )
        .map(([object, method, args]) => callOf(object, method, packed(args)));
      const message = fc.oneof(valid, fc.tuple(anything(insider), anything(insider)), anything(insider));
      yield* until(fc.assert(fc.asyncProperty(message, say), { numRuns: 1500 }));
      expect([answered > 100, closed > 100]).toEqual([true, true]);
      yield* far.set('b', 2);
      expect([yield* far.get('a'), yield* far.get('b')]).toEqual([1, 2]);
      expect(({} as any).polluted).toBeUndefined();
    }),
  );

  it(
    'is closed for bytes that are no message, also for those that crash a careless reader',
    green(function* () {
      const { server, refused } = yield* served();
      const sparse = new Array(4_000_000_000);
      sparse[1] = 1;
      const deep = Buffer.concat([Buffer.from([255, 15]), Buffer.alloc(200_000, 'o')]);
      const evil = [
        Buffer.alloc(0),
        Buffer.from('nonsense'),
        serialize('call'),
        serialize(['call', null]),
        serialize(['eval', { code: 'process.exit()' }]),
        serialize(callOf(1, 'get', packed(sparse))),
        deep,
      ];
      for (const bytes of evil) {
        const { peer } = yield* intruder(server.port);
        peer.send(bytes);
        yield* until(peer.closed);
      }
      yield* until(eventually('all are told', () => refused.length === evil.length));
      yield* connected(server);
    }),
  );

  it(
    'gets at nothing that it was not given',
    green(function* () {
      const { manager, server } = yield* served();
      const secret = manager.list(['secret']);
      const open = manager.register('open', manager.list());
      const cells = manager.register('cells', manager.Value('i', 5));
      // It has a number, as if it had been given to somebody else.
      const remote = yield* connected(server);
      manager.register('secret', secret);
      yield* remote.get('secret');
      const { peer, root, base } = yield* intruder(server.port);
      const ask = function* (...args: Parameters<typeof callOf>) {
        peer.say(...callOf(...args));
        return (yield* until(peer.hear()))?.[1];
      };
      for (let object = 0; object < 40; object++) {
        if (object === root) continue;
        expect((yield* ask(object, 'at', packed([0]))).failure.value.data.message).toBe(
          `there is no object ${object} that has at`,
        );
      }
      expect((yield* ask(root, 'close', packed([]))).failure.value.data.message).toMatch(
        /^no object \d+ here has close$/,
      );
      for (const [kind, id] of [
        ['Process', base + 1],
        ['constructor', base + 1],
        ['dict', 1],
        ['dict', base],
        ['dict', base + 2 ** 33],
      ]) {
        expect((yield* ask(root, 'create', packed([kind, id, [[]]]))).failure).toBeDefined();
      }
      const opened = yield* ask(root, 'get', packed(['open']));
      const { id } = (Object.values(opened.value.value) as { id: number }[])[1] as { id: number };
      expect((yield* ask(id, 'push', packed([packed('x')]))).value.value).toBe(1);
      // Whoever claims what it was not given, or somebody else's name, is closed.
      const forged: [string, object][] = [
        callOf(id, 'push', packed([packed(mark('mp.list', { home: NAME, id: id + 1 }))])),
        callOf(id, 'push', packed([packed(mark('mp.dict', { home: NAME, id }))])),
        callOf(
          id,
          'push',
          packed([packed(mark('ref', { url: 'data:text/javascript,', name: 'f', text: '' }))]),
        ),
        callOf(id, 'push', packed([packed(mark('mp.Connection', { home: NAME, id, extra: {} }))])),
        callOf(id, 'push', packed([packed(mark('mp.ValueCell', { home: NAME, key: `${NAME}#1` }))])),
        callOf(id, 'push', packed([packed('x')]), { from: NAME }),
        callOf(id, 'push', packed([packed('x')]), { to: `${NAME}.m.7` }),
        ['write', { from: 'm', to: NAME, memory: `${NAME}#1`, writes: [[0, 9]] }],
        ['gone', { from: 'm', to: '*', home: NAME, name: 'x' }],
        ['gone', { from: 'm', to: '*', home: 'm', name: 'x' }],
      ];
      for (const message of forged) {
        const other = yield* intruder(server.port);
        other.peer.say(...callOf(other.root, 'get', packed(['open'])));
        yield* until(other.peer.hear());
        other.peer.say(...message);
        yield* until(other.peer.closed);
      }
      expect([yield* open.copy(), yield* secret.copy(), cells.value]).toEqual([['x'], ['secret'], 5]);
    }),
  );

  it(
    'writes to a value only items of its type, at places that are there',
    green(function* () {
      const { manager, server } = yield* served();
      const array = manager.register('array', manager.Array('i', [1, 2]));
      for (const write of [
        [2, 7],
        [-1, 7],
        ['__proto__', 7],
        [0, 'x'],
        [0, 1n],
        [0, null],
      ]) {
        const { peer, root } = yield* intruder(server.port);
        peer.say(...callOf(root, 'get', packed(['array'])));
        const [, reply] = yield* until(peer.hear());
        const { key } = (Object.values(reply.value.value) as { key: string }[])[1] as { key: string };
        peer.say('write', { from: 'm', to: NAME, memory: key.replace(/^m/, NAME), writes: [write] });
        yield* until(peer.closed);
      }
      expect(array.slice()).toEqual([1, 2]);
    }),
  );

  it(
    'cannot give values that are not packed, to the harm of others',
    green(function* () {
      const { manager, server } = yield* served();
      const [queue, list] = [manager.register('q', manager.Queue()), manager.register('l', manager.list())];
      const { peer, root } = yield* intruder(server.port);
      for (const [name, method] of [
        ['q', 'put'],
        ['q', 'unget'],
        ['l', 'push'],
        ['l', 'insert'],
      ]) {
        peer.say(...callOf(root, 'get', packed([name])));
        const { id } = Object.values((yield* until(peer.hear()))[1].value.value)[1] as { id: number };
        for (const value of [5, null, undefined, {}, { value: 1 }]) {
          peer.say(...callOf(id, method, packed(method === 'insert' ? [0, value] : [value])));
          expect((yield* until(peer.hear()))[1].failure.value.data.message).toMatch(
            /^a value must be packed/,
          );
        }
      }
      expect([yield* queue.qsize(), yield* list.length()]).toEqual([0, 0]);
    }),
  );

  it(
    'leaves nothing behind that nobody else knows of',
    green(function* () {
      const { manager, server } = yield* served();
      const list = manager.register('list', manager.list<unknown>());
      const remote = yield* connected(server);
      const far = yield* remote.get<typeof list>('list');
      const [kept, value, own] = [remote.Queue(), remote.Value('i', 1), remote.dict()];
      yield* kept.put('kept');
      yield* far.push(kept, value);
      yield* own.set('a', 1);
      yield* remote.close();
      const [queue, number] = (yield* list.copy()) as [Queue, Value];
      expect([queue, number]).toEqual([expect.any(Queue), expect.any(Value)]);
      expect([yield* queue.get(), yield* number.get()]).toEqual(['kept', 1]);
    }),
  );
});
