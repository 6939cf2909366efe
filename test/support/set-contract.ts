/** What `Group` and `Pool` have in common: one suite, run over each. */
import { type Green, Greenlet, type Group, hub, type Operation, type Pool, sleep } from 'greenlets';
import { describe } from 'vitest';
import { applyContract } from './set-apply-contract.js';
import { imapContract } from './set-imap-contract.js';
import { killContract } from './set-kill-contract.js';
import { mapContract } from './set-map-contract.js';
import { membersContract } from './set-members-contract.js';

export type AnySet = Group | Pool;

export interface SetCase {
  readonly title: string;
  readonly make: () => AnySet;
  /** How many may be in it at once. */
  readonly size: number;
}

export function setContract(the: SetCase): void {
  describe(`${the.title} as a set of greenlets`, () => {
    membersContract(the);
    killContract(the);
    applyContract(the);
    mapContract(the);
    imapContract(the);
  });
}

/** A member that sleeps, and gives its value. */
export function* lasting<T>(ms: number, value?: T): Green<T | undefined> {
  yield* sleep(ms);
  return value;
}

/** A member that fails after some time. */
export function* failing(ms: number, message: string): Green<never> {
  yield* sleep(ms);
  throw new Error(message);
}

/** What an operation throws; fails the test when it throws nothing. */
export function* errorOf(operation: Operation<unknown>): Green<unknown> {
  let value: unknown;
  try {
    value = yield* operation;
  } catch (error) {
    return error;
  }
  throw new Error(`nothing was thrown; it gave ${String(value)}`);
}

/** Takes the errors that the hub tells from now on; a run in virtual time would fail with them. */
export function takeTold(): string[] {
  const told: string[] = [];
  hub.onError = (error) => {
    told.push(String(error));
  };
  return told;
}

/** Takes the warnings that the hub tells from now on. */
export function takeWarned(): { code: string; message: string }[] {
  const warned: { code: string; message: string }[] = [];
  hub.onWarning = ({ code, message }) => {
    warned.push({ code, message });
  };
  return warned;
}

/** How many run at once, now and at most; and whether each began, and ended, once. */
export class Counted {
  running = 0;
  peak = 0;
  begun = 0;

  /** Has `fn` counted. */
  of<A extends unknown[], R>(fn: (...args: A) => Green<R>): (...args: A) => Green<R> {
    const counted = this;
    return function* (...args) {
      counted.begun++;
      counted.peak = Math.max(counted.peak, ++counted.running);
      try {
        return yield* fn(...args);
      } finally {
        counted.running--;
      }
    };
  }
}

/** A source that tells what was pulled from it, and how it ended. */
export class Pulled {
  count = 0;
  closed = false;

  *from<T>(items: Iterable<T>): Generator<T, void, undefined> {
    try {
      for (const item of items) {
        this.count++;
        yield item;
      }
    } finally {
      this.closed = true;
    }
  }
}

/** A greenlet that was not started. */
export function unstarted<T>(fn: () => T): Greenlet<unknown> {
  return new Greenlet(fn);
}
