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

/** Several links, in order. */
export class LinkList implements Link {
  readonly _waiter = null;
  readonly #links: Set<Link>;

  constructor(...links: Link[]) {
    this.#links = new Set(links);
  }

  has(link: Link): boolean {
    return this.#links.has(link);
  }

  add(link: Link): void {
    this.#links.add(link);
  }

  delete(link: Link): void {
    this.#links.delete(link);
  }

  _died(greenlet: object): void {
    for (const link of [...this.#links]) if (this.#links.has(link)) link._died(greenlet);
  }

  [Symbol.iterator](): IterableIterator<Link> {
    return this.#links.values();
  }
}
