/** Whoever wants to know of a greenlet's death: joiners, links of the user, groups. */
import type { Waiter } from './waiter.js';

/** A wait for several things that is made of several runs of operations: until it is over it may still look at their errors. */
export interface Collecting {
  readonly over: boolean;
}

/** Told at the death of a greenlet, at once: does bookkeeping and wakes, runs nothing of the user's. */
export interface Link {
  /** @internal */
  _died(greenlet: object): void;
  /** Who is woken by it, if it is a wait. @internal */
  readonly _waiter: Waiter | null;
  /** Keeps the error until it is over. @internal */
  readonly _collecting?: Collecting | undefined;
}

/** So many links are looked through one by one. */
const FEW = 8;

/** Several links, in order. */
export class LinkList implements Link {
  readonly _waiter = null;
  /** Most have two or three, for which a set costs more than all the rest. */
  #few: Link[] | null;
  #many: Set<Link> | null = null;

  constructor(...links: Link[]) {
    this.#few = links;
  }

  has(link: Link): boolean {
    return this.#few === null ? (this.#many as Set<Link>).has(link) : this.#few.includes(link);
  }

  add(link: Link): void {
    if (this.has(link)) return;
    if (this.#few === null) {
      this.#many?.add(link);
    } else if (this.#few.push(link) > FEW) {
      this.#many = new Set(this.#few);
      this.#few = null;
    }
  }

  delete(link: Link): void {
    if (this.#few === null) this.#many?.delete(link);
    else if (this.#few.includes(link)) this.#few.splice(this.#few.indexOf(link), 1);
  }

  _died(greenlet: object): void {
    const links = this.#few?.slice() ?? [...(this.#many as Set<Link>)];
    for (const link of links) if (this.has(link)) link._died(greenlet);
  }

  [Symbol.iterator](): IterableIterator<Link> {
    return (this.#few ?? (this.#many as Set<Link>)).values();
  }
}
