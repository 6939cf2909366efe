/** Greenlets that lock one another out, and what is told of it. */
import { type Green, type Greenlet, type LockLike, sleep, spawn, type Warning } from 'greenlets';
import { expect } from 'vitest';
import type { HubWatch } from './hub-watch.js';

/** The one warning there was since the last call. */
export function only(watch: HubWatch): Warning {
  const warnings = watch.takeWarnings();
  expect(warnings.map(({ code }) => code)).toEqual(['DEADLOCK']);
  return warnings[0] as Warning;
}

/** Holds the first of `locks` and asks for the next, and so on, all in their turn. */
export function climber(name: string, ...locks: LockLike[]): Greenlet<void> {
  function* climb(rest: readonly LockLike[]): Green<void> {
    const [lock, ...others] = rest;
    if (lock === undefined) return;
    yield* lock.acquire();
    try {
      yield* sleep(0);
      yield* climb(others);
    } finally {
      lock.release();
    }
  }
  return spawn({ name }, climb, locks);
}

export function* killAll(...greenlets: Greenlet<unknown>[]): Green<void> {
  for (const each of greenlets) void each.kill();
  for (const each of greenlets) yield* each.join();
}
