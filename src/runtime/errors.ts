/**
 * Every error of the runtime floor, each with a `name` and a stable `code`.
 * The name says who is at fault; `Timeout`, which is also a timer, lives in timeout.ts.
 */

/** Thrown where a greenlet is parked to end it; a greenlet that lets it pass has ended well. Mirrors `greenlet.GreenletExit`. */
export class GreenletExit extends Error {
  readonly code: string = 'GREENLET_EXIT';
  constructor(message = 'killed') {
    super(message);
  }
}

/** Misuse of greenlets: switching where that is impossible, releasing what is not held, … Mirrors `greenlet.error`. */
export class GreenletError extends Error {
  readonly code: string = 'GREENLET_ERROR';
}

/** An error that is made outside of the greenlet that it is thrown into, and shows that greenlet's stack all the same. */
export abstract class PlacedError extends Error {
  // Private, and so no part of what is printed of the error.
  #unplaced = false;

  /** It is about to be thrown into a greenlet, whose stack it is to show. @internal */
  get _unplaced(): boolean {
    return this.#unplaced;
  }

  set _unplaced(unplaced: boolean) {
    this.#unplaced = unplaced;
  }
}

/** Something took longer than it was given. `Timeout` is the one that greenlets throw. */
export class TimeoutError extends PlacedError {
  readonly code: string = 'TIMEOUT';
}

/** Nothing is left to do, and somebody still waits. Mirrors `gevent.hub.LoopExit`. */
export class LoopExit extends Error {
  readonly code: string = 'LOOP_EXIT';
}

/** A cycle of owners that wait for one another, told as soon as it closes. */
export class Deadlock extends Error {
  readonly code: string = 'DEADLOCK';
}

for (const type of [GreenletExit, GreenletError, TimeoutError, LoopExit, Deadlock]) {
  Object.defineProperty(type.prototype, 'name', { value: type.name, configurable: true, writable: true });
}
