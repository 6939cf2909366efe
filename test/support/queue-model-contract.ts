/** Queues against a naive model: in lockstep, so that every outcome and every number must be the same. */
import fc from 'fast-check';
import { type Green, type Greenlet, isExit, joinall, type Operation, select, sleep, spawn } from 'greenlets';
import { explore, type TestClock } from 'greenlets/testing';
import { describe, expect, it } from 'vitest';
import type { AnyQueue, QueueKind } from './queue-kinds.js';
import { QueueModel, type Step } from './queue-model.js';

/** One or several steps as one operation that gives the model's text. */
function operationOf(queue: AnyQueue, steps: readonly Step[], waits: boolean): Operation<unknown> {
  const options = waits ? undefined : { block: false };
  const one = ({ op, item }: Step): Operation<unknown> =>
    op === 'put' ? queue.put(item, options) : op === 'get' ? queue.get(options) : queue.peek(options);
  if (steps.length === 1) return one(steps[0] as Step);
  return select(Object.fromEntries(steps.map((step, i) => [String.fromCharCode(97 + i), one(step)])));
}

function textOf(value: unknown): string {
  if (typeof value !== 'object') return String(value ?? 'put');
  const { key, value: of } = value as { key: string; value: unknown };
  return `${key} ${textOf(of)}`;
}

const errorText = (error: unknown): string => (error as { code?: string }).code ?? 'interrupted';

function expectSame(queue: AnyQueue, model: QueueModel): void {
  const { level, getters, putters } = queue.statistics();
  const expected = [model.items.length, model.count('get'), model.count('put')];
  expect([level, getters, putters], 'level, getters, putters').toEqual(expected);
}

type Command =
  | { readonly do: 'begin'; readonly steps: readonly Omit<Step, 'item'>[]; readonly waits: boolean }
  | { readonly do: 'interrupt'; readonly which: number }
  | { readonly do: 'maxsize'; readonly size: number }
  | { readonly do: 'shutdown'; readonly immediate: boolean };

const anyStep = fc.record({ op: fc.constantFrom('get' as const, 'put' as const, 'peek' as const) });
const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('begin' as const),
      steps: fc.tuple(anyStep),
      waits: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('begin' as const),
      steps: fc.array(anyStep, { minLength: 2, maxLength: 4 }),
      waits: fc.constant(true),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('interrupt' as const), which: fc.nat(30) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('maxsize' as const), size: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('shutdown' as const), immediate: fc.boolean() }) },
);

/** Commands one after the other from outside, where operations begin at the call: no turn passes between them. */
async function runCommands(kind: QueueKind, maxsize: number, commands: readonly Command[]): Promise<void> {
  const queue = kind.make({ maxsize });
  const model = new QueueModel(kind.order, maxsize);
  const controllers: AbortController[] = [];
  const outcomes: Promise<string>[] = [];
  let items = 0;
  for (const command of commands) {
    if (command.do === 'begin') {
      const steps = command.steps.map(({ op }) => ({ op, item: kind.items(items++) }));
      const controller = new AbortController();
      const { signal } = controller;
      model.begin(controllers.length, steps, command.waits);
      outcomes.push(operationOf(queue, steps, command.waits).promise({ signal }).then(textOf, errorText));
      controllers.push(controller);
    } else if (command.do === 'interrupt') {
      if (controllers.length === 0) continue;
      const which = command.which % controllers.length;
      model.interrupt(which);
      controllers[which]?.abort(new Error('interrupted'));
    } else if (command.do === 'maxsize') {
      if (!('maxsize' in queue) || kind.order === null) continue;
      model.setMaxsize(command.size);
      (queue as { maxsize: number }).maxsize = command.size;
    } else {
      model.shutdown(command.immediate);
      queue.shutdown({ immediate: command.immediate });
    }
    expectSame(queue, model);
  }
  model.shutdown(true);
  queue.shutdown({ immediate: true });
  expectSame(queue, model);
  const expected = controllers.map((_, id) => model.outcomes.get(id));
  expect(await Promise.all(outcomes)).toEqual(expected);
}

