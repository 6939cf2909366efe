import { green, kill, type Operation, select, sleep, spawn, Timeout, until, withTimeout } from 'greenlets';
import { IncompleteRead, LineTooLong, type net } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { pass, watchHub } from '../support/hub-watch.js';
import { eventually, listenerCount, watchLeftovers } from '../support/leftovers.js';
import { pair, thrownBy } from '../support/sockets.js';

watchHub();
watchLeftovers();

/** `count` bytes have come to `socket`. */
const arrival = (socket: net.Socket, count: number) =>
  until(eventually(`${count} bytes have come`, () => socket.bytesRead >= count));

describe('read', () => {
  it(
    'gives what there is, at most max bytes, and null at the end, again and again',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.end('hello world');
      expect(String(yield* socket.read(4))).toBe('hell');
      expect(String(yield* socket.read(2))).toBe('o ');
      expect(String(yield* socket.read())).toBe('world');
      expect(yield* socket.read()).toBe(null);
      expect(yield* socket.read(1)).toBe(null);
    }),
  );

  it(
    'waits for something to come, and lets others run meanwhile',
    green(function* () {
      const { socket, peer } = yield* pair();
      const order: string[] = [];
      const reader = spawn(function* () {
        order.push(String(yield* socket.read()));
      });
      yield* sleep(0);
      order.push('others');
      peer.write('late');
      yield* reader.join();
      expect(order).toEqual(['others', 'late']);
    }),
  );

  it(
    'throws Timeout when nothing comes in time, and reads on after that',
    green(function* () {
      const { socket, peer } = yield* pair();
      const error = yield* thrownBy(() => socket.read(undefined, { timeout: 1 }));
      expect(error).toBeInstanceOf(Timeout);
      expect(error.message).toContain('Socket.read of <Socket 127.0.0.1:');
      peer.write('after');
      expect(String(yield* socket.read())).toBe('after');
    }),
  );

  it('refuses what is no number of bytes', async () => {
    const run = green(function* () {
      const { socket } = yield* pair();
      expect(() => socket.read(0)).toThrow(RangeError);
      expect(() => socket.read('5' as never)).toThrow(TypeError);
      expect(() => socket.readExactly(-1)).toThrow(RangeError);
      expect(() => socket.readLine({ maxLength: 0 })).toThrow(RangeError);
      expect(() => socket.readUntil('')).toThrow('delimiter must not be empty');
    });
    await run();
  });

  it(
    'reads in the same turn what has come already',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.write('abc');
      yield* arrival(socket, 3);
      let others = false;
      const other = spawn(() => {
        others = true;
      });
      yield* socket.read();
      expect(others).toBe(false);
      yield* other.join();
    }),
  );
});

describe('readExactly', () => {
  it(
    'gives that many bytes, across chunks of any size, also more than is kept otherwise',
    green(function* () {
      const { socket, peer } = yield* pair();
      const data = Buffer.alloc(1_000_000, 'abcdefg');
      peer.write(data);
      expect(yield* socket.readExactly(0)).toHaveLength(0);
      expect(String(yield* socket.readExactly(3))).toBe('abc');
      const rest = yield* socket.readExactly(data.length - 3);
      expect(rest.equals(data.subarray(3))).toBe(true);
    }),
  );

  it(
    'throws IncompleteRead at the end, with what there was',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.end('half');
      const error = yield* thrownBy(() => socket.readExactly(8));
      expect(error).toBeInstanceOf(IncompleteRead);
      expect([String(error.partial), error.expected, error.code]).toEqual(['half', 8, 'INCOMPLETE_READ']);
      expect(error.message).toContain('the end came after 4 bytes, before 8 bytes');
      expect(error.stack).toContain('reading.test.ts');
      expect(yield* socket.read()).toBe(null);
    }),
  );
});

