/** Starting a child process or a worker thread, with a channel to it. */
import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Transferable, Worker, type WorkerOptions } from 'node:worker_threads';
import { fileOf } from '../../runtime/home.js';
import { type Board, NoBoard } from './board.js';
import { Channel } from './channel.js';
import { type Init, mainUrl, type StartMethod } from './child-state.js';
import { FileBoard } from './file-board.js';
import { guard } from './guardian.js';
import { SharedBoard } from './shared-board.js';

/** The parent's end of a channel. */
export abstract class Child extends Channel {
  /** The process that it runs in. */
  abstract readonly pid: number;
  /** How it has ended; null while it lives. */
  exitCode: number | null = null;
  /** Shared with it, when it is a worker of a pool. */
  readonly board: Board;

  constructor(board: Board) {
    super();
    this.board = board;
  }

  /** Sends `signal`: worker threads know only the end. Never switches. */
  abstract kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT'): void;
}

/** Options of this process that a child must not share. */
const OWN = /^--(inspect|debug|eval|print|test|watch|prof|cpu-prof|heap-prof)/;

function childArgs(): string[] {
  const args: string[] = [];
  for (let index = 0; index < process.execArgv.length; index++) {
    const arg = process.execArgv[index] as string;
    if (arg === '-e' || arg === '-p' || arg === '--eval' || arg === '--print') index++;
    else if (!OWN.test(arg)) args.push(arg);
  }
  return args;
}

/**
 * Threads of Node 20 do not get the hooks of `--import tsx`: the code that registers them there before the entry. Null without tsx.
 */
function threadLoader(): string | null {
  const loader = process.execArgv.find((arg) => /(^|[/=])tsx([/@]|$)/.test(arg));
  if (loader === undefined) return null;
  const from = /^(--import=)?file:/.test(loader)
    ? fileURLToPath(loader.replace('--import=', ''))
    : join(process.cwd(), 'package.json');
  const api = createRequire(from)
    .resolve('tsx/esm/api')
    .replace(/\.cjs$/, '.mjs');
  const [url, entry] = [pathToFileURL(api).href, fileOf('io/workers/entry')].map((each) =>
    JSON.stringify(each),
  );
  return `import(${url}).then(({ register }) => { register(); return import(${entry}); });`;
}

class ProcessChild extends Child {
  readonly kind: StartMethod = 'process';
  readonly #raw: ChildProcess;
  readonly pid: number;

  constructor(init: Init, board: Board) {
    super(board);
    const { handle } = board;
    this.#raw = fork(fileURLToPath(fileOf('io/workers/entry')), process.argv.slice(2), {
      serialization: 'advanced',
      execArgv: childArgs(),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...(typeof handle === 'number' ? [handle] : [])],
    });
    this.pid = this.#raw.pid ?? -1;
    guard(this.#raw);
    this.#raw.on('message', (messages: unknown) => this._received(messages as never));
    this.#raw.on('error', () => this.#ended(1));
    this.#raw.on('exit', (code, signal) => this.#ended(code ?? -constants.signals[signal as NodeJS.Signals]));
    this.#raw.on('disconnect', () => this.#ended(null));
    this.#raw.send(init as never, () => {});
    this._hold(false);
  }

  /** It has ended when it has exited and all that it had sent has come. */
  #ended(code: number | null): void {
    if (code !== null) this.exitCode = code;
    if (this.exitCode !== null && !this.#raw.connected) this._gone();
  }

  protected _post(messages: readonly (readonly [string, unknown])[]): void {
    if (this.#raw.connected) this.#raw.send(messages as never, () => {});
  }

  protected _hold(on: boolean): void {
    if (on) {
      this.#raw.ref();
      this.#raw.channel?.ref();
    } else {
      this.#raw.unref();
      this.#raw.channel?.unref();
    }
  }

  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT'): void {
    if (this.exitCode === null) this.#raw.kill(signal);
  }
}

/** A thread shares the options of V8 and of the process, and refuses to be given them: it says which they are. */
function startWorker(file: string | URL, options: WorkerOptions): Worker {
  try {
    return new Worker(file, options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_WORKER_INVALID_EXEC_ARGV') throw error;
    const refused = new Set(message.replace(/^.*flags: /, '').split(', '));
    const execArgv = (options.execArgv ?? []).filter((arg) => !refused.has(arg));
    return new Worker(file, { ...options, execArgv });
  }
}

class ThreadChild extends Child {
  readonly kind: StartMethod = 'worker';
  readonly pid = process.pid;
  readonly #raw: Worker;
  #signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT' | null = null;

  constructor(init: Init, board: Board) {
    super(board);
    const loader = threadLoader();
    this.#raw = startWorker(loader ?? new URL(fileOf('io/workers/entry')), {
      eval: loader !== null,
      workerData: init,
      argv: process.argv.slice(2),
      execArgv: childArgs(),
    });
    this.#raw.on('message', (messages: unknown) => this._received(messages as never));
    this.#raw.on('error', (error) => {
      this.failure = error;
    });
    this.#raw.on('exit', (code) => {
      this.exitCode = this.#signal === null ? code : -constants.signals[this.#signal];
      this._gone();
    });
    this._hold(false);
  }

  /** The uncaught error that has ended it (out of memory). */
  failure: unknown;

  protected _post(
    messages: readonly (readonly [string, unknown])[],
    transfer: readonly Transferable[],
  ): void {
    this.#raw.postMessage(messages, transfer);
  }

  protected _hold(on: boolean): void {
    if (on) this.#raw.ref();
    else this.#raw.unref();
  }

  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT'): void {
    if (this.exitCode !== null) return;
    this.#signal ??= signal;
    void this.#raw.terminate();
  }
}

/** Where a child finds the file of its board. */
const BOARD_FILE = 4;

/** Starts a child that loads `service` and calls its `serve`. It holds this process only where `hold` says so. */
export function startChild(kind: StartMethod, service: string, data: unknown): Child {
  return start(kind, service, data, new NoBoard());
}

/** The same, for a worker of a pool. */
export function startMember(kind: StartMethod, service: string, data: unknown): Child {
  return start(
    kind,
    service,
    data,
    kind === 'worker' ? new SharedBoard() : (FileBoard.open() ?? new NoBoard()),
  );
}

function start(kind: StartMethod, service: string, data: unknown, board: Board): Child {
  const { handle } = board;
  const seat = typeof handle === 'number' ? BOARD_FILE : handle;
  const init: Init = { service, main: mainUrl(), script: process.argv[1], kind, data, board: seat };
  return kind === 'process' ? new ProcessChild(init, board) : new ThreadChild(init, board);
}
