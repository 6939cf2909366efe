/** Paths by pattern, where Node has it. */
import * as promises from 'node:fs/promises';
import { each } from '../../runtime/each.js';
import type { Results } from '../../runtime/results.js';

type HostGlob = typeof promises extends { glob: infer G }
  ? G
  : (pattern: string | readonly string[], options?: GlobOptions) => AsyncIterable<string>;

export interface GlobOptions {
  /** The folder that it looks in; that of the process unless given. */
  readonly cwd?: string | URL | undefined;
  /** What it leaves out. */
  readonly exclude?: ((name: string) => boolean) | readonly string[] | undefined;
}

/**
 * The paths that fit `pattern`. Mirrors `fsPromises.glob`, which Node has from version 22 on. Errors: on older ones an error with
 * the code `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` at the call; `walk` does for them.
 */
export function glob(pattern: string | readonly string[], options?: GlobOptions): Results<string> {
  const { glob: find } = promises as unknown as { glob?: HostGlob };
  if (find === undefined) {
    const error = new Error(`fs.glob needs Node 22; this is ${process.version}, use fs.walk`);
    throw Object.assign(error, { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' });
  }
  return each(find(pattern as string, (options ?? {}) as never) as AsyncIterable<string>);
}
