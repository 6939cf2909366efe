/** Running a program. */
import type { Fn, Returned } from './body-types.js';
import { checkFn } from './check.js';
import { formatError } from './format-error.js';
import { hostProcess, macrotask, printError } from './host.js';
import { hub } from './hub.js';
import { Greenlet } from './scheduled-greenlet.js';
import { program } from './signals.js';

/**
 * Runs `fn(...args)` as the program: in a greenlet named 'main', with SIGINT and SIGTERM handled (hub.exitGrace). Its error is
 * printed and makes the exit code 1; the promise rejects with it.
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
  const run = greenlet.get().promise();
  run.catch((error: unknown) => fail(error, greenlet));
  try {
    return await run;
  } finally {
    program.main = null;
    signals[Symbol.dispose]();
  }
}

/** An error that reaches the top level is printed by the host, which then exits before the macrotask comes. */
function fail(error: unknown, greenlet: Greenlet<unknown>): void {
  const process = hostProcess();
  if (process !== undefined && !process.exitCode) process.exitCode = 1;
  macrotask(() => printError(formatError(error, greenlet)));
}
