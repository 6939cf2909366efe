/** Lines from the standard input. */
import process from 'node:process';
import { Call } from '../runtime/call.js';
import { checkType } from '../runtime/check.js';
import type { Operation } from '../runtime/operation.js';
import type { Green } from '../runtime/types.js';
import { byDaemon } from './hold.js';
import { from, type StreamReader } from './stream/index.js';

/** A stream that may hold the process; a file does not. */
interface Holding {
  ref?(): unknown;
  unref?(): unknown;
}

let stdin: StreamReader | null = null;
/** How many wait, or are about to be refused. */
let readers = 0;

function* readLine(prompt: string): Green<string | null> {
  process.stdout.write(prompt);
  stdin ??= from(process.stdin);
  const host: Holding = process.stdin;
  if (readers++ === 0 && !byDaemon()) host.ref?.();
  try {
    return yield* stdin.readLine();
  } finally {
    // What nobody waits for does not hold the process.
    if (--readers === 0) host.unref?.();
  }
}

/**
 * Writes `prompt` and reads a line of the standard input, without its end; null at the end of the input. Blocks only its greenlet.
 * Errors: `ConcurrentUseError` when another greenlet waits for one; `TypeError` at the call. Mirrors Python's `input`, which raises at the
 * end.
 */
export function input(prompt = ''): Operation<string | null> {
  checkType(prompt, 'prompt', 'string');
  return new Call(readLine as never, [prompt], 'input');
}
