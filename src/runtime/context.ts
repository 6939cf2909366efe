/**
 * Async context: what `AsyncLocalStorage` shows inside greenlets.
 *
 * A greenlet runs in an `AsyncResource` of its own, made where it was spawned, so that it sees the stores of its spawner for
 * its whole life, keeps what it enters, and shows it to nobody else. That costs something at every spawn and step, and most
 * programs use no stores: the first `run` or `enterWith` of any storage turns it on. (Two methods of `AsyncLocalStorage` are
 * wrapped until then, and put back by that first call: Node has no other sign of a store's first use that is free.)
 */

import { engine, lookSoon } from './engine.js';
import { Fiber } from './fiber.js';
import { builtin, hostProcess } from './host.js';
import { doors, run } from './resume.js';
import { DEAD, NEW } from './waiter.js';

export interface Resource {
  runInAsyncScope<A extends unknown[]>(fn: (...args: A) => void, self: undefined, ...args: A): void;
}

interface AsyncHooks {
  AsyncLocalStorage: {
    new (): object;
    readonly prototype: Record<'run' | 'enterWith', (...args: unknown[]) => unknown>;
  };
  AsyncResource: new (type: string, options?: { requireManualDestroy: boolean }) => Resource;
}

/** `capture` is null as long as no store has been used. */
export const contexts: { capture: ((fiber: Fiber) => void) | null } = { capture: null };

const hooks = builtin<AsyncHooks>('async_hooks');
/** Made before any store was used: it shows none. */
const root = hooks && newResource(hooks);
/** Since Node 24 a resource keeps the context that it was made in, and what is entered later must be taken up anew. */
const recapture =
  Number(
    (hostProcess() as { versions?: { node?: string } } | undefined)?.versions?.node?.split('.')[0] ?? 0,
  ) >= 24;

function newResource({ AsyncResource }: AsyncHooks): Resource {
  return new AsyncResource('GREENLET', { requireManualDestroy: true });
}

/** Greenlets that run just now, outside of a scope of their own, as stores come into use. */
let surprised: Fiber | null = null;

/** From now on every greenlet has its context; the one that runs gets it at its next suspension. False: it was so, or there are none. */
export function startContexts(): boolean {
  if (hooks === undefined || contexts.capture !== null) return false;
  turnOn(hooks);
  return true;
}

function turnOn(hooks: AsyncHooks): void {
  contexts.capture = (fiber) => {
    const extra = fiber._more();
    extra.context ??= newResource(hooks);
  };
  engine.unusual = (waiter) => step(hooks, waiter as Fiber);
  const { current } = engine;
  surprised = current instanceof Fiber && current !== doors.main && current !== doors.hub ? current : null;
  lookSoon();
}

/** Runs `entered`, and whoever it hands control to, each in its own context. */
function step(hooks: AsyncHooks, entered: Fiber): void {
  for (let fiber: Fiber | null = entered; fiber !== null; fiber = takeRelay()) {
    if (surprised !== null) {
      if (surprised._mode !== DEAD) surprised._more().context = newResource(hooks);
      surprised = null;
    }
    engine.alone = true;
    if (fiber === doors.main) {
      run(fiber, entered);
    } else {
      const extra = fiber._more();
      extra.context ??= fresh(hooks);
      (extra.context as Resource).runInAsyncScope(scopedRun, undefined, hooks, fiber, entered);
    }
  }
}

function takeRelay(): Fiber | null {
  const { relay } = engine;
  engine.relay = null;
  engine.alone = false;
  return relay as Fiber | null;
}

function scopedRun(hooks: AsyncHooks, fiber: Fiber, entered: Fiber): void {
  run(fiber, entered);
  if (recapture && fiber._mode !== DEAD) fiber._more().context = newResource(hooks);
}

/** The context of the code that runs now, to call something in later; null as long as no store has been used. */
export function contextOfNow(): Resource | null {
  return contexts.capture === null ? null : newResource(hooks as AsyncHooks);
}

function fresh(hooks: AsyncHooks): Resource {
  let made: Resource | undefined;
  (root as Resource).runInAsyncScope(() => {
    made = newResource(hooks);
  }, undefined);
  return made as unknown as Resource;
}

/** As they were before they were wrapped. */
let originals: AsyncHooks['AsyncLocalStorage']['prototype'] | undefined;

if (hooks !== undefined) {
  const { prototype } = hooks.AsyncLocalStorage;
  const { run, enterWith } = prototype;
  originals = { run, enterWith };
  const restore = () => {
    for (const name of ['run', 'enterWith'] as const) {
      if (wrappers[name] === prototype[name]) prototype[name] = { run, enterWith }[name];
    }
    if (contexts.capture === null) turnOn(hooks);
  };
  const wrappers = {
    run(this: unknown, ...args: unknown[]): unknown {
      restore();
      return run.apply(this, args);
    },
    enterWith(this: unknown, ...args: unknown[]): unknown {
      restore();
      return enterWith.apply(this, args);
    },
  };
  Object.assign(prototype, wrappers);
  // A storage that was in use before this module was loaded has left its mark on every resource since.
  if (Object.getOwnPropertySymbols(root as object).some((symbol) => symbol.description === 'kResourceStore'))
    restore();
}

/** A storage of the package's own, which the code that is called by `run` sees, and what follows from it. */
export interface OwnStorage<S> {
  getStore(): S | undefined;
  run<R>(store: S, fn: () => R): R;
}

/** To use it is no first use of a store: greenlets keep no context for it. Undefined where the host has none. */
export function ownStorage<S>(): OwnStorage<S> | undefined {
  if (hooks === undefined) return undefined;
  return Object.assign(new hooks.AsyncLocalStorage(), originals) as unknown as OwnStorage<S>;
}

/** Has `fiber`, which has not begun, see no store. */
export function freshContext(fiber: Fiber): void {
  if (hooks !== undefined && fiber._mode === NEW) fiber._more().context = fresh(hooks);
}
