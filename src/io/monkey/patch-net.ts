/** Sockets and streams of other code, and what waits for them. */
import events from 'node:events';
import { OutgoingMessage } from 'node:http';
import net from 'node:net';
import { Duplex, Readable, Writable } from 'node:stream';
import streams from 'node:stream/promises';
import { Socket } from '../net/socket.js';
import { StreamReader } from '../stream/stream-reader.js';
import { StreamWriter } from '../stream/stream-writer.js';
import { DuplexStream } from './duplex-stream.js';
import { apply, replace, replaceFunction } from './patches.js';
import { abortable } from './with-signal.js';
import { type Inside, wrap } from './wrap.js';

/** The green one of each stream that was asked for it. */
const made = new WeakMap<object, unknown>();

/** `stream.green`: made when it is first asked for. Assigning makes a property of the object's own, as ever. */
function green<S extends object>(prototype: S, make: (raw: S) => unknown): void {
  replace('net', prototype, 'green', {
    configurable: true,
    enumerable: false,
    get(this: S) {
      // What is asked is a prototype: there is nothing to read.
      if (Object.hasOwn(this, 'constructor')) return undefined;
      const known = made.get(this);
      if (known !== undefined) return known;
      const one = make(this);
      made.set(this, one);
      return one;
    },
    set(value: unknown) {
      Object.defineProperty(this, 'green', { value, configurable: true, enumerable: true, writable: true });
    },
  });
}

/** `pipeline(...streams)`, whose options come last and may be missing. */
const pipelineInside: Inside = (original, self, args) => {
  const last = args.at(-1);
  const hasOptions = typeof last === 'object' && last !== null && isOptions(last);
  // An array of streams is taken alone.
  if (args.length === 1) return abortable('stream.pipeline', { at: 1 })(original, self, args);
  const at = hasOptions ? args.length - 1 : args.length;
  return abortable('stream.pipeline', { at })(original, self, args);
};

/** No stream, and nothing to iterate. */
function isOptions(last: object): boolean {
  const marks = [
    'pipe',
    'write',
    'getReader',
    'getWriter',
    'readable',
    Symbol.iterator,
    Symbol.asyncIterator,
  ];
  return marks.every((mark) => !(mark in last));
}

/**
 * Sockets and streams of any code get a `green`: a `Socket`, `StreamReader`, `StreamWriter` or `DuplexStream` on the same connection, made when
 * it is first asked for; from then on it does the reading. And `events.once`, `pipeline` and `finished` of `node:stream/promises` in
 * a greenlet: `yield*` of their promises; interrupted, they stop listening, and a pipeline is destroyed. Twice is harmless.
 *
 * @example server.on('connection', green(function* (socket) { yield* socket.green.write(yield* socket.green.readLine()); }));
 */
export function patchNet(): void {
  apply('net', () => {
    green(Readable.prototype, (raw) => new StreamReader(raw));
    green(Writable.prototype, (raw) => new StreamWriter(raw));
    green(Duplex.prototype, (raw) => new DuplexStream(raw));
    green(net.Socket.prototype, (raw) => new Socket(raw));
    green(OutgoingMessage.prototype, (raw) => new StreamWriter(raw));
    replaceFunction('net', events, 'once', (original) => wrap(original, abortable('events.once', { at: 2 })));
    replaceFunction('net', streams, 'pipeline', (original) => wrap(original, pipelineInside));
    replaceFunction('net', streams, 'finished', (original) =>
      wrap(original, abortable('stream.finished', { at: 1 })),
    );
  });
}
