/** Processes. */
import { pack, SEND } from '../io/workers/codec.js';
import { referenceTo } from '../io/workers/references.js';
import { type Child, startChild } from '../io/workers/start-child.js';
import type { Fn } from '../runtime/body-types.js';
import { type AnyFn, Call } from '../runtime/call.js';
import { checkOptions, showValue, timeoutOf } from '../runtime/check.js';
import { GreenletError } from '../runtime/errors.js';
import { fileOf } from '../runtime/home.js';
import { printError } from '../runtime/host.js';
import type { Operation } from '../runtime/operation.js';
import { SHOWN } from '../runtime/shown.js';
import { Event } from '../sync/event.js';
import { ProcessError } from './errors.js';
import { join, leave, type Member } from './family.js';
import { addChild, nextHome } from './router.js';
import { sendingTo } from './sending.js';
import { checkMayStart, childData, getStartMethod, ownPid } from './state.js';

export interface ProcessOptions<A extends readonly unknown[] = readonly unknown[], R = unknown> {
  /** What runs in the process: a function of a module, or a `ref`. */
  readonly target?: Fn<A, R> | object | undefined;
  readonly args?: A | undefined;
  /** `Process-1` and so on unless given. */
  readonly name?: string | undefined;
  /** It ends with this process. */
  readonly daemon?: boolean | undefined;
}

let count = 0;
const living = new Set<Process>();

/** What of a process is made in the child: its class, and the fields that a subclass has given it. */
interface Started {
  readonly member: Member;
}

export class Process {
  #name: string;
  #daemon: boolean;
  readonly #target: unknown;
  readonly #args: readonly unknown[];
  #started: Started | null = null;
  #closed = false;
  /** This process is it. */
  #isHere = false;
  readonly #sentinel = new Event();

  /**
   * A process that will run `target(...args)`; a subclass may override `run` instead, and must be exported from the main module or marked by
   * `sendable`. Nothing is started. Errors: `TypeError` for a target that is no function. Mirrors `multiprocessing.Process`.
   *
   * @example const p = new Process({ target: work, args: [1] }); p.start(); yield* p.join();
   */
  constructor(options: ProcessOptions<never, unknown> | ProcessOptions = {}) {
    checkOptions(options, 'Process', '{ target: work, args: [1] }');
    const { target, args = [], name, daemon = childData?.daemon ?? false } = options;
    if (target !== undefined && typeof target !== 'function' && typeof target !== 'object') {
      throw new TypeError(`target must be a function, got ${showValue(target)}`);
    }
    if (!Array.isArray(args))
      throw new TypeError(`args must be an array, got ${showValue(args)}; write [arg]`);
    this.#target = target;
    this.#args = args;
    const prefix = childData === null ? 'Process' : childData.name;
    count++;
    this.#name = name ?? (childData === null ? `${prefix}-${count}` : `${prefix}:${count}`);
    this.#daemon = daemon;
  }

