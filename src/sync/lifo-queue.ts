/** Last in, first out. */
import { Queue } from './queue.js';

/** A queue that gives the youngest item first: a stack. Mirrors `queue.LifoQueue`. */
export class LifoQueue<T = unknown> extends Queue<T> {
  declare private _stack: T[];

  protected override _init(): void {
    this._stack = [];
  }

  protected override _put(item: T): void {
    this._stack.push(item);
  }

  protected override _get(): T {
    return this._stack.pop() as T;
  }

  protected override _peek(): T {
    return this._stack.at(-1) as T;
  }

  protected override _qsize(): number {
    return this._stack.length;
  }
}
