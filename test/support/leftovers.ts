/** After each test of io nothing is left: no handle or request of the host, no wait, no listener. */
import type { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect } from 'vitest';
import { outside } from '../../src/runtime/until.js';

/** Timers are the runner's, too; it writes to its parent, and requests end with the handles that they are for. */
const IGNORED = new Set(['Timeout', 'Immediate', 'TickObject', 'CloseReq', 'SimpleWriteWrap', 'WriteWrap']);
/** ms after which a handle that is not gone counts as left over: more than a socket that is closed may linger. A test that passes does not wait for it. */
const PATIENCE = 8000;

/** What the host has open, as far as it is no timer: how many of each kind. */
export function census(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (!IGNORED.has(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** How many of `kinds` the host has open. */
export function countOpen(...kinds: string[]): number {
  return process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind)).length;
}

/** Passes of the host, until `holds`: fails with `what` when it never does. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`it did not come to pass that ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** How many listeners `emitter` has, of all its events. */
export function listenerCount(emitter: EventEmitter): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}

const ends: (() => unknown)[] = [];

/** Has `fn` done at the end of the test, before what is left is counted. The last comes first. */
export function atEnd(fn: () => unknown): void {
  ends.push(fn);
}

/** Call it at the top of a test file: a test that leaves something open fails. */
export function watchLeftovers(): void {
  let before: Record<string, number> = {};
  let listeners = 0;
  let waits = 0;
  beforeEach(() => {
    before = census();
    listeners = listenerCount(process);
    waits = outside.waits;
  });
  afterEach(async () => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
    const same = () => JSON.stringify(sorted(census())) === JSON.stringify(sorted(before));
    await eventually('all is closed', same).catch(() => {});
    expect(census(), 'what the host has open').toEqual(before);
    expect(outside.waits, 'waits for the world outside').toBe(waits);
    expect(listenerCount(process), 'listeners of the process').toBe(listeners);
  });
}

function sorted(counts: Record<string, number>): [string, number][] {
  return Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
}
