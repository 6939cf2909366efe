/** `Thread`: a greenlet under the names of Python's `threading.Thread`. */
import { type AnyFn, Call } from '../runtime/call.js';
import { timeoutOf } from '../runtime/check.js';
import { engine } from '../runtime/engine.js';
import { GreenletError } from '../runtime/errors.js';
import { Fiber } from '../runtime/fiber.js';
import type { greenlet } from '../runtime/greenlet.js';
import { Join } from '../runtime/join.js';
import type { Operation } from '../runtime/operation.js';
import { Greenlet } from '../runtime/scheduled-greenlet.js';
import { SHOWN } from '../runtime/shown.js';
import { watchDaemons } from './daemons.js';
import { nativeIdHere } from './native-id.js';
import { ThreadGreenlet } from './thread-greenlet.js';
import { newName } from './thread-names.js';
import {
  checkDaemon,
  checkName,
  checkThreadOptions,
  type KeywordThreadOptions,
  type ThreadOptions,
} from './thread-options.js';

// biome-ignore lint/suspicious/noExplicitAny: a thread's type does not tell its target
export class Thread<A extends readonly unknown[] = any, R = any, K extends object = any> {
  #name: string;
  #daemon: boolean;
  #greenlet: ThreadGreenlet<Thread> | null = null;
  readonly #target: AnyFn | null;
  readonly #args: readonly unknown[];

  /**
   * Creates a thread; it runs from `start()` on. Errors: `TypeError` for wrong options. Mirrors `threading.Thread`. A subclass that
   * has a constructor of its own calls `super()`, and may override `run`.
   *
   * @example const t = new Thread({ target: worker, args: [1], name: 't.1' }); t.start(); yield* t.join();
   */
  constructor(options?: ThreadOptions<A, R>);
  constructor(options: KeywordThreadOptions<A, R, K>);
  constructor(options: ThreadOptions | KeywordThreadOptions<A, R, K> = {}) {
    checkThreadOptions(options);
    const { target, args = [], kwargs, name, daemon } = options;
    this.#target = (target as AnyFn | null | undefined) ?? null;
    this.#args = kwargs === undefined ? args : [...args, kwargs];
    this.#name = name || newName('Thread') + (target?.name ? ` (${target.name})` : '');
    this.#daemon = daemon ?? isDaemon(engine.current);
  }

  /**
   * Has `run` called in a greenlet of its own, on the next turn. Acts at the call and never switches (Python's waits until the
   * thread has begun). Errors: `GreenletError` the second time. Mirrors `Thread.start`.
   */
  start(): void {
    if (this._runs !== null) throw new GreenletError(`threads can only be started once: ${this}`);
    const made = new ThreadGreenlet<Thread>(this);
    if (this.#daemon) {
      made.unref();
      watchDaemons();
    }
    this.#greenlet = made;
    made.start();
  }

  /**
   * What the thread does: calls `target`. Override it in a subclass, as a generator, an async or a plain function; `yield*
   * super.run()` runs what was there before. Run by hand, `yield* thread.run()`, it runs in the calling thread. Mirrors `Thread.run`.
   */
  // biome-ignore lint/suspicious/noExplicitAny: subclasses may return what they like
  run(): any {
    return new Call(this.#target ?? nothing, this.#args, 'Thread.run');
  }

  /**
   * Waits for its end: true, or false when `timeout` ms pass first. Never throws its error. Switches only if it is alive. Errors, at
   * the call: `GreenletError` for a thread that was not started and for the current one. Mirrors `Thread.join`, which gives None.
   */
  join(options?: { readonly timeout?: number | undefined }): Operation<boolean> {
    const timeout = timeoutOf(options, 'Thread.join');
    const runs = this._runs;
    if (runs === null) throw new GreenletError(`cannot join thread before it is started: ${this}`);
    if (runs === engine.current) throw new GreenletError(`cannot join current thread: ${this}`);
    return new Join(runs, timeout, 'Thread.join');
  }

  /** It has been started and has not ended. Mirrors `Thread.is_alive`. Never switches. */
  isAlive(): boolean {
    return this._runs !== null && !this._runs.dead;
  }

  /** Its number, never used again and never 0; null before the start. Mirrors `Thread.ident`. */
  get ident(): number | null {
    return this._runs?.ident ?? null;
  }

  /** The number of the real thread that it runs in, the same for all that share one; null before the start. Mirrors `Thread.native_id`. */
  get nativeId(): number | null {
    return this._runs === null ? null : nativeIdHere();
  }

  /** Shown in reports; need not be unique. Errors: `TypeError`. Mirrors `Thread.name`. */
  get name(): string {
    return this.#name;
  }

  set name(name: string) {
    checkName(name);
    this.#name = name;
    if (this.#greenlet !== null) this.#greenlet.name = name;
  }

  /** The same as reading `name`. */
  getName(): string {
    return this.name;
  }

  /** The same as setting `name`. */
  setName(name: string): void {
    this.name = name;
  }

  /**
   * What a daemon waits for does not hold the process; when only daemons are left they are killed, and their `finally` blocks run
   * (Python's do not). Errors: `GreenletError` when it is set after the start, `TypeError`. Mirrors `Thread.daemon`.
   */
  get daemon(): boolean {
    return this.#daemon;
  }

  set daemon(daemon: boolean) {
    checkDaemon(daemon);
    if (this._runs !== null) throw new GreenletError(`cannot set daemon status of active thread: ${this}`);
    this.#daemon = daemon;
  }

  /** The same as reading `daemon`. */
  isDaemon(): boolean {
    return this.daemon;
  }

  /** The same as setting `daemon`. */
  setDaemon(daemon: boolean): void {
    this.daemon = daemon;
  }

  /**
   * The greenlet that runs it, for what Python's threads cannot: `kill`, `link`, `wait`, `stack`. Null before the start, and for the
   * main thread where it is no greenlet of the hub.
   */
  get greenlet(): Greenlet<unknown> | null {
    const runs = this._runs;
    return runs instanceof Greenlet ? runs : null;
  }

  /** What runs it; null before the start. @internal */
  get _runs(): greenlet | null {
    return this.#greenlet;
  }

  /** `<Thread(Thread-1 (worker), started 7)>`, as Python shows it; also `initial`, `stopped`, and `daemon`. */
  toString(): string {
    const state = this._runs === null ? 'initial' : this.isAlive() ? 'started' : 'stopped';
    const daemon = this.daemon ? ' daemon' : '';
    const ident = this.ident === null ? '' : ` ${this.ident}`;
    return `<${this.constructor.name}(${this.name}, ${state}${daemon}${ident})>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }
}

function nothing(): void {}

/** The thread that `waiter` runs; null for a greenlet that is no thread. */
export function threadOf(waiter: unknown): Thread | null {
  return waiter instanceof ThreadGreenlet ? (waiter.thread as Thread) : null;
}

/** Whether what `waiter` waits for holds the process by its own wish; the main thread is no daemon. */
export function isDaemon(waiter: unknown): boolean {
  return waiter instanceof Fiber && waiter._extra?.unreferenced === true;
}
