import { EventEmitter } from 'node:events';
import {
  type Green,
  Greenlet,
  GreenletError,
  GreenletExit,
  getcurrent,
  greenlet,
  hub,
  joinall,
  sleep,
  spawn,
  spawnLater,
  suspend,
  Timeout,
  TimeoutError,
} from 'greenlets';
import { virtual, waitAllBlocked } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { collectErrors, collectWarnings, keepHubSettings, thrownBy } from '../support/hub.js';

keepHubSettings();

const stateOf = (g: Greenlet<unknown>) => ({
  started: g.started,
  dead: g.dead,
  ready: g.ready(),
  successful: g.successful(),
  killed: g.killed,
  value: g.value,
  error: g.error,
});

const LIVING = {
  dead: false,
  ready: false,
  successful: false,
  killed: false,
  value: undefined,
  error: undefined,
};
const ENDED = { started: false, dead: true, ready: true };

describe('the state of a greenlet', () => {
  it(
    'is new until start(), then started, also while it runs and sleeps, and then has a value',
    virtual(function* () {
      const seen: unknown[] = [];
      const g: Greenlet<number> = new Greenlet<number>(function* (): Green<number> {
        seen.push(stateOf(g));
        yield* sleep(1);
        return 7;
      });
      expect(stateOf(g)).toEqual({ ...LIVING, started: false });
      g.start();
      expect(stateOf(g)).toEqual({ ...LIVING, started: true });
      yield* sleep(0);
      expect(stateOf(g)).toEqual({ ...LIVING, started: true });
      yield* g.join();
      expect(seen).toEqual([{ ...LIVING, started: true }]);
      expect(stateOf(g)).toEqual({ ...ENDED, successful: true, killed: false, value: 7, error: undefined });
      expect(g.result()).toBe(7);
    }),
  );

  it(
    'after an error has the very error, and no value',
    virtual(function* () {
      const error = new Error('e');
      const g = spawn(() => {
        throw error;
      });
      yield* g.join();
      expect(stateOf(g)).toEqual({ ...ENDED, successful: false, killed: false, value: undefined, error });
      expect(g.exception).toBe(error);
      expect(thrownBy(() => g.result())).toBe(error);
    }),
  );

  it(
    'after an error that is undefined is failed all the same',
    virtual(function* () {
      const g = spawn(() => {
        throw undefined;
      });
      yield* g.join();
      expect(g.successful()).toBe(false);
      let caught = false;
      try {
        yield* g.get();
      } catch (error) {
        caught = error === undefined;
      }
      expect(caught).toBe(true);
    }),
  );

  it(
    'after a GreenletExit that it raised itself is successful, with the GreenletExit as value',
    virtual(function* () {
      const exit = new GreenletExit('enough');
      const g = spawn(() => {
        throw exit;
      });
      expect(yield* g.get()).toBe(exit);
      expect(stateOf(g)).toEqual({
        ...ENDED,
        successful: true,
        killed: false,
        value: exit,
        error: undefined,
      });
    }),
  );

  it(
    'after a returned GreenletExit or Error is that of any value',
    virtual(function* () {
      const error = new Error('as a value');
      const g = spawn(() => error);
      expect(yield* g.get()).toBe(error);
      expect(g.successful()).toBe(true);
    }),
  );

  it(
    'after a kill is successful and killed',
    virtual(function* () {
      const g = spawn(sleep, 1000);
      yield* sleep(0);
      yield* g.kill();
      expect(stateOf(g)).toEqual({
        ...ENDED,
        successful: true,
        killed: true,
        value: expect.any(GreenletExit),
        error: undefined,
      });
      expect(g.result()).toBe(g.value);
    }),
  );

  it(
    'is not changed by start() again, before or after its end',
    virtual(function* () {
      let runs = 0;
      const g = spawn(() => ++runs);
      g.start();
      g.start();
      yield* g.get();
      g.start();
      g.startLater(1);
      yield* sleep(5);
      expect(runs).toBe(1);
      expect(g.value).toBe(1);
      expect(g.started).toBe(false);
    }),
  );

  it(
    'with a Timeout that escaped is a failure',
    virtual(function* () {
      const g = spawn(() => {
        throw new Timeout(1);
      });
      yield* g.join();
      expect(g.successful()).toBe(false);
      expect(g.error).toBeInstanceOf(Timeout);
    }),
  );
});

