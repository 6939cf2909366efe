/** What everything lock-like promises: called by the test of each. */
import {
  call,
  type Green,
  type Greenlet,
  GreenletError,
  getcurrent,
  type LockLike,
  rethrowExit,
  sleep,
  spawn,
  Timeout,
  until,
} from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { thrownBy } from './hub.js';
import { lockOperands } from './lock-operands.js';

export type AnyLock = LockLike & { ready(): boolean; statistics(): object; toString(): string };

export interface Tested {
  readonly lock: AnyLock;
  /** Takes all there is for whoever runs it: nobody else gets in until `drain`. */
  fill(): Green<void>;
  drain(): void;
  /** How many wait for it. */
  waiters(): number;
}

export interface Kind {
  /** As its operations are called in reports. */
  readonly title: string;
  make(name?: string): Tested;
  /** How many may hold it together. */
  readonly permits: number;
  /** Only the holder may release it. */
  readonly ownerOnly?: boolean;
  /** `release` also gives more than was taken. */
  readonly grows?: boolean;
  /** Its text says who holds it. */
  readonly showsHolder?: boolean;
}

/** Something lock-like that is filled by taking it `permits` times. */
export function filledByItself(lock: AnyLock, permits = 1): Tested {
  return {
    lock,
    *fill() {
      for (let i = 0; i < permits; i++) expect(yield* lock.acquire()).toBe(true);
    },
    drain() {
      for (let i = 0; i < permits; i++) lock.release();
    },
    waiters: () => (lock.statistics() as { waiters: number }).waiters,
  };
}

/** Takes it in a greenlet of its own, notes its name, and lets go. */
export function taker(lock: LockLike, name: string, log: string[]): Greenlet<void> {
  return spawn({ name }, function* () {
    yield* lock.acquire();
    log.push(name);
    lock.release();
  });
}

