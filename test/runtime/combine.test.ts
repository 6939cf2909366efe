import {
  all,
  any,
  attempt,
  call,
  type Green,
  GreenletExit,
  getcurrent,
  type Operation,
  race,
  Semaphore,
  settled,
  sleep,
  spawn,
  suspend,
  type Waker,
} from 'greenlets';
import { runVirtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';

watchHub();

/** An operation that waits until it is opened, and tells of its undo. */
function gate<T>(log: string[] = [], name = 'gate') {
  const wakers: Waker<T>[] = [];
  const operation: Operation<T> = suspend<T>(name, (wake) => {
    wakers.push(wake);
    log.push(`${name} begun`);
    return () => void log.push(`${name} undone`);
  });
  return {
    operation,
    open: (value: T) => wakers.at(-1)!.resolve(value),
    fail: (error: unknown) => wakers.at(-1)!.reject(error),
  };
}

const ready = <T>(value: T) => suspend<T>('ready', (wake) => wake.resolve(value));
const failed = (error: unknown) => suspend<never>('failed', (wake) => wake.reject(error));

/** A body that waits for ever, and blocks once more when it is killed. */
function* stubborn(log: string[], name: string): Green<never> {
  try {
    log.push(`${name} begun`);
    return yield* suspend<never>('for ever', () => {});
  } finally {
    yield* sleep(0);
    log.push(`${name} dead`);
  }
}

describe('all', () => {
  it('gives the values of mixed operands in the shape of the array or record', async () => {
    const g = spawn(function* () {
      const child = spawn(() => 'greenlet');
      const array = yield* all([
        ready('operation'),
        child,
        Promise.resolve('promise'),
        (function* (): Green<string> {
          yield* sleep(0);
          return 'generator';
        })(),
        call(() => 'call'),
      ]);
      const record = yield* all({ a: ready(1), b: spawn(() => 'two'), c: Promise.resolve(true) });
      return { array, record };
    });
    expect(await g.get()).toEqual({
      array: ['operation', 'greenlet', 'promise', 'generator', 'call'],
      record: { a: 1, b: 'two', c: true },
    });
  });

  it('takes any iterable', async () => {
    expect(await all(new Set([ready(1), ready(2)]))).toEqual([1, 2]);
  });

  it('of nothing is over at once', async () => {
    const order: string[] = [];
    const a = spawn(function* () {
      expect(yield* all([])).toEqual([]);
      expect(yield* all({})).toEqual({});
      order.push('a');
    });
    spawn(() => void order.push('b'));
    await a.get();
    await pass();
    expect(order).toEqual(['a', 'b']);
  });

  it('begins its operands in order, and waits for all at the same time', async () => {
    const log: string[] = [];
    const [a, b] = [gate<number>(log, 'a'), gate<number>(log, 'b')];
    const run = all([a.operation, b.operation]).promise();
    expect(log).toEqual(['a begun', 'b begun']);
    b.open(2);
    await pass();
    a.open(1);
    expect(await run).toEqual([1, 2]);
  });

  it('is lazy and can be run again when its operands can', async () => {
    let runs = 0;
    const operand = suspend<number>('op', (wake) => wake.resolve(++runs));
    const both = all([operand, operand]);
    expect(runs).toBe(0);
    expect(await both).toEqual([1, 2]);
    expect(await both).toEqual([3, 4]);
  });

  it('throws the first error in time, and undoes the rest before', async () => {
    const log: string[] = [];
    const [a, b, c] = [gate(log, 'a'), gate(log, 'b'), gate(log, 'c')];
    const g = spawn(function* () {
      try {
        yield* all([a.operation, b.operation, c.operation]);
      } catch (e) {
        log.push(`caught ${e}`);
      }
    });
    await pass();
    b.fail('error of b');
    a.fail('too late');
    await g.get();
    expect(log.slice(3)).toEqual(['a undone', 'c undone', 'caught error of b']);
  });

  it('throws an error that is there at once and does not begin what comes after it', async () => {
    const log: string[] = [];
    const run = all([gate(log, 'a').operation, failed('now'), gate(log, 'b').operation]);
    await expect(run).rejects.toBe('now');
    expect(log).toEqual(['a begun', 'a undone']);
  });

  it('kills the bodies that are left, which are dead before the error is thrown', async () => {
    const log: string[] = [];
    const bad = gate(log, 'bad');
    const g = spawn(function* () {
      try {
        yield* all([stubborn(log, 'x'), bad.operation, call(stubborn, log, 'y')]);
      } catch (e) {
        log.push(`caught ${e}`);
      }
    });
    await pass();
    bad.fail('error');
    await g.get();
    expect(log).toEqual(['bad begun', 'x begun', 'y begun', 'x dead', 'y dead', 'caught error']);
  });

  it('waits for the bodies of a combination inside it to be dead, too', async () => {
    const log: string[] = [];
    const bad = gate(log, 'bad');
    const g = spawn(function* () {
      try {
        yield* all([all([stubborn(log, 'x'), race([stubborn(log, 'y')])]), bad.operation]);
      } catch (e) {
        log.push(`caught ${e}`);
      }
    });
    await pass();
    bad.fail('error');
    await g.get();
    expect(log).toEqual(['bad begun', 'x begun', 'y begun', 'x dead', 'y dead', 'caught error']);
  });

  it('leaves greenlets and promises alone', async () => {
    const child = gate<string>();
    const g = spawn(function* () {
      return yield* child.operation;
    });
    await pass();
    let resolve!: (value: string) => void;
    const promise = new Promise<string>((yes) => {
      resolve = yes;
    });
    await expect(all([g, promise, failed('error')])).rejects.toBe('error');
    expect(g.dead).toBe(false);
    child.open('alive');
    resolve('too');
    expect(await all([g, promise])).toEqual(['alive', 'too']);
  });

  it('delivers the error of a greenlet, which is observed by that', async () => {
    const error = new Error('of the greenlet');
    const g = spawn(() => {
      throw error;
    });
    await expect(all([g, ready(1)]).promise()).rejects.toBe(error);
  });

  it('has library operations act in the caller’s name and bodies in greenlets of their own', async () => {
    const who: unknown[] = [];
    const g = spawn(function* () {
      const self = getcurrent();
      yield* all([
        suspend<void>('op', (wake) => {
          who.push(getcurrent() === self);
          wake.resolve();
        }),
        (function* (): Green<void> {
          who.push(getcurrent() === self);
        })(),
        call(() => void who.push(getcurrent() === self)),
      ]);
    });
    await g.get();
    expect(who).toEqual([true, false, false]);
  });

  it('of a caller that is killed: operations are undone, bodies killed, greenlets left alone', async () => {
    const log: string[] = [];
    const own = gate<string>();
    const child = spawn(function* () {
      return yield* own.operation;
    });
    const g = spawn(function* () {
      yield* all([gate(log, 'op').operation, stubborn(log, 'body'), child]);
    });
    await pass();
    await g.kill();
    await pass();
    expect(log).toEqual(['op begun', 'body begun', 'op undone', 'body dead']);
    expect(child.dead).toBe(false);
    own.open('fine');
    expect(await child.get()).toBe('fine');
  });

  it('that has decided has happened: a kill comes at the next suspension', async () => {
    const [a, b] = [gate<number>(), gate<number>()];
    const log: unknown[] = [];
    const g = spawn(function* () {
      log.push(yield* all([a.operation, b.operation]));
      yield* sleep(0);
      log.push('not reached');
    });
    await pass();
    a.open(1);
    b.open(2);
    await g.kill();
    expect(log).toEqual([[1, 2]]);
  });

  it('interrupted when one of two has happened undoes the other and loses no registration', async () => {
    const log: string[] = [];
    const [a, b] = [gate<number>(log, 'a'), gate<number>(log, 'b')];
    const g = spawn(function* () {
      yield* all([a.operation, b.operation]);
    });
    await pass();
    a.open(1);
    await pass();
    await g.kill();
    expect(log).toEqual(['a begun', 'b begun', 'b undone']);
  });

  it('interrupted keeps what an operand has taken by then; a body lets go itself', async () => {
    await runVirtual(function* () {
      const free = new Semaphore(1);
      const taken = new Semaphore(0);
      const plain = spawn(() => all([free.acquire(), taken.acquire()]));
      yield* sleep(1);
      yield* plain.kill();
      expect([free.statistics().level, taken.statistics().waiters]).toEqual([0, 0]);
      free.release();
      const bodies = spawn(() => all([free.with(() => sleep(10)), taken.acquire()]));
      yield* sleep(1);
      expect(free.locked()).toBe(true);
      yield* bodies.kill();
      expect([free.statistics().level, taken.statistics().waiters]).toEqual([1, 0]);
    });
  });

  it('refuses at the call what is no collection, and what cannot be waited for', () => {
    for (const wrong of [5, null, sleep(0), Promise.resolve(), spawn(() => {}), (function* () {})()]) {
      expect(() => all(wrong as never)).toThrow(TypeError);
    }
    expect(() => all([ready(1), 5 as never])).toThrow(/operand 1/);
    expect(() => all({ key: (() => {}) as never })).toThrow(/operand key.*call/);
  });
});

describe('settled', () => {
  it('gives the shape of attempt for each, and throws none of their errors', async () => {
    const error = new Error('no');
    const expected = [
      { ok: true, value: 1 },
      { ok: false, error },
      { ok: false, error: 'rejected' },
    ];
    const g = spawn(function* () {
      const bad = spawn(() => {
        throw error;
      });
      return yield* settled([ready(1), bad, Promise.reject('rejected')]);
    });
    expect(await g.get()).toEqual(expected);
    expect(await settled({ a: ready(1), b: failed(error) })).toEqual({ a: expected[0], b: expected[1] });
    expect(await settled([])).toEqual([]);
  });

  it('waits for all, whatever fails meanwhile', async () => {
    const a = gate<number>();
    const run = settled([failed('no'), a.operation]).promise();
    await pass();
    a.open(1);
    expect(await run).toEqual([
      { ok: false, error: 'no' },
      { ok: true, value: 1 },
    ]);
  });

  it('does not take a kill of the caller for an outcome', async () => {
    const g = spawn(function* () {
      yield* settled([suspend('for ever', () => {})]);
      return 'swallowed';
    });
    await pass();
    await g.kill();
    expect(g.value).toBeInstanceOf(GreenletExit);
  });
});

describe('race', () => {
  it('gives the first to settle, and undoes the losers', async () => {
    const log: string[] = [];
    const [a, b, c] = [gate<string>(log, 'a'), gate<string>(log, 'b'), gate<string>(log, 'c')];
    const run = race([a.operation, b.operation, c.operation]).promise();
    b.open('b wins');
    expect(log.slice(3)).toEqual(['a undone', 'c undone']);
    expect(await run).toBe('b wins');
  });

  it('throws when the first to settle fails', async () => {
    const [a, b] = [gate(), gate()];
    const run = race([a.operation, b.operation]).promise();
    b.fail('b fails');
    await expect(run).rejects.toBe('b fails');
  });

  it('prefers the one written first of several that are ready, and does not begin the others', async () => {
    const log: string[] = [];
    expect(await race([ready('first'), ready('second'), gate(log).operation])).toBe('first');
    expect(await race({ x: gate(log, 'x').operation, y: ready('y'), z: gate(log, 'z').operation })).toBe('y');
    expect(log).toEqual(['x begun', 'x undone']);
  });

  it('has the bodies that lost dead before the result is delivered', async () => {
    const log: string[] = [];
    const win = gate<string>(log, 'win');
    const g = spawn(function* () {
      log.push(yield* race([stubborn(log, 'x'), win.operation, stubborn(log, 'y')]));
    });
    await pass();
    win.open('result');
    await g.get();
    expect(log).toEqual(['win begun', 'x begun', 'y begun', 'x dead', 'y dead', 'result']);
  });

  it('never runs a body that has not begun when it is decided', async () => {
    const log: string[] = [];
    expect(await race([stubborn(log, 'x'), ready('now')])).toBe('now');
    await pass();
    expect(log).toEqual([]);
  });

  it('decides by the first of two that end in the same turn, and the other loses nothing', async () => {
    let items = ['one', 'two'];
    const takers: Waker<string>[] = [];
    const take = suspend<string>('take', (wake) => {
      takers.push(wake);
      return () => void takers.splice(takers.indexOf(wake), 1);
    });
    const run = race([take, take]).promise();
    // As a queue does: one item for each taker that is there.
    for (const item of [...items]) {
      const taker = takers.shift();
      if (taker === undefined) break;
      items = items.filter((each) => each !== item);
      taker.resolve(item);
    }
    expect(await run).toBe('one');
    expect(items).toEqual(['two']);
  });

  it('of a caller that is killed while the losers die keeps the result: it has happened', async () => {
    const log: string[] = [];
    const win = gate<string>(log, 'win');
    const g = spawn(function* () {
      log.push(yield* race([stubborn(log, 'x'), win.operation]));
      yield* sleep(0);
      log.push('not reached');
    });
    await pass();
    win.open('result');
    await g.kill();
    expect(log).toEqual(['win begun', 'x begun', 'x dead', 'result']);
    expect(g.killed).toBe(true);
  });

  it('awaited outside and aborted while the losers die gives the result: it has happened', async () => {
    const log: string[] = [];
    const win = gate<string>(log, 'win');
    const controller = new AbortController();
    const run = race([stubborn(log, 'x'), win.operation]).promise({ signal: controller.signal });
    await pass();
    win.open('result');
    controller.abort();
    expect(await run).toBe('result');
    expect(log.at(-1)).toBe('x dead');
  });

  it('leaves a greenlet that lost alive and its result to be got', async () => {
    const own = gate<number>();
    const child = spawn(function* () {
      return yield* own.operation;
    });
    expect(await race([child, ready('now')])).toBe('now');
    await pass();
    own.open(5);
    expect(await child.get()).toBe(5);
  });

  it('of nothing is a RangeError at the call', () => {
    expect(() => race([])).toThrow(RangeError);
    expect(() => race({})).toThrow(RangeError);
  });
});

describe('any', () => {
  it('gives the first success, whatever failed before', async () => {
    const log: string[] = [];
    const a = gate<string>(log, 'a');
    const rest = gate<string>(log, 'rest');
    const run = any([failed('no'), a.operation, rest.operation]).promise();
    a.open('yes');
    expect(await run).toBe('yes');
    expect(log).toEqual(['a begun', 'rest begun', 'rest undone']);
  });

  it('throws an AggregateError of all errors in the order of the operands', async () => {
    const [a, b] = [gate(), gate()];
    const run = any([a.operation, b.operation, failed('third')]).promise();
    b.fail('second');
    a.fail('first');
    const error = await run.catch((e: unknown) => e as AggregateError);
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors).toEqual(['first', 'second', 'third']);
  });

  it('of nothing throws an empty AggregateError', async () => {
    const error = await any([])
      .promise()
      .catch((e: unknown) => e as AggregateError);
    expect((error as AggregateError).errors).toEqual([]);
  });

  it('has the bodies that lost dead before the result is delivered', async () => {
    const log: string[] = [];
    const win = gate<string>(log, 'win');
    const g = spawn(function* () {
      log.push(yield* any({ x: call(stubborn, log, 'x'), win: win.operation }));
    });
    await pass();
    win.open('result');
    await g.get();
    expect(log).toEqual(['win begun', 'x begun', 'x dead', 'result']);
  });
});

describe('combinations', () => {
  it('nest', async () => {
    const [a, b] = [gate<number>(), gate<number>()];
    const run = all({
      first: race([a.operation, b.operation]),
      both: settled([ready(1), failed(2)]),
      one: any([failed(0), ready('x')]),
    }).promise();
    b.open(20);
    expect(await run).toEqual({
      first: 20,
      both: [
        { ok: true, value: 1 },
        { ok: false, error: 2 },
      ],
      one: 'x',
    });
  });

  it('leave no timer behind when they are over', async () => {
    const g = spawn(function* () {
      const before = Date.now();
      yield* race([sleep(60_000), ready(1)]);
      yield* attempt(() => all([sleep(60_000), failed(1)]));
      return Date.now() - before < 30_000;
    });
    expect(await g.get()).toBe(true);
  });
});