describe('get', () => {
  it(
    'gives the value each time, of a living and of a dead greenlet',
    virtual(function* () {
      const value = { a: 1 };
      const g = spawn(function* (): Green<object> {
        yield* sleep(1);
        return value;
      });
      const op = g.get();
      expect(yield* op).toBe(value);
      expect(yield* op).toBe(value);
    }),
  );

  it(
    'throws the identical error each time',
    virtual(function* () {
      const error = new Error('e');
      const g = spawn(() => {
        throw error;
      });
      for (let i = 0; i < 2; i++) {
        let caught: unknown;
        try {
          yield* g.get();
        } catch (thrown) {
          caught = thrown;
        }
        expect(caught).toBe(error);
      }
    }),
  );

  it(
    'after its timeout throws a Timeout that names the operation, the greenlet and the time, and leaves the greenlet alone',
    virtual(function* (clock) {
      const g = spawn({ name: 'slow' }, function* (): Green<string> {
        yield* sleep(100);
        return 'late';
      });
      let caught: unknown;
      try {
        yield* g.get({ timeout: 10 });
      } catch (error) {
        caught = error;
      }
      expect(clock.now()).toBe(10);
      expect(caught).toBeInstanceOf(Timeout);
      expect(caught).toBeInstanceOf(TimeoutError);
      expect((caught as Error).message).toContain('Greenlet.get');
      expect((caught as Error).message).toContain('slow');
      expect((caught as Error).message).toContain('10 ms');
      expect((caught as Error).message).toContain('scheduled-greenlet.test.ts');
      expect(yield* g.get()).toBe('late');
    }),
  );

  it(
    'with block: false or timeout: 0 polls',
    virtual(function* (clock) {
      const g = spawn(function* (): Green<number> {
        yield* sleep(5);
        return 5;
      });
      for (const options of [{ block: false }, { timeout: 0 }]) {
        let caught: unknown;
        try {
          yield* g.get(options);
        } catch (error) {
          caught = error;
        }
        expect(caught).toBeInstanceOf(Timeout);
      }
      expect(clock.now()).toBe(0);
      yield* g.join();
      expect(yield* g.get({ block: false })).toBe(5);
      expect(yield* g.get({ timeout: 0 })).toBe(5);
    }),
  );

  it(
    'leaves no timer and no link behind when it is over, or interrupted',
    virtual(function* () {
      const g = spawn(sleep, 10);
      const before = hub.stats().timers;
      const waiter = spawn(function* (): Green<void> {
        yield* g.get({ timeout: 500 });
      });
      yield* sleep(0);
      yield* sleep(0);
      yield* waiter.kill();
      yield* g.get({ timeout: 500 });
      expect(hub.stats().timers).toBeLessThanOrEqual(before);
    }),
  );

  it('is awaited outside of greenlets, and rejects with the error', async () => {
    const error = new Error('e');
    await expect(
      spawn(() => {
        throw error;
      })
        .get()
        .promise(),
    ).rejects.toBe(error);
    expect(await spawn(() => 5).get()).toBe(5);
  });

  it('refuses what is no time at the call', () => {
    const g = new Greenlet(() => 1);
    for (const method of [g.get, g.join, g.kill] as ((options: object) => unknown)[]) {
      expect(() => method.call(g, { timeout: -1 })).toThrow(RangeError);
      expect(() => method.call(g, { timeout: Number.NaN })).toThrow(RangeError);
      expect(() => method.call(g, { timeout: '1' })).toThrow(TypeError);
    }
    expect(g.dead).toBe(false);
  });
});

