/** Writing, and waiting until what was written has been sent. */
import type { Socket as HostSocket } from 'node:net';
import { done } from '../../runtime/operation.js';
import type { WaitQueue } from '../../runtime/wait-queue.js';
import type { Started, Waiter } from '../../runtime/waiter.js';
import { endWait, IoOperation } from '../io-wait.js';

/** What is written to. */
export interface Sink {
  readonly raw: HostSocket;
  /** There is nothing left that could be closed. @internal */
  readonly _gone: boolean;
  /** Why nothing can be written, null while something can. @internal */
  _writeError(): { readonly error: unknown } | null;
}

/** Everyone in `queue` goes on, or fails. */
export function endAll(queue: WaitQueue, failure: { readonly error: unknown } | null): void {
  for (let waiter = queue.shift(); waiter !== null; waiter = queue.shift()) {
    if (failure === null) endWait(waiter, undefined);
    else endWait(waiter, failure.error, true);
  }
}

/** Waits in a queue of the socket. */
abstract class Waiting extends IoOperation<void> {
  protected readonly socket: Sink;
  readonly #queue: WaitQueue;

  constructor(socket: Sink, queue: WaitQueue, timeout = Number.POSITIVE_INFINITY) {
    super(timeout);
    this.socket = socket;
    this.#queue = queue;
  }

  override get _object(): unknown {
    return this.socket;
  }

  protected override _wait(waiter: Waiter): Started {
    this.#queue.push(waiter);
    return super._wait(waiter);
  }

  protected _forget(waiter: Waiter): void {
    this.#queue.remove(waiter);
  }
}

export class Write extends Waiting {
  readonly _name = 'Socket.write';
  readonly #data: string | Uint8Array;

  constructor(socket: Sink, queue: WaitQueue, data: string | Uint8Array, timeout: number) {
    super(socket, queue, timeout);
    this.#data = data;
  }

  _start(waiter: Waiter): Started {
    const failure = this.socket._writeError();
    if (failure !== null) throw failure.error;
    return this.socket.raw.write(this.#data) ? done(waiter, undefined) : this._wait(waiter);
  }
}

export class Ended extends Waiting {
  readonly _name = 'Socket.end';

  override get _isRequest(): boolean {
    return true;
  }

  _start(waiter: Waiter): Started {
    if (this.socket.raw.writableFinished) return done(waiter, undefined);
    const failure = this.socket.raw.destroyed ? this.socket._writeError() : null;
    if (failure !== null) throw failure.error;
    return this._wait(waiter);
  }
}

export class Closed extends Waiting {
  readonly _name = 'Socket.close';

  override get _isRequest(): boolean {
    return true;
  }

  _start(waiter: Waiter): Started {
    return this.socket._gone ? done(waiter, undefined) : this._wait(waiter);
  }
}
