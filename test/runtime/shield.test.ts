import {
  call,
  type Green,
  GreenletExit,
  hub,
  shield,
  sleep,
  spawn,
  suspend,
  Timeout,
  type Waker,
  withTimeout,
} from 'greenlets';
import { afterEach, describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';

const watch = watchHub();

afterEach(() => {
  hub.killGrace = 1000;
});

/** An operation, and the wakers of its runs. */
function gate<T = void>() {
  const wakers: Waker<T>[] = [];
  let undone = 0;
  return {
    operation: suspend<T>('gate', (wake) => {
      wakers.push(wake);
      return () => {
        undone++;
      };
    }),
    wakers,
    get undone() {
      return undone;
    },
  };
}

describe('shield', () => {
  it('gives the value of fn, or throws its error', async () => {
    const error = new Error('no');
    const g = spawn(function* () {
      const value = yield* shield((a: number) => a + 1, 1);
      try {
        yield* shield(function* (): Green<void> {
          yield* sleep(0);
          throw error;
        });
      } catch (e) {
        return [value, e];
      }
      return undefined;
    });
    expect(await g.get()).toEqual([2, error]);
    expect(await shield(() => 'outside')).toBe('outside');
  });

  it('has fn run to its end, and throws the kill that came meanwhile at its own yield*', async () => {
    const wait = gate<string>();
    const log: unknown[] = [];
    const g = spawn(function* () {
      try {
        yield* shield(function* (): Green<void> {
          log.push(yield* wait.operation);
          yield* sleep(0);
          log.push('end of fn');
        });
        log.push('not reached');
      } catch (e) {
        log.push(e instanceof GreenletExit);
        throw e;
      }
    });
    await pass();
    const killed = g.kill();
    await pass();
    expect(log).toEqual([]);
    expect(wait.undone).toBe(0);
    wait.wakers[0]!.resolve('whole');
    expect(await killed).toBe(true);
    expect(log).toEqual(['whole', 'end of fn', true]);
    expect(g.killed).toBe(true);
  });

  it('throws the kill when the shielded operation was woken together with it', async () => {
    const wait = gate();
    const log: string[] = [];
    const g = spawn(function* () {
      yield* shield(wait.operation as never);
      log.push('not reached');
    });
    await pass();
    g.kill();
    wait.wakers[0]!.resolve();
    await g.join();
    expect(log).toEqual([]);
    expect(g.killed).toBe(true);
  });

  it('postpones a timeout that is further out', async () => {
    const log: string[] = [];
    const g = spawn(function* () {
      try {
        yield* withTimeout(1, function* (): Green<void> {
          yield* shield(function* (): Green<void> {
            yield* sleep(3);
            log.push('whole');
          });
          log.push('not reached');
        });
      } catch (e) {
        log.push((e as Error).name);
      }
    });
    await g.get();
    expect(log).toEqual(['whole', 'Timeout']);
  });

  it('within a shield: only the outermost delivers', async () => {
    const wait = gate();
    const log: string[] = [];
    const g = spawn(function* () {
      yield* shield(function* (): Green<void> {
        yield* shield(wait.operation as never);
        log.push('inner over');
        yield* sleep(0);
        log.push('outer over');
      });
      log.push('not reached');
    });
    await pass();
    g.kill();
    wait.wakers[0]!.resolve();
    await g.join();
    expect(log).toEqual(['inner over', 'outer over']);
  });

  it('delivers several kills one at a time', async () => {
    const wait = gate();
    const log: unknown[] = [];
    const g = spawn(function* () {
      try {
        yield* shield(wait.operation as never);
      } catch (e) {
        log.push(e);
      }
      try {
        yield* sleep(0);
        log.push('not reached');
      } catch (e) {
        log.push(e);
      }
    });
    await pass();
    g.kill({ exception: 'first' });
    g.kill({ exception: 'second' });
    wait.wakers[0]!.resolve();
    await g.join();
    expect(log).toEqual(['first', 'second']);
  });

  it('postpones the grace of a kill: only after it is a swallowed kill closed', async () => {
    hub.killGrace = 1;
    const log: string[] = [];
    const g = spawn(function* () {
      yield* shield(function* (): Green<void> {
        yield* sleep(5);
        log.push('shielded');
      });
    });
    await pass();
    g.kill();
    await g.join();
    expect(log).toEqual(['shielded']);
    expect(watch.takeWarnings()).toEqual([]);
    expect(g.killed).toBe(true);
  });

  it('throws the kill rather than an error that fn throws', async () => {
    const wait = gate();
    const log: unknown[] = [];
    const g = spawn(function* () {
      try {
        yield* shield(wait.operation as never);
      } catch (e) {
        log.push(e instanceof GreenletExit);
        throw e;
      }
    });
    await pass();
    g.kill();
    wait.wakers[0]!.reject('own error');
    await g.join();
    expect([log, g.killed]).toEqual([[true], true]);
  });

  it('keeps a greenlet of its own shielded through call frames', async () => {
    const wait = gate();
    const g = spawn(function* () {
      yield* shield(function* (): Green<void> {
        yield* call(function* (): Green<void> {
          yield* wait.operation;
        });
      });
    });
    await pass();
    g.kill();
    await pass();
    expect([wait.undone, g.dead]).toEqual([0, false]);
    wait.wakers[0]!.resolve();
    await g.join();
    expect(g.killed).toBe(true);
  });

  it('leaves a timeout that began inside it alone with its own frame', async () => {
    const g = spawn(function* () {
      return yield* shield(function* (): Green<unknown> {
        try {
          yield* withTimeout(
            1,
            suspend('for ever', () => {}),
          );
        } catch (e) {
          return e;
        }
        return undefined;
      });
    });
    const result = await Promise.race([g.get().promise(), sleep(50).promise()]);
    g.kill();
    expect(result).toBeInstanceOf(Timeout);
  });

  it('is entered though a kill waits already, which is thrown when it ends', async () => {
    const log: string[] = [];
    const g = spawn(function* (): Green<void> {
      try {
        yield* suspend('for ever', () => {});
      } finally {
        // The second kill came before this one was thrown.
        yield* shield(function* (): Green<void> {
          yield* sleep(0);
          log.push('cleaned up');
        });
        log.push('not reached');
      }
    });
    await sleep(0);
    g.kill();
    g.kill({ exception: new Error('second') });
    await g.join();
    expect(log).toEqual(['cleaned up']);
    expect((g.error as Error).message).toBe('second');
  });

  it('lets a greenlet that kills itself in it go on, and throws the kill when it ends', async () => {
    const log: unknown[] = [];
    const g = spawn(function* (): Green<void> {
      yield* shield(function* (): Green<void> {
        log.push(yield* g.kill());
      });
      log.push('not reached');
    });
    await g.join();
    expect(log).toEqual([false]);
    expect(g.killed).toBe(true);
  });
});
