/** Greenlets that meet at a barrier. */
import { type Barrier, BrokenBarrierError, type Green, type Greenlet, GreenletExit, spawn } from 'greenlets';
import { waitAllBlocked } from 'greenlets/testing';

/** Arrives in a greenlet of its own, and notes its place, or why it got none. */
export function arrive(
  barrier: Barrier,
  name: string,
  log: string[],
  options?: { timeout?: number },
): Greenlet<void> {
  return spawn({ name }, function* () {
    try {
      log.push(`${name} ${yield* barrier.wait(options)}`);
    } catch (error) {
      if (error instanceof GreenletExit) throw error;
      log.push(`${name} ${error instanceof BrokenBarrierError ? 'broken' : error}`);
    }
  });
}

export function* come(barrier: Barrier, log: string[], ...names: string[]): Green<void> {
  for (const name of names) {
    arrive(barrier, name, log);
    yield* waitAllBlocked();
  }
}

export const fresh = (parties: number) => ({ parties, waiters: 0, broken: false });
