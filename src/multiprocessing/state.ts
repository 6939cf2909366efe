/** What this process is, and how it starts others. */
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { childInit, type StartMethod } from '../io/workers/child-state.js';
import { showValue } from '../runtime/check.js';
import { ProcessError } from './errors.js';

/** What a child is told of itself. */
export interface ChildData {
  readonly home: string;
  readonly name: string;
  readonly daemon: boolean;
  readonly parent: { readonly name: string; readonly pid: number };
  readonly method: StartMethod;
}

export const childData: ChildData | null = (childInit()?.data as ChildData | undefined) ?? null;

/** False in every process and thread that this package has started: the `__name__ == '__main__'` of this world. */
export const isMainProcess: boolean = childInit() === null;

/** The child is still importing the program's module. */
export const bootstrap = { importing: false };

let method: StartMethod = childData?.method ?? 'process';

/**
 * How processes are started from now on: 'process' (child processes, the default) or 'worker' (worker threads: quicker to start, in the same
 * process). Never switches. Errors: `TypeError`. Python's methods (fork, spawn, forkserver) are all child processes.
 */
export function setStartMethod(name: StartMethod): void {
  if (name !== 'process' && name !== 'worker') {
    throw new TypeError(`name must be 'process' or 'worker', got ${showValue(name)}`);
  }
  method = name;
}

/** How processes are started. */
export function getStartMethod(): StartMethod {
  return method;
}

/** How many processors this process may use. Mirrors `multiprocessing.cpu_count`. */
export function cpuCount(): number {
  return availableParallelism();
}

/** Refuses to start a process where Python does. */
export function checkMayStart(): void {
  if (bootstrap.importing) {
    throw new ProcessError(
      'An attempt has been made to start a new process before the current process has finished its bootstrapping phase. ' +
        'This probably means that the main module starts processes while a child imports it: put that into ' +
        'if (isMainProcess) { … }',
    );
  }
  if (childData?.daemon === true)
    throw new ProcessError('daemonic processes are not allowed to have children');
}

/** The process that has started this one; null in the program itself. Mirrors `multiprocessing.parent_process`. */
export function parentProcess(): { readonly name: string; readonly pid: number } | null {
  return childData?.parent ?? null;
}

export const ownPid: number = process.pid;
