/** Running a child process to its end. */
import { shield } from '../../runtime/attempt.js';
import { Call } from '../../runtime/call.js';
import { checkTimeout } from '../../runtime/check.js';
import type { Operation } from '../../runtime/operation.js';
import { Greenlet } from '../../runtime/scheduled-greenlet.js';
import { spawn } from '../../runtime/spawn.js';
import { Timeout, withTimeout } from '../../runtime/timeout.js';
import type { Green } from '../../runtime/types.js';
import type { StreamReader, StreamWriter } from '../stream/index.js';
import { CalledProcessError, TimeoutExpired } from './errors.js';
import { Popen, type PopenOptions } from './popen.js';

export interface RunOptions extends PopenOptions {
  /** What the child reads. */
  readonly input?: string | Uint8Array | undefined;
  /** Takes what it writes; else that goes where this process writes. */
  readonly captureOutput?: boolean | undefined;
  /** ms; then it is killed, with all that it has started: `TimeoutExpired`. */
  readonly timeout?: number | undefined;
  /** An exit code other than 0 is a `CalledProcessError`. */
  readonly check?: boolean | undefined;
  /** Of what it writes: 'utf8' unless given; 'buffer': as bytes. */
  readonly encoding?: BufferEncoding | 'buffer' | undefined;
}

/** How a child has ended. */
export interface CompletedProcess<T> {
  readonly args: readonly string[];
  /** Its exit code; the negative number of the signal that ended it. */
  readonly returncode: number;
  /** What it has written; undefined where that was not taken. */
  readonly stdout: T;
  readonly stderr: T;
}

type Text<O> = O extends { readonly encoding: 'buffer' } ? Buffer : string;
type Taken<O> = O extends { readonly captureOutput: true }
  ? Text<O>
  : O extends { readonly stdout: 'pipe' }
    ? Text<O>
    : Text<O> | undefined;

function* collect(reader: StreamReader | null): Green<Buffer | undefined> {
  if (reader === null) return undefined;
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = yield* reader.read();
    if (chunk === null) return Buffer.concat(chunks);
    chunks.push(chunk);
  }
}

function* feed(writer: StreamWriter | null, input: string | Uint8Array | undefined): Green<void> {
  if (writer === null) return;
  try {
    yield* writer.end(input);
  } catch (error) {
    // It need not read to the end.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

function decode(bytes: Buffer | undefined, encoding: RunOptions['encoding']): string | Buffer | undefined {
  if (bytes === undefined || encoding === 'buffer') return bytes;
  if (encoding === undefined || encoding === 'utf8' || encoding === 'utf-8') {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  }
  return bytes.toString(encoding);
}

function* running(args: string | readonly string[], options: RunOptions): Green<CompletedProcess<unknown>> {
  const {
    input,
    captureOutput = false,
    timeout = Number.POSITIVE_INFINITY,
    check = false,
    encoding,
  } = options;
  const output = captureOutput ? ({ stdout: 'pipe', stderr: 'pipe' } as const) : {};
  const child = new Popen(args, {
    ...output,
    ...options,
    ...(input === undefined ? {} : { stdin: 'pipe' }),
  });
  const out = spawn(collect, child.stdout);
  const err = spawn(collect, child.stderr);
  const work = [out, err, spawn(feed, child.stdin, input)];
  const gathered = () => ({ stdout: decode(out.result(), encoding), stderr: decode(err.result(), encoding) });
  const limit = new Timeout(timeout);
  try {
    const returncode = yield* limit.run(function* () {
      const code = yield* child.wait();
      for (const each of work) yield* each.get();
      return code;
    });
    const ended = { args: child.args, returncode: returncode as number, ...gathered() };
    if (check && ended.returncode !== 0) throw new CalledProcessError(child.args, ended.returncode, ended);
    return ended;
  } catch (error) {
    if (!limit.mine(error)) throw error;
    child.kill();
    for (const each of work) yield* withTimeout(1000, { timeoutValue: undefined }, each.join());
    throw new TimeoutExpired(child.args, timeout, gathered());
  } finally {
    if (!child.ready()) {
      child.kill();
      yield* shield(child.wait());
    }
    for (const each of work) if (each instanceof Greenlet) each._kill(undefined);
  }
}

/**
 * Runs `args` (a program and its arguments, or with `shell` a line) to its end. Errors: `TimeoutExpired`, with what it had written;
 * `CalledProcessError` with `check`; the host's when it cannot be started. Interrupted, it is killed, with all that it has
 * started, and has ended. Always switches. Mirrors `subprocess.run`.
 *
 * @example const { stdout } = yield* subprocess.run(['git', 'log', '-1'], { captureOutput: true, check: true });
 */
export function run<const O extends RunOptions>(
  args: string | readonly string[],
  options?: O,
): Operation<CompletedProcess<Taken<O>>> {
  checkTimeout(options?.timeout);
  return new Call(running as never, [args, options ?? {}], 'subprocess.run');
}

function* output(args: string | readonly string[], options: RunOptions): Green<unknown> {
  const ended = yield* running(args, { stderr: 'inherit', ...options, stdout: 'pipe', check: true });
  return ended.stdout;
}

/** Runs `args` and gives what it writes to stdout. Errors: as `run` with `check`. Mirrors `subprocess.check_output`. */
export function checkOutput<const O extends RunOptions>(
  args: string | readonly string[],
  options?: O,
): Operation<Text<O>> {
  checkTimeout(options?.timeout);
  return new Call(output as never, [args, options ?? {}], 'subprocess.checkOutput');
}