/** Greenlets that do what is drawn from the seed, each step told to the model in the moment in which it begins. */
class Programs {
  readonly #clock: TestClock;
  readonly #queue: AnyQueue;
  readonly #model: QueueModel;
  readonly #kind: QueueKind;
  /** What each greenlet is at. */
  readonly #at = new Map<Greenlet<void>, number>();
  readonly #killed = new Set<Greenlet<void>>();
  #begun = 0;
  #items = 0;

  constructor(clock: TestClock, kind: QueueKind) {
    this.#clock = clock;
    this.#kind = kind;
    const maxsize = 1 + this.#below(3);
    this.#queue = kind.make({ maxsize });
    this.#model = new QueueModel(kind.order, maxsize);
  }

  #below(n: number): number {
    return Math.floor(this.#clock.random() * n);
  }

  *run(greenlets: number, length: number, kills: number): Green<void> {
    const all: Greenlet<void>[] = [];
    for (let i = 0; i < greenlets; i++) {
      const self: Greenlet<void> = spawn(() => this.#program(() => self, 2 + this.#below(length - 1)));
      all.push(self);
    }
    const killers = Array.from({ length: kills }, () => spawn(() => this.#kill(all)));
    yield* sleep(1);
    expectSame(this.#queue, this.#model);
    this.#model.shutdown(true);
    this.#queue.shutdown({ immediate: true });
    yield* joinall([...all, ...killers], { raiseError: true });
    expectSame(this.#queue, this.#model);
  }

  *#program(self: () => Greenlet<void>, length: number): Green<void> {
    for (let i = 0; i < length; i++) {
      if (this.#below(3) === 0) yield* sleep(0);
      // A kill that came too late for the last step is thrown here, and not in the next.
      if (this.#killed.has(self())) yield* sleep(0);
      const id = this.#begun++;
      const waits = this.#below(4) > 0;
      const steps = Array.from({ length: waits ? 1 + this.#below(3) : 1 }, () => ({
        op: (['get', 'put', 'peek', 'get', 'put'] as const)[this.#below(5)] as Step['op'],
        item: this.#kind.items(this.#items++),
      }));
      this.#at.set(self(), id);
      this.#model.begin(id, steps, waits);
      let outcome: string;
      try {
        outcome = textOf(yield* operationOf(this.#queue, steps, waits));
      } catch (error) {
        outcome = isExit(error) ? 'interrupted' : errorText(error);
        if (isExit(error)) {
          expect(outcome).toBe(this.#model.outcomes.get(id));
          throw error;
        }
      }
      expect(outcome, `${JSON.stringify(steps)} of ${self()}`).toBe(this.#model.outcomes.get(id));
    }
  }

  *#kill(all: readonly Greenlet<void>[]): Green<void> {
    for (let i = this.#below(4); i > 0; i--) yield* sleep(0);
    const victim = all[this.#below(all.length)] as Greenlet<void>;
    if (victim.dead || this.#killed.has(victim)) return;
    this.#killed.add(victim);
    const at = this.#at.get(victim);
    if (at !== undefined) this.#model.interrupt(at);
    yield* victim.kill();
  }
}

/** `share`: how much of the 1,000 orders; kinds that share their code need not all go through all. */
export function queueModelContract(kind: QueueKind, share = 1): void {
  const runs = 1000 * share;
  describe(`${kind.name} against a model`, () => {
    it('does what the model does, command by command, whatever is put, got, seen, selected, interrupted', async () => {
      const property = fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(anyCommand, { maxLength: 40 }),
        (maxsize, commands) => runCommands(kind, maxsize, commands),
      );
      await fc.assert(property, { numRuns: 200, seed: 1 });
    });

    it('does what the model does in small programs of 2 to 4 greenlets in any order', async () => {
      await explore(
        function* (clock) {
          yield* new Programs(clock, kind).run(2 + ((clock.seed as number) % 3), 4, 1);
        },
        { runs: 0.2 * runs, seed: 1 },
      );
    });

    // In quarters, so that a slow machine is in time for each.
    for (let quarter = 0; quarter < 4; quarter++) {
      const seed = 10_000 + (quarter * runs) / 4;
      it(`does what the model does in larger programs in any order, from seed ${seed}`, async () => {
        await explore(
          function* (clock) {
            yield* new Programs(clock, kind).run(5, 5, 2);
          },
          { runs: runs / 4, seed },
        );
      });
    }
  });
}
