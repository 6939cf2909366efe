/** What a manager makes, here and over a connection: the same, but that functions do not pass. */
import { all, attempt, type Green, green, joinall, sleep, spawn } from 'greenlets';
import { type DictProxy, Manager, type Queue, setStartMethod } from 'greenlets/multiprocessing';
import { afterEach, describe, expect, it } from 'vitest';
import type { Maker } from '../../src/multiprocessing/makers.js';
import { watchHub } from '../support/hub-watch.js';
import { watchLeftovers } from '../support/leftovers.js';
import { thrownBy } from '../support/sockets.js';
import { connected, served } from './network/support.js';

watchHub();
watchLeftovers();
afterEach(() => setStartMethod('process'));

/** Two that make, of which the second gets what the first has made: it is passed on in a dict. */
function* here(): Green<[Maker, (object: unknown) => Green<any>]> {
  const manager = Manager();
  const passed = manager.dict<unknown>();
  return [manager, (object) => pass(passed, passed, object)];
}

function* far(): Green<[Maker, (object: unknown) => Green<any>]> {
  const { manager, server } = yield* served();
  manager.register('passed', manager.dict());
  const [first, second] = [yield* connected(server), yield* connected(server)];
  const [to, from] = [yield* first.get<DictProxy>('passed'), yield* second.get<DictProxy>('passed')];
  return [first, (object) => pass(to, from, object)];
}

function* farShared(): Green<[Maker, (object: unknown) => Green<any>]> {
  setStartMethod('worker');
  return yield* far();
}

function* pass(to: DictProxy, from: DictProxy, object: unknown): Green<unknown> {
  yield* to.set('it', object);
  return yield* from.get('it');
}

