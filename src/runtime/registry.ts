/** Every scheduled greenlet that has been started and has not ended. */
import { engine } from './engine.js';
import type { greenlet } from './greenlet.js';
import { hooks } from './hub.js';

/** All of them, in the order in which they were made. */
export function registered(): greenlet[] {
  const all = engine.slots.filter(
    (each) => typeof each === 'object' && each?._isScheduled && each._id >= 0,
  ) as unknown as greenlet[];
  return all.sort((a, b) => a.ident - b.ident);
}

hooks.countGreenlets = () => registered().length;
