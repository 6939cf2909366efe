/**
 * The ground under `all`, `settled`, `race`, `any` and `select`: several operands run at once, until a judge decides.
 *
 * Every operand is run by a branch, a visitor in the caller's name; bodies get a child greenlet. A branch is told of its end
 * in the moment of its wake, so that the others are undone before anything else can happen to them. The outcome is delivered
 * when the bodies that lost are dead; from the decision on it cannot be interrupted, so that nothing that was won is lost.
 */
import { isGenerator } from './body.js';
import { Call, type Child, ChildRun, children } from './call.js';
import { isPlain, isPromiseLike } from './check.js';
import { engine, wake } from './engine.js';
import { Fiber } from './fiber.js';
import { Get } from './join.js';
import type { Link } from './links.js';
import { toOperation } from './operand.js';
import { done, Operation, park } from './operation.js';
import { beginUndoing, endUndoing } from './undoing.js';
import { Visitor } from './visitor.js';
import { NEW, PARKED, type Started, type Waiter } from './waiter.js';

/** The name of an operand: its index, or its key in a record. */
export type Key = number | string;

/** Decides, as branches end, when the whole is over, and with what. */
export interface Judge {
  /** Only one of the branches may happen. */
  readonly exclusive?: boolean;
  /** It is the same for all runs, which may be used again (`Gathering.take`). */
  readonly keepsNothing?: boolean;
  /** A branch has ended. True: the whole is over, with what `outcome` gives. */
  ended(key: Key, value: unknown, failed: boolean, run: Gathering): boolean;
  /** All branches, if there were any, have ended without a decision: it decides, or waits for something else. */
  exhausted?(run: Gathering): void;
}

class Branch extends Visitor {
  key: Key;
  readonly run: Gathering;
  /** The greenlet of a body. */
  child: Child | null = null;
  over = false;

  constructor(key: Key, run: Gathering) {
    super();
    this.key = key;
    this.run = run;
  }

  get _self(): Waiter {
    return this.run.waiter._self;
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

  /** The greenlets that undoing it kills: its own or its operation's, or those of the operands when it is a combination itself. */
  *bodies(): Iterable<Child> {
    if (this.child !== null) yield this.child;
    else if (this._slot instanceof ChildRun) yield this._slot.child;
    else if (this._slot instanceof Gathering) {
      for (const branch of this._slot.begunBranches()) if (!branch.over) yield* branch.bodies();
    }
  }
}

/** One run of a combination. */
export class Gathering {
  /** The first `#count` of them have begun; the rest are left from another run. */
  readonly #branches: Branch[] = [];
  #count = 0;
  remaining = 0;
  /** The outcome, once decided. */
  decided = false;
  value: unknown;
  failed = false;
  waiter: Waiter;
  /** The outermost combination that this one is an operand of, or this: it alone waits for deaths. */
  root: Gathering;
  readonly judge: Judge;
  #dying = 0;
  #starting = true;
  /** Nothing will refer to it when it is over. */
  #forgotten = true;

  constructor(waiter: Waiter, judge: Judge) {
    this.waiter = waiter;
    this.root = rootOf(waiter) ?? this;
    this.judge = judge;
  }

  /** One for a run of a judge that keeps nothing, which is always the same: an old one, if there is one. */
  static take(waiter: Waiter, judge: Judge): Gathering {
    const run = spares.pop();
    if (run === undefined) return new Gathering(waiter, judge);
    run.waiter = waiter;
    run.root = rootOf(waiter) ?? run;
    run.decided = run.failed = false;
    run.#starting = run.#forgotten = true;
    return run;
  }

  /** It is over, and can be taken again, if nothing that is left of it could touch it then. */
  leave(): void {
    if (!this.#forgotten || this.root !== this || spares.length === MOST_SPARES) return;
    this.#count = 0;
    this.value = undefined;
    this.waiter = NOBODY;
    spares.push(this);
  }

  begunBranches(): readonly Branch[] {
    return this.#branches.slice(0, this.#count);
  }

  #nextBranch(key: Key): Branch {
    const index = this.#count++;
    if (index === this.#branches.length) {
      const branch = new Branch(key, this);
      this.#branches.push(branch);
      return branch;
    }
    const branch = this.#branches[index] as Branch;
    branch.key = key;
    branch.over = false;
    branch._mode = NEW;
    return branch;
  }

