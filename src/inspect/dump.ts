/** Everything there is to see, for the moment in which a program seems to hang. */

import { showValue } from '../runtime/check.js';
import { hostProcess, printError } from '../runtime/host.js';
import { deadlocks } from './deadlocks.js';
import { checkFormat, type FormatOptions } from './format-tree.js';
import { formatRunInfo } from './run-info.js';

/**
 * The run info, with all greenlets and their whole stacks, and the deadlocks, as text. Takes what `formatTree` takes. Never
 * switches. Stands where Python has `faulthandler.dump_traceback(all_threads=True)`.
 */
export function dump(options: FormatOptions = {}): string {
  const cycles = deadlocks().map(({ message }) => `deadlock: ${message}`);
  return [formatRunInfo(options), ...cycles].join('\n');
}

/**
 * Prints `dump()` on the error stream whenever the process gets `signal`, by default SIGUSR2 (the host has SIGUSR1 for itself), until
 * the result is disposed. It does not hold the process. A greenlet that never gives way is not interrupted: the host tells of the
 * signal when its turn comes. Errors: `TypeError` for what is no name of a signal; where there are no signals, as in a browser, an
 * `Error`. Mirrors `faulthandler.register`.
 *
 * @example using _ = onSignal(); // then, from a shell: kill -USR2 PID
 */
export function onSignal(signal = 'SIGUSR2', options: FormatOptions = {}): Disposable {
  if (typeof signal !== 'string' || !/^SIG[A-Z0-9]+$/.test(signal)) {
    throw new TypeError(`signal must be the name of a signal, such as 'SIGUSR2', got ${showValue(signal)}`);
  }
  checkFormat(options, 'onSignal');
  const process = hostProcess();
  if (process === undefined) throw new Error('onSignal() needs a host that has signals');
  const print = () => printError(dump(options));
  process.on(signal, print);
  return { [Symbol.dispose]: () => void process.off(signal, print) };
}
