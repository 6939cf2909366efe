/**
 * Where a greenlet was spawned, for reports. A stack costs some microseconds, so outside of debug mode the place is noted
 * only as often as cannot be felt: a mass spawner pays for the first few.
 */

import type { Fiber } from './fiber.js';
import { withStackLimit } from './host.js';
import { hooks, hub } from './hub.js';
import { formatFrame, parseStack } from './place.js';

const MOST = 32;
const PER_MS = 0.1;

let tokens = MOST;
let refilled = 0;

hooks.turnBegins.push((now) => {
  if (tokens < MOST) tokens = Math.min(MOST, tokens + (now - refilled) * PER_MS);
  refilled = now;
});

/** Notes where the code stands that starts `fiber`. */
export function notePlace(fiber: Fiber): void {
  if (tokens < 1 && !hub.debug) return;
  tokens--;
  fiber._more().place = withStackLimit(12, () => new Error('spawned'));
}

/** `function (file:line:column)`, '' when it was not noted. */
export function spawnPlace(fiber: Fiber): string {
  const frame = parseStack(fiber._extra?.place?.stack ?? '')[0];
  return frame === undefined ? '' : formatFrame(frame);
}
