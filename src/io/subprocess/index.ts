/** Child processes: as Python's `subprocess`. */
export { CalledProcessError, TimeoutExpired } from './errors.js';
export { Popen, type PopenOptions, type Redirect } from './popen.js';
export { type CompletedProcess, checkOutput, type RunOptions, run } from './run.js';
