/** What goes wrong with children and pools of them, each with a `name` and a stable `code`. */
import { TimeoutError as RuntimeTimeoutError } from '../../runtime/errors.js';
import { knowErrors } from './failure.js';

/** Misuse of processes, or something that has happened to one. Mirrors `multiprocessing.ProcessError`. */
export class ProcessError extends Error {
  readonly code: string = 'PROCESS_ERROR';
}

/** A result has not come in time, or a job has run too long. Mirrors `multiprocessing.TimeoutError`. */
export class TimeoutError extends RuntimeTimeoutError {}

/** A process or thread has ended, and with it what was asked of it. */
export class WorkerDied extends ProcessError {
  override readonly code: string = 'WORKER_DIED';
  /** Its exit code; the negative number of a signal. */
  exitCode: number | null = null;
}

/** The other end has been closed, and nothing is left to be read. Mirrors Python's `EOFError`. */
export class EOFError extends ProcessError {
  override readonly code: string = 'EOF';
}

/** The other end does not know the key. Mirrors `multiprocessing.AuthenticationError`. */
export class AuthenticationError extends ProcessError {
  override readonly code: string = 'AUTHENTICATION';
}

const all = { ProcessError, WorkerDied, EOFError, AuthenticationError };
for (const [name, type] of Object.entries({ ...all, TimeoutError })) {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true });
}
knowErrors(all);
