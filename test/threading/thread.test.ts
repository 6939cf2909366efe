import { type Greenlet, GreenletError, getcurrent, scope, sleep, spawn, wait } from 'greenlets';
import { stack } from 'greenlets/inspect';
import { virtual } from 'greenlets/testing';
import { currentThread, Lock, Thread } from 'greenlets/threading';
import { describe, expect, it } from 'vitest';
import { thrownBy } from '../support/hub.js';
import { watchHub } from '../support/hub-watch.js';

watchHub();

const nothing = () => {};

function* nap(ms: number) {
  yield* sleep(ms);
}

describe('a thread', () => {
  it(
    'runs its target with its arguments, in a greenlet of its own, on the next turn',
    virtual(function* () {
      const got: unknown[] = [];
      const thread = new Thread({
        *target(a: number, b: string) {
          yield* sleep(1);
          got.push(a, b, getcurrent() === thread.greenlet);
        },
        args: [1, 'two'],
      });
      thread.start();
      expect(got).toEqual([]);
      yield* thread.join();
      expect(got).toEqual([1, 'two', true]);
    }),
  );

  it(
    'gives its target the keyword arguments behind the others',
    virtual(function* () {
      const got: unknown[] = [];
      const target = (a: number, options: { verbose: boolean }) => void got.push(a, options);
      const thread = new Thread({ target, args: [1], kwargs: { verbose: true } });
      thread.start();
      yield* thread.join();
      expect(got).toEqual([1, { verbose: true }]);
    }),
  );

  it(
    'takes a plain and an async function, an operation, and no target at all',
    virtual(function* (clock) {
      const got: string[] = [];
      const lock = new Lock();
      const threads = [
        new Thread({ target: () => got.push('plain') }),
        new Thread({
          target: async () => {
            await null;
            got.push('async');
          },
        }),
        new Thread({ target: () => lock.acquire() }),
        new Thread({ target: sleep, args: [30] }),
        new Thread({ target: null }),
        new Thread(),
      ];
      for (const each of threads) each.start();
      for (const each of threads) expect(yield* each.join()).toBe(true);
      expect([got.sort(), lock.locked(), clock.now()]).toEqual([['async', 'plain'], true, 30]);
    }),
  );

  it(
    'runs beside the others: ten that sleep take as long as one',
    virtual(function* (clock) {
      const threads = Array.from({ length: 10 }, () => new Thread({ target: nap, args: [1000] }));
      for (const each of threads) each.start();
      for (const each of threads) yield* each.join();
      expect(clock.now()).toBe(1000);
    }),
  );

  it('refuses wrong options at the call, by the name of the option', () => {
    const refusal = (options: unknown) => String(thrownBy(() => new Thread(options as object)));
    expect(refusal({ target: 5 })).toBe(
      'TypeError: target must be a function, got 5 (number); write new Thread({ target: worker, args: [1] })',
    );
    expect(refusal(nothing)).toBe(
      'TypeError: Thread: options must be an object such as { target: worker, args: [1] }, got function nothing',
    );
    expect(refusal({ args: 'abc' })).toBe('TypeError: args must be an array, got "abc"');
    expect(refusal({ name: 5 })).toBe('TypeError: name must be a string, got 5 (number)');
    expect(refusal({ daemon: 'yes' })).toBe('TypeError: daemon must be a boolean, got "yes"');
    expect(refusal({ target: nothing, kwargs: 5 })).toContain('TypeError: kwargs must be an object');
  });

  it('has its target and its arguments checked by the compiler', () => {
    const target = (a: number, b: string) => [a, b];
    new Thread({ target, args: [1, 'b'] });
    new Thread({ target: <T>(x: T) => x, args: [1] });
    // @ts-expect-error
    new Thread({ target, args: [1] });
    // @ts-expect-error
    new Thread({ target });
    // @ts-expect-error
    new Thread({ target, args: [1], kwargs: { no: 'string' } });
    const plainYield = function* () {
      yield 5;
    };
    // @ts-expect-error
    new Thread({ target: plainYield });
    const threads: Thread[] = [new Thread({ target, args: [1, 'b'] }), new Thread()];
    expect(threads.every((each) => each.ident === null)).toBe(true);
  });
});

