/** The end of a program by SIGINT or SIGTERM: everything is killed, `finally` blocks run, and then the process exits. */
import { host, hostProcess, macrotask, microtask } from './host.js';
import { hooks, hub, warn } from './hub.js';
import { joinall } from './joinall.js';
import type { Operation } from './operation.js';
import { registered } from './registry.js';
import type { Greenlet } from './scheduled-greenlet.js';
import { spawn } from './spawn.js';
import { suspend } from './suspend.js';
import { withTimeout } from './timeout.js';
import type { Green } from './types.js';

const CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type Name = keyof typeof CODES;

/** The greenlet of `main()`, which is killed first. */
export const program: { main: Greenlet<unknown> | null } = { main: null };

/** What else has to end: child processes. Each is called after the greenlets were killed. */
export const endings: (() => Operation<unknown>)[] = [];

/** How many parts of the program want each signal for themselves. */
const claims = new Map<string, number>();

/** The program itself takes the signal `name`, until what is given is called: it does not end the program, unless that is ending. */
export function claimSignal(name: string): () => void {
  claims.set(name, (claims.get(name) ?? 0) + 1);
  return () => {
    // Those who are told of the same signal after this one must still see it.
    microtask(() => void claims.set(name, (claims.get(name) as number) - 1));
  };
}

let handlers = 0;

function* end(code: number): Green<void> {
  const process = hostProcess();
  const latest = host.performance.now() + hub.exitGrace;
  yield* withTimeout(hub.exitGrace, { timeoutValue: null }, killEveryone);
  const survivors = others();
  if (survivors.length > 0) {
    warn({
      code: 'SURVIVORS',
      message: `still alive ${hub.exitGrace} ms after the signal: ${survivors.map(String).join(', ')}`,
    });
  }
  // Errors of the end that nobody observed are told promise jobs later.
  yield* suspend<void>('the last reports', (wake) => void macrotask(() => wake.resolve()));
  yield* withTimeout(Math.max(0, latest - host.performance.now()), { timeoutValue: null }, printed);
  process?.exit(code);
}

function others(): Greenlet<unknown>[] {
  return (registered() as Greenlet<unknown>[]).filter((each) => each.name !== 'signals');
}

function* killEveryone(): Green<void> {
  if (program.main !== null) yield* program.main.kill();
  for (const each of others()) each._kill(undefined);
  for (const finish of endings) yield* finish();
  for (let rest = others(); rest.length > 0; rest = others()) yield* joinall(rest);
}

/** Waits until what was printed has been written: into a pipe the host writes later, and an exit would lose it. */
export function* printed(): Green<void> {
  const process = hostProcess();
  for (const output of [process?.stdout, process?.stderr]) {
    if (output === undefined || !output.writableLength) continue;
    yield* suspend<void>('the end of the output', (wake) => void output.write('', () => wake.resolve()));
  }
}

function onSignal(name: Name): void {
  const code = CODES[name];
  if (hooks.ending) hostProcess()?.exit(code);
  if ((claims.get(name) ?? 0) > 0) return;
  hooks.ending = true;
  spawn({ name: 'signals' }, end, code);
}

const onInterrupt = () => onSignal('SIGINT');
const onTerminate = () => onSignal('SIGTERM');

hooks.handleSignals = () => {
  const process = hostProcess();
  if (handlers++ === 0) {
    process?.on('SIGINT', onInterrupt);
    process?.on('SIGTERM', onTerminate);
  }
  let disposed = false;
  return {
    [Symbol.dispose]: () => {
      if (disposed) return;
      disposed = true;
      if (--handlers > 0 || hooks.ending) return;
      process?.off('SIGINT', onInterrupt);
      process?.off('SIGTERM', onTerminate);
    },
  };
};
