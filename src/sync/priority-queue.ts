/** The least first. */
import { checkFn, checkOptions, showValue } from '../runtime/check.js';
import { itemsOf, Queue, type QueueOptions } from './queue.js';

export type Compare<T> = (a: T, b: T) => number;

export interface PriorityQueueOptions<T> extends QueueOptions<T> {
  readonly maxsize?: number | undefined;
}

export class PriorityQueue<T = unknown> extends Queue<T> {
  /** A binary heap, and when each was put: of equals the oldest comes first. */
  declare private _heap: T[];
  declare private _order: number[];
  declare private _compare: Compare<T>;
  declare private _next: number;

  /**
   * A queue that gives the least item first, by `compare` (negative: `a` comes before `b`); of equals the oldest. Without `compare`
   * numbers, strings, bigints and dates are compared by `<`, arrays element by element, so that `[priority, job]` works as in
   * Python. Errors: `TypeError` by `put` for what cannot be compared. Mirrors `queue.PriorityQueue`.
   *
   * @example const soonest = new PriorityQueue<Job>((a, b) => a.due - b.due);
   */
  constructor(compare?: Compare<T>, options: PriorityQueueOptions<T> = {}) {
    if (compare !== undefined) checkFn(compare, 'compare');
    checkOptions(options, 'PriorityQueue', '{ maxsize: 100 }');
    const { items, maxsize, ...rest } = options;
    super(maxsize, rest);
    this._compare = compare ?? (natural as Compare<T>);
    for (const item of itemsOf(items)) {
      this._put(item);
      this._counted();
    }
  }

  protected override _init(): void {
    this._heap = [];
    this._order = [];
    this._next = 0;
  }

  protected override _qsize(): number {
    return this._heap.length;
  }

  protected override _peek(): T {
    return this._heap[0] as T;
  }

  /** Every comparison comes before the first move: an error of `compare` leaves the heap as it was. */
  protected override _put(item: T): void {
    const heap = this._heap;
    // Also a lone item must be comparable: the error belongs to whoever puts it.
    if (heap.length === 0) this._compare(item, item);
    let hole = heap.length;
    const path: number[] = [];
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (this._compare(item, heap[parent] as T) >= 0) break;
      path.push(hole);
      hole = parent;
    }
    for (const index of path) this.#move((index - 1) >> 1, index);
    heap[hole] = item;
    this._order[hole] = this._next++;
  }

  protected override _get(): T {
    const heap = this._heap;
    const first = heap[0] as T;
    const last = heap.length - 1;
    const path: number[] = [];
    let hole = 0;
    for (let child = 1; child < last; child = 2 * hole + 1) {
      const least = child + 1 < last && this.#precedes(child + 1, child) ? child + 1 : child;
      if (this.#precedes(last, least)) break;
      path.push(least);
      hole = least;
    }
    let at = 0;
    for (const index of path) {
      this.#move(index, at);
      at = index;
    }
    this.#move(last, hole);
    heap.pop();
    this._order.pop();
    return first;
  }

  /** Needs no order. */
  override _drop(): void {
    this._heap.length = 0;
    this._order.length = 0;
  }

  #precedes(a: number, b: number): boolean {
    const difference = this._compare(this._heap[a] as T, this._heap[b] as T);
    return difference < 0 || (difference === 0 && (this._order[a] as number) < (this._order[b] as number));
  }

  #move(from: number, to: number): void {
    this._heap[to] = this._heap[from] as T;
    this._order[to] = this._order[from] as number;
  }
}

/** The order of values that have one. */
function natural(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < a.length && i < b.length; i++) {
      // As in Python: what follows the priority need not be comparable as long as it does not decide.
      if (a[i] === b[i]) continue;
      const difference = natural(a[i], b[i]);
      if (difference !== 0) return difference;
    }
    return a.length - b.length;
  }
  const x = a instanceof Date ? a.getTime() : a;
  const y = b instanceof Date ? b.getTime() : b;
  const ordered = (isNumeric(x) && isNumeric(y)) || (typeof x === 'string' && typeof y === 'string');
  if (!ordered) {
    throw new TypeError(
      `a PriorityQueue cannot order ${showValue(a)} and ${showValue(b)}: give it a compare function, new PriorityQueue((a, b) => …)`,
    );
  }
  return x < y ? -1 : x > y ? 1 : 0;
}

function isNumeric(value: unknown): value is number | bigint {
  return (typeof value === 'number' && !Number.isNaN(value)) || typeof value === 'bigint';
}
