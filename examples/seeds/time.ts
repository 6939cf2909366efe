/** Python's `time` for the examples of the seeds, where a second lasts 50 ms. */
import * as greenlets from 'greenlets';

const SECOND = 50;

/** Blocks the thread that runs it, and no other. */
export function sleep(seconds: number) {
  return greenlets.sleep(seconds * SECOND);
}

/** The time in seconds. */
export function time(): number {
  return performance.now() / SECOND;
}

/** The seconds since `start`, as they are printed. */
export function elapsed(start: number): string {
  return `${(time() - start).toFixed(0)} s`;
}
