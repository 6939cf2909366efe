/** Streams of the host, read and written by operations. */
export { from, type ReadableSource, to } from './open.js';
export { StreamReader } from './stream-reader.js';
export { StreamWriter } from './stream-writer.js';
