/**
 * The body of one response: what has come of it, who reads it, and when its connection is let go.
 *
 * At most `HIGH_WATER` bytes are kept for a reader who has not come yet; then the server has to wait. So a small body frees its
 * connection by itself, read or not. A larger one holds it until it is read, let go, or its greenlet ends (body-owner.ts says
 * when that is not so). A reader takes what it gets in the step in which it is woken: an interrupted read loses nothing.
 *
 *      connection -- feed --> packed (if it is coded) -- inflater --> pieces -- reader
 */
import type { Buffer } from 'node:buffer';
import { Greenlet } from '../../../runtime/scheduled-greenlet.js';
import type { Waiter } from '../../../runtime/waiter.js';
import { disown, holds, neverMind, type Owned, own, whenCollected } from '../../body-owner.js';
import { BodyClosed, BodyTooLarge, BodyUsed } from '../../errors.js';
import { endWait } from '../../io-wait.js';
import { joined } from './body-text.js';
import { failed, failure } from './failure.js';
import { AT_ONCE, type Coding, type InflateEvents, Inflater, inflateAtOnce } from './inflate.js';
import { copyOf } from './slab.js';

const HIGH_WATER = 64 * 1024;
/** Bytes of a body that is read whole, unless `maxBodySize` says otherwise. */
const LARGEST_WHOLE = 256 * 1024 * 1024;

const OPEN = 0;
const ENDED = 1;
const FAILED = 2;
const CLOSED = 3;

/** Where the bytes come from. */
export interface Upstream {
  /** `GET http://host/path`. */
  readonly label: string;
  pauseBody(): void;
  resumeBody(): void;
  /** The rest is not wanted; `cut`: at once. */
  dropBody(cut: boolean): void;
  /** It is settled how the body ends: nothing is timed any more. */
  bodyOver(): void;
}

/** Somebody who reads: waits for all that is left, or for the next piece (none: the end). */
export interface BodyReading {
  readonly whole: boolean;
  /** What is given for the pieces. */
  give(pieces: Buffer[]): unknown;
}

export class IncomingBody implements Owned, InflateEvents {
  readonly #upstream: Upstream;
  readonly #codings: readonly Coding[];
  readonly #limit: number;
  #inflater: Inflater | null = null;
  #pieces: Buffer[] = [];
  /** Bytes in `#pieces`, and all that have ever been there. */
  #kept = 0;
  #total = 0;
  /** The headers behind it, as they came. */
  trailers = '';
  #state = OPEN;
  /** All has come from the connection; if it is coded, more may come out of it. */
  #arrived = false;
  #paused = false;
  #error: unknown;
  #reader: Waiter | null = null;
  #reading: BodyReading | null = null;
  #readBy: unknown = null;
  #owner: Greenlet<unknown> | null = null;
  #response: WeakRef<object> | null = null;

  constructor(upstream: Upstream, codings: readonly Coding[], limit: number) {
    this.#upstream = upstream;
    this.#codings = codings;
    this.#limit = limit;
  }

  /** It is not over. */
  get isOpen(): boolean {
    return this.#state === OPEN && !this.#arrived;
  }

  /** `response`, which `by` asked for, holds this body: from now on it is let go with one or the other. */
  heldBy(response: object, by: unknown): void {
    this.#response = new WeakRef(response);
    whenCollected(response, this);
    if (!(by instanceof Greenlet)) return;
    if (by.ready()) this.ownerEnded(by);
    else {
      this.#owner = by;
      own(by, this);
    }
  }

