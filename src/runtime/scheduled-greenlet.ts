/**
 * `Greenlet`: a greenlet that the hub schedules, with a result, links, `get`, `join` and `kill`. Mirrors `gevent.Greenlet`.
 *
 * Its parent is the hub, and nothing of it runs inside `spawn`. Its errors harm no other greenlet (observe.ts).
 */
import { argumentsOf, isOne, packed } from './arguments.js';
import { adopt, functionOf } from './body.js';
import type { Fn, Returned } from './body-types.js';
import { blockTimeout, checkMs, timeoutOf } from './check.js';
import { contexts } from './context.js';
import { dismiss, engine, enroll, ready, setTimer } from './engine.js';
import { GreenletExit } from './errors.js';
import type { Fiber } from './fiber.js';
import { absolve, condemn } from './grace.js';
import { greenlet } from './greenlet.js';
import { giveTo, goOn } from './hand-over.js';
import { setHold } from './holds.js';
import { type AbortControllerLike, host } from './host.js';
import { hub, warn } from './hub.js';
import { Get, type GetOptions, Join } from './join.js';
import { type KillOptions, killError, killFiber, killTimeout, noteKill, schedule } from './kill.js';
import { type Emitter, killOn } from './kill-on.js';
import { hooks } from './life-hooks.js';
import { CallbackLink, type Linked, type LinkTarget, removeCallback } from './link-callbacks.js';
import { type Link, LinkList } from './links.js';
import { FAILED, KILLED, noteFailure, OBSERVED, observe } from './observe.js';
import type { Operation } from './operation.js';
import { type Origin, originOf, treeLocalsOf } from './origin.js';
import { here } from './place.js';
import { notePlace } from './spawn-place.js';
import type { Anything, Class, Derived, Work } from './subclass.js';
import type { Signal } from './types.js';
import { delivering } from './visitor.js';
import { DEAD, NEW, PROBING, START } from './waiter.js';

// biome-ignore lint/suspicious/noExplicitAny: subclasses that override run() have no type to give
export class Greenlet<T = any> extends greenlet<T> {
  /** @internal */ declare _links: Link | null;
  /** @internal */ declare _origin: Origin | null;

  /**
   * Creates a greenlet without starting it. Where `run` is overridden, all arguments go to `run`; otherwise the first is the
   * function, or an operation. Errors: `TypeError` when it is neither.
   */
  constructor(fn?: Work<T> | Anything, ...args: unknown[]) {
    super(null, hub);
    this._links = null;
    const by = engine.current;
    this._origin = by._isScheduled ? originOf(by as Greenlet<unknown>) : null;
    if (this.run === Greenlet.prototype.run) {
      this._fn = typeof fn === 'function' ? (fn as (...args: never[]) => unknown) : functionOf(fn, HINT);
      if (args.length > 0) this._arguments(args);
    } else {
      // biome-ignore lint/complexity/noArguments: an undefined that was passed is an argument
      if (arguments.length > 0) this._arguments([fn, ...args]);
    }
  }

  /** Creates and starts a greenlet of this class; it first runs on the next turn. Never switches. */
  static spawn<C extends Class>(this: Derived<C>, ...args: ConstructorParameters<C>): InstanceType<C>;
  static spawn<A extends unknown[], R>(fn: Fn<A, R>, ...args: A): Greenlet<Returned<R>>;
  static spawn<T>(operation: Operation<T>): Greenlet<T>;
  static spawn(this: Class, ...args: unknown[]): Greenlet {
    const created = new this(...args);
    created.start();
    return created;
  }

  /** Like `spawn`, and starts after `ms`. */
  static spawnLater<C extends Class>(
    this: Derived<C>,
    ms: number,
    ...args: ConstructorParameters<C>
  ): InstanceType<C>;
  static spawnLater<A extends unknown[], R>(ms: number, fn: Fn<A, R>, ...args: A): Greenlet<Returned<R>>;
  static spawnLater<T>(ms: number, operation: Operation<T>): Greenlet<T>;
  static spawnLater(this: Class, ms: number, ...args: unknown[]): Greenlet {
    checkMs(ms);
    const created = new this(...args);
    created.startLater(ms);
    return created;
  }

  /** Schedules the first run, for the next turn; does nothing when it is scheduled, running or dead. Never switches. */
  start(): void {
    if (this._mode !== NEW) return;
    if (this._timer !== -1) engine.timers.remove(this);
    this._enlist();
    if (hooks.starting !== null) hooks.starting(this);
    this._mode = START;
    ready(this);
  }

  /** Schedules the first run in `ms`. */
  startLater(ms: number): void {
    checkMs(ms);
    if (this._mode !== NEW || this._id >= 0) return;
    this._enlist();
    setTimer(this, ms, !this._extra?.unreferenced);
  }

  /** From its start on it counts among the living, and keeps the context of whoever started it. @internal */
  _enlist(): void {
    if (this._id >= 0) return;
    enroll(this);
    if (contexts.capture !== null) contexts.capture(this);
    notePlace(this);
  }

