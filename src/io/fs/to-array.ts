/** `toArray` of what holds a file or a watch: whoever is interrupted in it has no name for it any more, so it is closed. */
import { Call } from '../../runtime/call.js';
import type { Operation } from '../../runtime/operation.js';
import type { Results } from '../../runtime/results.js';
import type { Green } from '../../runtime/types.js';

/** `collecting`, with `results` closed in the end. */
export function andClose<T>(results: Results<T>, collecting: Operation<T[]>): Operation<T[]> {
  return new Call(collect as never, [results, collecting], 'Results.toArray');
}

function* collect<T>(results: Results<T>, collecting: Operation<T[]>): Green<T[]> {
  try {
    return yield* collecting;
  } finally {
    results.close();
  }
}
