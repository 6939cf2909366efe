/**
 * Several waits at once: `all`, `settled`, `race`, `any`; `select` (select.ts) stands on the same ground.
 *
 * Every operand is run by a branch, a visitor in the caller's name; bodies get a child greenlet. A branch is told of its end
 * in the moment of its wake, so that the others, further out too, are undone before anything else can happen to them. The outcome
 * is delivered when the bodies that lost are dead; from the decision on it cannot be interrupted: nothing that was won is lost.
 */
import type { Attempt } from './attempt.js';
import { isGenerator } from './body.js';
import { Call, type Child, children } from './call.js';
import { isPromiseLike } from './check.js';
import { engine, wake } from './engine.js';
import { Fiber } from './fiber.js';
import { Get } from './join.js';
import type { Link } from './links.js';
import { toOperation } from './operand.js';
import { done, Operation, park } from './operation.js';
import type { Greenlet } from './scheduled-greenlet.js';
import type { Green } from './types.js';
import { Visitor } from './visitor.js';
import { PARKED, type Started, type Waiter } from './waiter.js';

/** What may be waited for. */
export type Waitable<T> = Operation<T> | Green<T> | Greenlet<T> | PromiseLike<T>;

/** What waiting for it gives. */
export type Awaits<W> =
  W extends Greenlet<infer T>
    ? T
    : W extends Operation<infer T>
      ? T
      : W extends Generator<unknown, infer T, unknown>
        ? T
        : W extends PromiseLike<infer T>
          ? T
          : W extends { ready(): boolean }
            ? W
            : never;

type Key = number | string;

/** Decides, as branches end, when the whole is over, and with what. */
export interface Judge {
  /** Only one of the branches may happen. */
  readonly exclusive?: boolean;
  /** A branch has ended. True: the whole is over, with what `outcome` gives. */
  ended(key: Key, value: unknown, failed: boolean, run: Gathering): boolean;
  /** All branches, if there were any, have ended without a decision: it decides, or waits for something else. */
  exhausted?(run: Gathering): void;
}

class Branch extends Visitor {
  readonly key: Key;
  readonly run: Gathering;
  /** The greenlet of a body. */
  child: Child | null = null;
  over = false;

  constructor(self: Waiter, key: Key, run: Gathering) {
    super(self);
    this.key = key;
    this.run = run;
  }

  _settle(value: unknown, failed: boolean): void {
    // Told while it was being started, it comes here again with the end of that.
    if (this.over) return;
    this.over = true;
    this.run.branchEnded(this, value, failed);
  }

  /** Of the innermost combination that both are in only one may happen. */
  override _excludes(other: Waiter): boolean {
    for (let mine: Waiter = this; mine instanceof Branch; mine = mine.run.waiter) {
      for (let its = other; its instanceof Branch; its = its.run.waiter) {
        if (mine.run === its.run) return mine.run.judge.exclusive === true;
      }
    }
    return false;
  }

  /** The greenlets that undoing it kills: its own, or those of the operands when it is a combination itself. */
  *bodies(): Iterable<Child> {
    if (this.child !== null) yield this.child;
    else if (this._op instanceof Combination) {
      for (const branch of (this._slot as Gathering).branches) if (!branch.over) yield* branch.bodies();
    }
  }
}

/** One run of a combination. */
export class Gathering {
  readonly branches: Branch[] = [];
  remaining = 0;
  /** The outcome, once decided. */
  decided = false;
  value: unknown;
  failed = false;
  readonly waiter: Waiter;
  /** The outermost combination that this one is an operand of, or this: it alone waits for deaths. */
  readonly root: Gathering;
  readonly judge: Judge;
  #dying = 0;
  #starting = true;

  constructor(waiter: Waiter, judge: Judge) {
    this.waiter = waiter;
    this.root = waiter instanceof Branch ? waiter.run.root : this;
    this.judge = judge;
  }

