import { Readable } from 'node:stream';
import { each, forEach, type Green, sleep, spawn, suspend } from 'greenlets';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';

watchHub();

/** A generator that tells how it ended. */
function* closing(log: string[], n = 3): Generator<number, void, undefined> {
  try {
    for (let i = 1; i <= n; i++) yield i;
    log.push('ended');
  } finally {
    log.push('finally');
  }
}

describe('each', () => {
  it('takes iterables: arrays, sets, strings, generators', async () => {
    expect(await each([1, 2]).toArray()).toEqual([1, 2]);
    expect(await each(new Set(['a', 'b'])).toArray()).toEqual(['a', 'b']);
    expect(await each('xy').toArray()).toEqual(['x', 'y']);
    expect(await each(closing([])).toArray()).toEqual([1, 2, 3]);
  });

  it('takes async iterables', async () => {
    async function* numbers() {
      yield 1;
      await null;
      yield 2;
    }
    expect(await each(numbers()).toArray()).toEqual([1, 2]);
  });

  it('takes a Readable and a web stream', async () => {
    expect(await each<string>(Readable.from(['a', 'b'])).toArray()).toEqual(['a', 'b']);
    const web = new ReadableStream<string>({
      start(controller) {
        controller.enqueue('c');
        controller.enqueue('d');
        controller.close();
      },
    });
    expect(await each<string>(web as never).toArray()).toEqual(['c', 'd']);
    expect(web.locked).toBe(false);
  });

  it('takes Results, and gives them back', () => {
    const results = each([1]);
    expect(each(results)).toBe(results);
  });

  it('takes an object with items(), as a queue has it', async () => {
    expect(await each({ items: () => each([1, 2]) }).toArray()).toEqual([1, 2]);
  });

  it('refuses anything else at the call', () => {
    for (const wrong of [5, null, undefined, {}, () => {}]) {
      expect(() => each(wrong as never)).toThrow(TypeError);
    }
  });

  it('takes a value as it is: a promise or a generator in an array is not run', async () => {
    const values = [Promise.resolve(1), sleep(0), (function* (): Green<void> {})()];
    const got = await spawn(function* () {
      const all: unknown[] = [];
      const results = each<unknown>(values);
      while (yield* results.more()) all.push(results.value);
      return { all };
    }).get();
    expect(got.all[0]).toBe(values[0]);
    expect(got.all[1]).toBe(values[1]);
    expect(got.all[2]).toBe(values[2]);
  });

  it('closes a generator that is left early, and does not close one that has ended again', async () => {
    const left: string[] = [];
    const results = each(closing(left));
    await results.next();
    results.close();
    expect(left).toEqual(['finally']);
    const whole: string[] = [];
    await each(closing(whole)).toArray();
    expect(whole).toEqual(['ended', 'finally']);
  });

  it('does not call return of an iterator that has ended by itself', async () => {
    const log: string[] = [];
    const iterable = (done: boolean) => ({
      next: () => ({ done, value: 1 }),
      return: () => {
        log.push('return');
        return { done: true as const, value: undefined };
      },
      [Symbol.iterator]() {
        return this;
      },
    });
    await each(iterable(true) as Iterable<number>).toArray();
    expect(log).toEqual([]);
    const open = each(iterable(false) as Iterable<number>);
    await open.next();
    open.close();
    expect(log).toEqual(['return']);
  });

  it('cancels a web stream that is left early', async () => {
    let cancelled = false;
    const web = new ReadableStream<number>({
      pull(controller) {
        controller.enqueue(1);
      },
      cancel() {
        cancelled = true;
      },
    });
    const results = each<number>(web as never);
    await results.next();
    results.close();
    await pass();
    expect(cancelled).toBe(true);
  });

  it('throws the error of a generator at the pull', async () => {
    const error = new Error('source');
    const results = each(
      (function* (): Generator<number> {
        yield 1;
        throw error;
      })(),
    );
    await results.next();
    await expect(results.next()).rejects.toBe(error);
    expect(await results.more()).toBe(false);
  });
});

describe('forEach', () => {
  it('calls fn with each value, one after the other, and waits for what it gives', async () => {
    const log: unknown[] = [];
    const fns: ((n: number) => unknown)[] = [
      function* (n: number): Green<void> {
        log.push(`begin ${n}`);
        yield* sleep(0);
        log.push(`end ${n}`);
      },
      async (n: number) => {
        log.push(`begin ${n}`);
        await null;
        log.push(`end ${n}`);
      },
    ];
    for (const fn of fns) {
      log.length = 0;
      await forEach([1, 2], fn);
      expect(log).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
    }
  });

  it('closes its source at the end, after an error of fn, and when it is killed', async () => {
    const ended: string[] = [];
    await forEach(closing(ended), () => {});
    expect(ended).toEqual(['ended', 'finally']);
    const failed: string[] = [];
    await expect(
      forEach(closing(failed), (n) => {
        if (n === 2) throw new Error('fn');
      }),
    ).rejects.toThrow('fn');
    expect(failed).toEqual(['finally']);
    const killed: string[] = [];
    const g = spawn(() => forEach(closing(killed), () => suspend('for ever', () => {})));
    await pass();
    await g.kill();
    expect(killed).toEqual(['finally']);
  });

  it('refuses what is no function, at the call', () => {
    expect(() => forEach([1], 5 as never)).toThrow(TypeError);
  });
});