describe('the name', () => {
  const numberOf = (name: string) => Number(/^Thread-(\d+)/.exec(name)?.[1]);

  it('is Thread-N and the name of the target, unless it is given', () => {
    const first = numberOf(new Thread().name);
    function worker() {}
    expect(new Thread({ target: worker }).name).toBe(`Thread-${first + 1} (worker)`);
    expect(new Thread({ target: (() => () => {})() }).name).toBe(`Thread-${first + 2}`);
    expect(new Thread({ target: worker, name: 'mine' }).name).toBe('mine');
    expect(new Thread({ name: '' }).name).toBe(`Thread-${first + 3}`);
  });

  it(
    'can be changed, before and after the start, and is that of the greenlet in reports',
    virtual(function* () {
      const thread = new Thread({ target: nap, args: [10], name: 'one' });
      thread.setName('two');
      expect([thread.name, thread.getName()]).toEqual(['two', 'two']);
      thread.start();
      expect(thread.greenlet?.name).toBe('two');
      thread.name = 'three';
      expect(`${thread.greenlet}`).toBe("<Thread 'three' scheduled started>");
      expect(thrownBy(() => thread.setName(3 as never))).toBeInstanceOf(TypeError);
      yield* thread.join();
    }),
  );

  it(
    'is shown as Python shows it',
    virtual(function* () {
      const thread = new Thread({ target: nap, args: [10], name: 'one' });
      expect(`${thread}`).toBe('<Thread(one, initial)>');
      thread.start();
      expect(`${thread}`).toBe(`<Thread(one, started ${thread.ident})>`);
      yield* thread.join();
      expect(`${thread}`).toBe(`<Thread(one, stopped ${thread.ident})>`);
      expect(`${new Thread({ name: 'two', daemon: true })}`).toBe('<Thread(two, initial daemon)>');
    }),
  );
});

describe('the life of a thread', () => {
  it(
    'is told by isAlive, ident and nativeId',
    virtual(function* () {
      const thread = new Thread({ target: nap, args: [10] });
      const tell = () => [thread.isAlive(), typeof thread.ident, thread.nativeId];
      expect(tell()).toEqual([false, 'object', null]);
      thread.start();
      expect(tell()).toEqual([true, 'number', currentThread().nativeId]);
      expect(thread.ident).toBe(thread.greenlet?.ident);
      yield* thread.join();
      expect(tell()).toEqual([false, 'number', currentThread().nativeId]);
    }),
  );

  it(
    'begins once: a second start() is refused, also after the end',
    virtual(function* () {
      const thread = new Thread({ target: nap, args: [10] });
      thread.start();
      const refusal = () => thrownBy(() => thread.start());
      expect(refusal()).toBeInstanceOf(GreenletError);
      expect(String(refusal())).toContain('threads can only be started once');
      yield* thread.join();
      expect(String(refusal())).toContain('threads can only be started once');
    }),
  );

  it(
    'is waited for by join: true at its end, false after the timeout, at once with 0',
    virtual(function* (clock) {
      const thread = new Thread({ target: nap, args: [100] });
      thread.start();
      expect(yield* thread.join({ timeout: 0 })).toBe(false);
      expect([yield* thread.join({ timeout: 30 }), clock.now()]).toEqual([false, 30]);
      expect([yield* thread.join(), clock.now()]).toEqual([true, 100]);
      expect([yield* thread.join({ timeout: 0 }), clock.now()]).toEqual([true, 100]);
    }),
  );

  it(
    'cannot be joined before its start, or by itself',
    virtual(function* () {
      const refusals: string[] = [];
      const thread: Thread = new Thread({
        target: () => {
          refusals.push(String(thrownBy(() => thread.join())));
        },
      });
      refusals.push(String(thrownBy(() => thread.join())));
      thread.start();
      yield* thread.join();
      expect(refusals).toEqual([
        expect.stringContaining('GreenletError: cannot join thread before it is started: <Thread('),
        expect.stringContaining('GreenletError: cannot join current thread: <Thread('),
      ]);
      expect(thrownBy(() => thread.join({ timeout: -1 }))).toBeInstanceOf(RangeError);
    }),
  );

  it(
    'goes on when a join is interrupted, and nothing of the join is left',
    virtual(function* () {
      const thread = new Thread({ target: nap, args: [100] });
      thread.start();
      const joiner = spawn(() => thread.join());
      yield* sleep(10);
      yield* joiner.kill();
      expect([joiner.killed, thread.isAlive()]).toEqual([true, true]);
      yield* thread.join();
    }),
  );

  it(
    'is that of its greenlet, which can be waited for, looked at and killed',
    virtual(function* () {
      const cleaned: string[] = [];
      const thread = new Thread({
        *target() {
          try {
            yield* sleep(1000);
          } finally {
            cleaned.push('cleaned');
          }
        },
      });
      expect(thread.greenlet).toBe(null);
      thread.start();
      yield* sleep(1);
      const greenlet = thread.greenlet as Greenlet;
      expect(stack(greenlet)[0]?.function).toBe('target');
      yield* greenlet.kill();
      yield* wait([greenlet]);
      expect([thread.isAlive(), cleaned]).toEqual([false, ['cleaned']]);
    }),
  );
});

