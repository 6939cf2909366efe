/** Several waits at once: `all`, `settled`, `race`, `any`; `select` (select.ts) stands on the same ground, gathering.ts. */
import type { Attempt } from './attempt.js';
import { Combination, type Judge, type Key } from './gathering.js';
import type { Operation } from './operation.js';
import type { Greenlet } from './scheduled-greenlet.js';
import type { Green } from './types.js';

/** What may be waited for. */
export type Waitable<T> = Operation<T> | Green<T> | Greenlet<T> | PromiseLike<T>;

/** An operand: also a sync object, which is waited for until it is `ready()`. */
export type Operand = Waitable<unknown> | { ready(): boolean };

/** What waiting for it gives. */
export type Awaits<W> =
  W extends Greenlet<infer T>
    ? T
    : W extends Operation<infer T>
      ? T
      : W extends Generator<unknown, infer T, unknown>
        ? T
        : W extends PromiseLike<infer T>
          ? T
          : W extends { ready(): boolean }
            ? W
            : never;

class All extends Combination<unknown> {
  readonly _name = 'all';

  protected judge(): Judge {
    const results = this.empty() as Record<Key, unknown>;
    return {
      ended(key, value, failed, run) {
        if (failed) run.decide(value, true);
        else results[key] = value;
        return failed;
      },
      exhausted: (run) => run.decide(results, false),
    };
  }
}

class Settled extends Combination<unknown> {
  readonly _name = 'settled';

  protected judge(): Judge {
    const results = this.empty() as Record<Key, Attempt<unknown>>;
    return {
      ended(key, value, failed) {
        results[key] = failed ? { ok: false, error: value } : { ok: true, value };
        return false;
      },
      exhausted: (run) => run.decide(results, false),
    };
  }
}

class Race extends Combination<unknown> {
  readonly _name = 'race';

  protected judge(): Judge {
    return {
      exclusive: true,
      ended(_key, value, failed, run) {
        run.decide(value, failed);
        return true;
      },
    };
  }
}

class Any extends Combination<unknown> {
  readonly _name = 'any';

  protected judge(): Judge {
    const order = new Map(this.operands.map(({ key }, index) => [key, index]));
    const errors: unknown[] = new Array(this.operands.length);
    return {
      exclusive: true,
      ended(key, value, failed, run) {
        if (failed) errors[order.get(key) as number] = value;
        else run.decide(value, false);
        return !failed;
      },
      exhausted: (run) =>
        run.decide(new AggregateError(errors, `any: all ${errors.length} operands failed`), true),
    };
  }
}

/** What each of a tuple or record gives. */
export type AwaitsEach<W> = { -readonly [K in keyof W]: Awaits<W[K]> };

type Several = readonly Operand[] | Iterable<Operand> | Readonly<Record<string, Operand>>;
type ElementOf<W> = W extends readonly (infer E)[] ? E : W extends Iterable<infer E> ? E : W[keyof W];
type Gathered<W> = W extends readonly unknown[]
  ? AwaitsEach<W>
  : W extends Iterable<infer E>
    ? Awaits<E>[]
    : AwaitsEach<W>;
type AttemptsOf<W> = W extends readonly unknown[]
  ? { -readonly [K in keyof W]: Attempt<Awaits<W[K]>> }
  : W extends Iterable<infer E>
    ? Attempt<Awaits<E>>[]
    : { -readonly [K in keyof W]: Attempt<Awaits<W[K]>> };

/**
 * Waits for all and gives their values, in the shape of the tuple or record. The first error ends the rest (operations are
 * undone, bodies killed and dead, greenlets and promises left alone) and is thrown.
 *
 * What has ended by then has happened, also when the whole is interrupted: an operand that took an item or a permit keeps it, and
 * nobody is given it (what a `put`, or the other end of a `Channel`, has got cannot be taken back). Where that matters, take one
 * after the other (`lock.with`, `hold`), or in bodies that let go themselves.
 */
export function all<const W extends Several>(waitables: W): Operation<Gathered<W>> {
  return new All(waitables, 'all') as Operation<unknown> as Operation<Gathered<W>>;
}

/** Waits for all and gives `{ ok: true, value }` or `{ ok: false, error }` for each; never throws one of their errors. */
export function settled<const W extends Several>(waitables: W): Operation<AttemptsOf<W>> {
  return new Settled(waitables, 'settled') as Operation<unknown> as Operation<AttemptsOf<W>>;
}

/** The first to end, by value or error. The others are ended as in `all`. Errors: `RangeError` when there are none. */
export function race<const W extends Several>(waitables: W): Operation<Awaits<ElementOf<W>>> {
  const operation = new Race(waitables, 'race');
  refuseEmpty(operation._count, 'race');
  return operation as Operation<unknown> as Operation<Awaits<ElementOf<W>>>;
}

/** The first to succeed; an `AggregateError` of all errors, in their order, when none does. The others are ended as in `all`. */
export function any<const W extends Several>(waitables: W): Operation<Awaits<ElementOf<W>>> {
  const operation = new Any(waitables, 'any');
  return operation as Operation<unknown> as Operation<Awaits<ElementOf<W>>>;
}

/** One of none would never come. */
export function refuseEmpty(count: number, name: string): void {
  if (count === 0) {
    throw new RangeError(`${name}() needs at least one thing to wait for, got none: it would wait for ever`);
  }
}
