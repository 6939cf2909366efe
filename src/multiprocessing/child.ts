/** What runs in a child: the program's module is imported, then the process runs, then the child ends when nothing is left to do. */
import process from 'node:process';
import type { Channel } from '../io/workers/channel.js';
import type { Init } from '../io/workers/child-state.js';
import { type Packed, unpackAll } from '../io/workers/codec.js';
import { loadModule } from '../io/workers/load.js';
import { Call } from '../runtime/call.js';
import { GreenletExit } from '../runtime/errors.js';
import { printError } from '../runtime/host.js';
import { joinall } from '../runtime/joinall.js';
import { registered } from '../runtime/registry.js';
import { Greenlet } from '../runtime/scheduled-greenlet.js';
import { endings, printed } from '../runtime/signals.js';
import { spawn } from '../runtime/spawn.js';
import type { Green } from '../runtime/types.js';
import { until } from '../runtime/until.js';
import './shared.js';
import { current, Process } from './process.js';
import { setParent } from './router.js';
import { bootstrap, childData } from './state.js';

interface Job {
  readonly type: Packed | null;
  readonly fields: Packed;
  readonly target: Packed | null;
  readonly args: Packed;
}

function fail(error: unknown): void {
  const name = childData?.name ?? '';
  const text = error instanceof Error ? (error.stack ?? String(error)) : `thrown: ${String(error)}`;
  printError(`Process ${name}:\n${text}`);
  process.exitCode = 1;
}

/** The program's module, and what the process is made of. */
async function load(init: Init, job: Job): Promise<Process> {
  bootstrap.importing = true;
  try {
    if (init.main !== null) await loadModule(init.main);
    const type = job.type === null ? Process : await unpackAll(job.type);
    const target = job.target === null ? undefined : await unpackAll(job.target);
    const args = (await unpackAll(job.args)) as unknown[];
    const fields = (await unpackAll(job.fields)) as object;
    const { name, daemon } = childData ?? { name: '', daemon: false };
    const options = { target: target as never, args, name, daemon };
    return Process._revive(type as typeof Process, options, fields);
  } finally {
    bootstrap.importing = false;
  }
}

function* begin(init: Init, job: Job): Green<void> {
  try {
    const made = yield* until(load(init, job));
    current.process = made;
    yield* new Call(() => made.run(), []);
  } catch (error) {
    if (!(error instanceof GreenletExit)) fail(error);
  }
}

/** Ends all greenlets and its own children, and then the process: with 0, or by the signal that has asked for it. */
function* end(signal: 'SIGINT' | null): Green<void> {
  const others = () => (registered() as Greenlet<unknown>[]).filter((each) => each.name !== 'signals');
  for (const each of others()) each._kill(undefined);
  for (const finish of endings) yield* finish();
  for (let rest = others(); rest.length > 0; rest = others()) yield* joinall(rest);
  yield* printed();
  if (signal === null) process.exit();
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/** Called by the entry. */
export function serve(channel: Channel, init: Init): void {
  const { job } = init.data as { readonly job: Job };
  setParent(channel);
  let ending = false;
  const stop = (signal: 'SIGINT' | null) => {
    if (ending) return;
    ending = true;
    spawn({ name: 'signals' }, end, signal);
  };
  channel.on('end', () => stop(null));
  if (channel.kind === 'process') process.on('SIGINT', () => stop('SIGINT'));
  process.on('exit', () => channel.flush());
  const main = new Greenlet(begin, init, job);
  main.name = 'main';
  main.rawlink(() => channel.hold(false));
  main.start();
}
