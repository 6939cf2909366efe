/** Folders that are removed when they are done with. */
import { mkdtemp as hostMkdtemp, rm as hostRm } from 'node:fs';
import { resolve } from 'node:path';
import type { Operation } from '../../runtime/operation.js';
import { doors } from '../../runtime/resume.js';
import type { Waiter } from '../../runtime/waiter.js';
import { CallbackCall } from './host-call.js';

const ALL = { recursive: true, force: true };

/** A folder of its own, for `await using`, `using` (which does not wait until it is gone) and `enter`. */
export class TemporaryFolder implements Disposable, AsyncDisposable {
  readonly path: string;
  /** Where it is, wherever the process goes. */
  readonly #where: string;

  /** @internal */
  constructor(path: string) {
    this.path = path;
    this.#where = resolve(path);
  }

  /** Removes it, with all that is in it. Once more does nothing. */
  remove(): Operation<void> {
    return new CallbackCall('TemporaryFolder.remove', this.path, hostRm, [this.#where, ALL]);
  }

  [Symbol.dispose](): void {
    this._removeAlone();
  }

  /** Nobody waits: `hub.onError` is told when it cannot be removed. @internal */
  _removeAlone(): void {
    this.remove().then(undefined, (error: unknown) => doors.report(error, null));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }
}

class Make extends CallbackCall<TemporaryFolder> {
  protected override answer(waiter: Waiter, key: unknown, error: unknown, path: unknown): void {
    super.answer(waiter, key, error, error == null ? new TemporaryFolder(path as string) : undefined);
  }

  protected override _late(folder: TemporaryFolder): void {
    folder._removeAlone();
  }
}

/**
 * Makes a folder of its own, whose name begins with `prefix`, and which `remove()`, or the end of `await using` or of `enter`, removes with
 * all that is in it. Mirrors `fsPromises.mkdtempDisposable`, which Node has from version 24 on. Always switches. Interrupted, it is
 * removed as soon as it is there.
 *
 * @example yield* enter(yield* fs.mkdtempDisposable('work-'), function* (folder) { yield* fs.writeFile(`${folder.path}/a`, 'x'); });
 */
export function mkdtempDisposable(
  prefix: string,
  options?: { readonly encoding?: BufferEncoding | null } | BufferEncoding | null,
): Operation<TemporaryFolder> {
  return new Make('fs.mkdtempDisposable', prefix, hostMkdtemp, [prefix, options ?? undefined]);
}
