/** The body of a request, as it arrives. */
import type { Buffer } from 'node:buffer';
import type { Waiter } from '../../../runtime/waiter.js';
import { BodyClosed } from '../../errors.js';
import { ByteReader } from '../../net/byte-reader.js';
import type { ReadEnd, Reading } from '../../net/reading.js';

/** Where the bytes come from. */
export interface BodySource {
  /** `POST /path` */
  readonly label: string;
  pauseBody(): void;
  resumeBody(): void;
  /** Somebody reads. */
  bodyWanted(): void;
}

/** Read as a socket is: by chunks, counts, lines, delimiters. At most 64 kB are kept for a reader who has not come. */
export class ServerBody extends ByteReader implements Disposable {
  /** @internal */
  readonly _hold = null;
  readonly #source: BodySource;
  #ended: ReadEnd;
  #dropped = -1;

  /** `over`: there is none. @internal */
  constructor(source: BodySource, over: boolean) {
    super();
    this.#source = source;
    this.#ended = over ? null : undefined;
  }

  /** @internal */
  override _startReading<T>(waiter: Waiter, reading: Reading<T>): T | undefined {
    this.#source.bodyWanted();
    return super._startReading(waiter, reading);
  }

  protected _pause(): void {
    if (this.#ended === undefined) this.#source.pauseBody();
  }

  protected _resume(): void {
    this.#source.resumeBody();
  }

  protected _end(): ReadEnd {
    if (this.#dropped !== -1) return { error: new BodyClosed(`${this} was let go`) };
    return this.#ended;
  }

  /** @internal */
  _feed(bytes: Buffer): void {
    if (this.#dropped === -1) this._arrived(bytes);
    else this.#dropped += bytes.length;
  }

  /** How much of it has been dropped. @internal */
  get _dropped(): number {
    return this.#dropped;
  }

  /** All has come. @internal */
  _finish(): void {
    this.#ended = null;
    this._serve();
  }

  /** Nothing more will come. @internal */
  _fail(error: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = { error };
    this._serve();
  }

  /** Lets go of it: what has not come yet is dropped, and reading it raises `BodyClosed`. Never switches. */
  close(): void {
    if (this.#ended !== undefined || this.#dropped !== -1) return;
    this.#dropped = 0;
    this._serve();
    this.#source.resumeBody();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  override toString(): string {
    return `<ServerBody of ${this.#source.label}>`;
  }
}
