/** The names that threads get by themselves: one count for all, as in Python. */

let count = 0;

/** `Thread-1`, `Dummy-2`, … */
export function newName(kind: 'Thread' | 'Dummy'): string {
  return `${kind}-${++count}`;
}
