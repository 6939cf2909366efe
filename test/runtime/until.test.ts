import { type Green, GreenletExit, sleep, spawn, until } from 'greenlets';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';

const watch = watchHub();

function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

function listening(aborted = false, reason?: unknown) {
  const listeners = new Set<() => void>();
  const signal = {
    aborted,
    reason,
    addEventListener: (_: string, listener: () => void) => void listeners.add(listener),
    removeEventListener: (_: string, listener: () => void) => void listeners.delete(listener),
  };
  return { signal: signal as never, listeners };
}

describe('until', () => {
  it('gives the value of a promise, or throws its error', async () => {
    const error = new Error('no');
    const g = spawn(function* () {
      const value = yield* until(Promise.resolve(3));
      try {
        yield* until(Promise.reject(error));
      } catch (e) {
        return [value, e];
      }
      return undefined;
    });
    expect(await g.get()).toEqual([3, error]);
  });

  it('waits for any thenable, also one that calls back at once', async () => {
    const thenable = { then: (resolve: (value: string) => void) => resolve('now') } as PromiseLike<string>;
    expect(await until(thenable)).toBe('now');
    const failing = {
      then: (_: unknown, reject: (e: unknown) => void) => reject('bad'),
    } as PromiseLike<string>;
    await expect(until(failing)).rejects.toBe('bad');
  });

  it('leaves no listener behind when the thenable calls back at once', async () => {
    const thenable = { then: (resolve: (value: string) => void) => resolve('now') } as PromiseLike<string>;
    const { signal, listeners } = listening();
    expect(await until(thenable, { signal })).toBe('now');
    expect(listeners.size).toBe(0);
  });

  it('calls a function at each run, with a signal that is not aborted', async () => {
    const signals: AbortSignal[] = [];
    const operation = until(async (signal) => {
      signals.push(signal as AbortSignal);
      return signals.length;
    });
    expect(signals).toEqual([]);
    expect([await operation, await operation]).toEqual([1, 2]);
    expect(signals.map((signal) => signal.aborted)).toEqual([false, false]);
    expect(signals[0]).not.toBe(signals[1]);
  });

  it('aborts that signal when it is interrupted, and ignores what comes later', async () => {
    const work = deferred<number>();
    let signal: AbortSignal | undefined;
    const g = spawn(function* () {
      yield* until((s) => {
        signal = s as AbortSignal;
        return work.promise;
      });
    });
    await pass();
    await g.kill();
    expect(signal!.aborted).toBe(true);
    work.reject(new Error('aborted'));
    await pass();
    expect(g.value).toBeInstanceOf(GreenletExit);
  });

  it('hands a value that comes too late to late, once, and an error to nobody', async () => {
    for (const fails of [false, true]) {
      const work = deferred<string>();
      const late: string[] = [];
      const g = spawn(function* () {
        yield* until(work.promise, { late: (value) => void late.push(value) });
      });
      await pass();
      await g.kill();
      if (fails) work.reject(new Error('late'));
      else work.resolve('socket');
      await pass();
      expect(late).toEqual(fails ? [] : ['socket']);
    }
  });

  it('takes any function for late: one that blocks, and one that fails, which hub.onError is told of', async () => {
    const log: string[] = [];
    const error = new Error('late');
    const lates: ((value: string) => unknown)[] = [
      function* (value: string): Green<void> {
        yield* sleep(0);
        log.push(value);
      },
      () => {
        throw error;
      },
    ];
    for (const late of lates) {
      const work = deferred<string>();
      const g = spawn(function* () {
        yield* until(work.promise, { late });
      });
      await pass();
      await g.kill();
      work.resolve('socket');
      await pass();
    }
    expect(log).toEqual(['socket']);
    expect(watch.takeErrors()).toEqual([error]);
  });

  it('does not call late for a value that was delivered', async () => {
    const late: unknown[] = [];
    expect(await until(Promise.resolve(1), { late: (value) => void late.push(value) })).toBe(1);
    await pass();
    expect(late).toEqual([]);
  });

  it('that has settled before a kill has happened', async () => {
    const work = deferred<number>();
    const late: number[] = [];
    const log: unknown[] = [];
    const g = spawn(function* () {
      log.push(yield* until(work.promise, { late: (value) => void late.push(value) }));
      yield* sleep(0);
      log.push('not reached');
    });
    await pass();
    // The job of until runs before the kill, and the greenlet after it.
    work.resolve(6);
    await Promise.resolve();
    const killed = g.kill();
    await killed;
    expect([...log, ...late]).toEqual([6]);
  });

  it('ends with the reason of its signal, aborts the signal of the function, and removes its listener', async () => {
    const work = deferred<string>();
    const controller = new AbortController();
    const reason = new Error('enough');
    let inner: AbortSignal | undefined;
    const late: string[] = [];
    const run = until(
      (s) => {
        inner = s as AbortSignal;
        return work.promise;
      },
      { signal: controller.signal, late: (value) => void late.push(value) },
    ).promise();
    controller.abort(reason);
    await expect(run).rejects.toBe(reason);
    expect(inner!.aborted).toBe(true);
    expect(inner!.reason).toBe(reason);
    work.resolve('late');
    await pass();
    expect(late).toEqual(['late']);
  });

  it('leaves no listener on its signal, however it ends', async () => {
    const { signal, listeners } = listening();
    const good = deferred<number>();
    const run = until(good.promise, { signal }).promise();
    expect(listeners.size).toBe(1);
    good.resolve(1);
    await run;
    expect(listeners.size).toBe(0);
    const g = spawn(function* () {
      yield* until(new Promise(() => {}), { signal });
    });
    await pass();
    expect(listeners.size).toBe(1);
    await g.kill();
    expect(listeners.size).toBe(0);
  });

  it('with a signal that is aborted already throws its reason and does not begin', async () => {
    let began = false;
    const reason = new Error('before');
    const run = until(
      async () => {
        began = true;
      },
      { signal: AbortSignal.abort(reason) },
    );
    await expect(run).rejects.toBe(reason);
    expect(began).toBe(false);
  });

  it('with a signal that is aborted already takes over the promise: its error is nobody’s, its value goes to late', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => void unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      const reason = new Error('before');
      const late: unknown[] = [];
      const options = { signal: AbortSignal.abort(reason), late: (value: unknown) => void late.push(value) };
      await expect(until(Promise.reject(new Error('dropped')), options)).rejects.toBe(reason);
      await expect(until(Promise.resolve('kept'), options)).rejects.toBe(reason);
      await pass();
      await pass();
      expect(unhandled).toEqual([]);
      expect(late).toEqual(['kept']);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('sees its signal aborted by the work itself', async () => {
    const controller = new AbortController();
    const reason = new Error('inside');
    const run = until(
      () => {
        controller.abort(reason);
        return new Promise<never>(() => {});
      },
      { signal: controller.signal },
    );
    await expect(run).rejects.toBe(reason);
  });

  it('throws what the function throws, and refuses one that gives no promise', async () => {
    const error = new Error('at once');
    await expect(
      until(() => {
        throw error;
      }),
    ).rejects.toBe(error);
    await expect(until((() => 5) as never)).rejects.toBeInstanceOf(TypeError);
    expect(() => until(5 as never)).toThrow(TypeError);
    expect(() => until(undefined as never)).toThrow(TypeError);
  });

  it('waits for an operation as for a promise', async () => {
    expect(
      await spawn(function* () {
        return yield* until(spawn(() => 9).get());
      }).get(),
    ).toBe(9);
  });
});
