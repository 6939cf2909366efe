/**
 * What only daemons wait for does not hold the process: its handle is unref'd. It stays so until somebody else waits for it.
 *
 * Somebody else may also wait for what a daemon does next, in a queue, say. That shows when the process is about to end: then the
 * handles for which daemons wait hold it again, as long as there is somebody else.
 */
import process from 'node:process';
import { engine } from '../runtime/engine.js';
import { Fiber } from '../runtime/fiber.js';
import { holdsProcess } from '../runtime/holds.js';
import { hooks } from '../runtime/hub.js';
import { registered } from '../runtime/registry.js';
import { visits } from '../runtime/visitor.js';
import type { Waiter } from '../runtime/waiter.js';

/** A handle of the host. */
export interface Handle {
  ref(): unknown;
  unref(): unknown;
  /** It is gone: the host would wait until it is there. */
  readonly destroyed?: boolean;
}

/** Those that daemons have to do with, and that hold nothing. */
const released = new Set<Handle>();
let watching = false;

/** `handle` does not hold the process, unless somebody waits for a daemon. */
export function release(handle: Handle): void {
  if (handle.destroyed !== true) handle.unref();
  released.add(handle);
  if (watching) return;
  watching = true;
  // In front of the runtime's own listener, which tells those who wait that nothing will ever happen.
  process.prependListener('beforeExit', recall);
}

/** `handle` holds the process. */
export function retake(handle: Handle): void {
  released.delete(handle);
  if (handle.destroyed !== true) handle.ref();
}

/** Nobody has to do with `handle`, which stays as it is. */
export function forget(handle: Handle): void {
  released.delete(handle);
}

function othersWait(): boolean {
  if (visits.size > 0) return true;
  return (registered() as readonly unknown[]).some(
    (each) => each instanceof Fiber && each._extra?.unreferenced !== true,
  );
}

function recall(): void {
  if (engine.awake || released.size === 0 || !othersWait()) return;
  for (const each of released) if (each.destroyed !== true) each.ref();
  hooks.turnEnded.add(letGo);
  // The hub is awake: for the runtime the process is not at its end.
  engine.awaken();
}

function letGo(): void {
  if (othersWait()) return;
  hooks.turnEnded.delete(letGo);
  for (const each of released) if (each.destroyed !== true) each.unref();
}

/** Whether what is begun now is begun by a daemon. */
export function byDaemon(): boolean {
  return !holdsProcess(engine.current);
}

/** One handle, and those who wait for it. */
export class Hold {
  readonly #handle: Handle;
  #held = true;
  /** How many wait that are no daemons. */
  #others = 0;
  #daemons: Set<Waiter> | null = null;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** `waiter` waits. */
  begin(waiter: Waiter): void {
    if (holdsProcess(waiter)) {
      this.#others++;
      if (!this.#held) this.#hold();
      return;
    }
    this.#daemons ??= new Set();
    this.#daemons.add(waiter);
    if (this.#others === 0) this.release();
  }

  /** `waiter` does not wait any more. */
  end(waiter: Waiter): void {
    const daemons = this.#daemons;
    if (daemons === null || !daemons.delete(waiter)) {
      if (--this.#others === 0 && daemons !== null && daemons.size > 0) this.release();
    } else if (daemons.size === 0) forget(this.#handle);
  }

  /** Unless somebody waits who is no daemon, it does not hold the process. */
  release(): void {
    if (this.#others > 0) return;
    this.#held = false;
    // While nobody waits for it nobody can wait for what comes of it.
    if (this.#daemons !== null && this.#daemons.size > 0) release(this.#handle);
    else if (this.#handle.destroyed !== true) this.#handle.unref();
  }

  #hold(): void {
    this.#held = true;
    retake(this.#handle);
  }
}

/** That of a stream, null when it has no handle: a file, what is made by the program. */
export function holdOf(stream: object): Hold | null {
  return 'ref' in stream && 'unref' in stream ? new Hold(stream as Handle) : null;
}