describe('join', () => {
  it(
    'gives true at the end, never the error',
    virtual(function* () {
      const errors = collectErrors();
      const g = spawn(() => {
        throw new Error('e');
      });
      expect(yield* g.join()).toBe(true);
      expect(yield* g.join()).toBe(true);
      expect(g.error).toBeInstanceOf(Error);
      yield* waitAllBlocked();
      expect(errors).toEqual([]);
    }),
  );

  it(
    'gives false when its time has passed',
    virtual(function* (clock) {
      const g = spawn(sleep, 100);
      expect(yield* g.join({ timeout: 0 })).toBe(false);
      expect(clock.now()).toBe(0);
      expect(yield* g.join({ timeout: 30 })).toBe(false);
      expect(clock.now()).toBe(30);
      expect(g.dead).toBe(false);
      expect(yield* g.join({ timeout: 1000 })).toBe(true);
      expect(clock.now()).toBe(100);
    }),
  );

  it(
    'of the greenlet itself gives false at its timeout',
    virtual(function* (clock) {
      const self = getcurrent() as Greenlet;
      expect(yield* self.join({ timeout: 5 })).toBe(false);
      expect(clock.now()).toBe(5);
    }),
  );

  it(
    'resumes several waiters in the order in which they came',
    virtual(function* () {
      const trace: number[] = [];
      const g = spawn(sleep, 10);
      yield* joinall(
        [1, 2, 3].map((n) =>
          spawn(function* (): Green<void> {
            yield* g.join();
            trace.push(n);
          }),
        ),
      );
      expect(trace).toEqual([1, 2, 3]);
    }),
  );
});

describe('what a greenlet knows of itself', () => {
  it(
    'args are the arguments of its function',
    virtual(function* () {
      const g = spawn((a: number, b: string) => `${a}${b}`, 1, 'x');
      expect(g.args).toEqual([1, 'x']);
      expect(new Greenlet((a: number) => a, 5).args).toEqual([5]);
      yield* g.get();
    }),
  );

  it(
    'spawnedBy is the greenlet that made it, null for main',
    virtual(function* () {
      const outer = spawn({ name: 'outer' }, function* (): Green<Greenlet<unknown>> {
        const inner = spawn(() => 1);
        yield* inner.get();
        return inner;
      });
      const inner = (yield* outer.get()) as Greenlet<unknown>;
      expect(inner.spawnedBy).toBe(outer);
      expect(outer.spawnedBy).toBe(getcurrent());
    }),
  );

  it('spawnedBy is null for what main spawned', async () => {
    const g = spawn(() => 1);
    expect(g.spawnedBy).toBeNull();
    await g.get();
  });

  it('spawnTreeLocals are one object for all descendants of a greenlet of main, whoever reads them first', async () => {
    const seen: Record<string, unknown>[] = [];
    function* branch(depth: number): Green<void> {
      if (depth > 0) yield* joinall([spawn(branch, depth - 1), spawn(branch, depth - 1)]);
      seen.push((getcurrent() as Greenlet).spawnTreeLocals);
    }
    const root = spawn(branch, 2);
    const other = spawn(branch, 0);
    await root.get();
    await other.get();
    expect(new Set(seen).size).toBe(2);
    expect(root.spawnTreeLocals).not.toBe(other.spawnTreeLocals);
    expect(seen.filter((each) => each === root.spawnTreeLocals)).toHaveLength(7);
  });

  it(
    'name is made up from the ident unless set',
    virtual(function* () {
      const g = new Greenlet(() => 1);
      expect(g.name).toBe(`Greenlet-${g.ident}`);
      g.name = 'mine';
      expect(g.name).toBe('mine');
      expect(() => {
        g.name = 1 as never;
      }).toThrow(TypeError);
      const h = new Greenlet(() => 1);
      expect(h.ident).not.toBe(g.ident);
    }),
  );

  it(
    'toString tells class, name, function and state, and has no effect',
    virtual(function* () {
      function* work(): Green<void> {
        yield* sleep(5);
      }
      const g = new Greenlet(work);
      g.name = 'w';
      expect(String(g)).toBe("<Greenlet 'w': work pending>");
      g.startLater(1);
      expect(String(g)).toBe("<Greenlet 'w': work scheduled started>");
      g.start();
      expect(String(g)).toBe("<Greenlet 'w': work scheduled started>");
      yield* sleep(0);
      expect(String(g)).toBe("<Greenlet 'w': work suspended active started>");
      yield* g.get();
      expect(String(g)).toBe("<Greenlet 'w': work dead>");
      const bad = spawn({ name: 'b' }, () => {
        throw new Error('e');
      });
      yield* bad.join();
      expect(bad.toString()).toContain('failed');
      expect(bad.error).toBeInstanceOf(Error);
    }),
  );

  it('its parent is the hub, whoever makes it', async () => {
    expect(new Greenlet(() => 1).parent).toBe(hub);
    expect(await spawn(() => new Greenlet(() => 1).parent).get()).toBe(hub);
  });
});

