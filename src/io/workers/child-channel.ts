/** The child's end of a channel. When the other end has gone, the child ends: nobody waits for it any more. */
import process from 'node:process';
import { isMainThread, type MessagePort, parentPort, type Transferable } from 'node:worker_threads';
import { Channel } from './channel.js';
import type { StartMethod } from './child-state.js';

export class ProcessChildChannel extends Channel {
  readonly kind: StartMethod = 'process';

  constructor() {
    super();
    process.on('message', (messages: unknown) => this._received(messages as never));
    process.on('disconnect', () => {
      this._gone();
      process.exit(1);
    });
    this._hold(false);
  }

  protected _post(messages: readonly (readonly [string, unknown])[]): void {
    if (process.connected) process.send?.(messages, undefined, undefined, () => {});
  }

  protected _hold(on: boolean): void {
    if (on) process.channel?.ref();
    else process.channel?.unref();
  }
}

export class ThreadChildChannel extends Channel {
  readonly kind: StartMethod = 'worker';
  readonly #port: MessagePort;

  constructor() {
    super();
    this.#port = parentPort as MessagePort;
    this.#port.on('message', (messages: unknown) => this._received(messages as never));
    this.#port.on('close', () => this._gone());
    this._hold(false);
  }

  protected _post(
    messages: readonly (readonly [string, unknown])[],
    transfer: readonly Transferable[],
  ): void {
    this.#port.postMessage(messages, transfer);
  }

  protected _hold(on: boolean): void {
    if (on) this.#port.ref();
    else this.#port.unref();
  }
}

/** The end of this child. */
export function childChannel(): Channel {
  return isMainThread ? new ProcessChildChannel() : new ThreadChildChannel();
}
