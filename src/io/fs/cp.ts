/** Copies of whole folders. */
import type { CopyOptions } from 'node:fs';
import * as promises from 'node:fs/promises';
import { isRun } from '../../runtime/body.js';
import type { Body } from '../../runtime/body-types.js';
import { spawn } from '../../runtime/spawn.js';
import { PromiseCall, type Run } from './host-call.js';
import type { Green } from './types.js';

type Filter = (source: string, destination: string) => unknown;

/** The options, with a filter that stops an interrupted copy. What is wrong with them is for Node to say. */
function stoppable(options: unknown, run: Run): CopyOptions {
  const { filter, ...rest } = (options ?? {}) as { readonly filter?: unknown };
  if (
    (options != null && typeof options !== 'object') ||
    (filter !== undefined && typeof filter !== 'function')
  ) {
    return options as CopyOptions;
  }
  const included = async (source: string, destination: string): Promise<boolean> => {
    stopIfOver(run);
    const include = filter === undefined || (await ask(filter as Filter, source, destination, run));
    stopIfOver(run);
    return Boolean(include);
  };
  return { ...rest, filter: included };
}

/** Nobody hears of it. */
function stopIfOver(run: Run): void {
  if (run.over) throw new Error('the copy was interrupted');
}

/** What `filter` says; one that may block runs in a greenlet of its own, which ends with the copy. */
function ask(filter: Filter, source: string, destination: string, run: Run): unknown {
  const answer = filter(source, destination);
  if (!isRun(answer)) return answer;
  const asking = spawn({ name: 'fs.cp filter' }, () => answer as never);
  run.onAbandon = () => asking.kill();
  return asking.get().promise();
}

/**
 * Copies a file or a folder with all that is in it. `filter` may be a plain, async or generator function. An interrupted copy stops before
 * the next file. Mirrors `fsPromises.cp`.
 */
export const cp = ((source: string, destination: string, options?: unknown) =>
  new PromiseCall('fs.cp', source, (run) => promises.cp(source, destination, stoppable(options, run)))) as Cp;

type HostCp = Green<typeof promises.cp>;

/** As `fsPromises.cp`, and the filter may also be a generator function. */
export interface Cp {
  (...args: Parameters<HostCp>): ReturnType<HostCp>;
  (
    source: string | URL,
    destination: string | URL,
    options?: Omit<CopyOptions, 'filter'> & {
      readonly filter?: ((source: string, destination: string) => Body<boolean>) | undefined;
    },
  ): ReturnType<HostCp>;
}
