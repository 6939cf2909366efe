/** Greenlets that get, put and peek, and note what came of it. */
import { type BlockOptions, type Green, type Greenlet, type Operation, sleep, spawn } from 'greenlets';
import type { AnyQueue } from './queue-kinds.js';

export class Actors {
  readonly log: string[] = [];
  readonly queue: AnyQueue;

  constructor(queue: AnyQueue) {
    this.queue = queue;
  }

  get(name: string, options?: BlockOptions): Greenlet<void> {
    return this.run(name, () => this.queue.get(options));
  }

  peek(name: string, options?: BlockOptions): Greenlet<void> {
    return this.run(name, () => this.queue.peek(options));
  }

  put(name: string, item: number, options?: BlockOptions): Greenlet<void> {
    return this.run(name, () => this.queue.put(item, options));
  }

  join(name: string): Greenlet<void> {
    return this.run(name, () => this.queue.join());
  }

  /** Notes `name value`, or `name CODE` for an error of the queue. */
  run(name: string, operation: () => Operation<unknown>): Greenlet<void> {
    return spawn({ name }, () => this.#run(name, operation));
  }

  *#run(name: string, operation: () => Operation<unknown>): Green<void> {
    try {
      this.log.push(`${name} ${yield* operation()}`.replace(' undefined', ''));
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === undefined || code === 'GREENLET_EXIT') throw error;
      this.log.push(`${name} ${code}`);
    }
  }

  /** What was noted since the last call, when all have had their turn. */
  *noted(): Green<string[]> {
    for (let i = 0; i < 3; i++) yield* sleep(0);
    return this.log.splice(0);
  }
}
