/**
 * One connection of the client: the host's socket, the parser, and for whom it works now.
 *
 * It reads below the host's stream: what arrives is put into one buffer that all connections share (`onread`), parsed there and
 * then, and only bytes of bodies are copied out of it. That, and the absence of a stream's events, is most of what makes a page
 * cheap.
 */
import { Buffer } from 'node:buffer';
import type { Socket as HostSocket, OnReadOpts } from 'node:net';
import { openTurn, runTurn } from '../../../runtime/hub.js';
import type { Waiter } from '../../../runtime/waiter.js';
import { forget, release, retake } from '../../hold.js';
import { clearTimeout, setTimeout } from '../../host-time.js';
import { endWait } from '../../io-wait.js';
import type { ResponseHead } from './response-head.js';
import { type ResponseEvents, ResponseParser } from './response-parser.js';

/** Whoever a connection works for. */
export interface Customer {
  /** What is done for it does not hold the process. */
  readonly isDaemon: boolean;
  /** It is open. */
  onOpen(connection: Connection): void;
  onInformation(head: ResponseHead): void;
  onHead(head: ResponseHead): void;
  onBody(bytes: Buffer, from: number, to: number): void;
  onTrailers(text: string): void;
  /** The response has ended; the connection works for somebody else from now on. */
  onComplete(): void;
  /** All that arrived with this pass has been told. */
  onSettled(): void;
  /** The connection is gone, or could not be made (null): by an error, by the other end (null), or by what that sent (`Refusal`). */
  onLost(connection: Connection | null, error: unknown): void;
}

/** Whoever keeps connections. */
export interface Keeper {
  /** It is free again. */
  released(connection: Connection): void;
  /** It is gone. Called once. */
  gone(connection: Connection): void;
}

const READ_SIZE = 64 * 1024;
/** ms that the rest of a body that nobody reads may take. */
const DRAIN_TIME = 1000;
let shared: Buffer | null = null;

export class Connection implements ResponseEvents {
  readonly raw: HostSocket;
  /** How many requests it has served before this one. */
  served = 0;
  /** When it is idle: until when it may be used, and when that began. */
  expires = 0;
  /** When it was made, counted by its agent. */
  readonly generation: number;
  /** The request says that it is not kept. */
  closes = false;
  /** The body of its request is not sent to its end. */
  sending = false;
  /** Who waits until more can be sent. */
  drainWaiter: Waiter | null = null;
  /** Bytes of the response have come. */
  answering = false;
  #open = false;
  #gone = false;
  #complete = false;
  /** Ends it when the rest of a response that nobody wants takes too long. */
  #draining: NodeJS.Timeout | undefined;
  #head: ResponseHead | null = null;
  #customer: Customer | null = null;
  readonly #keeper: Keeper;
  readonly #parser: ResponseParser = new ResponseParser(this);

