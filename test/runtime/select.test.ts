import {
  call,
  Event,
  type Green,
  hub,
  Lock,
  Queue,
  Semaphore,
  select,
  sleep,
  spawn,
  spawnLater,
  suspend,
} from 'greenlets';
import { runVirtual, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';

watchHub();

const never = () => sleep(Number.POSITIVE_INFINITY);

function* stubborn(log: string[], name: string): Green<never> {
  try {
    log.push(`${name} begun`);
    return (yield* never()) as never;
  } finally {
    yield* sleep(5);
    log.push(`${name} dead`);
  }
}

describe('select', () => {
  it(
    'tries those that are ready in the order written, and begins none behind',
    virtual(function* () {
      const [a, b] = [new Queue<number>(), new Queue<number>()];
      for (const queue of [a, b]) for (let i = 1; i <= 3; i++) queue.putNowait(i);
      expect(yield* select({ a: a.get(), b: b.get() })).toEqual({ key: 'a', value: 1 });
      expect(yield* select({ b: b.get(), a: a.get() })).toEqual({ key: 'b', value: 1 });
      let begun = false;
      const late = suspend('late', () => {
        begun = true;
      });
      expect(yield* select({ n: never(), a: a.get(), late })).toEqual({ key: 'a', value: 2 });
      expect([a.qsize(), b.qsize(), begun, hub.stats().timers]).toEqual([1, 2, false, 0]);
    }),
  );

  it(
    'switches only if it has to wait',
    virtual(function* () {
      let others = 0;
      spawn(() => others++);
      const queue = new Queue<number>(1);
      yield* select({ put: queue.put(1) });
      yield* select({ get: queue.get(), never: never() });
      yield* select({ get: queue.get() }, { timeout: 0 });
      expect(others).toBe(0);
      yield* select({ get: queue.get(), time: sleep(1) });
      expect(others).toBe(1);
    }),
  );

  it(
    'gives what each kind of operand gives, with its key',
    virtual(function* () {
      const [empty, full] = [new Queue<string>(), new Queue<string>(1, { items: ['x'] })];
      const event = new Event();
      const semaphore = new Semaphore(0);
      const work = new Queue<number>(1, { items: [1] });
      const promise = resolvers();
      const greenlet = spawn(function* () {
        yield* sleep(40);
        return 'greenlet';
      });
      const operands = () => ({
        get: empty.get(),
        peek: empty.peek(),
        put: full.put('y'),
        event: event.wait(),
        acquire: semaphore.acquire(),
        join: work.join(),
        promise: promise.promise,
        greenlet,
        sleep: sleep(50),
      });
      const events: [key: string, value: unknown, happens: () => unknown][] = [
        ['get', 'item', () => empty.putNowait('item')],
        ['put', undefined, () => full.getNowait()],
        ['event', true, () => event.set()],
        ['acquire', true, () => semaphore.release()],
        ['join', true, () => work.taskDone()],
        ['promise', 'kept', () => promise.resolve('kept')],
      ];
      for (const [key, value, happens] of events) {
        const others = Object.entries(operands()).filter(
          ([each]) => each === key || !events.some(([e]) => e === each),
        );
        spawn(() => void happens());
        expect(yield* select(Object.fromEntries(others))).toEqual({ key, value });
      }
      expect(yield* select({ body: body(), greenlet })).toEqual({ key: 'body', value: 'body' });
      expect(yield* select({ called: call(body), greenlet })).toEqual({ key: 'called', value: 'body' });
      expect(yield* select({ greenlet, sleep: sleep(50) })).toEqual({ key: 'greenlet', value: 'greenlet' });
      expect(yield* select({ ...operands(), get: never() })).toMatchObject({ key: 'event' });
      expect([empty, full, semaphore].map((each) => each.statistics().waiters)).toEqual([0, 0, 0]);
      expect(hub.stats().timers).toBe(0);
    }),
  );

  it(
    'waits for objects until they are ready, takes nothing, and gives the object',
    virtual(function* () {
      const objects = {
        queue: new Queue<number>(),
        semaphore: new Semaphore(0),
        event: new Event(),
        lock: new Lock(),
      };
      const { lock, ...blocked } = objects;
      expect(yield* select(objects)).toEqual({ key: 'lock', value: lock });
      expect(lock.locked()).toBe(false);
      spawnLater(5, () => void objects.semaphore.release());
      expect(yield* select(blocked)).toEqual({ key: 'semaphore', value: objects.semaphore });
      expect(objects.semaphore.counter).toBe(1);
      expect(objects.queue.statistics().waiters + objects.event.statistics().waiters).toBe(0);
    }),
  );

  it(
    'gives { key: null } when timeout ms pass first, and has done nothing',
    virtual(function* (clock) {
      const queue = new Queue<number>();
      const log: string[] = [];
      const timed = select({ get: queue.get(), sleep: sleep(50) }, { timeout: 20 });
      for (let run = 1; run <= 2; run++) {
        expect(yield* timed).toEqual({ key: null });
        expect(clock.now()).toBe(20 * run);
      }
      expect(yield* select({ body: stubborn(log, 'body') }, { timeout: 10 })).toEqual({ key: null });
      expect([log, clock.now()]).toEqual([['body begun', 'body dead'], 55]);
      expect(yield* select({}, { timeout: 5 })).toEqual({ key: null });
      expect([clock.now(), queue.statistics().waiters, hub.stats().timers]).toEqual([60, 0, 0]);
    }),
  );

  it(
    'with timeout 0 takes what is ready now, and never switches',
    virtual(function* (clock) {
      const queue = new Queue<number>();
      let others = 0;
      spawn(() => others++);
      expect(yield* select({ get: queue.get(), sleep: sleep(1), body: body() }, { timeout: 0 })).toEqual({
        key: null,
      });
      queue.putNowait(1);
      expect(yield* select({ get: queue.get() }, { timeout: 0 })).toEqual({ key: 'get', value: 1 });
      expect([others, clock.now(), queue.statistics().waiters]).toEqual([0, 0, 0]);
    }),
  );

  it(
    'throws the error of the operand that ends first, and undoes the others',
    virtual(function* () {
      const queue = new Queue<number>();
      const error = new Error('of the operand');
      const failing = suspend<never>('failing', (wake) => wake.reject(error));
      const child = spawn(function* (): Green<never> {
        yield* sleep(1);
        throw error;
      });
      const rejected = Promise.reject(error);
      // Its turn comes later than the host looks for who handles it.
      rejected.catch(() => {});
      const bad: Record<string, unknown>[] = [
        { failing },
        { child },
        { promise: rejected },
        { body: failed(error) },
      ];
      for (const each of bad) {
        const g = spawn(function* () {
          try {
            yield* select({ get: queue.get(), ...each });
          } catch (thrown) {
            return thrown;
          }
          return 'nothing thrown';
        });
        expect(yield* g.get()).toBe(error);
        expect(queue.statistics().waiters).toBe(0);
      }
      const timed = spawn(function* () {
        try {
          yield* select({ get: queue.get({ timeout: 5 }), never: never() });
        } catch (thrown) {
          return (thrown as { code: string }).code;
        }
        return 'nothing thrown';
      });
      expect(yield* timed.get()).toBe('EMPTY');
    }),
  );

  it(
    'leaves greenlets and promises that lost alone',
    virtual(function* () {
      const child = spawn(function* () {
        yield* sleep(10);
        return 'alive';
      });
      expect(yield* select({ child, time: sleep(1) })).toEqual({ key: 'time', value: undefined });
      expect(yield* child.get()).toBe('alive');
    }),
  );

  it('can be awaited outside, and a signal undoes it', async () => {
    await runVirtual(async () => {
      const queue = new Queue<number>();
      expect(await select({ get: queue.get() }, { timeout: 5 })).toEqual({ key: null });
      const controller = new AbortController();
      const aborted = select({ get: queue.get(), never: never() }).promise({ signal: controller.signal });
      controller.abort('aborted');
      await expect(aborted).rejects.toBe('aborted');
      expect(queue.statistics().waiters).toBe(0);
    });
  });

  it('refuses at the call what is no record, what cannot be waited for, and what would wait for ever', () => {
    for (const wrong of [[sleep(0)], 5, null, undefined, 'text', sleep(0), new Map()]) {
      expect(() => select(wrong as never)).toThrow(
        /select\(\) takes a record, such as \{ job: queue\.get\(\) \}/,
      );
    }
    expect(() => select(Promise.resolve() as never)).toThrow(TypeError);
    expect(() => select({})).toThrow(RangeError);
    expect(() => select({ five: 5 as never })).toThrow(/operand five/);
    expect(() => select({ fn: (() => {}) as never })).toThrow(/operand fn.*call/);
    expect(() => select({ a: sleep(0) }, 5 as never)).toThrow(
      'options must be an object such as { timeout: 1000 }',
    );
    expect(() => select({ a: sleep(0) }, { timeout: -1 })).toThrow(RangeError);
    expect(() => select({ a: sleep(0) }, { timeout: '1' as never })).toThrow(TypeError);
  });
});

function* body(): Green<string> {
  yield* sleep(0);
  return 'body';
}

function* failed(error: unknown): Green<never> {
  yield* sleep(0);
  throw error;
}

function resolvers() {
  let resolve!: (value: string) => void;
  const promise = new Promise<string>((yes) => {
    resolve = yes;
  });
  return { promise, resolve };
}
