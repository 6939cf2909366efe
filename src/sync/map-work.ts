/** What a map is made of: where its greenlets work, and how it hears of their ends. */
import { showValue } from '../runtime/check.js';
import type { Collecting, Link } from '../runtime/links.js';
import type { Operation } from '../runtime/operation.js';
import type { Greenlet } from '../runtime/scheduled-greenlet.js';
import type { Ending } from './ending.js';

export type Member = Greenlet<unknown>;

/** The set that the work is done in. */
export interface Workplace {
  full(): boolean;
  _enter(member: Member, start: boolean, ending: Ending): void;
  _entering(make: () => Member, ending: Ending, name: string): Operation<Member>;
  _leave(member: Member): void;
  _killOnce(member: Member, exception: unknown): void;
}

export interface MapShape {
  /** How many items may be pulled and not yet delivered. */
  readonly limit: number;
  /** The items are lists of arguments. */
  readonly spread: boolean;
  /** Values in the order of the items, or in the order in which they come. */
  readonly ordered: boolean;
  /** The first error ends the whole, out of turn: it is `map`, and not `imap`. */
  readonly failFast: boolean;
}

/** The map, as its work knows it. */
interface WorkedFor {
  /** Whoever reads the results may still look at the errors. */
  readonly _collecting: Collecting | undefined;
  /** The work for the result at `place` has ended. */
  _ended(member: Member, place: number): void;
}

/** The link of a greenlet that works for a map. */
export class Work implements Link {
  readonly _waiter = null;
  readonly #map: WorkedFor;
  readonly #place: number;

  constructor(map: WorkedFor, place: number) {
    this.#map = map;
    this.#place = place;
  }

  get _collecting(): Collecting | undefined {
    return this.#map._collecting;
  }

  _died(member: object): void {
    this.#map._ended(member as Member, this.#place);
  }
}

/** What `starmap` calls its function with. */
export function argumentsOf(item: unknown, place: number): unknown[] {
  if (typeof item === 'object' && item !== null && Symbol.iterator in item) {
    return Array.isArray(item) ? item : [...(item as Iterable<unknown>)];
  }
  throw new TypeError(`source[${place}] must be a list of arguments, got ${showValue(item)}; write [arg]`);
}
