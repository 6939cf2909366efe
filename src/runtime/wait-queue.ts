/**
 * The one fair wait queue: waiters in the order they came, doubly linked through the waiters themselves.
 * Parking, waking the first and undoing any are O(1), and nothing is allocated. The link back is in `_value`, which a waiter
 * has no use for until it is woken: it must be taken out of the queue first.
 */
import type { Waiter } from './waiter.js';

export class WaitQueue {
  #first: Waiter | null = null;
  #last: Waiter | null = null;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Who has waited longest, or null. */
  get first(): Waiter | null {
    return this.#first;
  }

  /** Puts `waiter` at the end. It must not be in any queue. */
  push(waiter: Waiter): void {
    waiter._value = this.#last;
    if (this.#last === null) this.#first = waiter;
    else this.#last._next = waiter;
    this.#last = waiter;
    this.#length++;
  }

  /** Takes out who has waited longest, or gives null. */
  shift(): Waiter | null {
    const waiter = this.#first;
    if (waiter !== null) this.remove(waiter);
    return waiter;
  }

  /** Takes `waiter`, which must be in this queue, out of it. */
  remove(waiter: Waiter): void {
    const next = waiter._next;
    const prev = waiter._value as Waiter | null;
    if (prev === null) this.#first = next;
    else prev._next = next;
    if (next === null) this.#last = prev;
    else next._value = prev;
    waiter._next = null;
    waiter._value = undefined;
    this.#length--;
  }

  *[Symbol.iterator](): Generator<Waiter, void, undefined> {
    let waiter = this.#first;
    while (waiter !== null) {
      // Read first: whoever is given may be taken out.
      const next: Waiter | null = waiter._next;
      yield waiter;
      waiter = next;
    }
  }
}
