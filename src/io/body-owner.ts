/** Which bodies are open in whose name: a greenlet's open bodies are told of its end, a response's of its collection. */
import type { Link } from '../runtime/links.js';
import type { Greenlet } from '../runtime/scheduled-greenlet.js';

/** A body, as far as it can be owned. */
export interface Owned {
  ownerEnded(owner: Greenlet<unknown>): void;
  forget(): void;
}

const open = new WeakMap<Greenlet<unknown>, OpenBodies>();

/** The open bodies of one greenlet, linked to it while there are any. */
class OpenBodies implements Link {
  readonly _waiter = null;
  readonly #owner: Greenlet<unknown>;
  readonly #bodies = new Set<Owned>();

  constructor(owner: Greenlet<unknown>) {
    this.#owner = owner;
    open.set(owner, this);
    owner._link(this);
  }

  add(body: Owned): void {
    this.#bodies.add(body);
  }

  delete(body: Owned): void {
    this.#bodies.delete(body);
    if (this.#bodies.size > 0) return;
    this.#owner._unlink(this);
    open.delete(this.#owner);
  }

  _died(): void {
    open.delete(this.#owner);
    for (const body of this.#bodies) body.ownerEnded(this.#owner);
  }
}

/** `body` is told of the end of `owner`, which lives. */
export function own(owner: Greenlet<unknown>, body: Owned): void {
  const bodies = open.get(owner) ?? new OpenBodies(owner);
  bodies.add(body);
}

/** `body` is not told any more. */
export function disown(owner: Greenlet<unknown>, body: Owned): void {
  open.get(owner)?.delete(body);
}

/** Whether `value` is the response, or an array or an object with it. */
export function holds(value: unknown, response: object): boolean {
  if (value === response) return true;
  return typeof value === 'object' && value !== null && Object.values(value).includes(response);
}

let registry: FinalizationRegistry<Owned> | undefined;

/** `body` is told when `response` has been collected as garbage. Neither it nor what it comes from may hold on to that. */
export function whenCollected(response: object, body: Owned): void {
  registry ??= new FinalizationRegistry((forgotten) => forgotten.forget());
  registry.register(response, body, body);
}

/** `body` is over, and need not be told: whoever has read it, which it knows, may hold on to the response. */
export function neverMind(body: Owned): void {
  registry?.unregister(body);
}
