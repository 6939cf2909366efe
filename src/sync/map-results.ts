/**
 * A map under way: a greenlet pulls the items and starts a member of the set for each; outcomes are kept until they are read, as many as
 * `limit` allows together with what runs. An outcome that nobody has read when it is closed is told as any error is.
 */

import { tidy } from '../runtime/attempt.js';
import type { AnyFn } from '../runtime/call.js';
import { each, type Source } from '../runtime/each.js';
import { engine, wake } from '../runtime/engine.js';
import { report } from '../runtime/hub.js';
import { joinall } from '../runtime/joinall.js';
import type { Collecting } from '../runtime/links.js';
import { FAILED, observe } from '../runtime/observe.js';
import { done, type Operation } from '../runtime/operation.js';
import { Results } from '../runtime/results.js';
import { Greenlet } from '../runtime/scheduled-greenlet.js';
import { spawn } from '../runtime/spawn.js';
import { isExit } from '../runtime/timeout.js';
import type { Green } from '../runtime/types.js';
import { WaitQueue } from '../runtime/wait-queue.js';
import { type Blockers, START, type Started, type Waiter } from '../runtime/waiter.js';
import { checkDeadlock, someGoesOn } from './deadlock.js';
import { LEAVES } from './ending.js';
import { argumentsOf, type MapShape, type Member, Work, type Workplace } from './map-work.js';
import { WaitOperation } from './wait-operation.js';

const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** In the place of a value that has not come. */
const MISSING = Symbol('missing');

export class MapResults<T> extends Results<T> {
  readonly #workplace: Workplace;
  readonly #fn: AnyFn;
  readonly #source: Results<unknown>;
  readonly #shape: MapShape;
  /** Members that have ended, by the place of their result: of `imap`. */
  readonly #ended = new Map<number, Member>();
  /** The values, by their places: of `map`, which gives all of them at the end. */
  readonly #values: unknown[] = [];
  readonly #members = new Set<Member>();
  readonly #pullers = new WaitQueue();
  readonly #slots = new WaitQueue();
  readonly #collecting = { over: false };
  /** Items pulled, and results given. */
  #pulled = 0;
  #given = 0;
  /** The place of the next result that comes, where they are not ordered. */
  #arrived = 0;
  #pump: Greenlet<void> | null = null;
  #exhausted = false;
  /** What the source has failed with, to be thrown once, when the results of its items have been given. */
  #failure: { readonly error: unknown } | null = null;
  /** It was ended before its time: there are no more results. */
  #aborted = false;
  /** What has ended it, to be thrown once, out of turn. */
  #error: { readonly error: unknown } | null = null;
  #onOver: () => void = () => {};

  constructor(workplace: Workplace, fn: AnyFn, source: Source<unknown>, shape: MapShape) {
    super();
    this.#workplace = workplace;
    this.#fn = fn;
    this.#source = each(source);
    this.#shape = shape;
  }

  /** Begins to pull; `onOver` is called when there is nothing more to do. @internal */
  _begin(onOver: () => void): void {
    this.#onOver = onOver;
    this.#pump = spawn({ name: `${this._name}` }, pump, this) as Greenlet<void>;
  }

  /** What reports call it. @internal */
  get _name(): string {
    return `${this.#workplace.constructor.name}.${this.#shape.failFast ? 'map' : 'imap'}`;
  }

  /** What of it is alive. @internal */
  get _running(): Iterable<Member> {
    return this.#pump === null ? this.#members : [this.#pump as Member, ...this.#members];
  }

  /** Room for one more item. @internal */
  get _hasSlot(): boolean {
    return this.#pulled - this.#given < this.#shape.limit;
  }

  /** @internal */
  get _source(): Results<unknown> {
    return this.#source;
  }

