/** What goes wrong with child processes. */
import type { Output } from './communicate.js';

/** What the errors have of the child. */
type Written = Partial<Output<string | Buffer | undefined>>;

/** A child has ended with another exit code than 0. Mirrors `subprocess.CalledProcessError`. */
export class CalledProcessError extends Error {
  readonly code: string = 'CALLED_PROCESS';
  readonly args: readonly string[];
  /** Its exit code; the negative number of the signal that ended it. */
  readonly returncode: number;
  readonly stdout: string | Buffer | undefined;
  readonly stderr: string | Buffer | undefined;

  constructor(args: readonly string[], returncode: number, output: Written) {
    super(
      `${args.join(' ')} ended with ${returncode < 0 ? `signal ${-returncode}` : `exit code ${returncode}`}`,
    );
    this.args = args;
    this.returncode = returncode;
    this.stdout = output.stdout;
    this.stderr = output.stderr;
  }
}

/** A child took longer than it was given. Mirrors `subprocess.TimeoutExpired`. */
export class TimeoutExpired extends Error {
  readonly code: string = 'TIMEOUT_EXPIRED';
  readonly args: readonly string[];
  /** ms that it was given. */
  readonly timeout: number;
  /** What it had written. */
  readonly stdout: string | Buffer | undefined;
  readonly stderr: string | Buffer | undefined;

  constructor(args: readonly string[], timeout: number, output: Written = {}) {
    super(`${args.join(' ')} did not end within ${timeout} ms`);
    this.args = args;
    this.timeout = timeout;
    this.stdout = output.stdout;
    this.stderr = output.stderr;
  }
}

for (const type of [CalledProcessError, TimeoutExpired]) {
  Object.defineProperty(type.prototype, 'name', { value: type.name, configurable: true, writable: true });
}
