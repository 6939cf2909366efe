import { Lock, RWLock, select, sleep, spawn } from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { climber, killAll, only } from '../support/deadlocks.js';
import { watchHub } from '../support/hub-watch.js';

const watch = watchHub();

describe('a deadlock of an RWLock', () => {
  it(
    'is told when a reader wants to write, a writer to read, and a reader to read behind a waiting writer',
    virtual(function* () {
      const table = new RWLock({ name: 'table' });
      const { read, write } = table;
      for (const [first, second] of [
        [read, write],
        [write, read],
        [write, write],
      ] as const) {
        const g = climber('upgrader', first, second);
        yield* waitAllBlocked();
        const { message } = only(watch);
        expect(message).toContain("<Greenlet 'upgrader'");
        expect(message).toContain(`RWLock.${second === read ? 'read' : 'write'}.acquire of <RWLock.`);
        yield* g.kill();
      }
      const reader = climber('reader', read, new Lock(), read);
      yield* sleep(0);
      const writer = climber('writer', write);
      yield* waitAllBlocked();
      const { message } = only(watch);
      for (const word of [
        '2 greenlets',
        "'reader'",
        "'writer'",
        'RWLock.read.acquire',
        'RWLock.write.acquire',
      ]) {
        expect(message).toContain(word);
      }
      yield* killAll(reader, writer);
    }),
  );

  it(
    'goes through the reader behind a waiting writer, that one and the readers that it waits for',
    virtual(function* () {
      const table = new RWLock({ name: 'table' });
      const lock = new Lock({ name: 'lock' });
      const inside = spawn({ name: 'inside' }, function* () {
        yield* table.read.acquire();
        yield* sleep(10);
        yield* lock.acquire();
      });
      yield* sleep(0);
      const writer = climber('writer', table.write);
      yield* sleep(0);
      const behind = climber('behind', lock, table.read);
      yield* sleep(5);
      expect(watch.takeWarnings()).toEqual([]);
      yield* sleep(10);
      const { message } = only(watch);
      for (const word of ['3 greenlets', "'inside'", "'writer'", "'behind'", "'lock'", "'table'"]) {
        expect(message).toContain(word);
      }
      yield* killAll(inside, writer, behind);
    }),
  );

  it(
    'is none when the writer that the reader stands behind has a time limit, or may choose, or is outside',
    virtual(function* () {
      const ways: ((table: RWLock) => unknown)[] = [
        (table) => spawn(() => table.write.acquire({ timeout: 20 })),
        (table) => spawn(() => select({ write: table.write.acquire() }, { timeout: 20 })),
        (table) => void Promise.resolve().then(() => table.write.acquire({ timeout: 20 })),
      ];
      for (const begin of ways) {
        const table = new RWLock();
        yield* table.read.acquire();
        begin(table);
        yield* waitAllBlocked();
        expect(table.statistics().waiters).toBe(1);
        // Let in when the writer has gone.
        expect(yield* table.read.acquire()).toBe(true);
        expect(table.statistics()).toEqual({ holder: null, level: 2, waiters: 0 });
      }
      expect(watch.takeWarnings()).toEqual([]);
    }),
  );
});
