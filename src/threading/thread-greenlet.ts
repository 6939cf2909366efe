/** The greenlet that runs a thread, and what becomes of the thread's error. */
import { Call } from '../runtime/call.js';
import type { greenlet } from '../runtime/greenlet.js';
import { hooks } from '../runtime/hub.js';
import { Greenlet } from '../runtime/scheduled-greenlet.js';
import { isExit } from '../runtime/timeout.js';
import type { Green } from '../runtime/types.js';

/** A thread, as its greenlet sees it. */
export interface Runnable {
  readonly name: string;
  run(): unknown;
}

/** Takes the error of a thread instead of `hub.onError`; excepthook.ts sets it. */
export const failures: { taker: ((error: unknown, thread: Runnable) => unknown) | null } = { taker: null };

export class ThreadGreenlet<T extends Runnable = Runnable> extends Greenlet<void> {
  readonly thread: T;

  constructor(thread: T) {
    super();
    this.thread = thread;
    this.name = thread.name;
  }

  /** The thread's `run`; its error is taken in this greenlet, so that the current thread is the one that fails. */
  override *run(): Green<void> {
    const { thread } = this;
    try {
      yield* new Call(runThread, [thread], 'Thread.run');
    } catch (error) {
      const { taker } = failures;
      if (taker === null || isExit(error)) throw error;
      yield* new Call(taker, [error, thread], 'excepthook');
    }
  }
}
// Reports show what the user made.
Object.defineProperty(ThreadGreenlet, 'name', { value: 'Thread' });

function runThread(thread: Runnable): unknown {
  return thread.run();
}

// What the default `hub.onError` prints for a thread are Python's words.
const printableBefore = hooks.printable;
hooks.printable = (error: unknown, from: greenlet | null) => {
  if (!(from instanceof ThreadGreenlet)) return printableBefore(error, from);
  const text = printableBefore(error, null);
  return `Exception in thread ${from.thread.name}:${text.slice(text.indexOf('\n'))}`;
};
