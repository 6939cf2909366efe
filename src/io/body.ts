/**
 * The body of one response: what has arrived of it, who reads it, and when its connection is let go.
 *
 * A chunk that the platform has delivered stays here until a reader takes it, and a reader takes it in the same step in which
 * it is woken: an interrupted read loses nothing. A body that nobody reads to its end holds a connection, so it belongs to the
 * greenlet that fetched it and is let go when that ends, unless it was handed over: the greenlet's value is the response, or
 * an array or an object with it; somebody else reads it; `detach`. Then, and outside of greenlets, it is let go when the
 * response has been collected as garbage. What could still be read in a way that these rules see is never cut off.
 */
import { engine } from '../runtime/engine.js';
import { Greenlet } from '../runtime/scheduled-greenlet.js';
import type { Waker } from '../runtime/suspend.js';
import { outside } from '../runtime/until.js';
import { disown, holds, neverMind, own, whenCollected } from './body-owner.js';
import { BodyClosed, BodyUsed, explain } from './errors.js';

/** A chunk of a body. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A reader of a web stream, as far as it is used here. */
interface Reader {
  read(): Promise<{ done: boolean; value?: Bytes }>;
  cancel(): Promise<void>;
}

/** A web stream of bytes, as far as it is used here. */
export interface ByteStream {
  readonly locked: boolean;
  getReader(): Reader;
  cancel(): Promise<void>;
}

/** Somebody who reads: waits for all that is left, or for the next chunk (no chunk: the end). */
interface Reading {
  readonly whole: boolean;
  readonly by: unknown;
  give(chunks: readonly Bytes[]): void;
  reject(error: unknown): void;
}

const OPEN = 0;
const ENDED = 1;
const FAILED = 2;
const CLOSED = 3;

export class Body {
  /** `GET http://host/path`: what messages call it. */
  readonly request: string;
  readonly #stream: ByteStream | null;
  readonly #released: (ended: boolean) => void;
  #reader: Reader | null = null;
  #state = OPEN;
  /** Why there is nothing to read, once it has failed or was closed. */
  #error: unknown;
  /** Who was given the end, which is given once. */
  #readBy: unknown = null;
  /** Delivered by the platform and not taken yet. */
  #arrived: Bytes[] = [];
  /** The platform is at work on the next chunk. */
  #pulling = false;
  #reading: Reading | null = null;
  /** `#reading` is counted among those who wait for the world outside. */
  #counted = false;
  #owner: Greenlet<unknown> | null = null;
  #response: WeakRef<object> | null = null;
  #taken = false;

  /** `released` is called once: when the body has ended (all of it came, and nobody else can have a part in it), failed or been let go. */
  constructor(stream: ByteStream | null, request: string, released: (ended: boolean) => void) {
    this.request = request;
    this.#stream = stream;
    this.#released = released;
    if (stream === null) this.#finish(ENDED, undefined);
  }

  /** `response`, which `fetcher` asked for, holds this body: from now on it is let go with one or the other. */
  heldBy(response: object, fetcher: unknown): void {
    if (this.#state !== OPEN) return;
    this.#response = new WeakRef(response);
    whenCollected(response, this);
    if (!(fetcher instanceof Greenlet) || fetcher.ready()) return;
    this.#owner = fetcher;
    own(fetcher, this);
  }

  /** The end of its greenlet does not let it go any more. */
  detach(): void {
    if (this.#owner !== null) disown(this.#owner, this);
    this.#owner = null;
  }

  /** The platform's response was given away: whoever has it decides. */
  giveAway(): void {
    this.detach();
    this.#taken = true;
  }

  /**
   * A run of `waker`: waits for all that is left, or else for one chunk, and resolves with what `convert` makes of it; no
   * chunk means the end. Gives how to take that back.
   */
  read<T>(
    waker: Waker<T>,
    whole: boolean,
    convert: (chunks: readonly Bytes[]) => T,
  ): (() => void) | undefined {
    if (this.#reading !== null) {
      throw new BodyUsed(`the body of ${this.request} is being read by ${this.#reading.by}`);
    }
    if (this.#readBy !== null) {
      throw new BodyUsed(`the body of ${this.request} has been read already, by ${this.#readBy}`);
    }
    if (engine.current !== this.#owner) this.detach();
    this.#reading = {
      whole,
      by: engine.current,
      give: (chunks) => {
        let value: T;
        try {
          value = convert(chunks);
        } catch (error) {
          waker.reject(error);
          return;
        }
        waker.resolve(value);
      },
      reject: (error) => waker.reject(error),
    };
    this.#serve();
    if (this.#reading === null) return undefined;
    outside.waits++;
    this.#counted = true;
    return () => this.#stopReading();
  }

  /** Lets it go: the connection is freed, and reading it raises `BodyClosed`. Does nothing when nothing is left to read. */
  close(why: string): void {
    if (this.#state !== OPEN && (this.#state !== ENDED || this.#arrived.length === 0)) return;
    const error = new BodyClosed(`the body of ${this.request} was let go ${why}`);
    this.#finish(CLOSED, error);
    this.#arrived = [];
    const stream = this.#reader ?? this.#stream;
    if (this.#reader !== null || !this.#stream?.locked) stream?.cancel().catch(() => {});
    this.#serve();
  }

  /** The response has been collected: nobody can read it any more. */
  forget(): void {
    if (!this.#taken && this.#reading === null) this.close('with its response');
  }

  /** Its greenlet has ended. */
  ownerEnded(owner: Greenlet<unknown>): void {
    this.#owner = null;
    const response = this.#response?.deref();
    if (response === undefined || !holds(owner.value, response)) {
      this.close(`when ${owner} ended: read it there, return the response, or call detach() on it`);
    }
  }

  #stopReading(): void {
    this.#reading = null;
    if (this.#counted) outside.waits--;
    this.#counted = false;
  }

  /** Gives whoever reads what there is, or has the platform deliver more. */
  #serve(): void {
    const reading = this.#reading;
    if (reading === null) return;
    const aChunk = !reading.whole && this.#arrived.length > 0;
    if (this.#state === OPEN && !aChunk) {
      this.#pull();
      return;
    }
    this.#stopReading();
    if (!aChunk && (this.#state === FAILED || this.#state === CLOSED)) {
      reading.reject(this.#error);
      return;
    }
    const chunks = this.#arrived.splice(0, reading.whole ? this.#arrived.length : 1);
    if (reading.whole || chunks.length === 0) this.#readBy = reading.by;
    reading.give(chunks);
  }

  #pull(): void {
    if (this.#pulling) return;
    if (this.#reader === null) {
      if (this.#stream?.locked) {
        this.#fail(new BodyUsed(`the body of ${this.request} is being read through response.raw`));
        return;
      }
      this.#reader = this.#stream?.getReader() as Reader;
    }
    this.#pulling = true;
    this.#reader.read().then(
      ({ done, value }) => {
        this.#pulling = false;
        if (this.#state !== OPEN) return;
        if (done) this.#finish(ENDED, undefined);
        else this.#arrived.push(value as Bytes);
        this.#serve();
      },
      (error: unknown) => this.#fail(explain(error, this.request)),
    );
  }

  #fail(error: unknown): void {
    if (this.#state !== OPEN) return;
    this.#finish(FAILED, error);
    this.#serve();
  }

  #finish(state: number, error: unknown): void {
    this.#state = state;
    this.#error = error;
    this.detach();
    if (this.#response !== null) neverMind(this);
    this.#released(state === ENDED && this.#stream !== null && !this.#taken);
  }
}
