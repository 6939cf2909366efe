/** Lists of numbers on their way to another thread or process: as one block of memory, which is copied many times faster than a list. */

/** Fewer are not worth it. */
const LEAST = 16;

/** `list`, or when there is nothing but numbers in it, the same as a block. */
export function compact(list: readonly unknown[]): readonly unknown[] | Float64Array {
  if (list.length < LEAST) return list;
  for (let index = 0; index < list.length; index++) if (typeof list[index] !== 'number') return list;
  return Float64Array.from(list as readonly number[]);
}

/** The list again. */
export function listOf(value: readonly unknown[] | Float64Array): readonly unknown[] {
  if (!(value instanceof Float64Array)) return value;
  const list: number[] = [];
  for (let index = 0; index < value.length; index++) list.push(value[index] as number);
  return list;
}
