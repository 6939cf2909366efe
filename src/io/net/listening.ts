/** Waiting until a server listens. */
import type { Server } from 'node:net';
import { done } from '../../runtime/operation.js';
import { WaitQueue } from '../../runtime/wait-queue.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import { endAll, IoOperation } from '../io-wait.js';

/** Those that wait for each server to listen. */
const listeners = new WeakMap<Server, WaitQueue>();

/** Why a server does not listen after all. */
const failures = new WeakMap<Server, { readonly error: unknown }>();

/** It tries again. */
export function forgetFailure(server: Server): void {
  failures.delete(server);
}

/** Those that wait, and that will, get `error`; false when there are none yet. */
export function failListeners(server: Server, error: unknown): boolean {
  failures.set(server, { error });
  const queue = listeners.get(server);
  if (queue === undefined || queue.length === 0) return false;
  endAll(queue, { error });
  return true;
}

export class Listening extends IoOperation<void> {
  readonly _name = 'StreamServer.start';
  readonly #server: Server;

  constructor(server: Server) {
    super(Number.POSITIVE_INFINITY);
    this.#server = server;
  }

  override get _isRequest(): boolean {
    return true;
  }

  _start(waiter: Waiter): Started {
    if (this.#server.listening) return done(waiter, undefined);
    const failure = failures.get(this.#server);
    if (failure !== undefined) throw failure.error;
    let queue = listeners.get(this.#server);
    if (queue === undefined) {
      const waiting = new WaitQueue();
      queue = waiting;
      listeners.set(this.#server, waiting);
      this.#server.on('listening', () => endAll(waiting, null));
    }
    queue.push(waiter);
    return this._wait(waiter);
  }

  protected _forget(waiter: Waiter): void {
    listeners.get(this.#server)?.remove(waiter);
  }
}
