/** Running a child process to its end. */
import { shield } from '../../runtime/attempt.js';
import { Call } from '../../runtime/call.js';
import type { Operation } from '../../runtime/operation.js';
import { Timeout } from '../../runtime/timeout.js';
import type { Green } from '../../runtime/types.js';
import type { Output, Text } from './communicate.js';
import { CalledProcessError, TimeoutExpired } from './errors.js';
import { checkRun, type RunOptions } from './options.js';
import { argsOf, Popen } from './popen.js';

/** How a child has ended, and what it has written; undefined where that was not taken. */
export interface CompletedProcess<T> extends Output<T> {
  readonly args: readonly string[];
  /** Its exit code; the negative number of the signal that ended it. */
  readonly returncode: number;
}

type Taken<O> = O extends { readonly captureOutput: true }
  ? Text<O>
  : O extends { readonly stdout: 'pipe' }
    ? Text<O>
    : Text<O> | undefined;

function* running(args: string | readonly string[], options: RunOptions): Green<CompletedProcess<unknown>> {
  const { input, captureOutput, timeout = Number.POSITIVE_INFINITY, check, encoding } = options;
  const output = captureOutput ? ({ stdout: 'pipe', stderr: 'pipe' } as const) : {};
  const child = new Popen(args, {
    ...output,
    ...options,
    ...(input === undefined ? {} : { stdin: 'pipe' }),
  });
  const { _communication: communication } = child;
  const limit = new Timeout(timeout);
  let over = false;
  try {
    const returncode = yield* communication.toEnd(input, limit);
    over = true;
    const ended = { args: child.args, returncode, ...communication.gathered(encoding, false) };
    if (check && returncode !== 0) throw new CalledProcessError(child.args, returncode, ended);
    return ended;
  } catch (error) {
    if (!limit.mine(error)) throw error;
    child._killGroup('SIGKILL');
    // What it had written is still to be read; but who has left the group may hold the pipes.
    yield* communication.rest(REST);
    throw new TimeoutExpired(child.args, timeout, communication.gathered(encoding, true));
  } finally {
    if (!over) {
      child._killGroup('SIGKILL');
      if (!child.ready()) yield* shield(child.wait());
    }
    communication.endWork();
    child.stdout?.close();
    child.stderr?.close();
  }
}

/** ms for the pipes of a child that was killed. */
const REST = 1000;

/**
 * Runs `args` (a program and its arguments, or with `shell` a line) to its end. Errors: `TimeoutExpired`, with what it had written;
 * `CalledProcessError` with `check`; the host's when it cannot be started; `TypeError` for output that is not UTF-8, and at the call.
 * Interrupted, it is killed, with all that it has started, and has ended. Always switches. Mirrors `subprocess.run`.
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
