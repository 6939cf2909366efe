import { Channel, type Green, race, select, sleep, spawn } from 'greenlets';
import { virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { queueContract } from '../support/queue-contract.js';
import { channelKind } from '../support/queue-kinds.js';
import { queueModelContract } from '../support/queue-model-contract.js';

watchHub();

queueContract(channelKind);
queueModelContract(channelKind);

const never = () => sleep(Number.POSITIVE_INFINITY);

describe('Channel', () => {
  it(
    'holds nothing: empty and full at once whoever waits, of size and maxsize 0',
    virtual(function* () {
      const channel = new Channel<number>({ name: 'line' });
      const shape = () => [channel.qsize(), channel.length, channel.maxsize, channel.empty(), channel.full()];
      expect(shape()).toEqual([0, 0, 0, true, true]);
      const putter = spawn(() => channel.put(1));
      yield* sleep(0);
      expect(shape()).toEqual([0, 0, 0, true, true]);
      expect(String(channel)).toBe("<Channel 'line' 0/0, 1 putting>");
      yield* putter.kill();
      expect(() => channel.getNowait()).toThrow(/is empty/);
    }),
  );

  it(
    'a put waits for its getter, and goes on after that has run',
    virtual(function* () {
      const channel = new Channel<string>();
      const log: string[] = [];
      spawn(function* () {
        for (const word of ['hello', 'world']) {
          log.push(`sending ${word}`);
          yield* channel.put(word);
          log.push(`sent ${word}`);
        }
      });
      yield* sleep(0);
      log.push('waiting');
      log.push(yield* channel.get());
      log.push(yield* channel.get());
      yield* sleep(0);
      const expected = [
        'sending hello',
        'waiting',
        'hello',
        'sent hello',
        'sending world',
        'world',
        'sent world',
      ];
      expect(log).toEqual(expected);
    }),
  );

  it(
    'a put to a getter that waits switches once, and the getter runs first',
    virtual(function* () {
      const channel = new Channel<number>();
      const log: string[] = [];
      function* getter(): Green<void> {
        log.push(`got ${yield* channel.get()}`);
      }
      for (const options of [undefined, { block: false }, { timeout: 0 }, { timeout: 5 }]) {
        spawn(getter);
        yield* sleep(0);
        yield* channel.put(1, options);
        log.push('put');
      }
      expect(log).toEqual(['got 1', 'put', 'got 1', 'put', 'got 1', 'put', 'got 1', 'put']);
    }),
  );

  it(
    'putNowait succeeds only if somebody waits to get, getNowait only if somebody waits to put',
    virtual(function* () {
      const channel = new Channel<number>();
      expect(() => channel.putNowait(1)).toThrow(/is full/);
      const peeker = spawn(() => channel.peek());
      yield* sleep(0);
      expect(() => channel.putNowait(1)).toThrow(/is full/);
      const getter = spawn(() => channel.get());
      yield* sleep(0);
      channel.putNowait(2);
      expect(() => channel.putNowait(3)).toThrow(/is full/);
      expect([yield* peeker.get(), yield* getter.get()]).toEqual([2, 2]);
      const putter = spawn(() => channel.put(4));
      yield* sleep(0);
      expect(channel.getNowait()).toBe(4);
      expect(() => channel.getNowait()).toThrow(/is empty/);
      yield* putter.join();
    }),
  );

  it(
    'balance is how many more wait to put than to get',
    virtual(function* () {
      const channel = new Channel<number>();
      expect(channel.balance).toBe(0);
      const putters = [1, 2].map((i) => spawn(() => channel.put(i)));
      yield* sleep(0);
      expect(channel.balance).toBe(2);
      for (const each of putters) yield* each.kill();
      const getters = [1, 2, 3].map(() => spawn(() => channel.get()));
      yield* sleep(0);
      expect(channel.balance).toBe(-3);
      for (const each of getters) yield* each.kill();
      expect(channel.balance).toBe(0);
    }),
  );

  it(
    'an item is a task from when it has been got',
    virtual(function* () {
      const channel = new Channel<number>();
      const putter = spawn(() => channel.put(1));
      yield* sleep(0);
      expect(channel.unfinishedTasks).toBe(0);
      yield* channel.get();
      expect(channel.unfinishedTasks).toBe(1);
      channel.taskDone();
      yield* putter.join();
    }),
  );

  it(
    'a select between two selects meets one partner, once',
    virtual(function* () {
      const channel = new Channel<string>();
      const both = (name: string) =>
        spawn({ name }, () => select({ put: channel.put(name), get: channel.get() }));
      const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(both);
      const results = [yield* a!.get(), yield* b!.get(), yield* c!.get(), yield* d!.get()];
      expect(results).toEqual([
        { key: 'get', value: 'b' },
        { key: 'put', value: undefined },
        { key: 'get', value: 'd' },
        { key: 'put', value: undefined },
      ]);
      expect(channel.statistics()).toMatchObject({ waiters: 0, unfinishedTasks: 2 });
    }),
  );

  it(
    'a select that peeks and gets is met once, whoever stands in front',
    virtual(function* () {
      const channel = new Channel<number>();
      const selecting = spawn(() =>
        select({ seen: channel.peek(), again: channel.peek(), got: channel.get() }),
      );
      const behind = spawn(() => channel.peek());
      yield* sleep(0);
      yield* channel.put(1);
      expect(yield* selecting.get()).toEqual({ key: 'got', value: 1 });
      expect(channel.statistics().getters).toBe(1);
      spawn(() => channel.put(2));
      expect([yield* behind.get(), yield* channel.get()]).toEqual([2, 2]);
      expect(channel.statistics().waiters).toBe(0);
    }),
  );

  it(
    'an operand neither sees, nor takes, nor waits for, what its own select offers',
    virtual(function* () {
      const channel = new Channel<number>();
      const offers = [
        () => select({ put: channel.put(1), peek: channel.peek(), never: never() }),
        () => select({ peek: channel.peek(), put: channel.put(1), never: never() }),
        () => select({ put: channel.put(1), ready: channel, never: never() }),
        () => select({ ready: channel, put: channel.put(1), never: never() }),
        () => select({ a: race([channel.put(1)]), b: race([channel.get(), never()]) }),
        () => select({ a: race([channel.get()]), b: select({ put: channel.put(1) }) }),
      ];
      for (const offer of offers) {
        const g = spawn(() => offer() as never);
        yield* sleep(5);
        expect([g.dead, channel.balance]).toEqual([false, 0]);
        const other = spawn(() => channel.get());
        expect(yield* other.get()).toBe(1);
        yield* g.join();
        expect(channel.statistics().waiters).toBe(0);
      }
    }),
  );
});
