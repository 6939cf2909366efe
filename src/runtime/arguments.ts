/**
 * The arguments of a scheduled greenlet, in one field: a single one, the usual case, is there by itself, without an array around
 * it; several are in an object of a type that no user has.
 */
import { NO_ARGS } from './greenlet.js';

/** Given out for NO_ARGS, which must not come back as a single argument. */
const NONE: readonly unknown[] = Object.freeze([]);

class Several {
  readonly list: readonly unknown[];

  constructor(list: readonly unknown[]) {
    this.list = list;
  }
}

/** One argument or more. */
export function packed(args: readonly unknown[]): unknown {
  return args.length === 1 ? args[0] : new Several(args);
}

export function isOne(args: unknown): boolean {
  return args !== NO_ARGS && !(args instanceof Several);
}

export function argumentsOf(args: unknown): readonly unknown[] {
  if (args instanceof Several) return args.list;
  return args === NO_ARGS ? NONE : [args];
}
