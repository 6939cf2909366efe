/** `more` and `next` of Results as operands: when they lose, nothing has been taken. */
import { call, each, type Green, iwait, Pool, Queue, type Results, select, sleep, spawn } from 'greenlets';
import { explore, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';

watchHub();

const VALUES = [1, 2, 3, 4, 5];

function* after<T>(ms: number, value: T): Green<T> {
  yield* sleep(ms);
  return value;
}

/** Each gives VALUES, the next one some time after the one before. */
const kinds: Record<string, () => Results<number>> = {
  'an iterable': () => each(VALUES),
  'an async iterable': () =>
    each(
      (async function* () {
        for (const value of VALUES) yield await call(after<number>, value, value);
      })(),
    ),
  imap: () => new Pool(2).imap((value) => after(5, value), VALUES),
  imapUnordered: () => new Pool(1).imapUnordered((value) => after(5, value), VALUES),
  'items of a queue': () => {
    const queue = new Queue<number>();
    spawn(function* () {
      for (const value of VALUES) yield* queue.put(yield* after(3, value));
      queue.shutdown();
    });
    return queue.items();
  },
};

function* readAll(results: Results<number>, waitFor: () => number): Green<number[]> {
  const got: number[] = [];
  for (;;) {
    const { key, value } = yield* select({ time: sleep(waitFor()), more: results.more() });
    if (key === 'time') continue;
    if (!value) return got;
    got.push(results.value);
  }
}

function* readByNext(results: Results<number>, waitFor: () => number): Green<number[]> {
  const got: number[] = [];
  for (;;) {
    const { key, value } = yield* select({ next: results.next(), time: sleep(waitFor()) });
    if (key === 'time') continue;
    if (value.done) return got;
    got.push(value.value);
  }
}

describe.each(Object.entries(kinds))('more and next of %s', (_name, make) => {
  it('lose no value, whenever they lose, in whatever order greenlets run', async () => {
    await explore(
      function* (clock) {
        expect(yield* readAll(make(), () => Math.floor(clock.random() * 6))).toEqual(VALUES);
      },
      { runs: 60 },
    );
    await explore(
      function* (clock) {
        expect(yield* readByNext(make(), () => Math.floor(clock.random() * 6))).toEqual(VALUES);
      },
      { runs: 60 },
    );
  });

  it(
    'win with the value set',
    virtual(function* () {
      const results = make();
      expect(yield* select({ more: results.more(), time: sleep(1000) })).toEqual({
        key: 'more',
        value: true,
      });
      expect(results.value).toBe(1);
      expect(yield* results.toArray()).toEqual([2, 3, 4, 5]);
      expect(yield* select({ more: results.more() })).toEqual({ key: 'more', value: false });
      expect(yield* select({ next: results.next() })).toEqual({
        key: 'next',
        value: { done: true, value: undefined },
      });
    }),
  );

  it(
    'are undone by a signal outside of greenlets',
    virtual(async () => {
      const results = make();
      const controller = new AbortController();
      const reading = results.more().promise({ signal: controller.signal });
      controller.abort(new Error('enough'));
      const first = await reading.catch((error: Error) => error.message);
      if (first === true) expect(results.value).toBe(1);
      else expect(first).toBe('enough');
      expect(await results.toArray()).toEqual(first === true ? [2, 3, 4, 5] : VALUES);
    }),
  );
});

describe('more of iwait', () => {
  it(
    'loses nothing that is ready',
    virtual(function* () {
      const greenlets = VALUES.map((value) => spawn(after, value * 3, value));
      expect(yield* readGreenlets(iwait(greenlets))).toEqual(greenlets);
    }),
  );
});

function* readGreenlets<T>(results: Results<T>): Green<T[]> {
  const got: T[] = [];
  for (;;) {
    const { key, value } = yield* select({ time: sleep(1), more: results.more() });
    if (key === 'time') continue;
    if (!value) return got;
    got.push(results.value);
  }
}

describe('an iterable', () => {
  it(
    'is ready: its more is over at once, and wins where it is written first',
    virtual(function* () {
      const queue = new Queue<number>();
      queue.putNowait(1);
      const results = each(VALUES);
      expect((yield* select({ more: results.more(), get: queue.get() })).key).toBe('more');
      expect(queue.qsize()).toBe(1);
    }),
  );
});