  /** Opens a socket by `connect`; `event` says when it is open. */
  constructor(
    connect: (onread: OnReadOpts) => HostSocket,
    event: string,
    keeper: Keeper,
    customer: Customer,
    generation: number,
  ) {
    this.#keeper = keeper;
    this.#customer = customer;
    this.generation = generation;
    shared ??= Buffer.allocUnsafeSlow(READ_SIZE);
    const raw = connect({ buffer: shared, callback: (size, bytes) => this.#read(bytes as Buffer, size) });
    this.raw = raw;
    if (customer.isDaemon) release(raw);
    raw.once(event, () => {
      this.#open = true;
      this.#customer?.onOpen(this);
    });
    raw.on('error', (error) => this.#lost(error));
    raw.on('end', () => this.#ended());
    raw.on('close', () => this.#lost(null));
    raw.on('drain', () => this.#hasRoom());
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** It can still be used, as far as is known here. */
  get isUsable(): boolean {
    return !this.#gone && this.raw.writable && this.raw.readable;
  }

  /** ms that the other end keeps it when it is idle, as it said last. */
  get idleTimeout(): number {
    return this.#head?.idleTimeout ?? Number.POSITIVE_INFINITY;
  }

  /** From now on it works for `customer`. */
  workFor(customer: Customer): void {
    this.#customer = customer;
    if (customer.isDaemon) release(this.raw);
    else retake(this.raw);
  }

  /** It works for nobody: what arrives is a mistake of the other end. */
  rest(): void {
    this.#customer = null;
    forget(this.raw);
    this.raw.unref();
  }

  /** Sends the head of a request, and its body when that is there. */
  request(head: string, body: Uint8Array | null, bodyless: boolean, maxHeaderSize: number): void {
    this.#head = null;
    this.#complete = this.answering = false;
    this.#parser.begin(bodyless, maxHeaderSize);
    const { raw } = this;
    if (body === null) {
      raw.write(head, 'latin1');
      return;
    }
    raw.cork();
    raw.write(head, 'latin1');
    raw.write(body);
    raw.uncork();
  }

  /** The other end has to wait. */
  pause(): void {
    this.raw.pause();
  }

  resume(): void {
    this.raw.resume();
  }

  /**
   * Nobody wants the rest of the response. If at most `most` bytes are left it is read to its end, and the connection can be used
   * again; else it is closed.
   */
  abandon(most: number): void {
    const { left } = this.#parser;
    const endless =
      this.#head?.keepAlive !== true || (left === Number.POSITIVE_INFINITY && !this.#head.chunked);
    if (this.sending || this.closes || endless || (left !== Number.POSITIVE_INFINITY && left > most)) {
      this.destroy();
      return;
    }
    this.#customer = new Drain(this, most);
    forget(this.raw);
    this.raw.unref();
    this.#draining = setTimeout(() => this.destroy(), DRAIN_TIME);
    this.#draining.unref();
    this.resume();
  }

  /** The rest that nobody wanted has come, or is not waited for any more. */
  drained(): void {
    clearTimeout(this.#draining);
    this.#draining = undefined;
  }

  /** Closes it at once; nobody is told but its keeper. */
  destroy(): void {
    this.#customer = null;
    this.#parser.stop();
    this.drained();
    forget(this.raw);
    this.raw.destroy();
    if (this.#gone) return;
    this.#gone = true;
    this.#keeper.gone(this);
  }

  onInformation(head: ResponseHead): void {
    this.#customer?.onInformation(head);
  }

  onHead(head: ResponseHead): void {
    this.#head = head;
    this.#customer?.onHead(head);
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    this.#customer?.onBody(bytes, from, to);
  }

  onTrailers(text: string): void {
    this.#customer?.onTrailers(text);
  }

  onComplete(): void {
    this.#complete = true;
    this.#customer?.onComplete();
  }

  #read(bytes: Buffer, size: number): boolean {
    const opened = openTurn();
    this.#arrived(bytes, size);
    if (opened) runTurn();
    return true;
  }

  #arrived(bytes: Buffer, size: number): void {
    const customer = this.#customer;
    if (customer === null) {
      this.destroy();
      return;
    }
    let used: number;
    this.answering = true;
    try {
      used = this.#parser.execute(bytes, size);
    } catch (error) {
      this.#lost(error);
      customer.onSettled();
      return;
    }
    if (this.#complete) this.#release(used === size);
    else if (used < size && this.#customer !== null) this.destroy();
    customer.onSettled();
  }

  /** The response has ended; `clean`: nothing came behind it. */
  #release(clean: boolean): void {
    this.#complete = false;
    if (this.#gone) return;
    this.#customer = null;
    const { writable, writableLength } = this.raw;
    // An answer may be there ahead of the request: then the next one would wait behind the rest of that.
    const sent = !this.sending && writable && writableLength === 0;
    if (!clean || !sent || this.closes || this.#head?.keepAlive !== true) {
      this.destroy();
      return;
    }
    // What came last may have been what made it wait.
    if (this.raw.isPaused()) this.resume();
    this.served++;
    this.#keeper.released(this);
  }

  /** The other end sends nothing more. */
  #ended(): void {
    const customer = this.#customer;
    if (this.#open && customer !== null && this.#parser.finish()) {
      this.destroy();
      customer.onSettled();
    } else this.#lost(null);
  }

  #lost(error: unknown): void {
    const customer = this.#customer;
    this.destroy();
    customer?.onLost(this, error);
  }

  #hasRoom(): void {
    const waiter = this.drainWaiter;
    this.drainWaiter = null;
    if (waiter !== null) endWait(waiter, undefined);
  }
}

/** Takes the rest of a response that nobody wants. */
class Drain implements Customer {
  readonly isDaemon = true;
  readonly #connection: Connection;
  #left: number;

  constructor(connection: Connection, most: number) {
    this.#connection = connection;
    this.#left = most;
  }

  onOpen(): void {}
  onInformation(): void {}
  onHead(): void {}
  onTrailers(): void {}
  onSettled(): void {}
  onLost(): void {}

  onBody(_bytes: Buffer, from: number, to: number): void {
    this.#left -= to - from;
    if (this.#left < 0) this.#connection.destroy();
  }

  onComplete(): void {
    this.#connection.drained();
  }
}
