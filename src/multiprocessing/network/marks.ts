/** The marks in a message: what stands for shared objects and functions (codec.ts). */
import { ERROR, MARK, type Mark, put } from '../../io/workers/codec.js';

/**
 * A copy of `value` in which each mark is what `see` makes of it; whatever else may be in a message is in it as it was. Errors: `RangeError` for an
 * array of more than `most` items, which may be one that only says so.
 */
export function mapMarks(
  value: unknown,
  see: (mark: Mark) => Mark,
  most = Number.POSITIVE_INFINITY,
): unknown {
  return new Copy(see, most).of(value);
}

class Copy {
  readonly #see: (mark: Mark) => Mark;
  readonly #most: number;
  readonly #seen = new Map<object, unknown>();

  constructor(see: (mark: Mark) => Mark, most: number) {
    this.#see = see;
    this.#most = most;
  }

  of(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    const seen = this.#seen.get(value);
    if (seen !== undefined) return seen;
    if (Array.isArray(value)) return this.#array(value);
    if (value instanceof Map) return this.#map(value);
    if (value instanceof Set) return this.#set(value);
    return Object.getPrototypeOf(value) === Object.prototype ? this.#object(value) : value;
  }

  #array(value: readonly unknown[]): unknown {
    if (value.length > this.#most) throw new RangeError(`an array of ${value.length} items is too long`);
    const made: unknown[] = new Array(value.length);
    this.#seen.set(value, made);
    for (let index = 0; index < value.length; index++) {
      if (index in value) made[index] = this.of(value[index]);
    }
    return made;
  }

  #map(value: ReadonlyMap<unknown, unknown>): unknown {
    const made = new Map();
    this.#seen.set(value, made);
    for (const [key, each] of value) made.set(this.of(key), this.of(each));
    return made;
  }

  #set(value: ReadonlySet<unknown>): unknown {
    const made = new Set();
    this.#seen.set(value, made);
    for (const each of value) made.add(this.of(each));
    return made;
  }

  /** An error stands for itself; there may be others in it, and objects. */
  #error(value: object, data: unknown): unknown {
    const mark: Record<string, unknown> = { [MARK]: ERROR };
    this.#seen.set(value, mark);
    mark['data'] = this.of(data);
    return mark;
  }

  #object(value: object): unknown {
    const { [MARK]: kind, data } = value as { [MARK]?: unknown; data?: unknown };
    if (kind === ERROR) return this.#error(value, data);
    if (typeof kind === 'string') {
      const seen = this.#see({ kind, data });
      const mark = { [MARK]: seen.kind, data: seen.data };
      this.#seen.set(value, mark);
      return mark;
    }
    const made = {};
    this.#seen.set(value, made);
    for (const [key, each] of Object.entries(value)) put(made, key, this.of(each));
    return made;
  }
}
