/** Lists of numbers on their way to another thread or process: as one block of memory, which is copied many times faster than a list. */

/** Fewer are not worth it. */
const LEAST = 16;

/** `list`, or when there is nothing but numbers in it, the same as a block. */
export function compact(list: readonly unknown[]): readonly unknown[] | Float64Array {
  if (list.length < LEAST) return list;
  for (let index = 0; index < list.length; index++) if (typeof list[index] !== 'number') return list;
  return new Float64Array(list as readonly number[]);
}

/** Puts what is in `from` at the end of `list`. */
export function append(list: unknown[], from: ArrayLike<unknown>): void {
  for (let index = 0; index < from.length; index++) list.push(from[index]);
}
