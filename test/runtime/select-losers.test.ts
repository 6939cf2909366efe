/** What a select leaves behind of the operands that lost: nothing. */
import {
  all,
  Channel,
  call,
  type Green,
  GreenletExit,
  hub,
  Lock,
  type Operation,
  Queue,
  race,
  Semaphore,
  select,
  sleep,
  spawn,
  spawnLater,
  suspend,
  type Waker,
  withTimeout,
} from 'greenlets';
import { explore, sweepKills, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';

watchHub();

const never = () => sleep(Number.POSITIVE_INFINITY);

function* stubborn(log: string[], name: string): Green<never> {
  try {
    log.push(`${name} begun`);
    return (yield* never()) as never;
  } finally {
    yield* sleep(5);
    log.push(`${name} dead`);
  }
}

function* body(): Green<string> {
  yield* sleep(0);
  return 'body';
}

describe('select', () => {
  it(
    'leaves no trace of those that lost: items, permits and locks go to whoever comes behind',
    virtual(function* () {
      const [queue, semaphore, lock] = [new Queue<number>(), new Semaphore(0), new Lock()];
      yield* lock.acquire();
      const selecting = spawn(() =>
        select({ get: queue.get(), acquire: semaphore.acquire(), lock: lock.acquire(), time: sleep(10) }),
      );
      yield* sleep(5);
      const behind = spawn(() => all([queue.get(), semaphore.acquire(), lock.acquire()]));
      yield* sleep(10);
      expect(yield* selecting.get()).toEqual({ key: 'time', value: undefined });
      queue.putNowait(1);
      semaphore.release();
      lock.release();
      expect(yield* behind.get()).toEqual([1, true, true]);
      expect([queue.qsize(), semaphore.counter]).toEqual([0, 0]);
    }),
  );

  it(
    'of two that come in one turn takes the first, and the other stays for others',
    virtual(function* () {
      const [a, b, semaphore] = [new Queue<string>(), new Queue<string>(), new Semaphore(0)];
      const selecting = spawn(() => select({ a: a.get(), b: b.get(), permit: semaphore.acquire() }));
      yield* sleep(0);
      b.putNowait('b');
      a.putNowait('a');
      semaphore.release();
      expect(yield* selecting.get()).toEqual({ key: 'b', value: 'b' });
      expect([a.getNowait(), b.qsize(), semaphore.counter]).toEqual(['a', 0, 1]);
    }),
  );

  it(
    'has the bodies that lost dead before it gives its result, those of selects within it, too',
    virtual(function* (clock) {
      const log: string[] = [];
      const queue = new Queue<number>();
      spawnLater(1, () => queue.put(5));
      const inner = select({ x: stubborn(log, 'x'), nested: race([stubborn(log, 'y')]) });
      expect(yield* select({ inner, get: queue.get(), z: call(stubborn, log, 'z') })).toEqual({
        key: 'get',
        value: 5,
      });
      expect(log).toEqual(['x begun', 'y begun', 'z begun', 'x dead', 'y dead', 'z dead']);
      expect(clock.now()).toBe(6);
    }),
  );

  it(
    'within a select wins it at once, also while its own losers die: what it won is not lost',
    virtual(function* (clock) {
      const log: string[] = [];
      const [a, b] = [new Queue<string>(), new Queue<string>()];
      const selecting = spawn(() =>
        select({ inner: select({ a: a.get(), body: stubborn(log, 'x') }), b: b.get(), time: sleep(3) }),
      );
      yield* sleep(1);
      a.putNowait('a');
      b.putNowait('b');
      const result = yield* selecting.get();
      expect(result).toEqual({ key: 'inner', value: { key: 'a', value: 'a' } });
      expect([log, clock.now(), b.qsize()]).toEqual([['x begun', 'x dead'], 6, 1]);
    }),
  );

  it(
    'an operand whose start lets another one win is not left behind, nor what stands behind it begun',
    virtual(function* () {
      const queue = new Queue<string>(1, { items: ['item'] });
      const other = new Queue<number>();
      const log: string[] = [];
      let first!: Waker<string>;
      const waiting = suspend<string>('first', (wake) => {
        first = wake;
      });
      const opening = suspend('second', () => {
        first.resolve('won');
        return () => void log.push('undone');
      });
      const selects: Operation<unknown>[] = [
        select({ waiting, opening, third: queue.get() }),
        select({ waiting, inner: select({ opening, third: queue.get(), fourth: other.get() }) }),
        select({ inner: all([waiting]), outer: all([other.get(), opening, queue.get()]) }),
      ];
      for (const each of selects) {
        expect(JSON.stringify(yield* each)).toContain('won');
        expect(log.splice(0)).toEqual(['undone']);
        expect([queue.qsize(), other.statistics().waiters]).toEqual([1, 0]);
      }
    }),
  );

  it(
    'killed or timed out while it waits, undoes all of its operands and kills its bodies',
    virtual(function* () {
      const log: string[] = [];
      const [queue, semaphore] = [new Queue<number>(), new Semaphore(0)];
      const operands = () => ({ get: queue.get(), permit: semaphore.acquire(), body: stubborn(log, 'body') });
      const killed = spawn(() => select(operands(), { timeout: 1000 }));
      yield* sleep(1);
      yield* killed.kill();
      expect(killed.value).toBeInstanceOf(GreenletExit);
      yield* sleep(10);
      expect(yield* withTimeout(10, { timeoutValue: 'late' }, select(operands()))).toBe('late');
      yield* sleep(10);
      expect(log).toEqual(['body begun', 'body dead', 'body begun', 'body dead']);
      expect([queue, semaphore].map((each) => each.statistics().waiters)).toEqual([0, 0]);
      expect(hub.stats().timers).toBe(0);
    }),
  );

  it(
    'that has won has happened: a kill that comes before it runs on is thrown at the next suspension',
    virtual(function* () {
      const queue = new Queue<number>();
      const log: string[] = [];
      for (const losers of [{ never: never() }, { body: stubborn(log, 'x') }]) {
        const g = spawn(function* () {
          const { value } = yield* select({ get: queue.get(), ...losers });
          log.push(`got ${value}`);
          yield* sleep(0);
          log.push('not reached');
        });
        yield* sleep(1);
        queue.putNowait(1);
        yield* g.kill();
      }
      expect(log).toEqual(['got 1', 'x begun', 'x dead', 'got 1']);
      expect(queue.statistics()).toEqual({ ...new Queue().statistics(), unfinishedTasks: 2 });
    }),
  );

  it('is undone by a kill at any suspension', async () => {
    const kills = await sweepKills(function* () {
      const [queue, semaphore] = [new Queue<number>(), new Semaphore(0)];
      const releasing = spawnLater(5, () => void semaphore.release());
      let taken = 0;
      try {
        yield* select({ get: queue.get(), inner: select({ permit: semaphore.acquire(), time: sleep(50) }) });
        taken = 1;
        yield* select({ get: queue.get(), put: call(body), time: sleep(5) });
        yield* select({ get: queue.get() }, { timeout: 5 });
      } finally {
        void releasing.kill();
        const waiters = [queue, semaphore].map((each) => each.statistics().waiters);
        expect([...waiters, semaphore.counter]).toEqual([0, 0, 0]);
        expect(taken).toBeLessThanOrEqual(1);
      }
    });
    expect(kills).toBe(3);
  });

  it('of many on the same queues and channels loses and doubles nothing, in any order', async () => {
    await explore(
      function* (clock) {
        const [channel, queue] = [new Channel<number>(), new Queue<number>(1)];
        const [put, got]: [number[], number[]] = [[], []];
        let next = 0;
        function* worker(): Green<void> {
          for (let i = 0; i < 4; i++) {
            const item = next++;
            const { key, value } = yield* select(
              {
                a: clock.random() < 0.5 ? channel.put(item) : queue.put(item),
                b: select({ c: channel.get(), q: clock.random() < 0.5 ? queue.get() : never() }),
              },
              { timeout: 1 + Math.floor(clock.random() * 3) },
            );
            if (key === 'a') put.push(item);
            else if (key === 'b') got.push((value as { value: number }).value);
          }
        }
        const workers = Array.from({ length: 5 }, () => spawn(worker));
        for (const each of workers) yield* each.get();
        while (!queue.empty()) got.push(queue.getNowait());
        expect(got.sort((a, b) => a - b)).toEqual(put.sort((a, b) => a - b));
        expect([channel, queue].map((each) => each.statistics().waiters)).toEqual([0, 0]);
      },
      { runs: 300 },
    );
  });

  it(
    'a select is not touched by what comes to the operands of an earlier one, however that ended',
    virtual(function* (clock) {
      const old = Array.from({ length: 3 }, () => new Queue<string>());
      const fresh = Array.from({ length: 3 }, () => new Queue<string>());
      const pick = ([a, b, c]: Queue<string>[]) =>
        select({
          a: (a as Queue<string>).get(),
          b: (b as Queue<string>).get(),
          c: (c as Queue<string>).get(),
        });
      // One that is won, one that runs out of time, one that is killed, one that is ready at once.
      const won = spawn(() => pick(old));
      yield* sleep(0);
      old[1]?.putNowait('won');
      expect(yield* won.get()).toEqual({ key: 'b', value: 'won' });
      expect(yield* select({ x: (old[0] as Queue<string>).get() }, { timeout: 1 })).toEqual({ key: null });
      const killed = spawn(() => pick(old));
      yield* sleep(0);
      yield* killed.kill();
      old[2]?.putNowait('ready');
      expect(yield* pick(old)).toEqual({ key: 'c', value: 'ready' });
      // Many at once, so that whatever is used again is in use.
      const waiting = Array.from({ length: 5 }, () => spawn(() => pick(fresh)));
      yield* sleep(0);
      for (const queue of old) queue.putNowait('late');
      yield* clock.advance(10);
      expect(waiting.map((each) => each.dead)).toEqual([false, false, false, false, false]);
      expect(old.map((queue) => queue.qsize())).toEqual([1, 1, 1]);
      for (let i = 0; i < 5; i++) fresh[i % 3]?.putNowait(`item ${i}`);
      const values = [];
      for (const each of waiting) values.push((yield* each.get()).value);
      expect(values).toEqual(['item 0', 'item 1', 'item 2', 'item 3', 'item 4']);
      expect(fresh.map((queue) => queue.statistics().waiters)).toEqual([0, 0, 0]);
    }),
  );
});
