/** A stream of the host that is read and written. */
import type { Duplex } from 'node:stream';
import type { Operation } from '../../runtime/operation.js';
import type { ReadOptions } from '../net/byte-reader.js';
import { StreamReader } from '../stream/stream-reader.js';
import { StreamWriter } from '../stream/stream-writer.js';

/** Both ways of a `Duplex` that is no socket: `green` of a `Transform`, a `PassThrough`, a pipe. */
export class DuplexStream extends StreamReader {
  readonly #writer: StreamWriter;

  constructor(raw: Duplex) {
    super(raw);
    this.#writer = new StreamWriter(raw);
  }

  /** Writes `data`; waits while more is on its way than the host will keep. Errors: the stream's, `Timeout`. */
  write(data: string | Uint8Array, options?: ReadOptions): Operation<void> {
    return this.#writer.write(data, options);
  }

  /** Says that nothing more comes. Acts at the call; the operation waits until all has been written. */
  end(data?: string | Uint8Array): Operation<void> {
    return this.#writer.end(data);
  }

  override toString(): string {
    return super.toString().replace('StreamReader', 'DuplexStream');
  }
}
