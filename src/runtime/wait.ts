/** Waiting for objects of any kind, as they become ready. */
import { Call } from './call.js';
import { checkCount, showValue, timeoutOf } from './check.js';
import { engine, wake } from './engine.js';
import { limitWait } from './holds.js';
import { hooks } from './hub.js';
import type { Collecting, Link } from './links.js';
import { toReadiness } from './operand.js';
import { done, Operation, park } from './operation.js';
import { registered } from './registry.js';
import { Results } from './results.js';
import { Greenlet } from './scheduled-greenlet.js';
import type { Green } from './types.js';
import { beginUndoing, endUndoing } from './undoing.js';
import { Visitor } from './visitor.js';
import type { Started, Waiter } from './waiter.js';

export interface WaitOptions {
  /** ms after which those that are ready are given. */
  readonly timeout?: number | undefined;
  /** How many must be ready; all unless given. */
  readonly count?: number | undefined;
}

class Watch extends Visitor {
  readonly _self: Waiter;
  readonly object: unknown;
  /** The `wait` that gives all of its objects together: until then it may still look at their errors. @internal */
  readonly _collecting: Collecting | undefined;
  readonly #arrived: (watch: Watch) => void;

  constructor(
    self: Waiter,
    object: unknown,
    arrived: (watch: Watch) => void,
    collecting: Collecting | undefined,
  ) {
    super();
    this._self = self;
    this.object = object;
    this._collecting = collecting;
    this.#arrived = arrived;
  }

  _settle(): void {
    this.#arrived(this);
  }
}

/** Watches a greenlet in the name of another: a link does, and no run of an operation is needed. */
class Arrival implements Link {
  readonly _waiter = null;
  readonly object: Greenlet<unknown>;
  readonly _collecting: Collecting | undefined;
  readonly #arrived: (arrival: Arrival) => void;

  constructor(
    object: Greenlet<unknown>,
    arrived: (arrival: Arrival) => void,
    collecting: Collecting | undefined,
  ) {
    this.object = object;
    this._collecting = collecting;
    this.#arrived = arrived;
  }

  _died(): void {
    this.#arrived(this);
  }

  _cancel(): void {
    this.object._unlink(this);
  }
}

class Iwait<T> extends Results<T> {
  readonly #objects: readonly T[];
  /** Of what is no greenlet, by its index. */
  readonly #operations = new Map<number, Operation<unknown>>();
  readonly #timeout: number;
  readonly #count: number;
  readonly #arrived: T[] = [];
  #watches: Set<Watch | Arrival> | null = null;
  /** How many of `#arrived` have been given. */
  #given = 0;
  #deadline = Number.POSITIVE_INFINITY;
  #puller: Waiter | null = null;
  readonly #collecting: Collecting | undefined;

  constructor(objects: Iterable<T>, options: WaitOptions, name: string, collecting?: Collecting) {
    super();
    this.#collecting = collecting;
    if (typeof objects !== 'object' || objects === null || !(Symbol.iterator in objects)) {
      throw new TypeError(`objects must be an iterable of things to wait for, got ${showValue(objects)}`);
    }
    this.#objects = [...objects];
    for (const [index, object] of this.#objects.entries()) {
      if (!(object instanceof Greenlet)) this.#operations.set(index, toReadiness(object, index));
    }
    this.#timeout = timeoutOf(options, name, '{ timeout: 1000, count: 1 }');
    if (options.count !== undefined) checkCount(options.count, 'count');
    this.#count = options.count ?? Number.POSITIVE_INFINITY;
  }

  protected _pull(): Operation<IteratorResult<T, undefined>> {
    return new Pull<T>(this);
  }

