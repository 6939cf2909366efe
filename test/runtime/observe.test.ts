import {
  all,
  any,
  attempt,
  type Green,
  Greenlet,
  hub,
  iwait,
  joinall,
  killall,
  race,
  scope,
  settled,
  sleep,
  spawn,
  spawnRaw,
  suspend,
  wait,
  withTimeout,
} from 'greenlets';
import { runVirtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';

const { takeErrors, sources } = watchHub();

function* fail(error: unknown, ms = 0): Green<never> {
  yield* sleep(ms);
  throw error;
}

class AsyncOutcome {
  error: unknown;
  set(): void {}
  setException(error: unknown): void {
    this.error = error;
  }
}

describe('an error that nobody observes', () => {
  it('is told to hub.onError once, with its greenlet, by the end of the turn in which it happened', async () => {
    const error = new Error('alone');
    const trace: unknown[] = [];
    hub.onError = (told, from) => trace.push(told, from);
    const g = spawn(() => {
      trace.push('fails');
      throw error;
    });
    spawn(() => void trace.push('another in the same turn'));
    await pass();
    expect(trace).toEqual(['fails', 'another in the same turn', error, g]);
    await sleep(2);
    await pass();
    expect(trace).toHaveLength(4);
  });

  it('is told of each greenlet, in the order in which they failed, and whatever was thrown', async () => {
    const values = [undefined, null, 0, 'text', new Error('error')];
    const greenlets = values.map((value) => spawn(fail, value));
    await pass();
    expect(takeErrors()).toEqual(values);
    expect(sources).toEqual(greenlets);
  });

  it('of an async body, of an unstarted one that throw ends, and of a raw greenlet is told too', async () => {
    const error = new Error('async');
    spawn(() => Promise.reject(error));
    await pass();
    expect(takeErrors()).toEqual([error]);
    const raw = new Error('raw');
    spawnRaw(fail, raw);
    await pass();
    expect(takeErrors()).toEqual([raw]);
    const thrown = new Error('thrown');
    const g = new Greenlet(sleep, 1);
    g.throw(thrown);
    await pass();
    expect(takeErrors()).toEqual([thrown]);
  });

  it('is none when it is a kill, and is one when the kill`s exception is', async () => {
    const [a, b] = [spawn(sleep, 100), spawn(sleep, 100)];
    await sleep(0);
    await a.kill();
    await pass();
    expect(takeErrors()).toEqual([]);
    const exception = new Error('of the kill');
    await b.kill({ exception });
    await pass();
    expect(takeErrors()).toEqual([exception]);
  });

  it('harms nobody else', async () => {
    const other = spawn(function* (): Green<string> {
      yield* sleep(2);
      return 'well';
    });
    spawn(fail, new Error('harmless'));
    expect(await other.get()).toBe('well');
    expect(takeErrors()).toHaveLength(1);
  });
});

describe('an error is observed', () => {
  const error = new Error('observed');
  const ways: Record<string, (g: Greenlet<never>) => Green<unknown>> = {
    *'by get, which throws it'(g) {
      expect(yield* attempt(() => g.get())).toEqual({ ok: false, error });
    },
    *'by get with a timeout'(g) {
      expect(yield* attempt(() => g.get({ timeout: 50 }))).toEqual({ ok: false, error });
    },
    *'by join and reading error'(g) {
      yield* g.join();
      expect(g.error).toBe(error);
    },
    *'by join and reading exception'(g) {
      yield* g.join();
      expect(g.exception).toBe(error);
    },
    *'by join and asking successful()'(g) {
      yield* g.join();
      expect(g.successful()).toBe(false);
    },
    *'by join and result(), which throws it'(g) {
      yield* g.join();
      expect(() => g.result()).toThrow(error);
    },
    *'by joinall with raiseError'(g) {
      expect(yield* attempt(() => joinall([g], { raiseError: true }))).toEqual({ ok: false, error });
    },
    *'by joinall and reading error'(g) {
      const other = spawn(sleep, 5);
      yield* joinall([g, other]);
      expect(g.error).toBe(error);
    },
    *'by wait and reading error'(g) {
      const other = spawn(sleep, 5);
      yield* wait([g, other]);
      expect(g.error).toBe(error);
    },
    *'by iwait and reading error'(g) {
      const it = iwait([g]);
      while (yield* it.more()) expect(it.value.error).toBe(error);
    },
    *'by all'(g) {
      expect(yield* attempt(all([g, sleep(50)]))).toEqual({ ok: false, error });
    },
    *'by settled'(g) {
      expect(yield* settled([g])).toEqual([{ ok: false, error }]);
    },
    *'by race'(g) {
      expect(yield* attempt(race([g, sleep(50)]))).toEqual({ ok: false, error });
    },
    *'by any'(g) {
      expect(yield* any([g, sleep(5)])).toBeUndefined();
    },
    *'by a link'(g) {
      let told: unknown;
      g.link(() => {
        told = 'link';
      });
      yield* sleep(5);
      expect(told).toBe('link');
    },
    *'by linkException'(g) {
      let told: unknown;
      g.linkException((dead) => {
        told = dead;
      });
      yield* sleep(5);
      expect(told).toBe(g);
    },
    *'by rawlink'(g) {
      let told: unknown;
      g.rawlink((dead) => {
        told = dead;
      });
      yield* sleep(5);
      expect(told).toBe(g);
    },
    *'by a link to something that takes an outcome'(g) {
      const outcome = new AsyncOutcome();
      g.link(outcome);
      yield* sleep(5);
      expect(outcome.error).toBe(error);
    },
  };

  it.each(Object.entries(ways))('%s', async (_name, observe) => {
    // A virtual run rejects with an error that is told to the hub.
    await runVirtual(function* (): Green<void> {
      yield* observe(spawn(fail, error, 1));
    });
  });

  it('by a scope, which throws it', async () => {
    const outcome = await attempt(() => scope(({ spawn }) => void spawn(fail, error)));
    expect(outcome).toEqual({ ok: false, error });
    await pass();
    expect(takeErrors()).toEqual([]);
  });

  it('by await of get outside of greenlets', async () => {
    await expect(spawn(fail, error).get().promise()).rejects.toBe(error);
    await pass();
    expect(takeErrors()).toEqual([]);
  });

  it('by await of join, joinall or wait outside of greenlets and reading error then', async () => {
    const one = spawn(fail, error, 1);
    await one.join();
    expect(one.error).toBe(error);
    const two = spawn(fail, error, 1);
    await joinall([two, spawn(sleep, 2)]);
    expect(two.error).toBe(error);
    const three = spawn(fail, error, 1);
    await wait([three, spawn(sleep, 2)]);
    expect(three.error).toBe(error);
    await pass();
    expect(takeErrors()).toEqual([]);
  });

  it('by one of several waiters, for all of them', async () => {
    const g = spawn(fail, error, 1);
    const joiners = [spawn(() => g.join()), spawn(() => g.join())];
    const getter = spawn(() => attempt(() => g.get()));
    await joinall([...joiners, getter]);
    await pass();
    expect(takeErrors()).toEqual([]);
  });
});

describe('an error is not observed', () => {
  const error = new Error('not taken');

  it('by a waiter that does not take it: it is told, once, when the waiter has been resumed', async () => {
    const trace: unknown[] = [];
    hub.onError = (told) => trace.push(told);
    const g = spawn(fail, error, 1);
    await spawn(function* (): Green<void> {
      yield* g.join();
      trace.push('resumed');
    }).get();
    await pass();
    expect(trace).toEqual(['resumed', error]);
  });

  it('by a waiter that waits again before it looks', async () => {
    const g = spawn(fail, error, 1);
    await spawn(function* (): Green<void> {
      yield* g.join();
      yield* sleep(5);
      expect(takeErrors()).toEqual([error]);
      expect(g.error).toBe(error);
    }).get();
    expect(takeErrors()).toEqual([]);
  });

  it('by await of join, joinall, wait or killall outside of greenlets alone', async () => {
    for (const waiting of [
      (g: Greenlet) => g.join(),
      (g: Greenlet) => joinall([g]),
      (g: Greenlet) => wait([g]),
      (g: Greenlet) => killall([g], { exception: error }),
    ]) {
      const g = spawn(fail, error, 1);
      await sleep(0);
      await waiting(g);
      await pass();
      expect(takeErrors()).toEqual([error]);
    }
  });

  it('by reading ready(), dead, killed, value or its text', async () => {
    const g = spawn(() => {
      throw error;
    });
    let read: unknown;
    // In the same turn, so that the error has not been told yet.
    spawn(() => {
      read = [g.ready(), g.dead, g.killed, g.value, takeErrors(), String(g).includes('failed')];
    });
    await pass();
    expect(read).toEqual([true, true, false, undefined, [], true]);
    expect(takeErrors()).toEqual([error]);
  });

  it('by linkValue, which is not called', async () => {
    let called = false;
    const g = spawn(fail, error);
    g.linkValue(() => {
      called = true;
    });
    await pass();
    expect([called, takeErrors()]).toEqual([false, [error]]);
  });

  it('by a link that was taken back, nor by a waiter whose time had passed or who was killed', async () => {
    const link = () => {};
    let open = () => {};
    const gate = suspend<void>('gate', (waker) => {
      open = () => waker.reject(error);
    });
    const g = spawn(() => gate);
    g.link(link);
    g.unlink(link);
    const killed = spawn(() => g.get());
    const late = spawn(() => withTimeout(1, { timeoutValue: 'late' }, () => g.get()));
    expect(await g.join({ timeout: 1 })).toBe(false);
    await killed.kill();
    expect(await late.get()).toBe('late');
    open();
    await g.join();
    await pass();
    expect(takeErrors()).toEqual([error]);
  });

  it('by a get of another greenlet that fails likewise', async () => {
    const [a, b] = [spawn(fail, error, 1), spawn(fail, new Error('other'), 1)];
    await expect(a.get().promise()).rejects.toBe(error);
    await pass();
    expect(takeErrors().map(String)).toEqual(['Error: other']);
    expect(b.error).toBeInstanceOf(Error);
  });

  it('twice: read after it was told, it is not told again', async () => {
    const g = spawn(fail, error);
    await pass();
    expect(takeErrors()).toEqual([error]);
    expect(g.error).toBe(error);
    await expect(g.get().promise()).rejects.toBe(error);
    await g.join();
    await pass();
    expect(takeErrors()).toEqual([]);
  });
});

describe('hub.onError', () => {
  it('that throws, or rejects, harms nothing: the others are told, greenlets go on', async () => {
    const printed: string[] = [];
    const write = process.stderr.write;
    process.stderr.write = ((text: string) => printed.push(text) > 0) as typeof write;
    const told: unknown[] = [];
    hub.onError = (error) => {
      told.push(error);
      if (told.length === 1) throw new Error('handler throws');
      return Promise.reject(new Error('handler rejects'));
    };
    try {
      spawn(fail, 'one');
      spawn(fail, 'two');
      const g = spawn(sleep, 2);
      await g.get();
      await pass();
      expect(told).toEqual(['one', 'two']);
    } finally {
      process.stderr.write = write;
    }
    expect(printed.join('')).toMatch(
      /a handler failed: Error: handler throws[\s\S]*a handler failed: Error: handler rejects/,
    );
  });

  it('by default prints all errors of an AggregateError, and the chain of causes of each', async () => {
    let printed = '';
    const write = process.stderr.write;
    process.stderr.write = ((text: string) => {
      printed += text;
      return true;
    }) as typeof write;
    hub.onError = null;
    const parts = [new Error('left', { cause: new Error('deep') }), 'right'];
    const several = new AggregateError(parts, 'both', { cause: new Error('whole') });
    const g = spawn(fail, several);
    try {
      await pass();
    } finally {
      process.stderr.write = write;
    }
    expect(g.error).toBe(several);
    const lines = printed.split('\n').filter((line) => !/^ +at /.test(line));
    expect(lines.slice(1)).toEqual([
      'AggregateError: both',
      'caused by Error: whole',
      'caused by Error: left',
      'caused by Error: deep',
      'caused by thrown: right',
      '',
    ]);
  });

  it('may spawn, and may read the error, which is observed then', async () => {
    const trace: unknown[] = [];
    hub.onError = (error, from) => {
      trace.push((from as Greenlet).error === error);
      spawn(() => void trace.push('spawned'));
    };
    spawn(fail, new Error('told'));
    await pass();
    await pass();
    expect(trace).toEqual([true, 'spawned']);
  });

  it('that is changed is the one that is told from then on; null restores the default', async () => {
    const [first, second]: [unknown[], unknown[]] = [[], []];
    hub.onError = (error) => first.push(error);
    spawn(fail, 1);
    await pass();
    hub.onError = (error) => second.push(error);
    spawn(fail, 2);
    await pass();
    expect([first, second]).toEqual([[1], [2]]);
    expect(() => {
      hub.onError = 5 as never;
    }).toThrow(TypeError);
    const own = hub.onError;
    hub.onError = null;
    expect(hub.onError).not.toBe(own);
    expect(hub.onError).toBeTypeOf('function');
  });
});
