/** Child processes: as Python's `subprocess`. */
export { CalledProcessError, TimeoutExpired } from './errors.js';
export type { CommunicateOptions, PopenOptions, Redirect, RunOptions } from './options.js';
export { Popen } from './popen.js';
export { type CompletedProcess, checkOutput, run } from './run.js';