  #begin(self: Waiter): void {
    if (this.#watches !== null) return;
    this.#watches = new Set();
    this.#deadline = engine.clock.now() + this.#timeout;
    const ready = (watch: Watch | Arrival) => this.#ready(watch);
    for (const [index, object] of this.#objects.entries()) {
      if (object instanceof Greenlet && self instanceof Greenlet) {
        const arrival = new Arrival(object, ready, this.#collecting);
        this.#watches.add(arrival);
        object._link(arrival);
      } else {
        const watch = new Watch(self, object, ready, this.#collecting);
        this.#watches.add(watch);
        watch._run(this.#operations.get(index) ?? toReadiness(object, index));
      }
    }
  }

  #ready(watch: Watch | Arrival): void {
    this.#watches?.delete(watch);
    this.#arrived.push(watch.object as T);
    const puller = this.#puller;
    if (puller === null) return;
    this.#puller = null;
    wake(puller, this._take());
  }

  /** @internal */
  _take(): IteratorResult<T, undefined> | null {
    if (this.#given < this.#count && this.#given < this.#arrived.length) {
      const value = this.#arrived[this.#given] as T;
      this.#arrived[this.#given++] = undefined as T;
      return { done: false, value };
    }
    const over = this.#given >= this.#count || this.#watches?.size === 0;
    return over ? { done: true, value: undefined } : null;
  }

  /** @internal */
  _startPull(waiter: Waiter, operation: Operation<unknown>): Started {
    if (this.#given < this.#count) this.#begin(waiter._self);
    const result = this._take();
    if (result !== null) return done(waiter, result);
    const left = this.#deadline - engine.clock.now();
    if (left <= 0) return done(waiter, { done: true, value: undefined });
    this.#puller = waiter;
    limitWait(waiter, left);
    return park(waiter, operation);
  }

  /** @internal */
  _undoPull(): void {
    this.#puller = null;
  }

  protected override _close(): void {
    beginUndoing();
    for (const watch of this.#watches ?? []) watch._cancel();
    endUndoing();
    this.#watches?.clear();
    this.#arrived.length = 0;
    const puller = this.#puller;
    if (puller === null) return;
    this.#puller = null;
    wake(puller, { done: true, value: undefined });
  }
}

class Pull<T> extends Operation<IteratorResult<T, undefined>> {
  readonly _name = 'iwait';
  readonly #results: Iwait<T>;

  constructor(results: Iwait<T>) {
    super();
    this.#results = results;
  }

  _start(waiter: Waiter): Started {
    return this.#results._startPull(waiter, this);
  }

  override _undo(): void {
    this.#results._undoPull();
  }

  override _expire(waiter: Waiter): void {
    this.#results._undoPull();
    wake(waiter, { done: true, value: undefined });
  }
}

/**
 * The objects as they become ready: greenlets that end, events, queues, operations, promises. Watching begins at the first
 * `more` or `next`; `close` ends it; `timeout` counts from there and ends the iteration. Errors of greenlets and operations are not
 * thrown: read the object. Mirrors `gevent.iwait`.
 */
export function iwait<T>(objects: Iterable<T>, options: WaitOptions = {}): Results<T> {
  return new Iwait(objects, options, 'iwait');
}

function* collectReady<T>(objects: readonly T[], options: WaitOptions): Green<T[]> {
  const collecting = { over: false };
  const results = new Iwait(objects, options, 'wait', collecting);
  try {
    return yield* results.toArray();
  } finally {
    collecting.over = true;
    results.close();
  }
}

/** Waits until the other greenlets have ended. */
class WaitForAll extends Operation<boolean> {
  readonly _name = 'wait';
  readonly #timeout: number;

  constructor(timeout: number) {
    super();
    this.#timeout = timeout;
  }

  _start(waiter: Waiter): Started {
    if (othersOf(waiter) === 0) return done(waiter, true);
    if (this.#timeout === 0) return done(waiter, false);
    emptiness.add(waiter);
    hooks.turnEnded.add(lookForOthers);
    limitWait(waiter, this.#timeout);
    return park(waiter, this);
  }

  override _undo(waiter: Waiter): void {
    emptiness.delete(waiter);
  }

  override _expire(waiter: Waiter): void {
    emptiness.delete(waiter);
    wake(waiter, false);
  }
}

const emptiness = new Set<Waiter>();

function othersOf(waiter: Waiter): number {
  const others = (registered() as Greenlet<unknown>[]).filter(
    (each) => each !== waiter._self && !each._extra?.unreferenced,
  );
  return others.length;
}

function lookForOthers(): void {
  for (const waiter of emptiness) {
    if (othersOf(waiter) > 0) continue;
    emptiness.delete(waiter);
    wake(waiter, true);
  }
  if (emptiness.size === 0) hooks.turnEnded.delete(lookForOthers);
}

/**
 * Waits until the objects (or `count` of them) are ready, and gives them in that order; those that are ready when `timeout` ms
 * have passed. Without objects: until every other greenlet that is no daemon has ended; true, or false when the time has
 * passed. Mirrors `gevent.wait`.
 */
export function wait(
  objects?: undefined,
  options?: { readonly timeout?: number | undefined },
): Operation<boolean>;
export function wait<T>(objects: Iterable<T>, options?: WaitOptions): Operation<T[]>;
export function wait<T>(objects?: Iterable<T>, options: WaitOptions = {}): Operation<boolean | T[]> {
  if (objects === undefined) return new WaitForAll(timeoutOf(options, 'wait'));
  // Checked now, begun anew at each run.
  new Iwait(objects, options, 'wait');
  const list = [...objects];
  return new Call(collectReady as never, [list, options], 'wait');
}
