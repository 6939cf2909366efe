/** stream.from and stream.to: streams of the host, read and written by operations. */
import { PassThrough, Readable, Writable } from 'node:stream';
import { green, sleep, spawn, Timeout, until, withTimeout } from 'greenlets';
import { SocketClosed, stream } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';
import { watchLeftovers } from '../support/leftovers.js';
import { thrownBy } from '../support/sockets.js';

watchHub();
watchLeftovers();

describe('from', () => {
  it(
    'reads a Readable, a web stream, iterables and async iterables, by lines, counts and delimiters',
    green(function* () {
      const text = 'one\ntwo\r\nthree|four';
      const pieces = [
        text.slice(0, 5),
        Buffer.from(text.slice(5, 6)),
        new Uint8Array(Buffer.from(text.slice(6))),
      ];
      const sources: stream.ReadableSource[] = [
        Readable.from([text]),
        Readable.from(pieces),
        new Blob([text]).stream() as never,
        pieces,
        new Uint8Array(Buffer.from(text)),
        (async function* () {
          yield* pieces;
        })(),
      ];
      for (const source of sources) {
        const reader = stream.from(source);
        expect(yield* reader.readLine()).toBe('one');
        expect(yield* reader.readLine()).toBe('two');
        expect(String(yield* reader.readUntil('|'))).toBe('three|');
        expect(String(yield* reader.readExactly(4))).toBe('four');
        expect(yield* reader.read()).toBeNull();
        expect(yield* reader.read()).toBeNull();
      }
    }),
  );

  it('refuses what is no source, and destroys a stream of objects with an error that names each()', async () => {
    for (const wrong of [5, null, 'text', {}]) expect(() => stream.from(wrong as never)).toThrow(TypeError);
    const objects = stream.from(Readable.from([{ a: 1 }]));
    await expect(objects.read().promise()).rejects.toThrow(/each\(\)/);
    expect(objects.raw.destroyed).toBe(true);
  });

  it(
    'holds the source up while nobody reads, and goes on when somebody does',
    green(function* () {
      let given = 0;
      const source = new Readable({
        read() {
          given++;
          this.push(given > 100 ? null : Buffer.alloc(16 * 1024));
        },
      });
      const reader = stream.from(source);
      for (let i = 0; i < 200; i++) yield* until(pass());
      expect(given).toBeLessThan(10);
      let length = 0;
      for (let chunk = yield* reader.read(); chunk !== null; chunk = yield* reader.read())
        length += chunk.length;
      expect(length).toBe(100 * 16 * 1024);
    }),
  );

  it(
    'loses nothing when a read is interrupted by a timeout, or its greenlet is killed',
    green(function* () {
      const through = new PassThrough();
      const reader = stream.from(through);
      through.write('half ');
      expect(yield* thrownBy(() => withTimeout(5, reader.readLine()))).toBeInstanceOf(Timeout);
      expect(yield* thrownBy(() => reader.readExactly(100, { timeout: 5 }))).toBeInstanceOf(Timeout);
      const g = spawn(() => reader.readLine());
      yield* sleep(0);
      yield* g.kill();
      through.end('and half\n');
      expect(yield* reader.readLine()).toBe('half and half');
      expect(yield* reader.readLine()).toBeNull();
    }),
  );

  it(
    'has one reader at a time; the error names both',
    green(function* () {
      const through = new PassThrough();
      const reader = stream.from(through);
      const first = spawn({ name: 'first' }, () => reader.readLine());
      yield* sleep(0);
      const error = yield* thrownBy(() => reader.read());
      expect(error.name).toBe('ConcurrentUseError');
      expect(error.message).toContain("'first'");
      through.end('line\n');
      expect(yield* first.get()).toBe('line');
    }),
  );

  it(
    'gives what has arrived before the error of the stream, and that each time',
    green(function* () {
      const through = new PassThrough();
      const reader = stream.from(through);
      through.write('good');
      yield* until(pass());
      const error = new Error('broken');
      through.destroy(error);
      yield* until(pass());
      expect(String(yield* reader.read())).toBe('good');
      expect(yield* thrownBy(() => reader.read())).toBe(error);
      expect(yield* thrownBy(() => reader.readLine())).toBe(error);
      // One that had failed before.
      expect(yield* thrownBy(() => stream.from(through).read())).toBe(error);
    }),
  );

  it(
    'a stream that is closed without an end is an error of whoever waits, and of the next',
    green(function* () {
      const reader = stream.from(new PassThrough());
      const waiting = spawn(() => reader.read());
      yield* sleep(0);
      reader.close();
      expect(yield* thrownBy(() => waiting.get())).toBeInstanceOf(SocketClosed);
      expect(yield* thrownBy(() => reader.read())).toBeInstanceOf(SocketClosed);
    }),
  );

  it(
    'close() loses what has not been read: nobody gets a part of it',
    green(function* () {
      const reader = stream.from(['one\ntwo\n', 'three\n']);
      expect(yield* reader.readLine()).toBe('one');
      reader.close();
      const error = yield* thrownBy(() => reader.readLine());
      expect(error).toBeInstanceOf(SocketClosed);
      expect(error.message).toContain('was closed at this end');
    }),
  );
});

