/**
 * The end of the process: when nothing is left to do, whoever awaits gets a `LoopExit`; nobody awaiting, one warning lists the
 * greenlets that are parked. Then the rest is killed, so that `finally` blocks run.
 */
import { engine, everyReady, hasReady } from './engine.js';
import { LoopExit } from './errors.js';
import './pin.js';
import { holdsProcess } from './holds.js';
import { type HostTimer, host, hostProcess, letGo, macrotask } from './host.js';
import { hooks, hub, runTurn, warn } from './hub.js';
import { describeWait } from './operation.js';
import { formatFrame } from './place.js';
import { registered } from './registry.js';
import type { Greenlet } from './scheduled-greenlet.js';
import { spawnPlace } from './spawn-place.js';
import { readStack } from './stack.js';
import { rejectVisits, Visit, visits } from './visitor.js';

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
  const because = greenlet._op?._because?.() ?? '';
  return `  ${greenlet} in ${operation}${because}${at}${place === '' ? '' : `, spawned at ${place}`}`;
}

/** The text of a `LoopExit`. */
export function loopExitMessage(): string {
  const parked = registered() as Greenlet<unknown>[];
  const list = parked.length === 0 ? 'no greenlet is parked' : `parked:\n${listParked(parked)}`;
  let outside = '';
  for (const visit of visits) if (visit instanceof Visit) outside += `\n  ${describeWait(visit)}`;
  if (outside !== '') outside = `\nawaited outside of greenlets:${outside}`;
  return `This operation would block forever; ${list}${outside}`;
}

/** What goes on with the daemons that are ready, while it does not hold the process. */
let unheld: Exclude<HostTimer, number> | null = null;

/** Daemons that are always ready go on as long as anything else holds the process; they do not. */
hooks.handedBack = (next) => {
  if (typeof next !== 'object' || !isOnlyDaemons()) return;
  unheld = next;
  letGo(next, () => unheld === next);
  hooks.turnEnded.add(forget);
};

function forget(): void {
  unheld = null;
  hooks.turnEnded.delete(forget);
}

function isOnlyDaemons(): boolean {
  return (
    everyReady((each) => !holdsProcess(each)) &&
    visits.size === 0 &&
    engine.slots.every(
      (each) => typeof each !== 'object' || !each?._isScheduled || each._id < 0 || !holdsProcess(each),
    )
  );
}

let told = false;
const killed = new WeakSet<object>();

function onBeforeExit(): void {
  if (engine.awake && unheld === null) return;
  // To die they need their turns.
  unheld?.ref?.();
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

/** Also at an end that comes at once, by an error that nobody caught or `process.exit`: as far as they do not wait. */
function onExit(): void {
  if (hooks.ending) return;
  hooks.exiting = true;
  for (const each of registered() as Greenlet<unknown>[]) if (!killed.has(each)) each._kill(undefined);
  const latest = host.performance.now() + hub.killGrace;
  do runTurn();
  while (hasReady() && host.performance.now() < latest);
}

hostProcess()?.on('beforeExit', onBeforeExit);
hostProcess()?.on('exit', onExit);