describe.each([
  ['here', here],
  ['far away', far],
  ['far away, with memory that threads share', farShared],
])('what is made %s', (_name, begin) => {
  it(
    'dicts and namespaces keep the types of their keys',
    green(function* () {
      const [make, passOn] = yield* begin();
      const d = make.dict<any>(
        new Map<any, any>([
          [1, 'one'],
          ['1', 'text'],
        ]),
      );
      const same: typeof d = yield* passOn(d);
      yield* same.set(0.25, null);
      yield* same.update({ a: [1, { b: 2n }] });
      yield* same.update([[true, new Date(5)]]);
      expect(yield* d.copy()).toEqual(
        new Map<any, any>([
          [1, 'one'],
          ['1', 'text'],
          [0.25, null],
          ['a', [1, { b: 2n }]],
          [true, new Date(5)],
        ]),
      );
      expect([yield* d.keys(), yield* d.size()]).toEqual([[1, '1', 0.25, 'a', true], 5]);
      expect([
        yield* d.pop('1'),
        yield* d.pop('1', 'none'),
        yield* d.get('x', 'none'),
        yield* d.get('x'),
      ]).toEqual(['text', 'none', 'none', undefined]);
      expect([yield* d.setdefault('s', 1), yield* d.setdefault('s', 2)]).toEqual([1, 1]);
      expect([yield* d.has('s'), yield* d.delete('s'), yield* d.delete('s'), yield* d.has('s')]).toEqual([
        true,
        true,
        false,
        false,
      ]);
      expect(yield* same.items()).toEqual([
        [1, 'one'],
        [0.25, null],
        ['a', [1, { b: 2n }]],
        [true, new Date(5)],
      ]);
      yield* same.clear();
      expect(yield* d.values()).toEqual([]);
      const ns = make.Namespace({ x: 1 });
      yield* (yield* passOn(ns)).set('y', 2);
      expect([yield* ns.get('x'), yield* ns.get('y')]).toEqual([1, 2]);
      expect((yield* thrownBy(() => d.set({} as never, 1))).message).toMatch(/^key must be/);
      expect((yield* thrownBy(() => d.set('f', () => 1))).message).toMatch(/^value .* cannot be sent/);
    }),
  );

  it(
    'lists do what the methods of arrays do',
    green(function* () {
      const [make, passOn] = yield* begin();
      const l = make.list<any>([3, 1]);
      const same: typeof l = yield* passOn(l);
      expect([yield* same.push(2, 'x'), yield* l.pop(), yield* l.pop(0), yield* l.at(-1)]).toEqual([
        4,
        'x',
        3,
        2,
      ]);
      yield* l.insert(0, 9);
      yield* l.extend([5, 4]);
      yield* l.set(-1, 0);
      expect([yield* l.copy(), yield* l.length(), yield* l.indexOf(5)]).toEqual([[9, 1, 2, 5, 0], 5, 3]);
      yield* l.sort();
      expect(yield* same.slice(1, 3)).toEqual([1, 2]);
      yield* l.sort({ reverse: true });
      yield* l.reverse();
      expect([yield* l.remove(9), yield* l.remove(9), yield* l.copy()]).toEqual([true, false, [0, 1, 2, 5]]);
      expect((yield* thrownBy(() => l.set(9, 1))).message).toMatch(/out of range/);
    }),
  );

  it(
    'locks, semaphores and conditions are held by one greenlet, or as many as may, at a time',
    green(function* () {
      const [make, passOn] = yield* begin();
      for (const lock of [
        make.Lock(),
        make.RLock(),
        make.Semaphore(1),
        make.BoundedSemaphore(1),
        make.Condition(),
      ]) {
        const same: typeof lock = yield* passOn(lock);
        let inside = 0;
        let most = 0;
        const enter = function* (by: typeof lock) {
          yield* by.with(function* () {
            most = Math.max(most, ++inside);
            yield* sleep(0);
            inside--;
          });
        };
        yield* all([lock, same, lock, same].map((each) => enter(each)));
        expect([most, yield* lock.acquire(), yield* same.locked()]).toEqual([1, true, true]);
        expect(yield* spawn(() => same.acquire({ blocking: false })).get()).toBe(false);
        expect(yield* spawn(() => same.acquire({ timeout: 1 })).get()).toBe(false);
        yield* lock.release();
        expect(yield* same.locked()).toBe(false);
      }
      const rlock = make.RLock();
      expect([yield* rlock.acquire(), yield* rlock.acquire()]).toEqual([true, true]);
      yield* rlock.release();
      expect(yield* rlock.locked()).toBe(true);
      const other = spawn(() => attempt(() => rlock.release()));
      expect(((yield* other.get()) as { ok: boolean }).ok).toBe(false);
      const bounded = make.BoundedSemaphore(2);
      expect((yield* thrownBy(() => bounded.release())).message).toMatch(/all 2 permits are free/);
    }),
  );

  it(
    'conditions notify those that wait, barriers let all go on at once, and events tell everyone',
    green(function* () {
      const [make, passOn] = yield* begin();
      const lock = make.Lock();
      const condition = make.Condition(lock);
      const same: typeof condition = yield* passOn(condition);
      const order: string[] = [];
      const wait = function* (name: string, c: typeof condition) {
        yield* c.with(function* () {
          order.push(`${name} waits`);
          order.push(`${name} ${yield* c.wait({ timeout: 60_000 })}`);
        });
      };
      const waiters = [spawn(wait, 'a', condition), spawn(wait, 'b', same)];
      while (order.length < 2) yield* sleep(1);
      yield* condition.with(() => condition.notifyAll());
      yield* joinall(waiters);
      expect(order.sort()).toEqual(['a true', 'a waits', 'b true', 'b waits']);
      expect(yield* condition.with(() => condition.waitFor(() => false, { timeout: 1 }))).toBe(false);

      const barrier = make.Barrier(2);
      const arrived = yield* all([barrier.wait(), (yield* passOn(barrier)).wait()]);
      expect([[...arrived].sort(), yield* barrier.state()]).toEqual([
        [0, 1],
        { parties: 2, nWaiting: 0, broken: false },
      ]);
      yield* barrier.abort();
      expect((yield* thrownBy(() => barrier.wait())).name).toBe('BrokenBarrierError');
      yield* barrier.reset();

      const event = make.Event();
      const told = spawn(() => event.wait());
      expect([yield* event.isSet(), yield* event.wait({ timeout: 1 })]).toEqual([false, false]);
      yield* (yield* passOn(event)).set();
      expect([yield* told.get(), yield* event.isSet()]).toEqual([true, true]);
      yield* event.clear();
      expect(yield* event.isSet()).toBe(false);
    }),
  );

  it(
    'queues hand over in order, wait, and count the work',
    green(function* () {
      const [make, passOn] = yield* begin();
      const q = make.Queue<any>(2);
      const same: Queue<any> = yield* passOn(q);
      const getting = spawn(() => same.get());
      yield* q.put({ first: [1] });
      expect(yield* getting.get()).toEqual({ first: [1] });
      yield* q.put('a');
      yield* same.put('b');
      expect([yield* q.qsize(), yield* q.full(), yield* q.empty()]).toEqual([2, true, false]);
      expect((yield* thrownBy(() => q.putNowait('c'))).name).toBe('Full');
      expect((yield* thrownBy(() => same.put('c', { timeout: 1 }))).name).toBe('Full');
      expect([yield* same.get(), yield* q.getNowait()]).toEqual(['a', 'b']);
      expect((yield* thrownBy(() => same.getNowait())).name).toBe('Empty');
      yield* same.shutdown();
      expect((yield* thrownBy(() => q.put('d'))).name).toBe('ShutDown');

      const tasks = make.JoinableQueue();
      yield* tasks.put('task');
      const worker = yield* passOn(tasks);
      expect([yield* worker.get(), yield* tasks.join({ timeout: 1 })]).toEqual(['task', false]);
      yield* worker.taskDone();
      expect(yield* tasks.join()).toBe(true);
      expect((yield* thrownBy(() => worker.taskDone())).name).toBe('GreenletError');
    }),
  );

  it(
    'values and arrays agree after an acquire, and are read and written at once',
    green(function* () {
      const [make, passOn] = yield* begin();
      const v = make.Value('d', 1.5);
      const a = make.Array('i', [1, 2, 3]);
      const [w, b]: [typeof v, typeof a] = [yield* passOn(v), yield* passOn(a)];
      v.value = 2.5;
      a[1] = 20;
      expect([v.value, a[1]]).toEqual([2.5, 20]);
      yield* v.getLock().with(() => {});
      expect([yield* w.get(), yield* b.get(1), w.value, b.slice()]).toEqual([2.5, 20, 2.5, [1, 20, 3]]);
      yield* w.set(4);
      yield* b.with(() => {
        b[0] = 7;
      });
      expect([yield* v.get(), yield* a.get(0), b.length]).toEqual([4, 7, 3]);
      expect(() => make.Value('x' as never)).toThrow(/^typecode must be one of these/);
      expect([make.Value('c', 'z').value, make.Value('q', 5n).value, make.Array('B', 2).slice()]).toEqual([
        'z',
        5n,
        [0, 0],
      ]);
    }),
  );
});