describe('the daemon flag', () => {
  it('is set by the option, the property or setDaemon, before the start', () => {
    const thread = new Thread({ target: nothing, daemon: true });
    expect([thread.daemon, thread.isDaemon()]).toEqual([true, true]);
    thread.setDaemon(false);
    expect(thread.daemon).toBe(false);
    thread.daemon = true;
    expect(thread.isDaemon()).toBe(true);
    expect(thrownBy(() => thread.setDaemon(1 as never))).toBeInstanceOf(TypeError);
  });

  it(
    'cannot be changed after the start',
    virtual(function* () {
      const thread = new Thread({ target: nothing });
      thread.start();
      expect(String(thrownBy(() => thread.setDaemon(true)))).toMatch(
        /^GreenletError: cannot set daemon status of active thread/,
      );
      yield* thread.join();
      expect(thrownBy(() => (thread.daemon = true))).toBeInstanceOf(GreenletError);
      expect(thread.daemon).toBe(false);
    }),
  );

  it(
    'is that of whoever makes the thread',
    virtual(function* () {
      const seen: boolean[] = [];
      const look = () => void seen.push(new Thread().daemon);
      const daemon = new Thread({ target: look, daemon: true });
      daemon.start();
      yield* daemon.join();
      yield* spawn({ daemon: true }, look).join();
      yield* spawn(look).join();
      expect([seen, new Thread().daemon]).toEqual([[true, true, false], false]);
    }),
  );
});

describe('a subclass of Thread', () => {
  class Worker extends Thread {
    readonly log: string[];

    constructor(
      log: string[],
      readonly number: number,
    ) {
      super({ name: `worker ${number}` });
      this.log = log;
    }

    override *run() {
      this.log.push(`${this.number} begins`);
      yield* sleep(10);
      this.log.push(`${this.number} ends in ${currentThread().name}`);
    }
  }

  it(
    'overrides run, with fields of its own',
    virtual(function* () {
      const log: string[] = [];
      const both = [new Worker(log, 1), new Worker(log, 2)];
      for (const each of both) each.start();
      for (const each of both) yield* each.join();
      expect(log).toEqual(['1 begins', '2 begins', '1 ends in worker 1', '2 ends in worker 2']);
      expect(`${both[0]}`).toBe(`<Worker(worker 1, stopped ${both[0]?.ident})>`);
    }),
  );

  it(
    'may run what was there before by super.run(), and override it with a plain or an async function',
    virtual(function* () {
      const log: string[] = [];
      class Around extends Thread {
        override *run() {
          log.push('before');
          yield* super.run();
          log.push('after');
        }
      }
      class Plain extends Thread {
        override run() {
          log.push('plain');
        }
      }
      class Async extends Thread {
        override async run() {
          await super.run();
          log.push('async');
        }
      }
      const target = function* () {
        yield* sleep(1);
        log.push('target');
      };
      for (const type of [Around, Plain, Async]) {
        const thread: Thread = new type({ target });
        thread.start();
        yield* thread.join();
      }
      expect(log).toEqual(['before', 'target', 'after', 'plain', 'target', 'async']);
    }),
  );

  it(
    'without a name has that of a thread, with the name of its target',
    virtual(function* () {
      class Named extends Thread {}
      expect(new Named({ target: nothing }).name).toMatch(/^Thread-\d+ \(nothing\)$/);
    }),
  );
});

describe('run()', () => {
  it(
    'called by hand runs in the calling thread, and starts nothing',
    virtual(function* () {
      const seen: unknown[] = [];
      const thread = new Thread({ target: () => void seen.push(getcurrent()) });
      yield* thread.run();
      expect([seen, thread.isAlive(), thread.ident]).toEqual([[getcurrent()], false, null]);
      yield* thread.run();
      expect(seen).toHaveLength(2);
    }),
  );

  it(
    'belongs to the thread: a scope around the start does not end it',
    virtual(function* () {
      const thread = new Thread({ target: nap, args: [10] });
      yield* scope(() => thread.start());
      expect(thread.isAlive()).toBe(true);
      yield* thread.join();
    }),
  );
});
