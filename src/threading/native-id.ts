/** The real thread that everything here runs in. */
import { threadId } from 'node:worker_threads';

/** Node's number of this real thread: 0 for the one that the process began with. Never switches. Mirrors `threading.get_native_id`. */
export function nativeIdHere(): number {
  return threadId;
}
