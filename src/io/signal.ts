/** Signals of the operating system. */
import { constants } from 'node:os';
import process from 'node:process';
import { checkFn, showValue } from '../runtime/check.js';
import type { Operation } from '../runtime/operation.js';
import { claimSignal } from '../runtime/signals.js';
import { spawn } from '../runtime/spawn.js';
import { byDaemon, forget, release } from './hold.js';
import { clearInterval, setInterval } from './host-time.js';
import { hostWait } from './io-wait.js';

function checkSignals(names: readonly unknown[]): asserts names is NodeJS.Signals[] {
  if (names.length === 0) throw new TypeError("names must not be empty: write signal.wait('SIGTERM')");
  for (const name of names) {
    if (name === 'SIGKILL' || name === 'SIGSTOP') throw new TypeError(`no process is told of ${name}`);
    if (typeof name === 'string' && name in constants.signals) continue;
    throw new TypeError(`names must be signals such as 'SIGTERM', got ${showValue(name)}`);
  }
}

/** No timer of the host may be longer. */
const LONGEST = 2 ** 31 - 1;

/**
 * Waits for the first of the signals `names`, and gives its name; meanwhile neither Node nor `main()` does anything with them: one that is
 * waited for does not end the program, the next one does. It holds the process. Errors: `TypeError` at the call. Always switches.
 *
 * @example const name = yield* signal.wait('SIGINT', 'SIGTERM'); console.log('ended by', name);
 */
export function wait(...names: NodeJS.Signals[]): Operation<NodeJS.Signals> {
  checkSignals(names);
  return hostWait<NodeJS.Signals>(`signal.wait for ${names.join(', ')}`, (waker) => {
    const hold = setInterval(() => {}, LONGEST);
    if (byDaemon()) release(hold);
    const stop = () => {
      clearInterval(hold);
      forget(hold);
      for (const name of names) process.off(name, onSignal);
      for (const release of claims) release();
    };
    const onSignal = (name: NodeJS.Signals) => {
      stop();
      waker.resolve(name);
    };
    for (const name of names) process.on(name, onSignal);
    const claims = names.map(claimSignal);
    return stop;
  });
}

/**
 * Calls `fn(name)` in a greenlet of its own for each signal `name` that comes, until it is disposed; meanwhile the signal does nothing
 * else, under `main()` either: the program ends itself. It does not hold the process. Mirrors `gevent.signal_handler`.
 */
export function handle(name: NodeJS.Signals, fn: (name: NodeJS.Signals) => unknown): Disposable {
  checkSignals([name]);
  checkFn(fn);
  const onSignal = (sent: NodeJS.Signals) => {
    spawn({ name: `signal.handle ${sent}` }, fn as never, sent as never);
  };
  process.on(name, onSignal);
  const unclaim = claimSignal(name);
  let disposed = false;
  return {
    [Symbol.dispose]: () => {
      if (disposed) return;
      disposed = true;
      process.off(name, onSignal);
      unclaim();
    },
  };
}
