/** Which thread runs, and which ones are alive. */
import { timeoutOf } from '../runtime/check.js';
import { engine } from '../runtime/engine.js';
import { GreenletError } from '../runtime/errors.js';
import { type greenlet, main } from '../runtime/greenlet.js';
import { hub } from '../runtime/hub.js';
import { Join } from '../runtime/join.js';
import type { Operation } from '../runtime/operation.js';
import { registered } from '../runtime/registry.js';
import { program } from '../runtime/signals.js';
import { nativeIdHere } from './native-id.js';
import { isDaemon, Thread, threadOf } from './thread.js';
import { newName } from './thread-names.js';

/** Code outside of greenlets, callbacks, and the function of `main()`. */
class MainThread extends Thread {
  constructor() {
    super({ name: 'MainThread', daemon: false });
  }

  override isAlive(): boolean {
    return true;
  }

  /** The main greenlet's own number is 0, which no thread may have; the hub, where callbacks run, is of this thread too. */
  override get ident(): number {
    return hub.ident;
  }

  override join(options?: { readonly timeout?: number | undefined }): Operation<boolean> {
    const timeout = timeoutOf(options, 'Thread.join');
    if (isMain(engine.current)) throw new GreenletError(`cannot join current thread: ${this}`);
    if (program.main !== null) return new Join(program.main, timeout, 'Thread.join');
    throw new GreenletError('cannot join the main thread: where it ends is known only under main()');
  }

  override get _runs(): greenlet {
    return program.main ?? main;
  }
}

/** A greenlet that was not started as a thread. */
class DummyThread extends Thread {
  readonly #of: greenlet;

  constructor(of: greenlet) {
    super({ name: newName('Dummy'), daemon: false });
    this.#of = of;
  }

  override join(): never {
    throw new GreenletError(`cannot join a dummy thread: ${this}; join its greenlet`);
  }

  /** As it was spawned. */
  override get daemon(): boolean {
    return isDaemon(this.#of);
  }

  override set daemon(_daemon: boolean) {
    throw new GreenletError(`cannot set daemon status of active thread: ${this}`);
  }

  override get _runs(): greenlet {
    return this.#of;
  }
}
// Python's names, which a thread shows.
Object.defineProperty(MainThread, 'name', { value: '_MainThread' });
Object.defineProperty(DummyThread, 'name', { value: '_DummyThread' });

const theMainThread = new MainThread();
const dummies = new WeakMap<object, DummyThread>();

function isMain(waiter: object): boolean {
  return waiter === main || waiter === hub || waiter === program.main;
}

/**
 * The thread that runs: the main thread outside of greenlets, in callbacks and in the function of `main()`. A greenlet that is no
 * thread gets a `_DummyThread`, which stays its own. Never switches. Mirrors `threading.current_thread`.
 */
export function currentThread(): Thread {
  const { current } = engine;
  if (isMain(current)) return theMainThread;
  const thread = threadOf(current) ?? dummies.get(current);
  if (thread !== undefined) return thread;
  const dummy = new DummyThread(current as unknown as greenlet);
  dummies.set(current, dummy);
  return dummy;
}

/** The thread that the program began with. Never switches. Mirrors `threading.main_thread`. */
export function mainThread(): Thread {
  return theMainThread;
}

/**
 * The main thread and every other that is alive, in the order of their starts; of other greenlets those of the hub that have asked
 * for their `currentThread()`. Never switches. Mirrors `threading.enumerate`.
 */
export function enumerate(): Thread[] {
  const threads = registered().map((each) => threadOf(each) ?? dummies.get(each));
  return [theMainThread, ...threads.filter((each) => each !== undefined)];
}

/** How many threads are alive, the main thread included. Never switches. Mirrors `threading.active_count`. */
export function activeCount(): number {
  return enumerate().length;
}

/** The `ident` of the thread that runs; makes no `_DummyThread`. Never switches. Mirrors `threading.get_ident`. */
export function getIdent(): number {
  const { current } = engine;
  return isMain(current) ? hub.ident : (current as unknown as greenlet).ident;
}

/** Node's number of the real thread that all of these run in. Never switches. Mirrors `threading.get_native_id`. */
export function getNativeId(): number {
  return nativeIdHere();
}
