/** What there is of processes. */
import { readFileSync } from 'node:fs';
import { type Green, until } from 'greenlets';
import { eventually } from '../support/leftovers.js';

/** Whether a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Children of this process, zombies as well. */
export function children(): number[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
    .split(' ')
    .filter(Boolean)
    .map(Number);
}

export function* gone(...pids: number[]): Green<void> {
  yield* until(eventually(`${pids} are gone`, () => !pids.some(isAlive)));
}
