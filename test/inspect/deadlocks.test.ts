import { hub, Lock, sleep, spawn } from 'greenlets';
import { deadlocks, dump } from 'greenlets/inspect';
import { virtual } from 'greenlets/testing';
import { describe, expect, it, onTestFinished } from 'vitest';

function silence(): void {
  hub.onWarning = () => {};
  onTestFinished(() => {
    hub.onWarning = null;
  });
}

describe('deadlocks', () => {
  it(
    'are the cycles of greenlets that wait for one another, each once, as long as there are any',
    virtual(function* () {
      silence();
      const [a, b] = [new Lock({ name: 'a' }), new Lock({ name: 'b' })];
      function* taking(first: Lock, second: Lock) {
        yield* first.acquire();
        yield* sleep(1);
        yield* second.acquire();
      }
      const one = spawn({ name: 'one' }, taking, a, b);
      expect(deadlocks()).toEqual([]);
      const other = spawn({ name: 'other' }, taking, b, a);
      // Waits for the cycle, and is no part of it.
      const third = spawn({ name: 'third' }, () => a.acquire());
      yield* sleep(5);
      const found = deadlocks();
      expect(found.map(({ greenlets }) => new Set(greenlets))).toEqual([new Set([one, other])]);
      expect(found[0]?.message).toMatch(/2 greenlets wait for one another, and will for ever/);
      expect(found[0]?.message).toMatch(
        /<Greenlet 'one'.*Lock\.acquire of <Lock 'b'.*deadlocks\.test\.ts:\d+/,
      );
      expect(dump()).toContain(`deadlock: ${found[0]?.message}`);
      yield* one.kill();
      expect(deadlocks()).toEqual([]);
      yield* other.kill();
      yield* third.kill();
    }),
  );

  it(
    'are also those of one that waits for itself, and not those that a timeout will end',
    virtual(function* () {
      silence();
      const lock = new Lock({ name: 'mine' });
      const twice = spawn({ name: 'twice' }, function* () {
        yield* lock.acquire();
        yield* lock.acquire();
      });
      const patient = new Lock();
      const later = spawn(function* () {
        yield* patient.acquire();
        return yield* patient.acquire({ timeout: 10 });
      });
      yield* sleep(1);
      expect(deadlocks().map(({ greenlets }) => greenlets)).toEqual([[twice]]);
      expect(yield* later.get()).toBe(false);
      yield* twice.kill();
    }),
  );
});
