/** Greenlets that wait in a condition. */
import { Condition, type Green, type Greenlet, type Lock, RLock, spawn } from 'greenlets';
import { waitAllBlocked } from 'greenlets/testing';
import { expect } from 'vitest';

interface Waits {
  readonly timeout?: number;
}

/** They note what they got; the lock must be theirs then. */
export class Waiters {
  readonly lock: Lock | RLock;
  readonly changed: Condition;
  readonly log: string[] = [];

  constructor(lock: Lock | RLock = new RLock()) {
    this.lock = lock;
    this.changed = new Condition(lock);
  }

  spawn(name: string, options?: Waits): Greenlet<void> {
    return spawn({ name }, () => this.changed.with(() => this.#wait(name, options)));
  }

  *#wait(name: string, options?: Waits): Green<void> {
    try {
      this.log.push(`${name} ${yield* this.changed.wait(options)}`);
    } catch (error) {
      this.log.push(`${name} interrupted`);
      throw error;
    } finally {
      expect(this.lock.statistics().holder).toBe(name);
    }
  }

  *come(...names: string[]): Green<void> {
    for (const name of names) {
      this.spawn(name);
      yield* waitAllBlocked();
    }
  }

  *notify(n?: number): Green<string[]> {
    yield* this.changed.with(() => this.changed.notify(n));
    yield* waitAllBlocked();
    return this.log.splice(0);
  }
}
