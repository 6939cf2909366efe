/**
 * A child process.
 *
 * It leads a process group of its own unless its input is this process's own, so that it can be ended with all that it has started. Children
 * that are alive when this process ends are killed.
 */
import { type ChildProcess, spawn as spawnChild } from 'node:child_process';
import { constants as access, accessSync, existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, resolve } from 'node:path';
import process from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Call } from '../../runtime/call.js';
import { showValue, timeoutOf } from '../../runtime/check.js';
import { wake } from '../../runtime/engine.js';
import { report } from '../../runtime/hub.js';
import { done, type Operation } from '../../runtime/operation.js';
import { SHOWN } from '../../runtime/shown.js';
import { endings } from '../../runtime/signals.js';
import { Timeout } from '../../runtime/timeout.js';
import type { Green } from '../../runtime/types.js';
import { WaitQueue } from '../../runtime/wait-queue.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import { byDaemon, Hold } from '../hold.js';
import { endAll, endWait, QueuedWait } from '../io-wait.js';
import { StreamReader, StreamWriter } from '../stream/index.js';
import { Communication, type Output, type Text } from './communicate.js';
import { TimeoutExpired } from './errors.js';
import {
  type CommunicateOptions,
  checkEncoding,
  checkInput,
  checkPopen,
  type Encoding,
  type Input,
  type PopenOptions,
  type Redirect,
} from './options.js';

const alive = new Set<Popen>();

process.on('exit', () => {
  for (const child of alive) child._end('SIGKILL');
});

// They have as long as the greenlets have to end by themselves.
endings.push(() => new Call(endChildren, []));

function* endChildren(): Green<void> {
  const children = [...alive];
  for (const child of children) child._end('SIGTERM');
  for (const child of children) yield* child.wait();
  // Those of its group that have stayed.
  for (const child of children) child._end('SIGKILL');
}

export class Popen {
  /** The program and its arguments. */
  readonly args: readonly string[];
  /** The host's child process. */
  readonly raw: ChildProcess;
  /** What the child reads, where that is a pipe. */
  readonly stdin: StreamWriter | null;
  /** What it writes, where that is a pipe. */
  readonly stdout: StreamReader | null;
  readonly stderr: StreamReader | null;
  /** @internal */
  readonly _hold: Hold;
  /** @internal */
  readonly _communication = new Communication(this);
  readonly #waiters = new WaitQueue();
  readonly #leads: boolean;
  #returncode: number | null = null;
  #failure: { readonly error: unknown } | null = null;

