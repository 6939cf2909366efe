/** Where in the user's program something happened: stacks without the runtime's own frames. */
import { HOME } from './home.js';
import { withStackLimit } from './host.js';

/** One frame of a stack. Lines and columns count from 1. */
export interface StackFrame {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * The folders of the library, as they stand in stack traces: where it runs, and, as source maps show it, the sources shipped
 * beside it. None when it was bundled into another file; a bundle that is no module has no URL either.
 */
const HOMES = ((): readonly string[] => {
  const home = HOME.replace(/^file:\/\//, '');
  return home === '' ? [] : [home, home.replace(/\/dist\/(node\/)?$/, '/src/')];
})();

const FRAME = /^\s*at (?:(.*?) \()?(?:file:\/\/)?((?:[A-Za-z]:)?[^():]+|[^()]+?):(\d+):(\d+)\)?$/;

/** The user's frames of a stack text, innermost first. */
export function parseStack(text: string): StackFrame[] {
  const frames: StackFrame[] = [];
  for (const line of text.split('\n')) {
    const match = FRAME.exec(line);
    if (match === null) continue;
    const [, name = '', file = '', row, column] = match;
    if (isOwn(file)) continue;
    frames.push({
      function: name.replace(/^async /, '').replace(/\.next$/, ''),
      file,
      line: Number(row),
      column: Number(column),
    });
  }
  return frames;
}

function isOwn(file: string): boolean {
  if (file.startsWith('node:') || file === '<anonymous>') return true;
  return HOMES.some((home) => file.startsWith(home));
}

/** The user's frames from here outwards, at most `depth` of the raw ones. */
export function captureStack(depth = 50): StackFrame[] {
  return parseStack(withStackLimit(depth, () => new Error('stack')).stack ?? '');
}

/** `function (file:line:column)` */
export function formatFrame(frame: StackFrame): string {
  const where = `${frame.file}:${frame.line}:${frame.column}`;
  return frame.function === '' ? where : `${frame.function} (${where})`;
}

/** The frames of the current greenlet that the runtime holds, and that are on no JavaScript stack. Set by stack.ts. */
export const held: { frames: () => StackFrame[] } = { frames: () => [] };

/** The innermost frame of the user's program as text, '' when there is none. */
export function here(): string {
  const frame = captureStack()[0] ?? held.frames()[0];
  return frame === undefined ? '' : formatFrame(frame);
}
