/** Opening files. */
import * as promises from 'node:fs/promises';
import type { Operation } from '../../runtime/operation.js';
import { FileHandle } from './file-handle.js';
import { PromiseCall } from './host-call.js';

/**
 * Opens a file: a handle that is to be closed (`using file = yield* fs.open(…)` does). `flags` is 'r' unless given. Mirrors
 * `fsPromises.open`.
 *
 * Always switches. Errors: the operating system's, with Node's `code` (`ENOENT`, `EACCES`, `EMFILE`, …) and the stack of the greenlet.
 * Interrupted, the file is closed as soon as it is open.
 *
 * @example
 * const file = yield* fs.open('data.bin');
 * try { const { bytesRead } = yield* file.read(buffer); } finally { yield* file.close(); }
 */
export function open(...args: Parameters<typeof promises.open>): Operation<FileHandle> {
  const [path] = args;
  return new PromiseCall<FileHandle>(
    'fs.open',
    path,
    () => promises.open(...args).then((raw) => new FileHandle(raw, path)),
    (late: FileHandle) => late[Symbol.dispose](),
  );
}
