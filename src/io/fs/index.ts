/** `node:fs/promises`, call for call, as operations; and walking, watching and lines. */
export { constants } from 'node:fs';
export { WatchOverflow } from '../errors.js';
export {
  access,
  chmod,
  chown,
  copyFile,
  lchmod,
  lchown,
  link,
  lstat,
  lutimes,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  symlink,
  truncate,
  unlink,
  utimes,
} from './calls.js';
export { type Cp, cp } from './cp.js';
export { Dir, opendir } from './dir.js';
export { FileHandle } from './file-handle.js';
export { type GlobOptions, glob } from './glob.js';
export type { ReadLinesOptions } from './lines.js';
export { mkdtempDisposable, type TemporaryFolder } from './mkdtemp-disposable.js';
export { open } from './open.js';
export { readFile } from './read-file.js';
export { readLines } from './read-lines.js';
export { type Walk, type WalkEntry, type WalkOptions, walk } from './walk.js';
export { type WatchEvent, type WatchEventsOptions, watch } from './watch.js';
export { appendFile, type WriteFile, writeFile } from './write-file.js';