  /** Starts the operands in order, as long as nothing is decided. */
  start(operands: readonly Operand[]): void {
    this.remaining = operands.length;
    // An operand whose turn does not come is not forgotten by anybody.
    if (engine.watch !== null) for (const { given } of operands) told(given);
    for (let i = 0; i < operands.length; i++) {
      const { key, given, operation } = operands[i] as Operand;
      if (this.begin(key, given, operation)) break;
    }
    this.begun();
  }

  /** Starts one operand; whether those behind it need not be started. */
  begin(key: Key, given: unknown, operation: Operation<unknown> | null): boolean {
    const branch = this.#nextBranch(key);
    if (operation === null) branch.child = spawnBody(given);
    if (operation === null || !operation._forgets) this.#forgotten = false;
    branch._run(operation ?? new Get(branch.child as object, Number.POSITIVE_INFINITY));
    if (!this.decided && (this.root === this || !this.#isLost())) return false;
    // Its own start may have let one before it win, here or further out: it waits in vain then.
    if (branch._op !== null) this.#drop(branch, true);
    return true;
  }

  /** All that are to be started have been. */
  begun(): void {
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
    beginUndoing();
    const branches = this.#branches;
    // Nothing of theirs lives on: they have neither bodies nor operands of their own.
    const plain = this.#forgotten;
    for (let i = 0; i < this.#count; i++) {
      const branch = branches[i] as Branch;
      if (branch.over) continue;
      branch.over = true;
      if (plain) branch._cancel();
      else this.#drop(branch, wait);
    }
    endUndoing();
    this.root.#dying--;
  }

  #drop(branch: Branch, wait: boolean): void {
    const slot = branch._slot;
    if (branch.child === null && !(slot instanceof Gathering) && !(slot instanceof ChildRun)) {
      branch._cancel();
      return;
    }
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
    if (!this.over || !listens) return;
    wake(this.waiter, this.value, this.failed);
    if (this.judge.keepsNothing) this.leave();
  }
}

const MOST_SPARES = 32;
/** Runs that are over. Making the branches of one anew costs as much as everything else that is done with them. */
const spares: Gathering[] = [];

const NOBODY = null as unknown as Waiter;

function rootOf(waiter: Waiter): Gathering | null {
  return waiter instanceof Branch ? waiter.run.root : null;
}

/** One of several things to wait for. */
interface Operand {
  readonly key: Key;
  readonly given: unknown;
  /** Null for a body, which gets a greenlet of its own. */
  readonly operation: Operation<unknown> | null;
}

export function told(given: unknown): void {
  if (given instanceof Operation) engine.watch?.ran(given);
}

/** It is an operation: asked so and not by instanceof, which climbs from class to class. */
export function isOperation(given: unknown): given is Operation<unknown> {
  return (given as Partial<Operation<unknown>> | null | undefined)?._isBody !== undefined;
}

/** It is run in a greenlet of its own. */
export function isBody(given: unknown): boolean {
  return isOperation(given) ? given._isBody : isGenerator(given);
}

function toOperand(given: unknown, key: Key): Operand {
  if (isBody(given)) return { key, given, operation: null };
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
    checkWaitables(waitables, name);
    const operands: Operand[] = [];
    this.record = !(Symbol.iterator in waitables);
    if (this.record) {
      for (const key of Object.keys(waitables))
        operands.push(toOperand((waitables as Record<string, unknown>)[key], key));
    } else {
      for (const given of waitables as Iterable<unknown>) operands.push(toOperand(given, operands.length));
    }
    this.operands = operands;
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

export function checkWaitables(waitables: unknown, name: string): asserts waitables is object {
  if (isPlain(waitables)) return;
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
}