describe('readLine', () => {
  it(
    'gives lines without their ends, the last one also without a newline, then null',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.end('one\ntwo\r\n\n\r\nwith\rreturn\nlast');
      expect(yield* socket.lines().toArray()).toEqual(['one', 'two', '', '', 'with\rreturn', 'last']);
      expect(yield* socket.readLine()).toBe(null);
    }),
  );

  it(
    'keeps the ends with keepEnd',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.end('one\ntwo\r\nlast');
      expect(yield* socket.lines({ keepEnd: true }).toArray()).toEqual(['one\n', 'two\r\n', 'last']);
    }),
  );

  it(
    'decodes the whole line, also when a letter comes in two parts',
    green(function* () {
      const { socket, peer } = yield* pair();
      const text = Buffer.from('größe €\n');
      const reader = spawn(() => socket.readLine());
      for (const byte of text) {
        peer.write(Buffer.from([byte]));
        yield* until(pass());
      }
      expect(yield* reader.get()).toBe('größe €');
      peer.write(Buffer.from([0xe9, 10]));
      expect(yield* socket.readLine({ encoding: 'latin1' })).toBe('é');
      peer.write(Buffer.from([1, 255, 10]));
      expect(yield* socket.readLine({ encoding: 'hex' })).toBe('01ff');
    }),
  );

  it(
    'refuses at the call an encoding that is unknown, or in which a newline is no byte, before a line is lost',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.write('line\n');
      expect(() => socket.readLine({ encoding: 'klingon' as never })).toThrow('got "klingon"');
      expect(() => socket.readLine({ encoding: 'utf16le' })).toThrow('a newline is one byte');
      expect(() => socket.readLine({ encoding: 'UCS-2' as never })).toThrow(TypeError);
      expect(yield* socket.readLine()).toBe('line');
    }),
  );

  it(
    'counts maxLength without the end of the line, and takes nothing of a longer one',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.end('12345\n12345\r\n123456\n12345\r');
      expect(yield* socket.readLine({ maxLength: 5 })).toBe('12345');
      expect(yield* socket.readLine({ maxLength: 5 })).toBe('12345');
      const error = yield* thrownBy(() => socket.readLine({ maxLength: 5 }));
      expect(error).toBeInstanceOf(LineTooLong);
      expect(error.message).toContain('6 bytes without an end, more than maxLength (5); they were not taken');
      expect(yield* socket.readLine({ maxLength: 6 })).toBe('123456');
      // At the end a return is part of the line.
      expect(yield* thrownBy(() => socket.readLine({ maxLength: 5 }))).toBeInstanceOf(LineTooLong);
      expect(yield* socket.readLine({ maxLength: 6 })).toBe('12345\r');
    }),
  );

  it(
    'tells that a line is too long as soon as it is, not at its end',
    green(function* () {
      const { socket, peer } = yield* pair();
      const reader = spawn(() => socket.readLine({ maxLength: 10 }));
      yield* sleep(0);
      peer.write('x'.repeat(12));
      expect(yield* thrownBy(() => reader.get())).toBeInstanceOf(LineTooLong);
      expect(String(yield* socket.readExactly(12))).toBe('x'.repeat(12));
    }),
  );
});

describe('readUntil', () => {
  it(
    'gives all up to the delimiter and with it, wherever the chunks end',
    green(function* () {
      const { socket, peer } = yield* pair();
      const text = 'a--b-->c---->';
      const reader = spawn(function* () {
        return [yield* socket.readUntil('-->'), yield* socket.readUntil(Buffer.from('-->'))].map(String);
      });
      for (const letter of text) {
        peer.write(letter);
        yield* until(pass());
      }
      expect(yield* reader.get()).toEqual(['a--b-->', 'c---->']);
    }),
  );

  it(
    'throws IncompleteRead when the end comes first, and LineTooLong when it is too far',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.end('12345;rest');
      expect(yield* thrownBy(() => socket.readUntil(';', { maxLength: 5 }))).toBeInstanceOf(LineTooLong);
      expect(String(yield* socket.readUntil(';', { maxLength: 6 }))).toBe('12345;');
      const error = yield* thrownBy(() => socket.readUntil(';'));
      expect(error).toBeInstanceOf(IncompleteRead);
      expect([String(error.partial), error.expected]).toEqual(['rest', undefined]);
    }),
  );
});

describe('lines and chunks', () => {
  it(
    'give what comes, one after the other, and leave the rest when they are closed',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.end('a\nb\nc\nd');
      const lines = socket.lines();
      expect(yield* lines.more()).toBe(true);
      expect(lines.value).toBe('a');
      expect((yield* lines.next()).value).toBe('b');
      lines.close();
      expect(yield* lines.more()).toBe(false);
      const chunks = yield* socket.chunks().toArray();
      expect(String(Buffer.concat(chunks))).toBe('c\nd');
    }),
  );

  it('can be read by for await', async () => {
    await green(function* () {
      const { socket, peer } = yield* pair();
      peer.end('a\nb');
      const seen = async () => {
        const all: string[] = [];
        for await (const line of socket.lines()) all.push(line);
        return all;
      };
      expect(yield* until(seen())).toEqual(['a', 'b']);
    })();
  });
});

