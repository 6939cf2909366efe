/**
 * What every object of this floor has: a name, a line of text for reports, its state as plain data, and that it can be waited for
 * (`wait`, `iwait`, `select`) until it is ready.
 */
import { checkOptions } from '../runtime/check.js';
import type { greenlet } from '../runtime/greenlet.js';
import type { Condition } from '../runtime/operand.js';
import type { Operation } from '../runtime/operation.js';
import { SHOWN } from '../runtime/shown.js';
import type { Waiter } from '../runtime/waiter.js';

export interface SyncOptions {
  /** Shown in reports: `<Lock 'database'>`. */
  readonly name?: string | undefined;
}

export abstract class SyncObject implements Condition {
  readonly name: string | undefined;

  constructor(options?: SyncOptions) {
    if (options !== undefined) checkOptions(options, this.constructor.name, "{ name: 'jobs' }");
    this.name = options?.name;
  }

  /** What `wait`, `iwait` and `select` wait for when they are given this. Never switches. */
  abstract ready(): boolean;

  /** Waits until `ready()`; takes nothing and gives the object. @internal */
  abstract _whenReady(): Operation<this>;

  /** The present state as plain, frozen data. Never switches. */
  abstract statistics(): object;

  /** The state in a few words, for `toString`. @internal */
  protected abstract _stateText(): string;

  /** One line: class, name, state, who waits. */
  toString(): string {
    const name = this.name === undefined ? '' : ` '${this.name}'`;
    return `<${this.constructor.name}${name} ${this._stateText()}>`;
  }

  /** @internal */
  [SHOWN](): string {
    return this.toString();
  }
}

/** `, 3 waiting`, or nothing. */
export function waitingText(count: number, what = 'waiting'): string {
  return count === 0 ? '' : `, ${count} ${what}`;
}

/** A greenlet by name, for texts and statistics. */
export function nameOf(waiter: Waiter): string {
  return (waiter as unknown as greenlet).name;
}
