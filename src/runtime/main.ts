/** Running a program. */
import type { Fn, Returned } from './body-types.js';
import { checkFn } from './check.js';
import { LoopExit } from './errors.js';
import { formatError } from './format-error.js';
import { hostProcess, macrotask, printError } from './host.js';
import { hooks, hub } from './hub.js';
import { joinall } from './joinall.js';
import { registered } from './registry.js';
import { Greenlet } from './scheduled-greenlet.js';
import { program } from './signals.js';

/**
 * Runs `fn(...args)` as the program: in a greenlet named 'main', with SIGINT and SIGTERM handled (hub.exitGrace). Its error is
 * printed and makes the exit code 1; the promise rejects with it. When nothing is left to do, that is a `LoopExit`, and all that is
 * parked is killed before: `finally` blocks run, for at most `hub.exitGrace` ms. An error of the end by a signal is only printed.
 *
 * @example await main(function* () { yield* joinall([spawn(foo), spawn(bar)]); });
 */
export async function main<A extends unknown[], R>(fn: Fn<A, R>, ...args: A): Promise<Returned<R>> {
  checkFn(fn);
  const greenlet = new Greenlet<Returned<R>>(fn, ...args);
  greenlet.name = 'main';
  program.main = greenlet;
  const signals = hub.handleSignals();
  greenlet.start();
  const run = greenlet
    .get()
    .promise()
    .catch((error: unknown) => endRest(error, greenlet));
  run.catch((error: unknown) => fail(error, greenlet));
  try {
    return await run;
  } finally {
    program.main = null;
    signals[Symbol.dispose]();
  }
}

/**
 * When nothing goes on any more, the rest is killed, as at any end of the process: for this one the host would not wait. Nor would
 * it for an error of the end by a signal, which has its own exit code: that is printed, and goes no further.
 */
async function endRest(error: unknown, greenlet: Greenlet<unknown>): Promise<never> {
  if (hooks.ending) {
    printError(formatError(error, greenlet));
    return new Promise(() => {});
  }
  if (error instanceof LoopExit) {
    const rest = registered() as Greenlet<unknown>[];
    for (const each of rest) each._kill(undefined);
    await joinall(rest, { timeout: hub.exitGrace });
  }
  throw error;
}

/** An error that reaches the top level is printed by the host, which then exits before the macrotask comes. */
function fail(error: unknown, greenlet: Greenlet<unknown>): void {
  const process = hostProcess();
  if (process !== undefined && !process.exitCode) process.exitCode = 1;
  macrotask(() => printError(formatError(error, greenlet)));
}
