import * as daily from 'greenlets';
import { virtual } from 'greenlets/testing';
import * as threading from 'greenlets/threading';
import { describe, expect, it } from 'vitest';

describe('the names that threading shares with the daily door', () => {
  it.each([
    'Barrier',
    'BoundedSemaphore',
    'BrokenBarrierError',
    'Condition',
    'Event',
    'Local',
    'Lock',
    'RLock',
    'Semaphore',
    'local',
  ])('%s is the same', (name) => {
    const [here, there]: Record<string, unknown>[] = [{ ...threading }, { ...daily }];
    expect(here?.[name]).toBe(there?.[name]);
  });
});

describe('local', () => {
  it(
    'has other attributes in every thread, a subclass too',
    virtual(function* () {
      class Mine extends threading.Local {
        constructor(first: string) {
          super(first);
          this.list = [first];
        }
      }
      const plain = threading.local({ count: 0 });
      const mine = new Mine('a');
      plain.count = 5;
      mine.list.push('main');
      const seen: unknown[] = [];
      const thread = new threading.Thread({
        *target() {
          plain.count++;
          mine.list.push('thread');
          yield* daily.sleep(1);
          seen.push(plain.count, mine.list);
        },
      });
      thread.start();
      yield* thread.join();
      expect([seen, plain.count, mine.list]).toEqual([[1, ['a', 'thread']], 5, ['a', 'main']]);
    }),
  );
});