  /** The end of its greenlet does not let it go any more. */
  detach(): void {
    if (this.#owner !== null) disown(this.#owner, this);
    this.#owner = null;
  }

  /** Bytes have come, which are the connection's. */
  feed(bytes: Buffer, from: number, to: number): void {
    if (this.#state !== OPEN) return;
    const piece = copyOf(bytes, from, to);
    if (this.#inflater !== null) this.#inflater.write(piece);
    else this.#push(piece);
    if (this.#reading !== null) this.#serve();
    this.#balance();
  }

  /** All has come. */
  end(): void {
    if (this.#state !== OPEN || this.#arrived) return;
    this.#arrived = true;
    this.#over();
    if (this.#inflater !== null) this.#inflater.end();
    else if (!this.#isPacked) this.#state = ENDED;
    if (this.#reading !== null) this.#serve();
  }

  /** Nothing more will come. What has come, and is no longer coded, can be read first, piece by piece. */
  fail(error: unknown): void {
    if (this.#state !== OPEN) return;
    // Cut in the middle, it cannot be undone.
    if (this.#isPacked) this.#pieces = [];
    this.#finish(FAILED, error);
    this.#serve();
  }

  /** `waiter` begins to read: true when what it wants is there, and `take` gives it. Errors: `BodyUsed`, why it has failed. */
  begin(waiter: Waiter, reading: BodyReading): boolean {
    const { label } = this.#upstream;
    if (this.#reader !== null) {
      throw new BodyUsed(`the body of ${label} is being read by ${this.#reader._self}`);
    }
    if (this.#readBy !== null) {
      throw new BodyUsed(`the body of ${label} has been read already, by ${this.#readBy}`);
    }
    if (waiter._self !== this.#owner) this.detach();
    this.#reading = reading;
    if (this.#isPacked) this.#unpack();
    if (this.#isThere(reading)) {
      this.#reading = null;
      return true;
    }
    if (this.#state >= FAILED) {
      this.#reading = null;
      throw this.#error;
    }
    this.#reader = waiter;
    this.#resume();
    return false;
  }

  /** What `reading` wants, by `waiter`. */
  take(waiter: Waiter, reading: BodyReading): unknown {
    const pieces = reading.whole ? this.#pieces : this.#pieces.splice(0, 1);
    if (reading.whole) {
      this.#pieces = [];
      this.#kept = 0;
    } else this.#kept -= pieces[0]?.length ?? 0;
    if (reading.whole || pieces.length === 0) this.#readBy = waiter._self;
    else if (this.#kept < HIGH_WATER) this.#resume();
    return reading.give(pieces);
  }

  /** The reader does not wait any more. */
  stopReading(): void {
    this.#reader = this.#reading = null;
    this.#balance();
  }

  /** Lets it go: its connection is freed, and reading raises `BodyClosed`. Does nothing when it has been read. */
  close(why: string, cut = false): void {
    if (this.#state === CLOSED || this.#state === FAILED) return;
    if (this.#readBy !== null || (this.#state === ENDED && this.#pieces.length === 0)) return;
    const open = this.isOpen;
    this.#finish(CLOSED, new BodyClosed(`the body of ${this.#upstream.label} was let go ${why}`));
    this.#pieces = [];
    if (open) this.#upstream.dropBody(cut);
    this.#serve();
  }

  /** The response has been collected: nobody can read it any more. */
  forget(): void {
    if (this.#reading === null && this.isOpen) this.close('with its response');
  }

  ownerEnded(owner: Greenlet<unknown>): void {
    this.#owner = null;
    const response = this.#response?.deref();
    if (response !== undefined && holds(owner.value, response)) return;
    this.close(
      `when ${owner} ended: read it there, return the response, or call detach() on it`,
      owner.killed,
    );
  }

  onInflated(bytes: Buffer): void {
    if (this.#state !== OPEN) return;
    this.#push(bytes);
    if (this.#reading !== null) this.#serve();
    if (this.#kept >= HIGH_WATER && this.#reading?.whole !== true) this.#inflater?.pause();
    this.#balance();
  }

  onRoom(): void {
    this.#balance();
  }

  onEnd(): void {
    if (this.#state !== OPEN) return;
    const open = this.isOpen;
    this.#state = ENDED;
    if (open) {
      // What comes behind the end of what was coded belongs to nothing.
      this.#arrived = true;
      this.#over();
      this.#upstream.dropBody(false);
    }
    this.#serve();
  }

  onError(error: unknown): void {
    const open = this.isOpen;
    this.fail(failure(error, this.#upstream.label, 'its body cannot be decompressed'));
    if (open) this.#upstream.dropBody(true);
  }

  /** `#pieces` are as they came, and have to be undone. */
  get #isPacked(): boolean {
    return this.#codings.length > 0 && this.#inflater === null && this.#state === OPEN;
  }

  /** Undoes what has come, at once if all of it has and it is small. */
  #unpack(): void {
    if (this.#reading?.whole === true && this.#kept <= AT_ONCE) {
      if (!this.#arrived) return;
      let bytes: Buffer | null;
      try {
        bytes = inflateAtOnce(joined(this.#pieces), this.#codings);
      } catch (error) {
        this.onError(error);
        return;
      }
      if (bytes !== null) {
        this.#pieces = [];
        this.#total = 0;
        this.#push(bytes, false);
        if (this.#state === OPEN) this.#state = ENDED;
        return;
      }
    }
    const packed = this.#pieces;
    this.#pieces = [];
    this.#kept = this.#total = 0;
    const inflater = new Inflater(this.#codings, this);
    this.#inflater = inflater;
    for (const piece of packed) inflater.write(piece);
    if (this.#arrived) inflater.end();
  }

  #push(piece: Buffer, more = true): void {
    this.#pieces.push(piece);
    this.#kept = more ? this.#kept + piece.length : piece.length;
    this.#total += piece.length;
    const limit =
      this.#limit === Number.POSITIVE_INFINITY && this.#reading?.whole ? LARGEST_WHOLE : this.#limit;
    // What it comes to counts, not what it was packed into.
    if (this.#total <= limit || (more && this.#isPacked)) return;
    const open = this.isOpen;
    const what = `the body of ${this.#upstream.label} is longer than maxBodySize (${limit} bytes)`;
    this.#pieces = [];
    this.#finish(FAILED, failed(BodyTooLarge, what));
    if (open) this.#upstream.dropBody(true);
  }

  #isThere(reading: BodyReading): boolean {
    if (this.#state === ENDED) return true;
    return !reading.whole && !this.#isPacked && this.#pieces.length > 0;
  }

  #serve(): void {
    const reader = this.#reader;
    const reading = this.#reading;
    if (reader === null || reading === null) return;
    if (this.#isPacked) this.#unpack();
    // To undo it may have served the reader.
    if (this.#reader !== reader) return;
    if (this.#isThere(reading)) {
      this.#reader = this.#reading = null;
      let value: unknown;
      try {
        value = this.take(reader, reading);
      } catch (error) {
        endWait(reader, error, true);
        return;
      }
      endWait(reader, value);
    } else if (this.#state >= FAILED) {
      this.#reader = this.#reading = null;
      endWait(reader, this.#error, true);
    }
  }

  #resume(): void {
    this.#inflater?.resume();
    this.#balance();
  }

  /**
   * The other end waits while `HIGH_WATER` bytes or more do, here and on their way through the inflater. Asked whenever one of the
   * two has changed, so that it goes on whoever made the room.
   */
  #balance(): void {
    if (!this.isOpen) return;
    const waiting = (this.#reading?.whole === true ? 0 : this.#kept) + (this.#inflater?.backlog ?? 0);
    const full = waiting >= HIGH_WATER;
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.#upstream.pauseBody();
    else this.#upstream.resumeBody();
  }

  #finish(state: number, error: unknown): void {
    this.#state = state;
    this.#error = error;
    this.#inflater?.destroy();
    if (!this.#arrived) this.#over();
  }

  /** It is settled how it ends. */
  #over(): void {
    this.#upstream.bodyOver();
    this.detach();
    if (this.#response === null) return;
    this.#response = null;
    neverMind(this);
  }
}