  /**
   * Starts `args`: a program and its arguments, or with `shell` a line. Never switches. Errors: `TypeError`; that the program cannot
   * be started (`ENOENT`, `EACCES`) is thrown by `wait`. Mirrors `subprocess.Popen`.
   *
   * @example const child = new Popen(['sort'], { stdin: 'pipe', stdout: 'pipe' });
   */
  constructor(args: string | readonly string[], options: PopenOptions = {}) {
    const list = argsOf(args);
    const [command, ...rest] = list;
    checkPopen(options);
    const {
      stdin = 'ignore',
      stdout = 'inherit',
      stderr = 'inherit',
      cwd,
      env,
      shell = false,
      uid,
      gid,
    } = options;
    this.args = list;
    this.#leads = stdin !== 'inherit' && stdin !== 0 && process.platform !== 'win32';
    const joined = stderr === 'stdout' && stdout === 'pipe' && process.platform !== 'win32';
    const [program, given] = joined ? intoOnePipe(command, rest, options) : [command, rest];
    this.raw = spawnChild(program, given, {
      stdio: [stdin, stdout, stderr === 'stdout' ? sameAs(stdout, joined) : stderr],
      detached: this.#leads,
      shell,
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    this.stdin = writer(this.raw.stdin);
    this.stdout = reader(this.raw.stdout);
    this.stderr = reader(this.raw.stderr);
    this._hold = new Hold(this.raw);
    if (byDaemon()) for (const each of [this, this.stdin, this.stdout, this.stderr]) each?._hold?.release();
    if (this.raw.pid !== undefined) alive.add(this);
    this.raw.on('exit', (code, signal) => this.#exited(code ?? -numberOf(signal)));
    this.raw.on('error', (error) => this.#failed(withFolder(error, cwd)));
  }

  #exited(returncode: number): void {
    alive.delete(this);
    this.#returncode = returncode;
    for (let waiter = this.#waiters.shift(); waiter !== null; waiter = this.#waiters.shift()) {
      (waiter._op as Exit<unknown>)._ended(waiter);
    }
  }

  #failed(error: Error): void {
    if (this.raw.pid !== undefined) return;
    this.#failure = { error };
    if (this.#waiters.length === 0) setImmediate(() => this.#unheard());
    endAll(this.#waiters, this.#failure);
  }

  /** Nobody has waited for it at once: the error must not be lost. */
  #unheard(): void {
    if (this.#failure !== null && !this.#heard) report(this.#failure.error, null);
  }

  #heard = false;

  get pid(): number | undefined {
    return this.raw.pid;
  }

  /** Its exit code; the negative number of the signal that ended it; null while it runs. */
  get returncode(): number | null {
    return this.#returncode;
  }

  /** The same as `returncode`. Never switches. */
  poll(): number | null {
    return this.#returncode;
  }

  /** It has ended. */
  ready(): boolean {
    return this.#returncode !== null || this.#failure !== null;
  }

  /** @internal */
  _whenReady(): Operation<this> {
    return new Exit<this>(this, this.#waiters, Number.POSITIVE_INFINITY, this);
  }

  /** @internal */
  _failure(): { readonly error: unknown } | null {
    if (this.#failure !== null) this.#heard = true;
    return this.#failure;
  }

  /**
   * Waits for its end and gives its exit code, or the negative number of a signal. Errors: `TimeoutExpired` when `timeout` ms pass first
   * (it goes on); the host's when it could not be started.
   */
  wait(options?: { readonly timeout?: number | undefined }): Operation<number> {
    return new Exit<number>(this, this.#waiters, timeoutOf(options, 'Popen.wait'), null);
  }

  /**
   * Has it read `input` and the end of its input, takes all that it writes to pipes, and waits until it has ended: its exit code is then in
   * `returncode`. Errors: `TimeoutExpired` with what it had written when `timeout` ms pass first; it goes on, and nothing is lost for the
   * next call (without an input, which is given once: `GreenletError`), nor when it is interrupted; `TypeError` for output that is not
   * UTF-8, and at the call; the host's when it could not be started. Always switches. Mirrors `Popen.communicate`.
   *
   * @example const { stdout } = yield* new Popen(['sort'], { stdin: 'pipe', stdout: 'pipe' }).communicate('b\na\n');
   */
  communicate<const O extends CommunicateOptions>(
    input?: Input,
    options?: O,
  ): Operation<Output<Text<O> | undefined>> {
    checkInput(input);
    if (input !== undefined && this.stdin === null) {
      throw new TypeError(`input has no way to ${this}: start it with { stdin: 'pipe' }`);
    }
    const timeout = timeoutOf(options, 'Popen.communicate');
    checkEncoding(options?.encoding);
    return new Call(communicating as never, [this, input, timeout, options?.encoding], 'Popen.communicate');
  }

  /** Sends `signal` to it and to all that it has started, where it leads a group. Does nothing when it has ended. Never switches. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (!this.ready()) this._killGroup(signal);
  }

  /** The same, also when it has ended and others of its group are alive. @internal */
  _killGroup(signal: NodeJS.Signals): void {
    const { pid } = this.raw;
    if (pid === undefined || (this.ready() && !this.#leads)) return;
    try {
      process.kill(this.#leads ? -pid : pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** At the end of this process: one that cannot be killed does not keep the others. @internal */
  _end(signal: NodeJS.Signals): void {
    try {
      this._killGroup(signal);
    } catch {
      // It has become somebody else's.
    }
  }

  /** Asks it to end: `SIGTERM`. */
  terminate(): void {
    this.kill('SIGTERM');
  }

  /** Sends `signal` to it alone. */
  sendSignal(signal: NodeJS.Signals): void {
    this.raw.kill(signal);
  }

  /** Ends it, and what it has started, as `kill` does; what it has written and nobody has read is lost. Python waits for its end. */
  [Symbol.dispose](): void {
    this.kill();
    const { stdin, stdout, stderr } = this.raw;
    for (const pipe of [stdin, stdout, stderr]) pipe?.destroy();
  }

  /** The same; waits until it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    if (this.ready()) return;
    await new Promise((resolve) => this.raw.once('exit', resolve).once('error', resolve));
  }

  toString(): string {
    const runs = this.pid === undefined ? 'not started' : `running as ${this.pid}`;
    const state = this.#returncode === null ? runs : `ended with ${this.#returncode}`;
    return `<Popen '${this.args.join(' ')}' ${state}>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }
}

function* communicating(
  child: Popen,
  input: Input,
  timeout: number,
  encoding: Encoding,
): Green<Output<string | Buffer | undefined>> {
  const limit = new Timeout(timeout);
  const { _communication: communication } = child;
  try {
    yield* communication.toEnd(input, limit);
    return communication.gathered(encoding, false);
  } catch (error) {
    if (!limit.mine(error)) throw error;
    throw new TimeoutExpired(child.args, timeout, communication.gathered(encoding, true));
  } finally {
    communication.endWork();
  }
}

/** The host says the same of a program and of a folder that is not there. */
function withFolder(error: Error, cwd: string | URL | undefined): Error {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || cwd === undefined || existsSync(cwd))
    return error;
  const { message, stack } = error;
  error.message = `${message}: there is no folder ${cwd} (cwd)`;
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message);
  return error;
}

function writer(stream: Writable | null): StreamWriter | null {
  return stream === null ? null : new StreamWriter(stream);
}

function reader(stream: Readable | null): StreamReader | null {
  return stream === null ? null : new StreamReader(stream);
}

/** Where stderr goes to go where stdout goes. */
function sameAs(stdout: Redirect, joined: boolean): Redirect {
  if (joined) return 'ignore';
  return stdout === 'inherit' ? 1 : stdout;
}

/** What is to be started. Errors: `TypeError`. */
export function argsOf(args: string | readonly string[]): [string, ...string[]] {
  const list = typeof args === 'string' ? [args] : Array.isArray(args) ? args : [];
  if (list.length > 0 && list.every((each) => typeof each === 'string')) return [...list] as [string];
  const got = Array.isArray(args) && args.length === 0 ? 'an empty list' : showValue(args);
  throw new TypeError(`args must be a program and its arguments, got ${got}; write ['ls', '-l']`);
}

/** The host makes a pipe for each of them; a shell joins them, and then becomes the program. */
function intoOnePipe(command: string, rest: string[], options: PopenOptions): [string, string[]] {
  if (options.shell) return [`{ ${[command, ...rest].join(' ')}\n} 2>&1`, []];
  // The host tells what is wrong with one that cannot be started.
  if (!isProgram(command, options)) return [command, rest];
  return ['/bin/sh', ['-c', 'exec "$0" "$@" 2>&1', command, ...rest]];
}

function isProgram(command: string, { cwd = '', env = process.env }: PopenOptions): boolean {
  const from = cwd instanceof URL ? fileURLToPath(cwd) : cwd;
  const folders = command.includes('/') ? [''] : (env['PATH'] ?? '/usr/bin:/bin').split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(resolve(from, folder, command), access.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function numberOf(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal];
}

/** Waits for the end of a child; gives `value`, or its exit code. */
class Exit<T> extends QueuedWait<T> {
  readonly _name = 'Popen.wait';
  readonly #child: Popen;
  readonly #value: T | null;

  constructor(child: Popen, queue: WaitQueue, timeout: number, value: T | null) {
    super(child, queue, timeout);
    this.#child = child;
    this.#value = value;
  }

  /** @internal */
  override get _hold(): Hold {
    return this.#child._hold;
  }

  _start(waiter: Waiter): Started {
    const failure = this.#child._failure();
    if (failure !== null) throw failure.error;
    if (this.#child.ready()) return done(waiter, this.#value ?? this.#child.returncode);
    if (this._timeout === 0) throw this.#expired();
    return this._wait(waiter);
  }

  /** @internal */
  _ended(waiter: Waiter): void {
    endWait(waiter, this.#value ?? this.#child.returncode);
  }

  override _expire(waiter: Waiter): void {
    this._undo(waiter);
    wake(waiter, this.#expired(), true);
  }

  #expired(): TimeoutExpired {
    return new TimeoutExpired(this.#child.args, this._timeout);
  }
}
