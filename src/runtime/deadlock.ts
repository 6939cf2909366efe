/**
 * The end of the process: when nothing is left to do, whoever awaits gets a `LoopExit`; nobody awaiting, one warning lists the
 * greenlets that are parked. Then the rest is killed, so that `finally` blocks run.
 */
import { engine } from './engine.js';
import { LoopExit } from './errors.js';
import './pin.js';
import { hostProcess, macrotask } from './host.js';
import { warn } from './hub.js';
import { describeWait } from './operation.js';
import { formatFrame } from './place.js';
import { registered } from './registry.js';
import type { Greenlet } from './scheduled-greenlet.js';
import { spawnPlace } from './spawn-place.js';
import { readStack } from './stack.js';
import { rejectVisits } from './visitor.js';

/** One line for each parked greenlet: name, operation, object, file and line. */
export function listParked(greenlets: readonly Greenlet<unknown>[]): string {
  return greenlets.map(describeParked).join('\n');
}

/** `<Greenlet 'worker'> in Queue.get of <Queue> at work (file:line:column)` */
export function describeParked(greenlet: Greenlet<unknown>): string {
  const operation = describeWait(greenlet);
  const frames = readStack(greenlet);
  const at = frames.length > 0 ? ` at ${formatFrame(frames[0] as never)}` : '';
  const place = spawnPlace(greenlet);
  return `  ${greenlet} in ${operation}${at}${place === '' ? '' : `, spawned at ${place}`}`;
}

/** The text of a `LoopExit`. */
export function loopExitMessage(): string {
  const parked = registered() as Greenlet<unknown>[];
  const list = parked.length === 0 ? 'no greenlet is parked' : `parked:\n${listParked(parked)}`;
  return `This operation would block forever; ${list}`;
}

let told = false;
const killed = new WeakSet<object>();

function onBeforeExit(): void {
  if (engine.awake) return;
  if (rejectVisits(loopExitMessage())) {
    // The process lives on for whoever has been told, and comes here again.
    told = true;
    macrotask(() => {});
    return;
  }
  const rest = registered() as Greenlet<unknown>[];
  const waiting = rest.filter((each) => !each._extra?.unreferenced);
  if (!told && waiting.length > 0) {
    told = true;
    const message = loopExitMessage();
    warn({ code: 'LOOP_EXIT', message, error: new LoopExit(message) });
    const process = hostProcess();
    if (process !== undefined && !process.exitCode) process.exitCode = 1;
  }
  for (const each of rest) {
    if (killed.has(each)) continue;
    killed.add(each);
    each._kill(undefined);
  }
}

hostProcess()?.on('beforeExit', onBeforeExit);