  /** Starts the operands in order, as long as nothing is decided. */
  start(operands: readonly Operand[]): void {
    this.remaining = operands.length;
    // An operand whose turn does not come is not forgotten by anybody.
    if (engine.watch !== null) for (const { given } of operands) told(given);
    for (const { key, given, operation } of operands) {
      const branch = new Branch(this.waiter._self, key, this);
      this.branches.push(branch);
      if (operation === null) branch.child = spawnBody(given);
      branch._run(operation ?? new Get(branch.child as object, Number.POSITIVE_INFINITY));
      if (!this.decided && !this.#isLost()) continue;
      // Its own start may have let one before it win, here or further out: it waits in vain then.
      if (branch._op !== null) this.#drop(branch, true);
      break;
    }
    if (!this.decided && this.remaining === 0) this.judge.exhausted?.(this);
    this.#starting = false;
  }

  /** It is an operand that has been given up while its own operands were started. */
  #isLost(): boolean {
    const { waiter } = this;
    return waiter instanceof Branch && (waiter.over || waiter.run.#isLost());
  }

  decide(value: unknown, failed: boolean): void {
    this.value = value;
    this.failed = failed;
    this.decided = true;
  }

  /** Nothing is left to wait for. */
  get over(): boolean {
    return this.decided && (this.root !== this || this.#dying === 0);
  }

  branchEnded(branch: Branch, value: unknown, failed: boolean): void {
    if (this.decided) return;
    this.remaining--;
    if (this.judge.ended(branch.key, value, failed, this)) this.decided = true;
    else if (this.remaining === 0) this.judge.exhausted?.(this);
    if (!this.decided) return;
    this.cancel(true);
    this.#deliver();
  }

  /** Undoes the branches that have not ended and kills their bodies; `wait`: the outcome waits for their deaths. */
  cancel(wait: boolean): void {
    // Until all are told, nothing is over, even if the first dies at once.
    this.root.#dying++;
    for (const branch of this.branches) {
      if (branch.over) continue;
      branch.over = true;
      this.#drop(branch, wait);
    }
    this.root.#dying--;
  }

  #drop(branch: Branch, wait: boolean): void {
    if (wait) for (const child of branch.bodies()) this.root.#awaitDeath(child);
    branch._cancel();
    branch.child?._kill(undefined);
  }

  #awaitDeath(child: Child): void {
    this.#dying++;
    const link: Link = {
      _waiter: this.waiter,
      _died: () => {
        this.#dying--;
        this.#deliver();
      },
    };
    child._link(link);
  }

  /** It is over, with `value`, though no branch decided it. */
  end(value: unknown): void {
    this.decide(value, false);
    this.cancel(true);
    this.#deliver();
  }

  #deliver(): void {
    // Whoever it is an operand of knows at once, before others go on by what has happened.
    const listens = this.root !== this || (!this.#starting && this.waiter._mode === PARKED);
    if (this.over && listens) wake(this.waiter, this.value, this.failed);
  }
}

/** One of several things to wait for. */
interface Operand {
  readonly key: Key;
  readonly given: unknown;
  /** Null for a body, which gets a greenlet of its own. */
  readonly operation: Operation<unknown> | null;
}

function told(given: unknown): void {
  if (given instanceof Operation) engine.watch?.ran(given);
}

function toOperand(given: unknown, key: Key): Operand {
  if (isGenerator(given) || given instanceof Call) return { key, given, operation: null };
  const operation = toOperation(given, key);
  // One that was made here is not forgotten by anybody either.
  if (operation !== given) told(operation);
  return { key, given, operation };
}

function spawnBody(operand: unknown): Child {
  return operand instanceof Call
    ? children.spawn(operand.fn, operand.args, undefined)
    : children.spawn(() => operand, [], undefined);
}

export abstract class Combination<T> extends Operation<T> {
  protected readonly operands: readonly Operand[];
  protected readonly record: boolean;

  constructor(waitables: unknown, name: string) {
    super();
    const [entries, record] = entriesOf(waitables, name);
    this.operands = entries.map(([key, given]) => toOperand(given, key));
    this.record = record;
  }

  /** How many operands there are. @internal */
  get _count(): number {
    return this.operands.length;
  }

  /** A judge for one run. */
  protected abstract judge(): Judge;

  _start(waiter: Waiter): Started {
    const run = new Gathering(waiter, this.judge());
    run.start(this.operands);
    if (!run.over) return park(waiter, this, run);
    if (run.failed) throw run.value;
    return done(waiter, run.value);
  }

  override _undo(waiter: Waiter): void {
    (waiter._slot as Gathering).cancel(false);
  }

  _decided(waiter: Waiter): boolean {
    return (waiter._slot as Gathering).decided;
  }

  protected empty(): unknown[] | Record<string, unknown> {
    // Keys in the order of the record, not in that of the ends.
    return this.record
      ? Object.fromEntries(this.operands.map(({ key }) => [key, undefined]))
      : new Array(this.operands.length);
  }
}

