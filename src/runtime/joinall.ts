/** Waiting for, and killing, many greenlets. */
import { checkCount, mismatch, timeoutOf } from './check.js';
import { clearTimer, wake } from './engine.js';
import { condemn } from './grace.js';
import { greenlet } from './greenlet.js';
import { limitWait } from './holds.js';
import { hub } from './hub.js';
import { type KillOptions, killError, killFiber, killTimeout, schedule } from './kill.js';
import { type Link, LinkList } from './links.js';
import { FAILED, observe } from './observe.js';
import { describe, done, Operation, park } from './operation.js';
import { Greenlet } from './scheduled-greenlet.js';
import { timedOut } from './timeout.js';
import { DEAD, NEW, START, type Started, type Waiter } from './waiter.js';

export interface JoinAllOptions {
  /** ms after which those that have finished are given. */
  readonly timeout?: number | undefined;
  /** How many must have finished; all unless given. */
  readonly count?: number | undefined;
  /** Throws the first failure in time, at once; the others go on. */
  readonly raiseError?: boolean | undefined;
}

type AnyGreenlet = Greenlet<unknown>;

/** One run, and the one link that all its greenlets share. */
export class Joining implements Link {
  readonly finished: AnyGreenlet[] = [];
  /** What the wait gives. */
  readonly result: AnyGreenlet[] | undefined;
  readonly _waiter: Waiter;
  readonly #list: readonly AnyGreenlet[];
  readonly #wanted: number;
  readonly #raise: boolean;
  /** How often a greenlet stands in the list, where more than once. */
  #times: Map<object, number> | null = null;
  #over = false;

  constructor(waiter: Waiter, list: readonly AnyGreenlet[], wanted: number, raise: boolean, gives = true) {
    this.result = gives ? this.finished : undefined;
    this._waiter = waiter;
    this.#list = list;
    this.#wanted = Math.min(wanted, list.length);
    this.#raise = raise;
  }

  /** Links to the living and takes the dead, in the order of their deaths. True: there is nothing to wait for. */
  begin(): boolean {
    let dead: AnyGreenlet[] | null = null;
    for (const each of this.#list) {
      if (each._mode === DEAD) {
        dead ??= [];
        dead.push(each);
      } else if (each._links === null) {
        each._links = this;
      } else {
        this.#linkAgain(each);
      }
    }
    return dead !== null && this.#takeAll(dead);
  }

  #takeAll(dead: AnyGreenlet[]): boolean {
    dead.sort((a, b) => (a._slot as number) - (b._slot as number));
    try {
      if (!dead.some((each) => this.#take(each))) return false;
    } catch (error) {
      this.cancel();
      throw error;
    }
    this.cancel();
    return true;
  }

  #linkAgain(each: AnyGreenlet): void {
    const links = each._links;
    if (links === this || (links instanceof LinkList && links.has(this))) {
      this.#times ??= new Map();
      this.#times.set(each, (this.#times.get(each) ?? 1) + 1);
    } else {
      each._link(this);
    }
  }

  get ready(): boolean {
    return this.finished.length >= this.#wanted;
  }

  /** A failure is thrown by whoever called. True: enough have finished. */
  #take(each: AnyGreenlet): boolean {
    if (this.#raise && (each._flags & FAILED) !== 0) {
      observe(each);
      throw each._value;
    }
    for (let times = this.#times?.get(each) ?? 1; times > 0 && !this.ready; times--) this.finished.push(each);
    return this.ready;
  }