describe('signal', () => {
  it(
    'is made once and aborted by a kill, with the error of the kill as its reason',
    virtual(function* () {
      const g = spawn(sleep, 100);
      const { signal } = g;
      expect(g.signal).toBe(signal);
      expect(signal.aborted).toBe(false);
      yield* sleep(0);
      yield* g.kill();
      expect(signal.aborted).toBe(true);
      expect(signal.reason).toBe(g.value);
    }),
  );

  it(
    'is aborted by the kill of a greenlet that has not begun',
    virtual(function* () {
      const unstarted = new Greenlet(() => 1);
      const scheduled = spawn(() => 1);
      const signals = [unstarted.signal, scheduled.signal];
      yield* unstarted.kill();
      yield* scheduled.kill();
      expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
    }),
  );

  it(
    'first read after a kill is aborted; after an ordinary end it is not',
    virtual(function* () {
      const g = spawn(sleep, 100);
      yield* sleep(0);
      yield* g.kill();
      expect(g.signal.aborted).toBe(true);
      const h = spawn(() => 1);
      yield* h.get();
      expect(h.signal.aborted).toBe(false);
    }),
  );
});

describe('killOn', () => {
  it(
    'kills at the abort of a signal',
    virtual(function* () {
      const controller = new AbortController();
      const g = spawn(sleep, 100);
      g.killOn(controller.signal);
      yield* sleep(1);
      controller.abort();
      yield* g.join();
      expect(g.killed).toBe(true);
    }),
  );

  it(
    'kills at an event of an emitter, and forgets the emitter at its end and by disposal',
    virtual(function* () {
      const emitter = new EventEmitter();
      const [a, b, c] = [spawn(sleep, 100), spawn(sleep, 100), spawn(sleep, 5)];
      a.killOn(emitter, 'close');
      b.killOn(emitter, 'close')[Symbol.dispose]();
      c.killOn(emitter, 'close');
      expect(emitter.listenerCount('close')).toBe(2);
      yield* c.get();
      expect(emitter.listenerCount('close')).toBe(1);
      emitter.emit('close');
      yield* a.join();
      expect(emitter.listenerCount('close')).toBe(0);
      yield* b.join();
      expect([a.killed, b.killed, c.killed]).toEqual([true, false, false]);
      expect(() => a.killOn(emitter, undefined as never)).toThrow(TypeError);
    }),
  );

  it(
    'takes an emitter that has a property `aborted`, as a request of the host has',
    virtual(function* () {
      const request = Object.assign(new EventEmitter(), { aborted: false });
      const g = spawn(sleep, 100);
      expect(() => g.killOn(request as never)).toThrow(
        'signal must be an AbortSignal, got an instance of EventEmitter; for an',
      );
      g.killOn(request, 'close');
      request.emit('close');
      yield* g.join();
      expect(g.killed).toBe(true);
    }),
  );
});

describe('disposal', () => {
  it(
    'Symbol.dispose kills and does not wait',
    virtual(function* () {
      const g = spawn(sleep, 100);
      yield* sleep(0);
      g[Symbol.dispose]();
      expect(g.dead).toBe(false);
      yield* g.join();
      expect(g.killed).toBe(true);
    }),
  );

  it('Symbol.asyncDispose kills and waits', async () => {
    let cleaned = false;
    const g = spawn(function* (): Green<void> {
      try {
        yield* sleep(100_000);
      } finally {
        yield* sleep(0);
        cleaned = true;
      }
    });
    await sleep(0);
    await g[Symbol.asyncDispose]();
    expect(cleaned).toBe(true);
    expect(g.dead).toBe(true);
  });
});

