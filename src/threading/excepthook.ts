/** Who gets the error that a thread ends with. */
import { checkFn } from '../runtime/check.js';
import { report } from '../runtime/hub.js';
import { Thread } from './thread.js';
import { failures } from './thread-greenlet.js';

/** What an `excepthook` gets. Mirrors the argument of `threading.excepthook`. */
export interface ExceptHookArgs {
  /** The class of the error; null for a thrown value that has none. */
  readonly excType: unknown;
  /** What was thrown. */
  readonly excValue: unknown;
  /** Its stack; '' when it has none. */
  readonly excTraceback: string;
  /** The thread that it ended. */
  readonly thread: Thread | null;
}

export type ExceptHook = (args: ExceptHookArgs) => unknown;

export interface AssignableExceptHook {
  (args: ExceptHookArgs): unknown;
  /**
   * Takes the errors of threads from now on; null restores the default. A generator, an async or a plain function: it runs in the
   * thread that failed, and its own error goes to `hub.onError`. Errors: `TypeError`.
   */
  handler: ExceptHook | null;
}

let handler: ExceptHook | null = null;

/** What a handler has been given. */
const handed = new WeakSet<ExceptHookArgs>();

function tell(args: ExceptHookArgs): unknown {
  if (handler !== null && !handed.has(args)) {
    handed.add(args);
    return handler(args);
  }
  report(args.excValue, args.thread?._runs ?? null);
  return undefined;
}

function argsOf(error: unknown, thread: unknown): ExceptHookArgs {
  const isObject = typeof error === 'object' && error !== null;
  return {
    excType: isObject ? error.constructor : null,
    excValue: error,
    excTraceback: error instanceof Error ? (error.stack ?? '') : '',
    thread: thread instanceof Thread ? thread : null,
  };
}

/**
 * Handles the error that a thread ended with: by default `hub.onError` gets it, which prints 'Exception in thread Thread-1
 * (name):' and the stack. JavaScript cannot assign the name of a module: `excepthook.handler = fn` is Python's `threading.excepthook
 * = fn`. A handler that calls `excepthook` with what it was given has the default done, as by `threading.__excepthook__`. Kills
 * (`GreenletExit`) are no errors. Mirrors `threading.excepthook`.
 *
 * @example excepthook.handler = ({ thread, excValue }) => log.error(thread?.name, excValue);
 */
export const excepthook = tell as AssignableExceptHook;

Object.defineProperty(excepthook, 'name', { value: 'excepthook' });
Object.defineProperty(excepthook, 'handler', {
  get: () => handler,
  set: (fn: ExceptHook | null) => {
    if (fn !== null) checkFn(fn, 'excepthook.handler', '; null restores the default');
    handler = fn;
    failures.taker = fn === null ? null : (error, thread) => tell(argsOf(error, thread));
  },
});