  _died(each: object): void {
    if (this.#over) return;
    if (!this.#raise && this.#times === null) {
      // The usual case, and most deaths are not the last.
      if (this.finished.push(each as AnyGreenlet) < this.#wanted) return;
    } else {
      try {
        if (!this.#take(each as AnyGreenlet)) return;
      } catch (error) {
        this.cancel();
        wake(this._waiter, error, true);
        return;
      }
    }
    this.cancel();
    wake(this._waiter, this.result);
  }

  /** Takes the links back. */
  cancel(): void {
    this.#over = true;
    if (this.finished.length >= this.#list.length) return;
    for (const each of this.#list) if (each._mode !== DEAD) each._unlink(this);
  }
}

export class JoinAll extends Operation<AnyGreenlet[]> {
  readonly _name = 'joinall';
  readonly #list: readonly AnyGreenlet[];
  readonly #timeout: number;
  readonly #count: number;
  readonly #raise: boolean;

  constructor(list: readonly AnyGreenlet[], options: JoinAllOptions) {
    super();
    this.#list = list;
    this.#timeout = timeoutOf(options, 'joinall');
    if (options.count !== undefined) checkCount(options.count, 'count');
    this.#count = options.count ?? Number.POSITIVE_INFINITY;
    this.#raise = options.raiseError === true;
  }

  override get _object(): string {
    return `${this.#list.length} greenlets`;
  }

  _start(waiter: Waiter): Started {
    const run = new Joining(waiter, this.#list, this.#count, this.#raise);
    if (run.ready || run.begin() || run.ready) return done(waiter, run.finished);
    if (this.#timeout === 0) {
      run.cancel();
      return done(waiter, run.finished);
    }
    limitWait(waiter, this.#timeout);
    return park(waiter, this, run);
  }

  override _undo(waiter: Waiter): void {
    (waiter._slot as Joining).cancel();
  }

  override _expire(waiter: Waiter): void {
    const run = waiter._slot as Joining;
    run.cancel();
    wake(waiter, run.finished);
  }
}

/**
 * Waits until all greenlets (or `count` of them) have finished, or `timeout` ms have passed. Gives those that finished in the
 * order of their deaths; one that is listed twice counts twice. Never throws their errors unless `raiseError`. Errors:
 * `TypeError` at the call for what is no `Greenlet`. Mirrors `gevent.joinall`.
 */
export function joinall<G extends Greenlet<unknown>>(
  greenlets: Iterable<G>,
  options: JoinAllOptions = {},
): Operation<G[]> {
  return new JoinAll(listOf(greenlets, Greenlet, 'joinall'), options) as Operation<unknown> as Operation<G[]>;
}

// biome-ignore lint/suspicious/noExplicitAny: any constructor
function listOf<G>(greenlets: Iterable<G>, type: new (...args: any[]) => unknown, name: string): never[] {
  if (typeof greenlets !== 'object' || greenlets === null || !(Symbol.iterator in greenlets)) {
    throw mismatch('greenlets', 'an iterable of greenlets', greenlets, `; write ${name}([g1, g2])`);
  }
  const list = [...greenlets];
  for (let i = 0; i < list.length; i++) {
    if (!(list[i] instanceof type)) throw mismatch(`greenlets[${i}]`, `a ${type.name}`, list[i]);
  }
  return list as never[];
}

export type KillAllOptions = Omit<KillOptions, 'grace'>;

class AwaitDeaths extends Operation<void> {
  readonly _name: string;
  readonly #list: readonly greenlet[];
  readonly #timeout: number;
  readonly #block: boolean;

  constructor(list: readonly greenlet[], options: KillAllOptions, name: string) {
    super();
    this._name = name;
    this.#list = list;
    this.#timeout = killTimeout(options, name);
    this.#block = options.block !== false;
  }

  override get _object(): string {
    return `${this.#list.length} greenlets`;
  }

  override get _isRequest(): boolean {
    return true;
  }

  /** See `Join`. */
  override get _isFrame(): boolean {
    return !this.#block;
  }

  _start(waiter: Waiter): Started {
    const alive = this.#list.filter(
      (each) => each._mode !== DEAD && each instanceof Greenlet,
    ) as AnyGreenlet[];
    if (!this.#block || alive.length === 0) return done(waiter, undefined);
    if (this.#timeout === 0) throw timedOut(describe(this), 0, waiter);
    const run = new Joining(waiter, alive, Number.POSITIVE_INFINITY, false, false);
    run.begin();
    limitWait(waiter, this.#timeout);
    return park(waiter, this, run);
  }

  override _undo(waiter: Waiter): void {
    (waiter._slot as Joining).cancel();
  }

  override _expire(waiter: Waiter): void {
    this._undo(waiter);
    wake(waiter, timedOut(describe(this), this.#timeout, waiter), true);
  }
}

/**
 * Kills all of `greenlets` at the call; the operation waits until they are dead. Those that have not begun never run. Raw
 * greenlets are killed and not waited for. Errors: `Timeout` when `timeout` ms pass first. Mirrors `gevent.killall`.
 */
export function killall(greenlets: Iterable<greenlet>, options: KillAllOptions = {}): Operation<void> {
  const list = listOf(greenlets, greenlet, 'killall') as greenlet[];
  const operation = new AwaitDeaths(list, options, 'killall');
  for (const each of list) killAny(each, options.exception);
  return operation;
}

function killAny(each: greenlet, exception: unknown): void {
  if (each instanceof Greenlet) {
    each._kill(exception);
    return;
  }
  if (each._mode === DEAD) return;
  const error = killError(exception);
  if (each._mode === NEW || each._mode === START) {
    clearTimer(each);
    schedule(each._ended(error, true, null));
    return;
  }
  killFiber(each, error);
  condemn(each, hub.killGrace);
}

/**
 * Kills any greenlet, a raw one too, at the call. The operation waits for the death of a scheduled one, and gives whether it
 * came. Mirrors `gevent.kill`.
 */
export function kill(target: greenlet, options: KillOptions = {}): Operation<boolean> {
  if (target instanceof Greenlet) return target.kill(options);
  if (!(target instanceof greenlet)) throw mismatch('greenlet', 'a greenlet', target);
  killTimeout(options, 'kill');
  killAny(target, options.exception);
  return new RawDeath(target);
}

/** Raw greenlets have no links: whether one is dead is all that can be told. */
class RawDeath extends Operation<boolean> {
  readonly _name = 'kill';
  readonly #target: greenlet;

  override get _isRequest(): boolean {
    return true;
  }

  constructor(target: greenlet) {
    super();
    this.#target = target;
  }

  _start(waiter: Waiter): Started {
    return done(waiter, this.#target.dead);
  }
}
