import {
  attempt,
  call,
  type Green,
  GreenletExit,
  getcurrent,
  settled,
  sleep,
  spawn,
  suspend,
  Timeout,
  withTimeout,
} from 'greenlets';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';

watchHub();

const forever = suspend<never>('for ever', () => {});

describe('attempt', () => {
  it('gives the value of a plain, async or generator function, or of an operation', async () => {
    const g = spawn(function* () {
      return [
        yield* attempt((a: number) => a + 1, 1),
        yield* attempt(async () => 'async'),
        yield* attempt(function* (): Green<string> {
          yield* sleep(0);
          return 'generator';
        }),
        yield* attempt(suspend<number>('op', (wake) => wake.resolve(5)) as never),
      ];
    });
    expect(await g.get()).toEqual([
      { ok: true, value: 2 },
      { ok: true, value: 'async' },
      { ok: true, value: 'generator' },
      { ok: true, value: 5 },
    ]);
  });

  it('gives the error of each as a value, whatever was thrown', async () => {
    const error = new Error('no');
    const g = spawn(function* () {
      return [
        yield* attempt((): void => {
          throw error;
        }),
        yield* attempt(async (): Promise<void> => {
          throw error;
        }),
        yield* attempt(function* (): Green<void> {
          yield* sleep(0);
          throw undefined;
        }),
        yield* attempt(suspend('op', (wake) => wake.reject('text')) as never),
      ];
    });
    expect(await g.get()).toEqual([
      { ok: false, error },
      { ok: false, error },
      { ok: false, error: undefined },
      { ok: false, error: 'text' },
    ]);
  });

  it('runs fn in the calling greenlet', async () => {
    const g = spawn(function* () {
      const self = getcurrent();
      return yield* attempt(() => getcurrent() === self);
    });
    expect(await g.get()).toEqual({ ok: true, value: true });
  });

  it('never catches a kill, of whatever exception', async () => {
    class Stop extends Error {}
    for (const exception of [undefined, Stop, new Error('instance'), 'text']) {
      let after = false;
      const g = spawn(function* () {
        yield* attempt(() => forever);
        after = true;
      });
      await pass();
      g.kill({ exception });
      await g
        .get()
        .promise()
        .catch(() => {});
      expect(after).toBe(false);
      expect(g.killed).toBe(true);
    }
  });

  it('never catches a GreenletExit that the body raises', async () => {
    const exit = new GreenletExit();
    const g = spawn(function* () {
      yield* attempt(() => {
        throw exit;
      });
      return 'not reached';
    });
    expect(await g.get()).toBe(exit);
  });

  it('lets a timeout pass that began further out, and catches one that began inside', async () => {
    const g = spawn(function* () {
      const inner = yield* attempt(() => withTimeout(1, forever));
      let outer: unknown;
      try {
        yield* withTimeout(1, function* (): Green<void> {
          yield* attempt(() => forever);
          outer = 'swallowed';
        });
      } catch (e) {
        outer = e;
      }
      return [inner.error, outer];
    });
    const [inner, outer] = (await g.get()) as unknown[];
    expect(inner).toBeInstanceOf(Timeout);
    expect(outer).toBeInstanceOf(Timeout);
    expect(inner).not.toBe(outer);
  });

  it('lets a foreign timeout with an exception of its own pass too', async () => {
    const error = new Error('custom');
    const g = spawn(function* () {
      const timeout = new Timeout(1, error).start();
      try {
        yield* attempt(function* (): Green<void> {
          yield* call(() => forever);
        });
        return 'swallowed';
      } catch (e) {
        return timeout.mine(e) && e === error;
      }
    });
    expect(await g.get()).toBe(true);
  });

  it('catches a Timeout that is over and only passed on by hand', async () => {
    const g = spawn(function* () {
      const first = yield* attempt(() => withTimeout(1, forever));
      return yield* attempt((): void => {
        throw first.error;
      });
    });
    const result = (await g.get()) as { ok: boolean; error: unknown };
    expect(result.ok).toBe(false);
    expect(result.error).toBeInstanceOf(Timeout);
  });

  it('works outside of greenlets', async () => {
    expect(await attempt(() => 1)).toEqual({ ok: true, value: 1 });
    expect((await attempt(() => withTimeout(1, forever))).error).toBeInstanceOf(Timeout);
  });

  it('has the shape of what settled gives', async () => {
    const failing = () => suspend<number>('op', (wake) => wake.reject('no'));
    const [one] = await settled([failing()]);
    expect(await attempt(failing)).toEqual(one);
  });
});
