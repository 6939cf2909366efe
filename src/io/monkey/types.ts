/**
 * `greenlets/monkey/types`: global declarations for what the patches add: a `Promise` is `yield*`-able, sockets and streams have a `green`.
 * Nothing at run time.
 *
 * @module
 */
import type { Suspend } from '../../runtime/types.js';
import type { ByteReader } from '../net/byte-reader.js';
import type { Socket as GreenSocket } from '../net/socket.js';
import type { StreamWriter } from '../stream/stream-writer.js';

/** `green` of a stream that is read. */
export type GreenReader = Pick<ByteReader, keyof ByteReader>;

/** `green` of a stream that is written. */
export type GreenWriter = Pick<StreamWriter, 'write' | 'end'>;

declare global {
  interface Promise<T> {
    /** For `yield*` in a greenlet, with the patches of `greenlets/monkey`; undefined outside of greenlets. */
    [Symbol.iterator](): Iterator<Suspend, T, unknown>;
  }
}

declare module 'stream' {
  interface Readable {
    /** With `patchNet`: the same stream for greenlets, a `StreamReader`. */
    readonly green: GreenReader;
  }
  interface Writable {
    /** With `patchNet`: the same stream for greenlets, a `StreamWriter`. */
    readonly green: GreenWriter;
  }
  interface Duplex {
    /** With `patchNet`: the same stream for greenlets, a `DuplexStream`. */
    readonly green: GreenReader & GreenWriter;
  }
}

declare module 'net' {
  interface Socket {
    /** With `patchNet`: the same connection for greenlets. */
    readonly green: GreenSocket;
  }
}
