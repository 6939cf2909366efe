import {
  attempt,
  Condition,
  Deadlock,
  Event,
  type Green,
  hub,
  Lock,
  RLock,
  RWLock,
  race,
  select,
  sleep,
  spawn,
} from 'greenlets';
import { explore, runVirtual, virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { climber, killAll, only } from '../support/deadlocks.js';
import { keepHubSettings } from '../support/hub.js';
import { watchHub } from '../support/hub-watch.js';

keepHubSettings();
const watch = watchHub();

describe('a deadlock', () => {
  it(
    'of two is told when it closes, with both greenlets, both locks, where they were taken, and where each waits',
    virtual(function* () {
      const [a, b] = [new Lock({ name: 'accounts' }), new RLock({ name: 'log' })];
      const bystander = spawn(() => sleep(1000));
      const one = climber('one', a, b);
      const two = climber('two', b, a);
      yield* sleep(0);
      expect(watch.takeWarnings()).toEqual([]);
      yield* sleep(0);
      const { message, greenlet, at, error } = only(watch);
      expect(message.split('\n')[0]).toBe('2 greenlets wait for one another, and will for ever:');
      const place = String.raw`climb \(.*deadlocks\.ts:\d+:\d+\)`;
      const line = (who: string, operation: string, lock: string, holder: string) =>
        new RegExp(
          `<Greenlet '${who}'.*> in ${operation} of <\\w+ '${lock}' held by ${holder}.*> \\(taken at ${place}\\), waiting at ${place}`,
        );
      expect(message).toMatch(line('two', 'Lock.acquire', 'accounts', 'one'));
      expect(message).toMatch(line('one', 'RLock.acquire', 'log', 'two'));
      expect(at).toMatch(new RegExp(place));
      expect([greenlet, error]).toEqual([two, expect.any(Deadlock)]);
      expect([error?.message, error?.name, (error as Deadlock).code]).toEqual([
        message,
        'Deadlock',
        'DEADLOCK',
      ]);
      yield* killAll(one);
      yield* two.join();
      expect([a.locked(), b.locked(), bystander.dead]).toEqual([false, false, false]);
      yield* bystander.kill();
    }),
  );

  it(
    'of three is told once, by the one that closes it, and who waits for it later is not part of it',
    virtual(function* () {
      const locks = ['x', 'y', 'z'].map((name) => new Lock({ name }));
      const [x, y, z] = locks as [Lock, Lock, Lock];
      const all = [climber('one', x, y), climber('two', y, z), climber('three', z, x)];
      yield* waitAllBlocked();
      const { message, greenlet } = only(watch);
      expect(message).toContain('3 greenlets wait for one another');
      for (const word of ["'one'", "'two'", "'three'", "'x'", "'y'", "'z'"]) expect(message).toContain(word);
      expect(greenlet).toBe(all[2]);
      const other = new Lock();
      const fourth = climber('four', other, x);
      yield* waitAllBlocked();
      const fifth = climber('five', other);
      yield* waitAllBlocked();
      expect(watch.takeWarnings()).toEqual([]);
      yield* killAll(...all, fourth, fifth);
    }),
  );

  it(
    'with oneself is told, by acquire, hold and with',
    virtual(function* () {
      for (const way of [
        (lock: Lock) => lock.acquire(),
        (lock: Lock) => lock.hold(),
        (lock: Lock) => lock.with(() => {}),
      ]) {
        const lock = new Lock({ name: 'mine' });
        const g = spawn({ name: 'fool' }, function* () {
          yield* lock.acquire();
          yield* way(lock);
        });
        yield* waitAllBlocked();
        const { message } = only(watch);
        expect(message).toMatch(
          /^<Greenlet 'fool'.*> waits for itself, and will for ever:\n {2}<Greenlet 'fool'/,
        );
        expect(message).toMatch(/in Lock\.(acquire|hold) of <Lock 'mine' held by fool>/);
        yield* g.kill();
      }
    }),
  );

  it(
    'is thrown instead with hub.raiseOnDeadlock, where it closes, and leaves no trace',
    virtual(function* () {
      hub.raiseOnDeadlock = true;
      const [a, b] = [new Lock({ name: 'a' }), new RWLock({ name: 'b' })];
      const one = climber('one', a, b.write);
      const two = spawn({ name: 'two' }, function* () {
        yield* b.read.acquire();
        yield* sleep(0);
        const outcomes = [
          yield* attempt(a.acquire()),
          yield* attempt(a.hold()),
          yield* attempt(a.with(() => {})),
        ];
        expect(a.statistics()).toEqual({ holder: 'one', level: 1, waiters: 0 });
        b.read.release();
        return outcomes;
      });
      for (const { ok, error } of yield* two.get()) {
        expect([ok, error]).toEqual([false, expect.any(Deadlock)]);
        expect(String(error)).toContain("<Greenlet 'one'");
      }
      yield* one.get();
      expect([a.statistics(), b.statistics()]).toEqual([
        { holder: null, level: 0, waiters: 0 },
        { holder: null, level: 0, waiters: 0 },
      ]);
    }),
  );

  it(
    'is no deadlock while one of the cycle waits with a time limit, whichever it is',
    virtual(function* () {
      for (const timed of ['one', 'two']) {
        const [a, b] = [new Lock(), new Lock()];
        function* take(name: string, first: Lock, second: Lock): Green<void> {
          yield* first.acquire();
          yield* sleep(0);
          const taken = yield* second.acquire(name === timed ? { timeout: 50 } : {});
          expect(taken).toBe(name !== timed);
          if (taken) second.release();
          first.release();
        }
        const all = [spawn(take, 'one', a, b), spawn(take, 'two', b, a)];
        for (const each of all) yield* each.get();
        expect([a.locked(), b.locked()]).toEqual([false, false]);
      }
      expect(watch.takeWarnings()).toEqual([]);
    }),
  );

  it(
    'is no deadlock while one of the cycle waits in a select or a race, whichever it is',
    virtual(function* () {
      for (const choosy of ['one', 'two']) {
        const [a, b] = [new Lock(), new Lock()];
        function* take(name: string, first: Lock, second: Lock): Green<void> {
          yield* first.acquire();
          yield* sleep(0);
          if (name === choosy) {
            yield* select({ second: second.acquire(), time: sleep(50) });
            yield* race([second.acquire(), sleep(50)]);
          } else {
            yield* second.acquire();
            second.release();
          }
          first.release();
        }
        const all = [spawn(take, 'one', a, b), spawn(take, 'two', b, a)];
        for (const each of all) yield* each.get();
        expect([a.locked(), b.locked()]).toEqual([false, false]);
      }
      expect(watch.takeWarnings()).toEqual([]);
    }),
  );

  it(
    'is no deadlock while an owner sleeps, waits for an event, is ready, or is outside of greenlets',
    virtual(function* () {
      const [a, b] = [new Lock(), new RLock()];
      const event = new Event();
      const one = spawn(function* () {
        yield* a.with(() => event.wait());
      });
      yield* sleep(0);
      const two = climber('two', b, a);
      const three = climber('three', b);
      yield* waitAllBlocked();
      event.set();
      const four = climber('four', a);
      yield* killAll(one, two, three, four);
    }),
  );

  it('is none for code outside of greenlets, which may release what it waits for', async () => {
    await runVirtual(async () => {
      const lock = new Lock();
      await lock.acquire();
      const second = lock.acquire().promise();
      await sleep(5);
      lock.release();
      expect(await second).toBe(true);
      const g = spawn(() => lock.acquire());
      await sleep(5);
      lock.release();
      await g.join();
    });
  });

  it(
    'goes through the lock of a condition: by its acquire, and by a wait that is to take it back',
    virtual(function* () {
      const [changed, other] = [new Condition(new Lock({ name: 'state' })), new Lock({ name: 'other' })];
      const one = climber('one', changed, other);
      const two = climber('two', other, changed);
      yield* waitAllBlocked();
      expect(only(watch).message).toContain("'state'");
      yield* killAll(one, two);

      const waiter = spawn({ name: 'waiter' }, function* () {
        yield* other.acquire();
        yield* changed.with(() => changed.wait({ timeout: 10 }));
      });
      const owner = spawn({ name: 'owner' }, function* () {
        yield* sleep(1);
        yield* changed.with(function* () {
          // The time of the other is over by then: it waits for the lock.
          yield* sleep(20);
          yield* other.acquire();
        });
      });
      yield* sleep(100);
      const { message } = only(watch);
      for (const word of ["'waiter'", "'owner'", 'Condition.wait of <Condition', "'other'"]) {
        expect(message).toContain(word);
      }
      yield* killAll(owner, waiter);
    }),
  );

  it('is told exactly when a naive search finds a cycle, in any program of locks, in every order', async () => {
    let told = 0;
    await explore(
      function* (clock) {
        const locks = Array.from({ length: 3 }, (_, n) => new Lock({ name: `lock ${n}` }));
        /** For ever. */
        const waitsFor = new Map<string, Lock>();
        let expected = 0;
        const closes = (name: string): boolean => {
          const seen = new Set<string>();
          for (let at = name; !seen.has(at); ) {
            seen.add(at);
            const next = waitsFor.get(at)?.statistics().holder;
            if (next == null) return false;
            if (next === name) return true;
            at = next;
          }
          return false;
        };
        function* body(name: string): Green<void> {
          const mine: Lock[] = [];
          try {
            for (let step = 0; step < 4; step++) {
              const lock = locks[Math.floor(clock.random() * 3)] as Lock;
              if (mine.includes(lock)) continue;
              if (clock.random() < 0.2) {
                if (yield* lock.acquire({ timeout: 3 })) mine.push(lock);
                continue;
              }
              if (lock.locked()) {
                waitsFor.set(name, lock);
                if (closes(name)) expected++;
              }
              yield* lock.acquire();
              waitsFor.delete(name);
              mine.push(lock);
              if (clock.random() < 0.3) (mine.shift() as Lock).release();
              yield* sleep(0);
            }
          } finally {
            waitsFor.delete(name);
            for (const lock of mine) lock.release();
          }
        }
        const all = ['a', 'b', 'c', 'd'].map((name) => spawn({ name }, body, name));
        yield* sleep(100);
        const warnings = watch.takeWarnings();
        expect(warnings.map(({ code }) => code)).toEqual(new Array(expected).fill('DEADLOCK'));
        told += expected;
        // Without one, all have come to their end.
        if (expected === 0) expect(all.every(({ dead }) => dead)).toBe(true);
        yield* killAll(...all);
        watch.takeWarnings();
      },
      { runs: 400 },
    );
    expect(told).toBeGreaterThan(50);
  });
});