  /** Waits for room for one more item. @internal */
  _slot(): Operation<void> {
    return new Slot(this, this.#slots);
  }

  /** Starts the work on `item`: now, or (what it gives waits for that) when there is a place. @internal */
  _work(item: unknown): Operation<Member> | null {
    const place = this.#pulled++;
    if (this.#shape.failFast) this.#values.push(MISSING);
    const workplace = this.#workplace;
    if (workplace.full()) return workplace._entering(() => this.#made(item, place), LEAVES, this._name);
    workplace._enter(this.#made(item, place), true, LEAVES);
    return null;
  }

  #made(item: unknown, place: number): Member {
    const member = new Greenlet<unknown>(this.#fn);
    if (this.#shape.spread) member._arguments(argumentsOf(item, place));
    else member._argument(item);
    this.#members.add(member);
    member._link(new Work(this, place));
    return member;
  }

  /** The work for the result at `place` has ended. @internal */
  _ended(member: Member, place: number): void {
    this.#members.delete(member);
    if (!this.#aborted && !this._isClosed) this.#keep(member, place);
    this.#checkOver();
    this.#workplace._leave(member);
  }

  /** Whoever reads the results may still look at the errors. @internal */
  get _collecting(): Collecting | undefined {
    return this.#collecting.over ? undefined : this.#collecting;
  }

  #keep(member: Member, place: number): void {
    if (!this.#shape.failFast) {
      this.#ended.set(this.#shape.ordered ? place : this.#arrived++, member);
      this.#serve();
    } else if ((member._flags & FAILED) !== 0) {
      observe(member);
      this._abort(member._value);
    } else {
      this.#values[place] = member._value;
      this.#advance();
    }
  }

  /** What has no gap before it counts as given. */
  #advance(): void {
    while (this.#given < this.#pulled && this.#values[this.#given] !== MISSING) this.#give();
    this.#serve();
  }

  #give(): void {
    this.#given++;
    const slot = this.#slots.shift();
    if (slot !== null) wake(slot, undefined);
  }

  /** The source has failed. @internal */
  _fail(error: unknown): void {
    if (this.#shape.failFast) this._abort(error);
    else this.#failure = { error };
  }

  /** Nothing more comes from the source. @internal */
  _exhaust(): void {
    this.#exhausted = true;
    this.#serve();
    this.#checkOver();
  }

  /**
   * Ends it with `error`, which is thrown once; what runs is killed, with `exception`. May be called at a death, where nothing of the
   * user's may run: the source is closed by whoever pulls. @internal
   */
  _abort(error: unknown, exception?: unknown): void {
    if (this.#aborted || this._isClosed) return;
    this.#aborted = true;
    this.#error = { error };
    this.#ended.clear();
    const begun = this.#pump?._mode !== START;
    this.#stop(exception);
    this.#serve();
    if (!begun) this.#closeUnread();
  }

  #stop(exception: unknown): void {
    this.#collecting.over = true;
    this.#exhausted = true;
    this.#pump?._kill(undefined);
    for (const member of [...this.#members]) this.#workplace._killOnce(member, exception);
    this.#checkOver();
  }

  /** Nothing was pulled, and nobody will. */
  #closeUnread(): void {
    try {
      this.#source.close();
    } catch (error) {
      report(error, this.#pump);
    }
  }

  #checkOver(): void {
    if (!this.#exhausted || this.#members.size > 0) return;
    this.#onOver();
  }

  protected _pull(): Operation<IteratorResult<T, undefined>> {
    return new Pull<T>(this, this.#pullers);
  }

  /** Of `map`: waits for all values. @internal */
  _all(): Operation<unknown[]> {
    return new Pull<T>(this, this.#pullers) as Operation<unknown> as Operation<unknown[]>;
  }

  protected override _close(): void {
    this.#ended.clear();
    this.#stop(undefined);
    for (let puller = this.#pullers.shift(); puller !== null; puller = this.#pullers.shift())
      wake(puller, END);
    // Last, for it may throw. A source that is running now is closed when it has come back.
    if (!this.#aborted && engine.current !== this.#pump) this.#source.close();
  }

  /** Something can be given. @internal */
  get _hasNext(): boolean {
    if (this.#error !== null) return true;
    if (!this.#shape.failFast && this.#ended.has(this.#given)) return true;
    return this.#exhausted && this.#given === this.#pulled;
  }

  /** Gives the next result, or throws its error; there is one. Of `map`: all of them. @internal */
  _next(): IteratorResult<T, undefined> | unknown[] {
    if (this.#shape.failFast && this.#error === null) return this.#values;
    const member = this.#ended.get(this.#given);
    if (member === undefined) {
      const failure = this.#error ?? this.#failure;
      if (failure === null) return END;
      this.#error = null;
      this.#failure = null;
      this.#given = this.#pulled;
      throw failure.error;
    }
    this.#ended.delete(this.#given);
    this.#give();
    if ((member._flags & FAILED) === 0) return { done: false, value: member._value as T };
    observe(member);
    throw member._value;
  }

  #serve(): void {
    while (this._hasNext) {
      const puller = this.#pullers.shift();
      if (puller === null) return;
      try {
        wake(puller, this._next());
      } catch (error) {
        wake(puller, error, true);
      }
    }
  }

  /** Whoever reads waits for these; null when one of them may go on. @internal */
  get _blockers(): Blockers | null {
    if (someGoesOn(this.#members)) return null;
    const pumping = this.#pump === null || this.#exhausted ? [] : [this.#pump];
    return { every: false, waiters: [...pumping, ...this.#members] };
  }

  override toString(): string {
    return `<${this._name} ${this.#given} of ${this.#pulled} given>`;
  }
}

function* pump(map: MapResults<unknown>): Green<void> {
  const { _source: source } = map;
  try {
    for (;;) {
      if (!map._hasSlot) yield* map._slot();
      let more = false;
      try {
        more = yield* source.more();
      } catch (error) {
        if (isExit(error)) throw error;
        map._fail(error);
      }
      if (!more) break;
      const entering = map._work(source.value);
      if (entering !== null) yield* entering;
    }
  } catch (error) {
    map._abort(error);
  } finally {
    map._exhaust();
    source.close();
  }
}

/** Waits until one more item may be pulled. */
class Slot extends WaitOperation<void, MapResults<unknown>> {
  get _name(): string {
    return this._of._name;
  }

  constructor(map: MapResults<unknown>, queue: WaitQueue) {
    super(map, queue, Number.POSITIVE_INFINITY);
  }

  _start(waiter: Waiter): Started {
    return this._of._hasSlot ? done(waiter, undefined) : this._wait(waiter);
  }

  protected _late(): void {}
}

class Pull<T> extends WaitOperation<IteratorResult<T, undefined>, MapResults<T>> {
  get _name(): string {
    return this._of._name;
  }

  constructor(map: MapResults<T>, queue: WaitQueue) {
    super(map, queue, Number.POSITIVE_INFINITY);
  }

  _start(waiter: Waiter): Started {
    if (this._of._hasNext) return done(waiter, this._of._next());
    checkDeadlock(waiter, this);
    return this._wait(waiter);
  }

  _blockers(): Blockers | null {
    return this._of._blockers;
  }

  protected _late(): void {}
}

/** All results of a map, in the calling greenlet. Whatever ends it, nothing of it runs on. */
export function* mapped(begin: () => MapResults<unknown>): Green<unknown[]> {
  const results = begin();
  try {
    return yield* results._all();
  } catch (error) {
    results._abort(error);
    throw error;
  } finally {
    results.close();
    yield* tidy(joinall(results._running as Iterable<Greenlet<unknown>>));
  }
}
