/** The links that users make: callbacks called once after a greenlet's end, in order, each safe from the others' errors. */
import { isGenerator } from './body.js';
import type { Fn } from './body-types.js';
import { checkFn, isPromiseLike } from './check.js';
import { contextOfNow } from './context.js';
import { ready } from './engine.js';
import type { greenlet } from './greenlet.js';
import { inHub, report } from './hub.js';
import { type Link, LinkList } from './links.js';
import { FAILED, observe } from './observe.js';
import { Operation } from './operation.js';
import { doors } from './resume.js';
import { TURN, Waiter } from './waiter.js';

/** A callback, or an `AsyncResult` (anything that takes an outcome). */
export type LinkTarget<G> = ((greenlet: G) => unknown) | OutcomeTarget;

/** The same with both checked: a function that yields without a star is refused, and an `AsyncResult` that does not take a `T`. */
export type Linked<G, R, T> = Fn<[G], R> | OutcomeTarget<T>;

/** Something that the outcome of a greenlet is copied into. */
export interface OutcomeTarget<T = never> {
  set(value: T): unknown;
  setException(error: unknown): unknown;
}

interface Outcome extends greenlet {
  _flags: number;
}

export class CallbackLink implements Link {
  readonly _waiter = null;
  readonly target: LinkTarget<greenlet>;
  readonly #when: 'any' | 'value' | 'exception';
  readonly #raw: boolean;
  readonly #context = contextOfNow();
  /** Whose death it waits to be told of, once that has died. */
  dead: object | null = null;
  /** Taken back while it waits for its turn. */
  cancelled = false;

  constructor(target: LinkTarget<greenlet>, when: 'any' | 'value' | 'exception', raw: boolean) {
    if (!isOutcomeTarget(target)) checkFn(target, 'callback', ' (or an AsyncResult)');
    this.target = target;
    this.#when = when;
    this.#raw = raw;
  }

  _died(greenlet: object): void {
    const failed = ((greenlet as Outcome)._flags & FAILED) !== 0;
    if (this.#when !== 'any' && failed !== (this.#when === 'exception')) return;
    this.dead = greenlet;
    waitingCalls.add(this);
    ready(new LinkCall(this, greenlet as Outcome));
  }

  /** Its turn has come. False: it was taken back. */
  #begins(): boolean {
    waitingCalls.delete(this);
    return !this.cancelled;
  }

  /** Its turn has come: it is called in the context of whoever linked. */
  run(greenlet: Outcome): void {
    if (this.#context === null) this.call(greenlet);
    else this.#context.runInAsyncScope((dead: Outcome) => this.call(dead), undefined, greenlet);
  }

  call(greenlet: Outcome): void {
    const { target } = this;
    if (!this.#raw && !isOutcomeTarget(target) && !this.cancelled) {
      observe(greenlet);
      // An earlier callback may still take it back before its greenlet begins.
      linkSpawner.spawn((dead) => (this.#begins() ? target(dead) : undefined), greenlet);
      return;
    }
    if (!this.#begins()) return;
    observe(greenlet);
    if (isOutcomeTarget(target)) {
      const failed = (greenlet._flags & FAILED) !== 0;
      inHub(
        () => (failed ? target.setException(greenlet._value) : target.set(greenlet._value as never)),
        greenlet,
      );
    } else {
      callInHub(target, greenlet);
    }
  }
}

/** Links whose greenlet has died and whose turn has not come. */
const waitingCalls = new Set<CallbackLink>();

/** Set by spawn.ts: a callback in a raw greenlet of its own. */
export const linkSpawner: { spawn: (fn: (greenlet: greenlet) => unknown, greenlet: greenlet) => void } = {
  spawn: () => {},
};

/** Runs a plain callback in the hub; what blocks gets a greenlet of its own. */
function callInHub(fn: (greenlet: greenlet) => unknown, greenlet: greenlet): void {
  const result = inHub(() => fn(greenlet), greenlet);
  if (isGenerator(result) || result instanceof Operation) linkSpawner.spawn(() => result, greenlet);
  else if (isPromiseLike(result)) result.then(undefined, (error: unknown) => report(error, greenlet));
}

function isOutcomeTarget(target: unknown): target is OutcomeTarget {
  return (
    typeof target === 'object' &&
    target !== null &&
    typeof (target as OutcomeTarget).set === 'function' &&
    typeof (target as OutcomeTarget).setException === 'function'
  );
}

class LinkCall extends Waiter {
  readonly #link: CallbackLink;
  readonly #greenlet: Outcome;

  constructor(link: CallbackLink, greenlet: Outcome) {
    super(TURN);
    this.#link = link;
    this.#greenlet = greenlet;
  }

  get _self(): Waiter {
    return doors.hub;
  }

  _woken(): void {}

  _turn(): void {
    this.#link.run(this.#greenlet);
  }
}

/** Takes the first link of `owner` to `target` back, also one whose turn has not come yet. */
export function removeCallback(
  links: Link | null,
  target: LinkTarget<greenlet>,
  remove: (link: Link) => void,
  owner?: object,
): void {
  const candidates = links === null ? [] : links instanceof LinkList ? [...links] : [links];
  const link = candidates.find((each) => each instanceof CallbackLink && each.target === target);
  if (link !== undefined) {
    remove(link);
    return;
  }
  for (const waiting of waitingCalls) {
    if (waiting.target !== target || waiting.cancelled) continue;
    if (owner !== undefined && waiting.dead !== owner) continue;
    waiting.cancelled = true;
    return;
  }
}