describe('unread', () => {
  it(
    'puts bytes back in front, also for somebody who waits',
    green(function* () {
      const { socket, peer } = yield* pair();
      peer.write('world');
      yield* arrival(socket, 5);
      socket.unread(Buffer.from('hello '));
      expect(String(yield* socket.readExactly(11))).toBe('hello world');
      const reader = spawn(() => socket.read());
      yield* sleep(0);
      socket.unread(Buffer.from('back'));
      expect(String(yield* reader.get())).toBe('back');
    }),
  );
});

const reads: [string, (socket: net.Socket) => Operation<unknown>][] = [
  ['read', (socket) => socket.read()],
  ['readExactly', (socket) => socket.readExactly(10)],
  ['readLine', (socket) => socket.readLine()],
  ['readUntil', (socket) => socket.readUntil('\r\n\r\n')],
  ['lines().more', (socket) => socket.lines().more()],
];

describe.each(reads)('%s, interrupted', (name, read) => {
  /** What has come before the interruption; nothing for the one that takes anything. */
  const before = name === 'read' ? '' : 'halfway';

  it(
    'by a kill, a timeout or a lost select, loses no byte and leaves no listener',
    green(function* () {
      const { socket, peer } = yield* pair();
      const listeners = listenerCount(socket.raw);
      if (before !== '') peer.write(before);
      yield* arrival(socket, before.length);
      const reader = spawn(() => read(socket));
      yield* sleep(0);
      yield* kill(reader);
      expect(yield* withTimeout(1, { timeoutValue: 'late' }, read(socket))).toBe('late');
      expect((yield* select({ read: read(socket), other: sleep(1) })).key).toBe('other');
      expect(listenerCount(socket.raw)).toBe(listeners);
      peer.end(' and on');
      expect(String(Buffer.concat(yield* socket.chunks().toArray()))).toBe(`${before} and on`);
    }),
  );

  it(
    'by a kill in the same turn in which its bytes come, has happened: the kill comes at the next suspension',
    green(function* () {
      const { socket, peer } = yield* pair();
      let got: unknown;
      const reader = spawn(function* () {
        got = yield* read(socket);
        yield* sleep(0);
        throw new Error('the kill was lost');
      });
      yield* sleep(0);
      peer.write('0123456789\r\n\r\nrest');
      // Ready ahead of the reader, in the turn in which that is woken.
      socket.raw.prependOnceListener('data', () => void spawn(() => reader.kill()));
      yield* reader.join();
      expect(got).toBeTruthy();
      const whole = name === 'lines().more' ? 12 : name === 'readLine' ? 12 : (got as Buffer).length;
      const left = 18 - whole;
      if (left > 0)
        expect(String(yield* socket.readExactly(left))).toBe('0123456789\r\n\r\nrest'.slice(-left));
    }),
  );
});

describe('two readers at once', () => {
  it(
    'are refused by an error that names both, and the first is unharmed',
    green(function* () {
      const { socket, peer } = yield* pair();
      const first = spawn({ name: 'first' }, () => socket.readLine());
      yield* sleep(0);
      for (const [, read] of reads) {
        const second = spawn({ name: 'second' }, () => read(socket));
        const error = yield* thrownBy(() => second.get());
        expect(error.name).toBe('ConcurrentUseError');
        expect(error.message).toMatch(
          /second.* cannot begin Socket\..* while .*first.* waits in Socket\.readLine/,
        );
      }
      peer.write('mine\nnext\n');
      expect(yield* first.get()).toBe('mine');
      expect(yield* socket.readLine()).toBe('next');
    }),
  );

  it(
    'may follow one another at once: one that has been served no longer reads',
    green(function* () {
      const { socket, peer } = yield* pair();
      const lines: unknown[] = [];
      function* reader() {
        for (let i = 0; i < 3; i++) lines.push(yield* socket.readLine());
      }
      peer.write('a\nb\nc\nd\ne\nf\n');
      yield* arrival(socket, 12);
      const two = [spawn(reader), spawn(reader)];
      for (const each of two) yield* each.get();
      expect(lines).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    }),
  );
});
