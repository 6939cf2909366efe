import { writeFileSync } from 'node:fs';
import * as promises from 'node:fs/promises';
import { each, green, sleep, spawn, until } from 'greenlets';
import { fs, LineTooLong } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { descriptors, folder, quiet, thrownBy, watchFiles } from './fs-support.js';

watchHub();
watchFiles();

function file(text: string | Buffer): string {
  const path = `${folder()}/lines`;
  writeFileSync(path, text);
  return path;
}

describe('readLines', () => {
  it.each([
    '',
    '\n',
    'one',
    'one\n',
    'one\ntwo',
    '\n\none\n\n',
    'a\r\nb\r\nc',
    'a\rb\r\rc\r',
    'a\u2028b\u2029c',
    '\r\n\r\n',
    'ä€😀\nß\r\n😀',
    `${'long'.repeat(50_000)}\nshort\n${'x'.repeat(70_000)}`,
  ])(
    'cuts as Node cuts, in pieces of any size: %j',
    green(function* (text: string) {
      const path = file(text);
      const host = yield* until(promises.open(path));
      const cut = yield* each(host.readLines() as AsyncIterable<string>).toArray();
      // Where newer versions cut, too.
      const expected = text.includes('\u2028') ? [text] : cut;
      const sizes = text.length > 1000 ? [65_536, 1000] : [65_536, 1, 2, 3];
      for (const highWaterMark of sizes) {
        expect(yield* fs.readLines(path, { highWaterMark }).toArray()).toEqual(expected);
        const more: string[] = [];
        using lines = fs.readLines(path, { highWaterMark });
        while (yield* lines.more()) more.push(lines.value);
        expect(more).toEqual(expected);
      }
    }),
  );

  it(
    'opens when it is asked, closes at the end, and by close',
    green(function* () {
      const path = file('one\ntwo\n');
      const lines = fs.readLines(path);
      expect(descriptors()).toEqual([]);
      expect(yield* lines.more()).toBe(true);
      expect(descriptors()).toHaveLength(1);
      lines.close();
      expect(yield* lines.more()).toBe(false);
      expect((yield* lines.next()).done).toBe(true);
      yield* quiet();
      expect(descriptors()).toEqual([]);
      yield* quiet();
      expect(descriptors()).toEqual([]);
    }),
  );

  it('can be read with for await', async () => {
    const found: string[] = [];
    for await (const line of fs.readLines(file('one\ntwo'))) found.push(line);
    expect(found).toEqual(['one', 'two']);
  });

  it(
    'of a handle go on from where it is, or from start to end, and leave it open when told to',
    green(function* () {
      const handle = yield* fs.open(file('skip\none\ntwo\nthree\n'));
      yield* handle.read(Buffer.alloc(5));
      expect(yield* handle.readLines({ autoClose: false, highWaterMark: 4 }).toArray()).toEqual([
        'one',
        'two',
        'three',
      ]);
      expect(yield* handle.readLines({ autoClose: false, start: 5, end: 9 }).toArray()).toEqual(['one', 't']);
      expect(yield* handle.readLines({ autoClose: false, end: 3 }).toArray()).toEqual(['skip']);
      expect(yield* handle.readLines({ start: 13, encoding: 'hex', highWaterMark: 100 }).toArray()).toEqual([
        '74687265650a',
      ]);
      yield* quiet();
      expect(handle.fd).toBe(-1);
    }),
  );

  it(
    'refuse a line that is too long, and keep it',
    green(function* () {
      const lines = fs.readLines(file(`short\n${'x'.repeat(100)}`), { maxLength: 10, highWaterMark: 20 });
      expect(yield* lines.more()).toBe(true);
      for (const _ of [1, 2]) {
        const error = yield* thrownBy(() => lines.more());
        expect(error).toBeInstanceOf(LineTooLong);
        expect(error.message).toMatch(/^a line of \d+ characters is longer than maxLength \(10\)/);
      }
      lines.close();
    }),
  );

  it(
    'are closed when toArray is interrupted',
    green(function* () {
      const collecting = spawn(() =>
        fs.readLines(file('x\n'.repeat(500_000)), { highWaterMark: 10 }).toArray(),
      );
      yield* sleep(0);
      while (descriptors().length === 0) yield* sleep(0);
      yield* collecting.kill();
      yield* quiet();
      expect(descriptors()).toEqual([]);
    }),
  );

  it('refuses wrong options at the call', () => {
    expect(() => fs.readLines('x', { highWaterMark: 0 })).toThrow('highWaterMark must be');
    expect(() => fs.readLines('x', { start: -1 })).toThrow('start must be');
  });
});
