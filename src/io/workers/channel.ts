/**
 * Messages to and from a child, over the host's `fork` or over a worker thread.
 *
 * Both ends look the same: a message is a topic and a payload; those of one turn are sent together. The payload must be fit
 * for structured clone; encode.ts sees to that.
 */
import type { Transferable } from 'node:worker_threads';
import { report } from '../../runtime/hub.js';
import type { StartMethod } from './child-state.js';

/** How a child has ended: its exit code, or the negative number of the signal that ended it. */
export type ExitCode = number;

type Message = readonly [topic: string, payload: unknown];

export abstract class Channel {
  abstract readonly kind: StartMethod;
  readonly #handlers = new Map<string, (payload: never) => void>();
  readonly #closed: (() => void)[] = [];
  /** Told of a message that cannot be cloned; gives whether it has seen to that. */
  onUnsent: ((topic: string, payload: unknown, error: unknown) => boolean) | null = null;
  #early: Message[] = [];
  #outbox: Message[] = [];
  #transfer: Transferable[] = [];
  #due = false;
  #isClosed = false;
  #holds = 0;
  #sends = 0;

  /** Sends messages at once. */
  protected abstract _post(messages: readonly Message[], transfer: readonly Transferable[]): void;

  /** The other end keeps this process alive, or does not. */
  protected abstract _hold(on: boolean): void;

  /** Has `handler` called with the payloads of `topic`. */
  on<P>(topic: string, handler: (payload: P) => void): void {
    this.#handlers.set(topic, handler as (payload: never) => void);
    const early = this.#early.filter((each) => each[0] === topic);
    if (early.length === 0) return;
    this.#early = this.#early.filter((each) => each[0] !== topic);
    for (const message of early) this.#deliver(message);
  }

  /** Calls `handler` once the other end has gone and all that it had sent has been handled. */
  onClose(handler: () => void): void {
    if (this.#isClosed) handler();
    else this.#closed.push(handler);
  }

  get closed(): boolean {
    return this.#isClosed;
  }

  /** How often `send` was called. */
  get sends(): number {
    return this.#sends;
  }

  /** Sends a message at the end of this turn, together with the others. */
  send(topic: string, payload: unknown, transfer?: readonly Transferable[]): void {
    if (this.#isClosed) return;
    this.#sends++;
    this.#outbox.push([topic, payload]);
    if (transfer !== undefined) this.#transfer.push(...transfer);
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => this.flush());
  }

  /** Sends a message at once, after what waits to be sent. Errors: those of the host when it cannot be cloned. */
  post(topic: string, payload: unknown, transfer: readonly Transferable[] = []): void {
    this.flush();
    if (!this.#isClosed) this._post([[topic, payload]], transfer);
  }

  /** Sends at once what waits to be sent. */
  flush(): void {
    this.#due = false;
    const messages = this.#outbox;
    const transfer = this.#transfer;
    if (messages.length === 0) return;
    this.#outbox = [];
    this.#transfer = [];
    if (this.#isClosed) return;
    try {
      this._post(messages, transfer);
    } catch (error) {
      if (messages.length === 1) this.#unsent(messages[0] as Message, error);
      else this.#oneByOne(messages, transfer);
    }
  }

  /** One of them cannot be cloned: the others are sent all the same. */
  #oneByOne(messages: readonly Message[], transfer: readonly Transferable[]): void {
    for (const message of messages) {
      try {
        this._post([message], transfer);
      } catch (error) {
        this.#unsent(message, error);
      }
    }
  }

  #unsent([topic, payload]: Message, error: unknown): void {
    if (this.onUnsent?.(topic, payload, error) !== true) report(error, null);
  }

  /** Every `hold(true)` keeps this process alive until its `hold(false)`. */
  hold(on: boolean): void {
    this.#holds += on ? 1 : -1;
    if (this.#holds === (on ? 1 : 0)) this._hold(on);
  }

  protected _received(messages: readonly Message[]): void {
    for (const message of messages) this.#deliver(message);
  }

  #deliver(message: Message): void {
    const handler = this.#handlers.get(message[0]);
    if (handler === undefined) {
      this.#early.push(message);
      return;
    }
    try {
      handler(message[1] as never);
    } catch (error) {
      report(error, null);
    }
  }

  protected _gone(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const handler of this.#closed) handler();
  }
}
