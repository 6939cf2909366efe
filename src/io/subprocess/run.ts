/** Running a child process to its end. */
import { shield } from '../../runtime/attempt.js';
import { Call } from '../../runtime/call.js';
import { joinall } from '../../runtime/joinall.js';
import type { Operation } from '../../runtime/operation.js';
import type { Greenlet } from '../../runtime/scheduled-greenlet.js';
import { spawn } from '../../runtime/spawn.js';
import { Timeout } from '../../runtime/timeout.js';
import type { Green } from '../../runtime/types.js';
import type { StreamReader, StreamWriter } from '../stream/index.js';
import { CalledProcessError, TimeoutExpired } from './errors.js';
import { checkRun, type RunOptions } from './options.js';
import { argsOf, Popen } from './popen.js';

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

/** Takes what comes into `chunks`. */
function* collect(reader: StreamReader | null, chunks: Buffer[]): Green<void> {
  if (reader === null) return;
  for (;;) {
    const chunk = yield* reader.read();
    if (chunk === null) return;
    chunks.push(chunk);
  }
}

function* feed(writer: StreamWriter | null, input: string | Uint8Array | undefined): Green<void> {
  if (writer === null) return;
  try {
    yield* writer.end(input);
  } catch (error) {
    // It need not read to the end, and may have been impossible to start, which its wait tells.
    if (!GONE.has(String((error as NodeJS.ErrnoException).code))) throw error;
  }
}

const GONE = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_SOCKET_CLOSED']);

type Encoding = RunOptions['encoding'];

/** Errors: `TypeError` for what is not UTF-8, unless it is `cut` off anyway. */
function decode(bytes: Buffer, encoding: Encoding, cut: boolean, what: string): string | Buffer {
  if (encoding === 'buffer') return bytes;
  if (encoding !== undefined && encoding !== 'utf8' && encoding !== 'utf-8') return bytes.toString(encoding);
  try {
    return new TextDecoder('utf-8', { fatal: !cut, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const error = new TypeError(`${what} is not UTF-8: for bytes write { encoding: 'buffer' }`, { cause });
    throw Object.assign(error, { code: (cause as NodeJS.ErrnoException).code });
  }
}

function* waitFor(child: Popen, work: readonly Greenlet<void>[]): Green<number> {
  const code = yield* child.wait();
  for (const each of work) yield* each.get();
  return code;
}

function* running(args: string | readonly string[], options: RunOptions): Green<CompletedProcess<unknown>> {
  const { input, captureOutput, timeout = Number.POSITIVE_INFINITY, check, encoding } = options;
  const output = captureOutput ? ({ stdout: 'pipe', stderr: 'pipe' } as const) : {};
  const child = new Popen(args, {
    ...output,
    ...options,
    ...(input === undefined ? {} : { stdin: 'pipe' }),
  });
  const written = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const work = [
    spawn(collect, child.stdout, written.stdout),
    spawn(collect, child.stderr, written.stderr),
    spawn(feed, child.stdin, input),
  ];
  const taken = (name: 'stdout' | 'stderr', cut: boolean) =>
    child[name] === null
      ? undefined
      : decode(Buffer.concat(written[name]), encoding, cut, `${name} of ${child.args.join(' ')}`);
  const gathered = (cut: boolean) => ({ stdout: taken('stdout', cut), stderr: taken('stderr', cut) });
  const limit = new Timeout(timeout);
  let over = false;
  try {
    const returncode = (yield* limit.run(waitFor, child, work)) as number;
    over = true;
    const ended = { args: child.args, returncode, ...gathered(false) };
    if (check && returncode !== 0) throw new CalledProcessError(child.args, returncode, ended);
    return ended;
  } catch (error) {
    if (!limit.mine(error)) throw error;
    child._killGroup('SIGKILL');
    // What it had written is still to be read; but who has left the group may hold the pipes.
    yield* joinall(work, { timeout: REST });
    throw new TimeoutExpired(child.args, timeout, gathered(true));
  } finally {
    if (!over) {
      child._killGroup('SIGKILL');
      if (!child.ready()) yield* shield(child.wait());
    }
    for (const each of work) each._kill(undefined);
    child.stdout?.close();
    child.stderr?.close();
  }
}

/** ms for the pipes of a child that was killed. */
const REST = 1000;

/**
 * Runs `args` (a program and its arguments, or with `shell` a line) to its end. Errors: `TimeoutExpired`, with what it had written;
 * `CalledProcessError` with `check`; the host's when it cannot be started; `TypeError` for output that is not UTF-8, and at the call. Interrupted, it is killed, with all that it has
 * started, and has ended. Always switches. Mirrors `subprocess.run`.
 *
 * @example const { stdout } = yield* subprocess.run(['git', 'log', '-1'], { captureOutput: true, check: true });
 */
export function run<const O extends RunOptions>(
  args: string | readonly string[],
  options?: O,
): Operation<CompletedProcess<Taken<O>>> {
  argsOf(args);
  if (options !== undefined) checkRun(options, 'subprocess.run', '{ captureOutput: true }');
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
  argsOf(args);
  if (options !== undefined) checkRun(options, 'subprocess.checkOutput', "{ encoding: 'utf8' }");
  return new Call(output as never, [args, options ?? {}], 'subprocess.checkOutput');
}