describe('a greenlet that is awaited by mistake', () => {
  it('is not thenable, and a warning says what to write', async () => {
    const warnings = collectWarnings();
    const g = spawn({ name: 'g' }, () => 1);
    expect(await (g as unknown)).toBe(g);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({ code: 'AWAITED_GREENLET', greenlet: g });
    expect(warnings[0]?.message).toContain('.get()');
    expect(warnings[0]?.at).toContain('scheduled-greenlet.test.ts');
    await g.get();
  });
});

describe('switch and throw of a scheduled greenlet', () => {
  it(
    'leave no timer of one that was to start later',
    virtual(function* (clock) {
      const seen: number[] = [];
      const later = spawnLater(20, function* () {
        yield* sleep(50);
        seen.push(clock.now());
      });
      const switcher = spawn(function* () {
        yield* later.switch();
      });
      yield* later.join();
      const never = spawnLater(20, () => seen.push(0));
      const thrower = spawn(function* () {
        yield* never.throw();
      });
      yield* joinall([switcher, thrower], { timeout: 100 });
      expect(never.dead).toBe(true);
      yield* sleep(100);
      expect(seen).toEqual([50]);
      yield* switcher.kill();
      yield* thrower.kill();
    }),
  );

  it(
    'switch starts an unstarted one now; the switcher goes on when it gives way',
    virtual(function* () {
      const trace: string[] = [];
      const g = new Greenlet(function* (): Green<void> {
        trace.push('in');
        yield* sleep(1);
        trace.push('end');
      });
      const back = spawn(function* (): Green<void> {
        yield* g.switch();
      });
      yield* back.join({ timeout: 50 });
      expect(trace).toEqual(['in', 'end']);
    }),
  );

  it(
    'switch into one that is parked in an operation raises GreenletError that names the operation, and the wait goes on',
    virtual(function* (clock) {
      const g = spawn({ name: 'sleeper' }, sleep, 10);
      yield* sleep(0);
      let caught: unknown;
      try {
        yield* g.switch();
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(GreenletError);
      expect(String(caught)).toContain('sleep');
      yield* g.get();
      expect(clock.now()).toBe(10);
    }),
  );

  it(
    'throw on an unstarted one: it dies unrun, its links fire, the thrower sees no error',
    virtual(function* () {
      const errors = collectErrors();
      const error = new Error('thrown');
      const seen: unknown[] = [];
      let ran = false;
      const g = new Greenlet(() => {
        ran = true;
      });
      g.link((dead) => seen.push(dead));
      yield* g.throw(error);
      yield* sleep(1);
      expect(ran).toBe(false);
      expect(seen).toEqual([g]);
      expect(g.error).toBe(error);
      g.start();
      yield* sleep(1);
      expect(ran).toBe(false);
      expect(errors).toEqual([]);
    }),
  );

  it(
    'throw of GreenletExit into one that is scheduled only: it ends well',
    virtual(function* () {
      const g = spawn(() => 1);
      yield* g.throw(new GreenletExit());
      expect(yield* g.get()).toBeInstanceOf(GreenletExit);
      expect(g.successful()).toBe(true);
    }),
  );
});

describe('ref and unref', () => {
  it(
    'change nothing for the greenlet itself, and may come before, while and after it sleeps',
    virtual(function* (clock) {
      const g = spawn(sleep, 10);
      g.unref();
      yield* sleep(1);
      g.ref();
      g.unref();
      g.ref();
      yield* g.get();
      expect(clock.now()).toBe(10);
      g.unref();
      const later = spawnLater(5, () => clock.now());
      later.unref();
      expect(yield* later.get()).toBe(15);
    }),
  );
});

describe('a raw greenlet made inside a scheduled one', () => {
  it(
    'has it as its parent and gives it its value',
    virtual(function* () {
      const self = getcurrent();
      const raw = new greenlet((x: number) => x + 1);
      expect(raw.parent).toBe(self);
      expect(yield* raw.switch(1)).toBe(2);
      expect(yield* suspend<string>((waker) => waker.resolve('still fine'))).toBe('still fine');
    }),
  );
});
