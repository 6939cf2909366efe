/** Callbacks that users give with a job, called when something comes of it. */
import { isGenerator } from '../../runtime/body.js';
import { checkFn, isPromiseLike } from '../../runtime/check.js';
import { contextOfNow } from '../../runtime/context.js';
import { inHub, report } from '../../runtime/hub.js';
import { Operation } from '../../runtime/operation.js';
import { spawn } from '../../runtime/spawn.js';

type Callback = (value: unknown) => unknown;

/** Calls `fn`, whatever it is, from now on in the async context of now. */
function inContext(fn: (value: unknown) => void): (value: unknown) => void {
  const context = contextOfNow();
  return context === null ? fn : (value) => context.runInAsyncScope(fn, undefined, value);
}

/** `fn` in a greenlet of its own each time, in the context of whoever has given it. Errors: `TypeError`. */
export function spawned(fn: unknown, name: string): Callback {
  checkFn(fn, name);
  return inContext((value) => void spawn(fn as never, value as never));
}

/** `fn` at once and in order; what blocks goes on in a greenlet of its own. Errors: `TypeError`; those of `fn` go to `hub.onError`. */
export function called(fn: unknown, name: string): Callback {
  checkFn(fn, name);
  return inContext((value) => {
    const result = inHub(() => fn(value as never));
    if (isGenerator(result) || result instanceof Operation) spawn(() => result);
    else if (isPromiseLike(result)) result.then(undefined, (error: unknown) => report(error, null));
  });
}