describe('to', () => {
  /** Takes a chunk each time that the test says so. */
  function slow(): { raw: Writable; taken: string[]; take: () => void } {
    const taken: string[] = [];
    let next: (() => void) | null = null;
    const raw = new Writable({
      highWaterMark: 4,
      write(chunk, _encoding, done) {
        next = () => {
          taken.push(String(chunk));
          done();
        };
      },
    });
    const take = (): void => {
      const one = next;
      next = null;
      one?.();
    };
    return { raw, taken, take };
  }

  it(
    'write waits while the stream keeps enough, end until all is written',
    green(function* () {
      const { raw, taken, take } = slow();
      const writer = stream.to(raw);
      yield* writer.write('abc');
      const second = spawn(() => writer.write('def'));
      yield* until(pass());
      take();
      yield* until(pass());
      expect(second.ready()).toBe(false);
      take();
      yield* second.get();
      const end = spawn(() => writer.end('!'));
      yield* until(pass());
      expect(end.ready()).toBe(false);
      take();
      yield* end.get();
      expect(taken.join('')).toBe('abcdef!');
      yield* writer.end();
    }),
  );

  it(
    'a write that waits is over when all is written, also when somebody has called end() meanwhile',
    green(function* () {
      const { raw, taken, take } = slow();
      const writer = stream.to(raw);
      const writing = spawn(() => writer.write('abcdef', { timeout: 10_000 }));
      yield* until(pass());
      const end = writer.end();
      take();
      yield* end;
      yield* writing.get();
      expect(taken).toEqual(['abcdef']);
    }),
  );

  it(
    'writes to a web stream, too',
    green(function* () {
      const taken: string[] = [];
      const web = new WritableStream<Uint8Array>({
        write: (chunk) => void taken.push(Buffer.from(chunk).toString()),
      });
      const writer = stream.to(web as never);
      yield* writer.write('a');
      yield* writer.end('b');
      expect(taken.join('')).toBe('ab');
    }),
  );

  it(
    'an error of the stream is thrown at whoever waits in write or end, and from then on',
    green(function* () {
      const { raw } = slow();
      const writer = stream.to(raw);
      const waiting = [spawn(() => writer.write('too long')), spawn(() => writer.end())];
      yield* until(pass());
      const error = new Error('broken');
      raw.destroy(error);
      for (const each of waiting) expect(yield* thrownBy(() => each.get())).toBe(error);
      expect(yield* thrownBy(() => writer.write('x'))).toBe(error);
      expect(yield* thrownBy(() => writer.end())).toBe(error);
      expect(yield* thrownBy(() => stream.to(raw).write('x'))).toBe(error);
    }),
  );

  it(
    'a stream that was destroyed, or ended, takes nothing more',
    green(function* () {
      const { raw } = slow();
      const writer = stream.to(raw);
      raw.destroy();
      expect(yield* thrownBy(() => writer.write('x'))).toBeInstanceOf(SocketClosed);
      expect(yield* thrownBy(() => writer.end())).toBeInstanceOf(SocketClosed);
      const ended = stream.to(new PassThrough().resume());
      yield* ended.end();
      expect(yield* thrownBy(() => ended.write('x'))).toBeInstanceOf(SocketClosed);
      // Saying so again is harmless, but what comes with it would be lost.
      yield* ended.end();
      expect(() => ended.end('x')).toThrow(SocketClosed);
    }),
  );

  it('refuses what is no data at the call, but for a stream of objects', () => {
    const writer = stream.to(new PassThrough());
    for (const wrong of [5, null, {}, undefined]) {
      expect(() => writer.write(wrong as never)).toThrow('data must be a string or bytes, got');
    }
    expect(() => writer.end(5 as never)).toThrow('data must be a string or bytes, got 5 (number)');
    const objects = new PassThrough({ objectMode: true });
    void stream.to(objects).end({ a: 1 } as never);
    expect(objects.read()).toEqual({ a: 1 });
  });

  it('leaving a block ends it, waiting or not', async () => {
    const one = new PassThrough();
    const two = new PassThrough().resume();
    {
      using first = stream.to(one);
      await using second = stream.to(two);
      await first.write('x');
      await second.write('y');
    }
    expect([one.writableEnded, two.writableFinished]).toEqual([true, true]);
  });

  it(
    'an interrupted write leaves no wait, and the stream as it is',
    green(function* () {
      const { raw, taken, take } = slow();
      const writer = stream.to(raw);
      expect(yield* thrownBy(() => writer.write('too long', { timeout: 5 }))).toBeInstanceOf(Timeout);
      take();
      yield* until(pass());
      yield* writer.write('b');
      take();
      expect(taken).toEqual(['too long', 'b']);
      raw.destroy();
    }),
  );

  it('refuses what is no target', () => {
    for (const wrong of [5, null, {}]) expect(() => stream.to(wrong as never)).toThrow(TypeError);
  });
});