function entriesOf(waitables: unknown, name: string): [(readonly [Key, unknown])[], boolean] {
  if (
    typeof waitables !== 'object' ||
    waitables === null ||
    waitables instanceof Operation ||
    waitables instanceof Fiber ||
    isGenerator(waitables) ||
    isPromiseLike(waitables)
  ) {
    throw new TypeError(`${name}() takes an iterable or a record of things to wait for`);
  }
  if (Symbol.iterator in waitables) {
    return [[...(waitables as Iterable<unknown>)].map((operand, index) => [index, operand] as const), false];
  }
  return [Object.entries(waitables), true];
}

class All extends Combination<unknown> {
  readonly _name = 'all';

  protected judge(): Judge {
    const results = this.empty() as Record<Key, unknown>;
    return {
      ended(key, value, failed, run) {
        if (failed) run.decide(value, true);
        else results[key] = value;
        return failed;
      },
      exhausted: (run) => run.decide(results, false),
    };
  }
}

class Settled extends Combination<unknown> {
  readonly _name = 'settled';

  protected judge(): Judge {
    const results = this.empty() as Record<Key, Attempt<unknown>>;
    return {
      ended(key, value, failed) {
        results[key] = failed ? { ok: false, error: value } : { ok: true, value };
        return false;
      },
      exhausted: (run) => run.decide(results, false),
    };
  }
}

class Race extends Combination<unknown> {
  readonly _name = 'race';

  protected judge(): Judge {
    return {
      exclusive: true,
      ended(_key, value, failed, run) {
        run.decide(value, failed);
        return true;
      },
    };
  }
}

class Any extends Combination<unknown> {
  readonly _name = 'any';

  protected judge(): Judge {
    const order = new Map(this.operands.map(({ key }, index) => [key, index]));
    const errors: unknown[] = new Array(this.operands.length);
    return {
      exclusive: true,
      ended(key, value, failed, run) {
        if (failed) errors[order.get(key) as number] = value;
        else run.decide(value, false);
        return !failed;
      },
      exhausted: (run) =>
        run.decide(new AggregateError(errors, `any: all ${errors.length} operands failed`), true),
    };
  }
}

/** What each of a tuple or record gives. */
export type AwaitsEach<W> = { -readonly [K in keyof W]: Awaits<W[K]> };

type Several = readonly unknown[] | Iterable<unknown> | Readonly<Record<string, unknown>>;
type ElementOf<W> = W extends readonly (infer E)[] ? E : W extends Iterable<infer E> ? E : W[keyof W];
type Gathered<W> = W extends readonly unknown[]
  ? AwaitsEach<W>
  : W extends Iterable<infer E>
    ? Awaits<E>[]
    : AwaitsEach<W>;
type AttemptsOf<W> = W extends readonly unknown[]
  ? { -readonly [K in keyof W]: Attempt<Awaits<W[K]>> }
  : W extends Iterable<infer E>
    ? Attempt<Awaits<E>>[]
    : { -readonly [K in keyof W]: Attempt<Awaits<W[K]>> };

/**
 * Waits for all and gives their values, in the shape of the tuple or record. The first error ends the rest (operations are
 * undone, bodies killed and dead, greenlets and promises left alone) and is thrown.
 */
export function all<const W extends Several>(waitables: W): Operation<Gathered<W>> {
  return new All(waitables, 'all') as Operation<unknown> as Operation<Gathered<W>>;
}

/** Waits for all and gives `{ ok: true, value }` or `{ ok: false, error }` for each; never throws one of their errors. */
export function settled<const W extends Several>(waitables: W): Operation<AttemptsOf<W>> {
  return new Settled(waitables, 'settled') as Operation<unknown> as Operation<AttemptsOf<W>>;
}

/** The first to end, by value or error. The others are ended as in `all`. Errors: `RangeError` when there are none. */
export function race<const W extends Several>(waitables: W): Operation<Awaits<ElementOf<W>>> {
  const operation = new Race(waitables, 'race');
  refuseEmpty(operation, 'race');
  return operation as Operation<unknown> as Operation<Awaits<ElementOf<W>>>;
}

/** The first to succeed; an `AggregateError` of all errors, in their order, when none does. The others are ended as in `all`. */
export function any<const W extends Several>(waitables: W): Operation<Awaits<ElementOf<W>>> {
  const operation = new Any(waitables, 'any');
  return operation as Operation<unknown> as Operation<Awaits<ElementOf<W>>>;
}

export function refuseEmpty(operation: Combination<unknown>, name: string): void {
  if (operation._count === 0) {
    throw new RangeError(`${name}() needs at least one thing to wait for, got none: it would wait for ever`);
  }
}
