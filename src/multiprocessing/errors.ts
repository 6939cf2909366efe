/** Every error of `greenlets/multiprocessing`. They stand in the io floor, where the pools need them. */
export {
  AuthenticationError,
  EOFError,
  ProcessError,
  TimeoutError,
  WorkerDied,
} from '../io/workers/errors.js';
