/** `node:timers/promises`. */
import promises from 'node:timers/promises';
import { apply, replaceFunction } from './patches.js';
import { abortable, followed } from './with-signal.js';
import { wrap } from './wrap.js';

/**
 * `setTimeout`, `setImmediate`, `scheduler.wait` and `scheduler.yield` of `node:timers/promises` (and `util.promisify(setTimeout)`, which
 * is the same) in a greenlet: `yield*` of their promises; interrupted, the timer is cleared. The global timers, with callbacks, are as
 * they were. Twice is harmless.
 */
export function patchTimers(): void {
  apply('timers', () => {
    replaceFunction('timers', promises, 'setTimeout', (original) =>
      wrap(original, abortable('timers.setTimeout', { at: 2 })),
    );
    replaceFunction('timers', promises, 'setImmediate', (original) =>
      wrap(original, abortable('timers.setImmediate', { at: 1 })),
    );
    const scheduler = Object.getPrototypeOf(promises.scheduler) as object;
    replaceFunction('timers', scheduler, 'wait', (original) =>
      wrap(original, abortable('scheduler.wait', { at: 1 })),
    );
    replaceFunction('timers', scheduler, 'yield', (original) => wrap(original, followed('scheduler.yield')));
  });
}
