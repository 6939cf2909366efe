/** The lines of a path. */
import type { PathLike } from 'node:fs';
import type { Results } from '../../runtime/results.js';
import { Lines, type ReadLinesOptions } from './lines.js';
import { open } from './open.js';

/**
 * The lines of a file, without their ends, read as they are asked for: the file may be larger than the memory. A line ends where
 * Node's `readline` ends it: at `\n`, `\r\n` or `\r` (not at U+2028 and U+2029, as that of newer versions does, too). The file is opened when the first line is asked for, and closed at the end
 * or by `close()`.
 *
 * Errors, thrown by `more` and `next`: those of `open` and `read`; `LineTooLong`. An interrupted `more` loses nothing.
 *
 * @example
 * const lines = fs.readLines('access.log');
 * while (yield* lines.more()) if (lines.value.includes(' 500 ')) console.log(lines.value);
 */
export function readLines(path: PathLike, options?: ReadLinesOptions): Results<string> {
  return new Lines(null, () => open(path), options);
}