export function lockContract(kind: Kind): void {
  const { title, make } = kind;
  lockOperands(kind);

  describe(`${title}, as everything lock-like`, () => {
    it(
      'is taken at once while it is free: acquire gives exactly true and does not switch',
      virtual(function* () {
        const { lock } = make();
        let others = 0;
        spawn(() => others++);
        expect([lock.locked(), lock.ready()]).toEqual([false, true]);
        expect(yield* lock.acquire()).toBe(true);
        lock.release();
        expect(yield* lock.acquire({ blocking: false })).toBe(true);
        lock.release();
        expect(yield* lock.acquire({ timeout: 5 })).toBe(true);
        lock.release();
        expect(others).toBe(0);
        expect([lock.locked(), lock.ready()]).toEqual([false, true]);
      }),
    );

    it(
      'that is taken gives exactly false with blocking: false or timeout: 0, at once and without a switch',
      virtual(function* (clock) {
        const { lock, fill, drain } = make();
        yield* fill();
        const before = lock.statistics();
        expect([lock.locked(), lock.ready()]).toEqual([true, false]);
        const seen = yield* spawn(function* () {
          let others = 0;
          spawn(() => others++);
          const results = [yield* lock.acquire({ blocking: false }), yield* lock.acquire({ timeout: 0 })];
          return [...results, others];
        }).get();
        expect(seen).toEqual([false, false, 0]);
        expect([clock.now(), lock.statistics()]).toEqual([0, before]);
        drain();
      }),
    );

    it(
      'gives exactly false when timeout ms have passed, true when it falls free before',
      virtual(function* (clock) {
        const { lock, fill, drain } = make();
        yield* fill();
        const late = spawn(function* () {
          return [yield* lock.acquire({ timeout: 30 }), clock.now()];
        });
        const early = spawn(function* () {
          const taken = yield* lock.acquire({ timeout: 51 });
          lock.release();
          return [taken, clock.now()];
        });
        yield* sleep(50);
        drain();
        expect([yield* late.get(), yield* early.get()]).toEqual([
          [false, 30],
          [true, 50],
        ]);
        yield* sleep(100);
        expect(lock.locked()).toBe(false);
      }),
    );

    it(
      'serves first come, first served, also those that come later',
      virtual(function* () {
        const { lock, fill, drain, waiters } = make();
        const log: string[] = [];
        yield* fill();
        for (const name of 'abc') taker(lock, name, log);
        yield* waitAllBlocked();
        expect([log, waiters()]).toEqual([[], 3]);
        drain();
        taker(lock, 'd', log);
        yield* waitAllBlocked();
        expect(log).toEqual(['a', 'b', 'c', 'd']);
        expect(waiters()).toBe(0);
      }),
    );

    it(
      'runs nothing of a waiter inside release',
      virtual(function* () {
        const { lock, fill, drain } = make();
        const log: string[] = [];
        yield* fill();
        taker(lock, 'a', log);
        yield* waitAllBlocked();
        drain();
        expect(log).toEqual([]);
        yield* sleep(0);
        expect(log).toEqual(['a']);
      }),
    );

    if (kind.permits < Number.POSITIVE_INFINITY) {
      it(
        'hands over: what was released belongs to who waited, and nobody who runs can take it before',
        virtual(function* () {
          const { lock, fill, drain } = make();
          const { permits } = kind;
          yield* fill();
          const taken: Greenlet<boolean>[] = [];
          for (let i = 0; i < permits; i++) taken.push(spawn(() => lock.acquire()));
          yield* waitAllBlocked();
          drain();
          expect(lock.locked()).toBe(true);
          expect(yield* lock.acquire({ blocking: false })).toBe(false);
          expect(yield* lock.acquire({ timeout: 20 })).toBe(false);
          expect(taken.map(({ value }) => value)).toEqual(new Array(permits).fill(true));
        }),
      );
    }

    it(
      'refuses the release of what is not held, also after balanced use, and stays as it was',
      virtual(function* () {
        const { lock, fill, drain } = make('db');
        const fresh = lock.statistics();
        for (let round = 0; round < 2; round++) {
          if (kind.grows) {
            expect(lock.release()).toBe(kind.permits + 1);
            yield* lock.acquire();
          } else {
            const error = thrownBy(() => lock.release());
            expect(error).toBeInstanceOf(GreenletError);
            expect(String(error)).toContain("'db'");
          }
          expect(lock.statistics()).toEqual(fresh);
          yield* fill();
          drain();
        }
      }),
    );

    it(
      `may be released by ${kind.ownerOnly ? 'its holder only' : 'any greenlet'}`,
      virtual(function* () {
        const { lock } = make();
        yield* lock.acquire();
        const other = spawn(() => {
          lock.release();
        });
        if (kind.ownerOnly) {
          const error = yield* until(
            other.get().then(
              () => null,
              (reason: unknown) => reason,
            ),
          );
          expect(error).toBeInstanceOf(GreenletError);
          expect(String(error)).toContain(`${other.name} does not hold it`);
          expect(lock.locked()).toBe(true);
          lock.release();
        }
        yield* other.join();
        expect(lock.locked()).toBe(false);
      }),
    );

    it(
      'hold() gives what releases it once, however often it is disposed',
      virtual(function* () {
        const { lock, fill, drain } = make();
        const fresh = lock.statistics();
        const hold = yield* lock.hold();
        expect(lock.statistics()).not.toEqual(fresh);
        hold[Symbol.dispose]();
        expect(lock.statistics()).toEqual(fresh);
        yield* fill();
        const filled = lock.statistics();
        hold[Symbol.dispose]();
        yield* until(hold[Symbol.asyncDispose]());
        expect(lock.statistics()).toEqual(filled);
        drain();
        {
          using _ = yield* lock.hold();
          expect(lock.statistics()).not.toEqual(fresh);
        }
        expect(lock.statistics()).toEqual(fresh);
      }),
    );

    it(
      'hold({ timeout }) throws a Timeout that names operation, lock and greenlet, and has taken nothing',
      virtual(function* (clock) {
        const { lock, fill, drain } = make('db');
        yield* fill();
        const before = lock.statistics();
        for (const timeout of [0, 25]) {
          const error = yield* spawn({ name: 'late' }, function* () {
            try {
              return yield* lock.hold({ timeout });
            } catch (reason) {
              rethrowExit(reason);
              return reason;
            }
          }).get();
          expect(error).toBeInstanceOf(Timeout);
          for (const word of ['.hold of <', "'db'", "<Greenlet 'late'"])
            expect(String(error)).toContain(word);
          if (timeout > 0) expect(String(error)).toContain('lock-contract.ts');
          expect(lock.statistics()).toEqual(before);
        }
        expect(clock.now()).toBe(25);
        drain();
        const hold = yield* lock.hold({ timeout: 5 });
        hold[Symbol.dispose]();
      }),
    );

    it(
      'with(fn) holds it while fn runs in the same greenlet, and lets go on a value, an error and a kill',
      virtual(function* () {
        const { lock } = make();
        const fresh = lock.statistics();
        const self = getcurrent();
        const seen: unknown[] = [];
        const note = () => seen.push(getcurrent() === self, lock.statistics());
        const value = yield* lock.with(function* () {
          note();
          yield* sleep(1);
          return 42;
        });
        expect([value, lock.statistics()]).toEqual([42, fresh]);
        expect(yield* lock.with(() => 'plain')).toBe('plain');
        expect(yield* lock.with(async () => 'async')).toBe('async');
        const error = new Error('inside');
        for (const fails of [() => Promise.reject(error), () => sleep(1).then(() => Promise.reject(error))]) {
          const caught = yield* until(
            lock.with(fails).then(
              () => null,
              (reason: unknown) => reason,
            ),
          );
          expect([caught, lock.statistics()]).toEqual([error, fresh]);
        }
        expect(seen).toEqual([true, expect.not.objectContaining(fresh)]);
        const g = spawn(() => lock.with(() => sleep(1000)));
        yield* waitAllBlocked();
        expect(lock.statistics()).not.toEqual(fresh);
        yield* g.kill();
        expect(lock.statistics()).toEqual(fresh);
        expect(() => lock.with(5 as never)).toThrow('fn must be a function, got 5 (number)');
      }),
    );

    for (const fought of [false, true]) {
      it(
        `with(fn) runs whatever fn is or gives while it holds it, ${fought ? 'having waited for it' : 'free'}`,
        virtual(function* () {
          const { lock, fill, drain } = make();
          const fresh = lock.statistics();
          const error = new Error('inside');
          const list = [1];
          const used = (function* () {})();
          yield* call(() => used);
          const held: object[] = [];
          const outcomes: unknown[] = [];
          const bodies: (() => unknown)[] = [
            () => list,
            () => getcurrent(),
            () => sleep(1).then(() => 'promise'),
            () => sleep(1),
            function* () {
              yield* sleep(1);
              return 'generator';
            },
            () => {
              throw error;
            },
            function* () {
              yield* sleep(0);
              throw error;
            },
            () => used,
          ];
          for (const body of bodies) {
            if (fought) yield* fill();
            const g = spawn(function* () {
              try {
                return yield* lock.with((): unknown => {
                  held.push(lock.statistics());
                  return body();
                });
              } catch (reason) {
                rethrowExit(reason);
                return reason;
              }
            });
            if (fought) {
              yield* waitAllBlocked();
              drain();
            }
            outcomes.push(yield* g.get());
            expect(lock.statistics()).toEqual(fresh);
          }
          expect(held).toHaveLength(bodies.length);
          for (const state of held) expect(state).not.toEqual(fresh);
          expect(outcomes.map(String)).toEqual([
            '1',
            expect.stringContaining('<Greenlet'),
            'promise',
            'undefined',
            'generator',
            String(error),
            String(error),
            expect.stringContaining('this generator was used already'),
          ]);
        }),
      );
    }

    it(
      'with(fn) does not take it when an error waits, and fn does not run',
      virtual(function* () {
        const { lock } = make();
        const fresh = lock.statistics();
        const seen: unknown[] = [];
        const g: Greenlet<void> = spawn(function* () {
          g.kill({ block: false });
          yield* lock.with(() => seen.push('ran'));
        });
        yield* g.join();
        expect([seen, g.killed, lock.statistics()]).toEqual([[], true, fresh]);
      }),
    );

    it(
      'shows its state as plain, frozen data, and as one line that names it and counts who waits',
      virtual(function* () {
        const { lock, fill, drain } = make('db');
        const fresh = lock.statistics();
        yield* fill();
        const log: string[] = [];
        for (const name of 'ab') taker(lock, name, log);
        yield* waitAllBlocked();
        const state = lock.statistics();
        expect(Object.isFrozen(state)).toBe(true);
        expect(structuredClone(state)).toEqual(state);
        expect(String(lock)).toMatch(/^<[A-Z].* 'db' .*2 waiting.*>$/);
        if (kind.showsHolder) expect(String(lock)).toContain(`by ${getcurrent().name}`);
        drain();
        yield* waitAllBlocked();
        expect(lock.statistics()).toEqual(fresh);
        expect(String(lock)).not.toContain('waiting');
      }),
    );

    it('refuses what is no option, at the call', () => {
      const { lock } = make();
      expect(() => lock.acquire({ timeout: -1 })).toThrow('timeout must be 0 or more milliseconds, got -1');
      expect(() => lock.acquire({ timeout: '5' as never })).toThrow(TypeError);
      expect(() => lock.acquire(5 as never)).toThrow('options must be an object such as { blocking: false }');
      expect(() => lock.hold({ timeout: Number.NaN })).toThrow(RangeError);
    });
  });
}
