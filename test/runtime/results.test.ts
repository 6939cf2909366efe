import { each, type Green, type Results, sleep, spawn, suspend, type Waker } from 'greenlets';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';

watchHub();

/** An async iterable whose values are handed out one by one, and that tells when it is closed. */
function source<T>() {
  const waiting: { resolve(result: IteratorResult<T>): void; reject(error: unknown): void }[] = [];
  const log: string[] = [];
  const iterable: AsyncIterable<T> = {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        new Promise<IteratorResult<T>>((resolve, reject) => {
          log.push('next');
          waiting.push({ resolve, reject });
        }),
      return: async () => {
        log.push('return');
        return { done: true, value: undefined };
      },
    }),
  };
  return {
    iterable,
    log,
    give: (value: T) => waiting.shift()!.resolve({ done: false, value }),
    end: () => waiting.shift()!.resolve({ done: true, value: undefined }),
    fail: (error: unknown) => waiting.shift()!.reject(error),
  };
}

function* collect<T>(results: Results<T>, into: T[]): Green<T[]> {
  while (yield* results.more()) into.push(results.value);
  return into;
}

describe('Results', () => {
  it('gives its values by more and value inside a greenlet', async () => {
    expect(await spawn(collect, each([1, 2, 3]), []).get()).toEqual([1, 2, 3]);
  });

  it('gives its values by for await outside', async () => {
    const got: number[] = [];
    for await (const value of each([1, 2, 3])) got.push(value);
    expect(got).toEqual([1, 2, 3]);
  });

  it('gives iterator results by next, and done ever after', async () => {
    const results = each(['a']);
    expect(await results.next()).toEqual({ done: false, value: 'a' });
    expect(await results.next()).toEqual({ done: true, value: undefined });
    expect(await results.next()).toEqual({ done: true, value: undefined });
    expect(await results.more()).toBe(false);
  });

  it('gives all that are left by toArray', async () => {
    const results = each([1, 2, 3]);
    await results.next();
    expect(await results.toArray()).toEqual([2, 3]);
    expect(await results.toArray()).toEqual([]);
  });

  it('is closed by a toArray that is killed, or fails: nobody could go on from there', async () => {
    const killed = source<number>();
    const results = each(killed.iterable);
    const collecting = spawn(() => results.toArray());
    await pass();
    killed.give(1);
    await pass();
    expect(killed.log).toEqual(['next', 'next']);
    await collecting.kill();
    expect(killed.log).toEqual(['next', 'next', 'return']);
    expect(await results.more()).toBe(false);
    const failed = source<number>();
    const outcome = expect(each(failed.iterable).toArray()).rejects.toThrow('broken');
    await pass();
    failed.fail(new Error('broken'));
    await outcome;
  });

  it('has operations that are lazy', async () => {
    const { iterable, log } = source<number>();
    each(iterable).more();
    await pass();
    expect(log).toEqual([]);
  });

  it('loses no value when a pull is interrupted', async () => {
    const { iterable, give, end, log } = source<number>();
    const results = each(iterable);
    const first = spawn(function* () {
      yield* results.more();
    });
    await pass();
    await first.kill();
    const got: number[] = [];
    const second = spawn(collect, results, got);
    give(1);
    await pass();
    give(2);
    await pass();
    end();
    expect(await second.get()).toEqual([1, 2]);
    expect(log).toEqual(['next', 'next', 'next']);
  });

  it('loses no value when the pull was interrupted before the value came and nobody waits then', async () => {
    const { iterable, give } = source<number>();
    const results = each(iterable);
    const first = spawn(function* () {
      yield* results.next();
    });
    await pass();
    await first.kill();
    give(1);
    await pass();
    expect(await results.next()).toEqual({ done: false, value: 1 });
  });

  it('loses no value at whatever job the kill comes', async () => {
    for (let jobs = 0; jobs < 6; jobs++) {
      const { iterable, give } = source<number>();
      const results = each(iterable);
      const got: unknown[] = [];
      const first = spawn(function* () {
        got.push((yield* results.next()).value);
        yield* suspend('for ever', () => {});
      });
      await pass();
      give(1);
      for (let i = 0; i < jobs; i++) await Promise.resolve();
      await first.kill();
      if (got.length === 0) got.push((await results.next()).value);
      expect(got).toEqual([1]);
    }
  });

  it('loses no error when the pull was interrupted before it came', async () => {
    const { iterable, fail } = source<number>();
    const results = each(iterable);
    const first = spawn(function* () {
      yield* results.next();
    });
    await pass();
    await first.kill();
    fail('kept');
    await pass();
    await expect(results.next()).rejects.toBe('kept');
  });

  it('gives each value to one of several that pull at the same time, in order', async () => {
    const { iterable, give } = source<string>();
    const results = each(iterable);
    const got: unknown[] = [];
    const puller = function* (name: string): Green<void> {
      got.push([name, (yield* results.next()).value]);
    };
    const all = [spawn(puller, 'a'), spawn(puller, 'b'), spawn(puller, 'c')];
    await pass();
    await all[1]!.kill();
    for (const value of ['1', '2', '3']) give(value);
    await pass();
    expect(got).toEqual([
      ['a', '1'],
      ['c', '3'],
    ]);
    expect((await results.next()).value).toBe('2');
  });

  it('throws the error of its source, and goes on after it if the source does', async () => {
    const { iterable, fail, give } = source<number>();
    const results = each(iterable);
    const run = results.next().promise();
    await pass();
    fail('broken');
    await expect(run).rejects.toBe('broken');
    const next = results.next().promise();
    await pass();
    give(2);
    expect((await next).value).toBe(2);
  });

  it('close acts at the call, once, and there are no more values', async () => {
    const { iterable, log } = source<number>();
    const results = each(iterable);
    results.close();
    results.close();
    expect(log).toEqual(['return']);
    expect(await results.more()).toBe(false);
    expect(await results.toArray()).toEqual([]);
    expect(log).toEqual(['return']);
  });

  it('is closed by using, by the end of for await, and by a break out of it', async () => {
    const disposed = source<number>();
    each(disposed.iterable)[Symbol.dispose]();
    expect(disposed.log).toEqual(['return']);
    const { iterable, give, log } = source<number>();
    setImmediate(give, 1);
    for await (const value of each(iterable)) {
      expect(value).toBe(1);
      break;
    }
    expect(log).toEqual(['next', 'return']);
  });

  it('lets no error of a pull that was given up go unhandled', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => void unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      const { iterable, fail } = source<number>();
      const results = each(iterable);
      const g = spawn(function* () {
        yield* results.more();
      });
      await pass();
      await g.kill();
      results.close();
      fail(new Error('late'));
      await pass();
      await pass();
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('switches only when it has to', async () => {
    const order: string[] = [];
    let wake: Waker<void> | undefined;
    const a = spawn(function* () {
      yield* suspend<void>('start', (waker) => {
        wake = waker;
      });
      const results = each([1, 2]);
      while (yield* results.more()) order.push(`a${results.value}`);
    });
    const b = spawn(function* () {
      wake!.resolve();
      yield* sleep(0);
      order.push('b');
    });
    await a.get();
    await b.get();
    expect(order).toEqual(['a1', 'a2', 'b']);
  });
});