  /** It has been started and has not ended. */
  override get started(): boolean {
    return this._mode === NEW ? this._id >= 0 : this._mode !== DEAD;
  }

  /** The arguments that its function gets. */
  get args(): readonly unknown[] {
    return argumentsOf(this._args);
  }

  /** It has ended. Never switches. */
  ready(): boolean {
    return this._mode === DEAD;
  }

  /** It has ended without an error (a killed one has). Reading it observes the error. */
  successful(): boolean {
    if (this._mode !== DEAD) return false;
    observe(this);
    return (this._flags & FAILED) === 0;
  }

  /** A kill has ended it. */
  get killed(): boolean {
    return (this._flags & KILLED) !== 0;
  }

  /** Its value; undefined while it lives and after an error; the `GreenletExit` after a kill. */
  get value(): T | GreenletExit | undefined {
    return this._mode === DEAD && (this._flags & FAILED) === 0 ? (this._value as T) : undefined;
  }

  /** The error it ended with, or undefined. Reading it observes the error. */
  get error(): unknown {
    if (this._mode !== DEAD || (this._flags & FAILED) === 0) return undefined;
    observe(this);
    return this._value;
  }

  /** gevent's name of `error`. */
  get exception() {
    return this.error;
  }

  /** Its value now: undefined while it lives; throws its error. Never switches. */
  result(): T | undefined {
    if (this._mode !== DEAD) return undefined;
    if ((this._flags & FAILED) !== 0) throw this.error;
    return this._value as T;
  }

  /**
   * Waits for its end and gives its value, or throws its error, each time. Errors: `Timeout` when `timeout` ms pass first or
   * with `block: false` while it lives. Switches only if it is alive. Mirrors `gevent.Greenlet.get`.
   */
  get(options?: GetOptions): Operation<T> {
    return new Get<T>(this, blockTimeout(options, 'Greenlet.get'));
  }

  /** Waits for its end: true, or false when `timeout` ms pass first. Never throws its error. */
  join(options?: { readonly timeout?: number | undefined }): Operation<boolean> {
    return new Join(this, timeoutOf(options, 'Greenlet.join'), 'Greenlet.join');
  }

  /**
   * Kills it: `GreenletExit` (or `exception`) is thrown where it is parked; its `finally` blocks run, and may block. The
   * request acts at the call; the operation waits for the death and gives whether it came within `timeout`. A greenlet that
   * has not begun never runs. Killing oneself throws at the `yield*` of this, with `block: false` at the next suspension after
   * it. Mirrors `gevent.Greenlet.kill`.
   */
  kill(options: KillOptions = {}): Operation<boolean> {
    const timeout = killTimeout(options, 'Greenlet.kill');
    this._kill(options.exception, options.grace);
    return new Join(this, timeout, 'Greenlet.kill', options.block !== false);
  }

  /** @internal */
  _kill(exception: unknown, grace?: number): void {
    const mode = this._mode;
    if (mode === DEAD) return;
    const error = killError(exception);
    if (hooks.killed !== null) hooks.killed(this, error);
    if (mode === NEW || mode === START) {
      if (this._timer !== -1) engine.timers.remove(this);
      noteKill(this, error);
      schedule(this._ended(error, true, null));
      this._extra?.controller?.abort(error);
      // Whoever waits for the end of all greenlets looks at the end of a turn.
      if (!engine.awake) engine.awaken();
      return;
    }
    killFiber(this, error);
    condemn(this, grace ?? hub.killGrace);
    this._extra?.controller?.abort(error);
  }

  /** Aborted by a kill, with its error as the reason. Made when first read. */
  get signal(): Signal {
    const extra = this._more();
    if (extra.controller === null) {
      extra.controller = new host.AbortController();
      if (extra.kills.length > 0) extra.controller.abort(extra.kills[0]);
    }
    return (extra.controller as AbortControllerLike).signal;
  }

  /**
   * Calls `callback(greenlet)` once after its end, in a greenlet of its own; also after an end that has been. An
   * `AsyncResult` takes the outcome. Links are called in the order in which they were made. Mirrors `gevent.Greenlet.link`.
   */
  link<R>(callback: Linked<this, R, T>): void {
    this._link(new CallbackLink(callback as LinkTarget<greenlet>, 'any', false));
  }

  /** Like `link`, only after an end without an error. */
  linkValue<R>(callback: Linked<this, R, T>): void {
    this._link(new CallbackLink(callback as LinkTarget<greenlet>, 'value', false));
  }

  /** Like `link`, only after an end by an error, which is observed by it. */
  linkException<R>(callback: Linked<this, R, never>): void {
    this._link(new CallbackLink(callback as LinkTarget<greenlet>, 'exception', false));
  }

  /** Like `link`, but a plain callback is called in the hub, where it must not block. */
  rawlink<R>(callback: Linked<this, R, T>): void {
    this._link(new CallbackLink(callback as LinkTarget<greenlet>, 'any', true));
  }

  /** Takes a link back; does nothing when there is none, or it has been called. */
  unlink(callback: LinkTarget<this>): void {
    removeCallback(this._links, callback as LinkTarget<greenlet>, (link) => this._unlink(link), this);
  }

