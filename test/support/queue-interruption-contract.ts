/** Every wait of a queue is interrupted in every way: the queue is as before, and whoever stands behind is served. */
import {
  all,
  type Green,
  GreenletExit,
  type Operation,
  race,
  select,
  shield,
  sleep,
  spawn,
  withTimeout,
} from 'greenlets';
import { sweepKills, virtual } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import { Actors } from './queue-actors.js';
import type { AnyQueue, QueueKind } from './queue-kinds.js';

interface Wait {
  readonly name: string;
  readonly of: 'full' | 'empty';
  begin(queue: AnyQueue): Operation<unknown>;
}

const never = () => sleep(Number.POSITIVE_INFINITY);

const waits: readonly Wait[] = [
  { name: 'get', of: 'empty', begin: (queue) => queue.get() },
  { name: 'get with a timeout', of: 'empty', begin: (queue) => queue.get({ timeout: 100 }) },
  { name: 'peek', of: 'empty', begin: (queue) => queue.peek() },
  { name: 'items().more', of: 'empty', begin: (queue) => queue.items().more() },
  { name: 'items().next', of: 'empty', begin: (queue) => queue.items().next() },
  {
    name: 'a select of get and peek',
    of: 'empty',
    begin: (q) => select({ get: q.get(), peek: q.peek(), never: never() }),
  },
  { name: 'two gets in all', of: 'empty', begin: (queue) => all([queue.get(), queue.get()]) },
  { name: 'the object itself in a race', of: 'empty', begin: (queue) => race([queue as never, never()]) },
  { name: 'a get in a body in a race', of: 'empty', begin: (queue) => race([getIn(queue), never()]) },
  { name: 'put', of: 'full', begin: (queue) => queue.put(5) },
  { name: 'put with a timeout', of: 'full', begin: (queue) => queue.put(5, { timeout: 100 }) },
  {
    name: 'a select of two puts',
    of: 'full',
    begin: (queue) => select({ a: queue.put(5), b: queue.put(6), n: never() }),
  },
];

function* getIn(queue: AnyQueue): Green<number> {
  return yield* queue.get();
}

/** Serves one who waits, as another greenlet would. */
function serveOne(queue: AnyQueue, of: Wait['of']): void {
  if (of === 'full') queue.getNowait();
  else spawn(() => queue.put(8));
}

/** One who comes after the interrupted wait is the only one to wait, and is served. */
function* expectServed(queue: AnyQueue, behind: Actors, { of }: Wait, before: object): Green<void> {
  for (let i = 0; i < 3; i++) yield* sleep(0);
  const waiting = of === 'full' ? { putters: 1 } : { getters: 1 };
  expect(queue.statistics()).toEqual({ ...before, waiters: 1, ...waiting });
  serveOne(queue, of);
  expect(yield* behind.noted()).toEqual([of === 'full' ? 'behind' : 'behind 8']);
  expect(queue.statistics().waiters).toBe(0);
}

const comeBehind = (behind: Actors, { of }: Wait) =>
  spawn(() => void (of === 'full' ? behind.put('behind', 9) : behind.get('behind')));

const ways: Record<string, (operation: Operation<unknown>) => Green<void>> = {
  *'a kill'(operation) {
    const g = spawn(() => operation);
    yield* sleep(1);
    yield* g.kill();
    expect(g.value).toBeInstanceOf(GreenletExit);
  },
  *'a timeout around it'(operation) {
    expect(yield* withTimeout(1, { timeoutValue: 'late' }, operation)).toBe('late');
  },
  *'losing a select'(operation) {
    expect(yield* select({ operation, time: sleep(1) })).toEqual({ key: 'time', value: undefined });
  },
  *'losing a select in a select'(operation) {
    const inner = select({ operation, never: never() });
    expect(yield* select({ inner, time: sleep(1) })).toEqual({ key: 'time', value: undefined });
  },
  *'an aborted signal outside'(operation) {
    const controller = new AbortController();
    const outcome = operation.promise({ signal: controller.signal }).catch((error: unknown) => error);
    yield* sleep(1);
    controller.abort('aborted');
    expect((yield* all([outcome]))[0]).toBe('aborted');
  },
};

export function queueInterruptionContract(kind: QueueKind): void {
  describe(`${kind.name}: interrupted`, () => {
    for (const wait of waits) {
      it(`${wait.name} is undone by a kill at each of its suspensions`, async () => {
        const kills = await sweepKills(function* () {
          const queue = wait.of === 'full' ? kind.full() : kind.make();
          const behind = new Actors(queue);
          const before = queue.statistics();
          comeBehind(behind, wait);
          const server = spawn(function* () {
            for (yield* sleep(1); ; yield* sleep(1)) serveOne(queue, wait.of);
          });
          try {
            yield* wait.begin(queue);
          } catch (error) {
            yield* shield(function* () {
              yield* server.kill();
              yield* expectServed(queue, behind, wait, before);
            });
            throw error;
          }
          yield* shield(function* () {
            yield* server.kill();
            while (queue.statistics().waiters > 0) {
              serveOne(queue, wait.of);
              yield* sleep(0);
            }
          });
        });
        expect(kills).toBeGreaterThanOrEqual(1);
      });

      for (const [way, interrupt] of Object.entries(ways)) {
        it(
          `${wait.name} is undone by ${way}`,
          virtual(function* () {
            const queue = wait.of === 'full' ? kind.full() : kind.make();
            const behind = new Actors(queue);
            const before = queue.statistics();
            spawn(function* () {
              yield* sleep(0);
              comeBehind(behind, wait);
            });
            yield* interrupt(wait.begin(queue));
            yield* expectServed(queue, behind, wait, before);
          }),
        );
      }
    }

    it(
      'what has been woken has happened: a kill that comes before it runs on is thrown at its next suspension',
      virtual(function* () {
        const log: string[] = [];
        const [empty, full] = [kind.make(), kind.full()];
        const getter = spawn(function* () {
          log.push(`got ${yield* empty.get()}`);
          yield* sleep(0);
          log.push('not reached');
        });
        const putter = spawn(function* () {
          yield* full.put(5);
          log.push('put');
          yield* sleep(0);
          log.push('not reached');
        });
        yield* sleep(0);
        empty.putNowait(1);
        const taken = [full.getNowait()];
        yield* getter.kill();
        yield* putter.kill();
        if (kind.held > 0) taken.push(full.getNowait());
        expect(log).toEqual(['got 1', 'put']);
        expect(taken.at(-1)).toBe(5);
        expect([empty, full].map((each) => each.statistics().waiters)).toEqual([0, 0]);
      }),
    );
  });
}
