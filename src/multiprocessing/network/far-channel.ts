/** The channel to the processes at the other end of a connection. */
import type { Buffer } from 'node:buffer';
import { deserialize, serialize } from 'node:v8';
import { Channel } from '../../io/workers/channel.js';
import type { StartMethod } from '../../io/workers/child-state.js';
import { DataCloneError } from '../../io/workers/codec.js';
import type { Border, Payload } from './border.js';
import type { Line } from './line.js';

export class FarChannel extends Channel {
  readonly kind: StartMethod = 'process';
  readonly #line: Line;
  readonly #border: Border;
  readonly #most: number;
  /** Looks at what has come before it is delivered; false: it was answered. */
  readonly #admits: (topic: string, payload: Payload) => boolean;

  /** `most`: bytes of the longest message that the other end takes. */
  constructor(
    line: Line,
    border: Border,
    most: number,
    admits: (topic: string, payload: Payload) => boolean = () => true,
  ) {
    super();
    this.#line = line;
    this.#border = border;
    this.#most = most;
    this.#admits = admits;
  }

  /** Sends at once. Errors: `DataCloneError` for what may not pass, or is too long. */
  override send(topic: string, payload: unknown): void {
    if (this.closed || this.#line.ending) return;
    const message = this.#border.outgoing(topic, payload as Payload);
    if (message === null) return;
    const bytes = toBytes([topic, message]);
    if (bytes.length > this.#most) {
      throw new DataCloneError(
        `a message of ${bytes.length} bytes is too long: the other end takes ${this.#most}; see maxMessage`,
      );
    }
    this.#line.write(bytes);
  }

  /** A message has come. Errors: whatever is wrong with it. */
  take(bytes: Buffer): void {
    const [topic, payload] = this.#border.incoming(deserialize(bytes), bytes.length);
    if (this.#admits(topic, payload)) this._received([[topic, payload]]);
  }

  gone(): void {
    this._gone();
  }

  protected _post(): void {}

  protected _hold(on: boolean): void {
    if (on) this.#line.raw.ref();
    else this.#line.raw.unref();
  }
}

function toBytes(message: unknown): Buffer {
  try {
    return serialize(message);
  } catch (error) {
    throw new DataCloneError((error as Error).message);
  }
}
