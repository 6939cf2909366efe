/**
 * What the host offers, looked up when first needed: the runtime imports nothing from `node:` and also runs in a browser.
 * The types are written out here because the floor compiles without `@types/node` and without `lib.dom`.
 */

import type { Signal } from './types.js';

/** A host timer: a number in browsers, an object in Node. */
export type HostTimer = { ref?(): unknown; unref?(): unknown } | number;

/** Where a program prints. */
interface HostOutput {
  write(text: string, written?: () => void): unknown;
  /** What the host has not written yet. */
  readonly writableLength?: number;
}

interface HostProcess {
  exitCode?: number | string | undefined | null;
  readonly stdout?: HostOutput;
  readonly stderr?: HostOutput;
  readonly env: Record<string, string | undefined>;
  on(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
  exit(code?: number): never;
  getBuiltinModule?(name: string): unknown;
}

interface HostGlobals {
  setTimeout(callback: () => void, ms: number): HostTimer;
  clearTimeout(timer: HostTimer): void;
  setImmediate?(callback: () => void): HostTimer;
  queueMicrotask(callback: () => void): void;
  readonly performance: { now(): number };
  readonly process?: HostProcess;
  readonly console: { error(...args: unknown[]): void };
  MessageChannel?: new () => {
    port1: { onmessage: (() => void) | null };
    port2: { postMessage(value: unknown): void };
  };
  AbortController: new () => AbortControllerLike;
  Error: ErrorConstructor & { stackTraceLimit?: number };
}

/** The part of `AbortController` that the runtime uses. */
export interface AbortControllerLike {
  readonly signal: Signal;
  abort(reason?: unknown): void;
}

export const host = globalThis as unknown as HostGlobals;

/** Node's `process`, if there is one. */
export function hostProcess(): HostProcess | undefined {
  const process = host.process;
  return process !== undefined && typeof process.on === 'function' ? process : undefined;
}

/** A module of Node by name (`async_hooks`, …); undefined in a browser. */
export function builtin<T>(name: string): T | undefined {
  return host.process?.getBuiltinModule?.(`node:${name}`) as T | undefined;
}

let postMacrotask: ((callback: () => void) => void) | undefined;

/** Calls back in a macrotask of its own, after timers and IO: `setImmediate`, a message channel, or a timer. */
export function macrotask(callback: () => void): HostTimer | undefined {
  if (host.setImmediate !== undefined) return host.setImmediate(callback);
  if (postMacrotask === undefined) {
    if (host.MessageChannel !== undefined) {
      const { port1, port2 } = new host.MessageChannel();
      const waiting: (() => void)[] = [];
      port1.onmessage = () => waiting.shift()?.();
      postMacrotask = (next) => {
        waiting.push(next);
        port2.postMessage(0);
      };
    } else {
      postMacrotask = (next) => void host.setTimeout(next, 0);
    }
  }
  postMacrotask(callback);
  return undefined;
}

/**
 * The macrotask `next` comes as long as anything else holds the process, and does not hold it. The host would not come by for it
 * alone while it waits for something; for a timer it does, of which there is one as long as `waits` says so.
 */
export function letGo(next: Exclude<HostTimer, number>, waits: () => boolean): void {
  const visit = (): void => {
    if (!waits()) return;
    const timer = host.setTimeout(visit, 0);
    if (typeof timer === 'object') timer.unref?.();
  };
  next.unref?.();
  visit();
}

/** Calls back when the present job is over, ahead of everything else. */
export function microtask(callback: () => void): void {
  host.queueMicrotask(callback);
}

/** Prints for humans, on the host's error stream. */
export function printError(text: string): void {
  const stderr = hostProcess()?.stderr;
  if (stderr !== undefined) stderr.write(`${text}\n`);
  else host.console.error(text);
}

/** Runs `make` with stack traces of `limit` frames: an error whose stack nobody reads need not collect one. */
export function withStackLimit<T>(limit: number, make: () => T): T {
  const before = host.Error.stackTraceLimit;
  host.Error.stackTraceLimit = limit;
  try {
    return make();
  } finally {
    if (before !== undefined) host.Error.stackTraceLimit = before;
  }
}