  /** @internal */
  _link(link: Link): void {
    if (this._mode === DEAD) link._died(this);
    else if (this._links === null) this._links = link;
    else if (this._links instanceof LinkList) this._links.add(link);
    else this._links = new LinkList(this._links, link);
  }

  /** @internal */
  _unlink(link: Link): void {
    if (this._links === link) this._links = null;
    else if (this._links instanceof LinkList) this._links.delete(link);
  }

  /**
   * Kills it when `signal` is aborted, or when `emitter` emits `event`. Disposing the result takes that back; so does its
   * end.
   */
  killOn(signal: Signal): Disposable;
  killOn(emitter: Emitter, event: string): Disposable;
  killOn(source: Signal | Emitter, event?: string): Disposable {
    return killOn(this, source, event);
  }

  /** Its timers hold the process again. */
  ref(): void {
    setHold(this, true);
  }

  /** Nothing that it waits for holds the process (a daemon). */
  unref(): void {
    setHold(this, false);
  }

  /** The greenlet that spawned it, while that is remembered; null for main's. Mirrors `spawning_greenlet`. */
  get spawnedBy(): Greenlet<unknown> | null {
    return (this._origin?.by?.deref() as Greenlet<unknown> | undefined) ?? null;
  }

  /** One object for all greenlets that descend from the same greenlet of main's. Mirrors `spawn_tree_locals`. */
  get spawnTreeLocals(): Record<string, unknown> {
    return treeLocalsOf(this);
  }

  /** Kills it. */
  [Symbol.dispose](): void {
    this._kill(undefined);
  }

  /** Kills it and waits for the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  /** @internal */
  get then(): undefined {
    if (engine.current._mode !== PROBING && delivering.value !== this) {
      warn({
        code: 'AWAITED_GREENLET',
        message: `${this} was awaited; it is not thenable: write await greenlet.get()`,
        greenlet: this,
        at: here(),
        once: true,
      });
    }
    return undefined;
  }

  /** A single argument, the usual case, is kept without an array around it. @internal */
  _argument(only: unknown): void {
    this._args = only;
  }

  /** @internal */
  override _arguments(args: readonly unknown[]): void {
    if (args.length > 0) this._args = packed(args);
  }

  /** Few have another parent than the hub: it is not worth a field of each. @internal */
  override get _parent(): Fiber {
    return this._extra?.parent ?? hub;
  }

  override set _parent(parent: Fiber) {
    if (parent !== this._parent) this._more().parent = parent;
  }

  /** @internal */
  override _begin(): IteratorResult<unknown, unknown> {
    this._enlist();
    const fn = this._fn as ((...args: unknown[]) => unknown) | null;
    const args = this._args;
    if (fn === null || this.run !== Greenlet.prototype.run) {
      return adopt(this, this.run(...argumentsOf(args)), this.run);
    }
    return adopt(this, isOne(args) ? fn(args) : fn(...argumentsOf(args)), fn);
  }

  /** The timer of `startLater`, or of the operation that it is parked in. @internal */
  override _expired(): void {
    if (this._mode === NEW) this.start();
    else super._expired();
  }

  /** @internal */
  override _ended(outcome: unknown, threw: boolean, _first: Fiber | null): Fiber | null {
    const extra = this._extra;
    let value = outcome;
    let failed = threw;
    if (extra !== null) {
      if (extra.closing) {
        value = extra.closeError === null ? extra.kills[0] : extra.closeError.error;
        failed = true;
      }
      if (failed && extra.kills.includes(value)) this._flags |= KILLED;
      absolve(this);
    }
    if (failed && value instanceof GreenletExit) failed = false;
    // A scheduled one that dies before its turn keeps its number while it stands in the ready list.
    const queued = this._mode === START;
    this._mode = DEAD;
    this._value = value;
    this._slot = deaths++;
    this._gen = null;
    this._frame = null;
    if (failed) this._flags |= FAILED;
    const links = this._links;
    if (extra !== null) extra.locals = undefined;
    if (links !== null) {
      // They stay meanwhile: by one that is told, a wait further on may be taken back.
      links._died(this);
      this._links = null;
    }
    if (failed && (this._flags & OBSERVED) === 0) noteFailure(this, links);
    if (hooks.ended !== null) hooks.ended(this, failed);
    if (this._id >= 0 && !queued) dismiss(this);
    if (extra?.switchedBy != null) return goOn(extra.switchedBy, this);
    return this._parent === hub ? null : giveTo(this._parent as Fiber, undefined, false, this);
  }

  /** @internal */
  override get _isScheduled(): boolean {
    return true;
  }

  /** @internal */
  override _stateText(): string {
    if (this._mode === START || (this._mode === NEW && this._id >= 0)) return 'scheduled started';
    return (this._flags & FAILED) !== 0 ? 'failed dead' : super._stateText();
  }
}

const HINT = '; pass the function, and its arguments after it';

/** Greenlets that have died so far: the order of their deaths. */
let deaths = 0;