  /** What runs in the child; calls the target unless it is overridden. */
  run(): unknown {
    const target = this.#target as AnyFn | undefined;
    return target === undefined ? undefined : new Call(target, this.#args);
  }

  /**
   * Starts it. Never switches. Errors: `GreenletError` a second time; `TypeError` for a closure, `DataCloneError` for arguments that cannot be
   * cloned; `ProcessError` while this process is still importing its main module, and in a daemon.
   */
  start(): void {
    if (this.#started !== null)
      throw new GreenletError(`${this} has been started: a process is started once`);
    checkMayStart();
    const home = nextHome();
    const own = this.run !== Process.prototype.run;
    const job = sendingTo(home, () => ({
      type: own ? pack(referenceTo(this.constructor, 'the class of the process'), 'class') : null,
      fields: pack({ ...this }, 'the process'),
      target: this.#target === undefined ? null : pack(referenceTo(this.#target, 'target'), 'target'),
      args: pack(this.#args, 'args'),
    }));
    const data = {
      home,
      name: this.#name,
      daemon: this.#daemon,
      parent: { name: childData?.name ?? 'MainProcess', pid: ownPid },
      method: getStartMethod(),
      job,
    };
    const child = startChild(getStartMethod(), fileOf('multiprocessing/child'), data);
    const member: Member = { child, daemon: this.#daemon, ended: this.#sentinel };
    this.#started = { member };
    living.add(this);
    addChild(home, child, this.#name, () => `${this.#name} (exit code ${child.exitCode})`);
    child.onClose(() => {
      living.delete(this);
      leave(member);
      this.#tellFailure(child);
      this.#sentinel.set();
    });
    join(member);
  }

  /** The uncaught error of a thread, which the host prints for a process. */
  #tellFailure(child: Child): void {
    const { failure } = child as { readonly failure?: unknown };
    if (failure === undefined) return;
    const text = failure instanceof Error ? (failure.stack ?? String(failure)) : String(failure);
    printError(`Process ${this.#name}:\n${text}`);
  }

  get #child(): Child | null {
    return this.#started?.member.child ?? null;
  }

  #checkStarted(what: string): Child {
    if (this.#child === null) throw new GreenletError(`can only ${what} a started process: start() it first`);
    return this.#child;
  }

  /** Waits for its end: true; false when `timeout` ms pass first. Errors: `GreenletError` when it was not started. */
  join(options?: { readonly timeout?: number | undefined }): Operation<boolean> {
    timeoutOf(options, 'Process.join');
    this.#checkStarted('join');
    return this.#sentinel.wait(options);
  }

  /** Ends it with SIGTERM, at once, without its `finally` blocks; its own children end too. Never switches. */
  terminate(): void {
    this.#checkStarted('terminate').kill('SIGTERM');
  }

  /** Ends it with SIGKILL. Never switches. */
  kill(): void {
    this.#checkStarted('kill').kill('SIGKILL');
  }

  /** Says that it is not used any more. Never switches. Errors: `ProcessError` while it runs. */
  close(): void {
    if (this.isAlive())
      throw new ProcessError(`cannot close ${this} while it is running: join() or terminate() it first`);
    this.#closed = true;
  }

  /** It has been started and has not ended. Never switches. */
  isAlive(): boolean {
    return this.#isHere || (this.#started !== null && !this.#sentinel.isSet());
  }

  /** The process that it runs in; undefined before it is started. A worker thread has the pid of this process. */
  get pid(): number | undefined {
    return this.#isHere ? ownPid : this.#child?.pid;
  }

  /** The same as `pid`. */
  get ident(): number | undefined {
    return this.pid;
  }

  /** Its exit code; the negative number of the signal that ended it; null while it has not ended. */
  get exitCode(): number | null {
    return this.isAlive() ? null : (this.#child?.exitCode ?? null);
  }

  /** An event that is set when it has ended, for `wait` and `select`. */
  get sentinel(): Event {
    return this.#sentinel;
  }

  get name(): string {
    return this.#name;
  }

  set name(name: string) {
    this.#name = name;
  }

  /** It ends with this process. Set before `start()`. */
  get daemon(): boolean {
    return this.#daemon;
  }

  set daemon(on: boolean) {
    if (this.#started !== null) throw new GreenletError(`daemon must be set before ${this} is started`);
    this.#daemon = on;
  }

  /** In the child: becomes the process that the parent has made, without its constructor. @internal */
  static _revive(type: typeof Process, options: ProcessOptions, fields: object): Process {
    const made = Reflect.construct(Process, [options], type) as Process;
    made.#isHere = true;
    return Object.assign(made, fields);
  }

  /** A process is not sent to others. @internal */
  [SEND](): never {
    throw new TypeError(`${this} cannot be sent to another process`);
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    if (this.isAlive()) this.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    if (this.#started !== null) await this.join();
  }

  toString(): string {
    const code = this.exitCode;
    const state = this.#closed
      ? 'closed'
      : this.#started === null
        ? 'initial'
        : code === null
          ? 'started'
          : `stopped exitcode=${code}`;
    return `<${this.constructor.name} '${this.#name}' ${state}${this.#daemon ? ' daemon' : ''}>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }
}

/** The children that have not ended. Mirrors `multiprocessing.active_children`. */
export function activeChildren(): Process[] {
  return [...living];
}

export const current: {
  process: { readonly name: string; readonly pid: number | undefined; readonly daemon: boolean };
} = {
  process: { name: childData?.name ?? 'MainProcess', pid: ownPid, daemon: childData?.daemon ?? false },
};

/** What runs here: in a child its `Process`, else one named 'MainProcess'. Mirrors `multiprocessing.current_process`. */
export function currentProcess(): typeof current.process {
  return current.process;
}
