import { execFileSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {
  all,
  GreenletExit,
  green,
  type Operation,
  select,
  sleep,
  spawn,
  Timeout,
  withTimeout,
} from 'greenlets';
import { fs } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { describeWait } from '../../src/runtime/operation.js';
import { watchHub } from '../support/hub-watch.js';
import { descriptors, folder, passes, quiet, thrownBy, watchFiles } from './fs-support.js';

watchHub();
watchFiles();

function fifo(): string {
  const path = `${folder()}/fifo`;
  execFileSync('mkfifo', [path]);
  return path;
}

/** A file of 64 MiB, of which the parts are not written. */
function* large() {
  const path = `${folder()}/large`;
  writeFileSync(path, '');
  yield* fs.truncate(path, 64 * 1024 * 1024);
  return path;
}

describe('an interrupted call', () => {
  it.each([0, 1, 2, 3, 5, 8, 13])(
    'leaves nothing, at whatever stage it is: after %i passes of the host',
    green(function* (count: number) {
      const path = `${folder()}/a.txt`;
      writeFileSync(path, 'text');
      const work = [
        () => fs.readFile(path),
        () => fs.writeFile(`${path}.1`, 'text'),
        () => fs.writeFile(`${path}.2`, ['a', 'b', 'c']),
        () => fs.appendFile(`${path}.3`, 'text'),
        () => fs.open(path),
        () => fs.opendir('.'),
        () => fs.stat(path),
        () => fs.readLines(path).toArray(),
        () => fs.walk('test/io').toArray(),
        () => fs.cp(path, `${path}.4`),
      ];
      const greenlets = work.map((each) => spawn(() => each() as never));
      yield* sleep(0);
      yield* passes(count);
      for (const greenlet of greenlets) yield* greenlet.kill();
      for (const greenlet of greenlets) {
        const late = greenlet.value as { close?: () => Operation<void> } | undefined;
        if (greenlet.successful() && late?.close !== undefined) yield* late.close();
      }
      yield* quiet();
      expect(descriptors()).toEqual([]);
    }),
  );

  it(
    'reads no more of a file whose readFile was killed, and closes it',
    green(function* () {
      const path = yield* large();
      const reading = spawn(() => fs.readFile(path));
      while (descriptors().length === 0) yield* passes(1);
      yield* reading.kill();
      expect(reading.value).toBeInstanceOf(GreenletExit);
      yield* quiet();
      expect(descriptors()).toEqual([]);
    }),
  );

  it(
    'is a timeout, or the loser of a select, too',
    green(function* () {
      const path = fifo();
      const error = yield* thrownBy(() => withTimeout(1, () => fs.open(path)));
      expect(error).toBeInstanceOf(Timeout);
      expect(error.message).toContain(`fs.open of '${path}'`);
      const { key } = yield* select({ file: fs.open(path), nap: sleep(1) });
      expect(key).toBe('nap');
      // Both are still at the operating system, which has them until there is somebody who writes.
      const writer = openSync(path, 'r+');
      yield* quiet();
      expect(descriptors()).toEqual([expect.stringMatching(new RegExp(`^${writer} `))]);
      closeSync(writer);
    }),
  );

  it(
    'of a pipe takes no bytes away: the next read gets them',
    green(function* () {
      const path = fifo();
      const file = yield* fs.open(path, 'r+');
      for (const killed of [1, 2]) {
        const reading = spawn(() => file.read(Buffer.alloc(10)));
        yield* sleep(0);
        yield* reading.kill();
        const next = spawn(() => file.read(Buffer.alloc(killed)));
        yield* sleep(0);
        writeSync(file.fd, 'abc');
        const { bytesRead, buffer } = yield* next.get();
        expect(buffer.toString('utf8', 0, bytesRead)).toBe('abc'.slice(0, killed));
        const parts = [Buffer.alloc(1), Buffer.alloc(5)];
        const rest = yield* file.readv(parts);
        expect(rest.bytesRead).toBe(3 - killed);
        expect(Buffer.concat(parts).toString().replaceAll('\0', '')).toBe('abc'.slice(killed));
      }
      yield* file.close();
    }),
  );

  it(
    'of the lines of a pipe takes no line away',
    green(function* () {
      const path = fifo();
      const file = yield* fs.open(path, 'r+');
      const lines = file.readLines();
      const killed = spawn(() => lines.more());
      yield* sleep(0);
      yield* killed.kill();
      writeSync(file.fd, 'one\ntw');
      expect(yield* lines.more()).toBe(true);
      expect(lines.value).toBe('one');
      const again = spawn(() => lines.more());
      yield* sleep(0);
      yield* again.kill();
      writeSync(file.fd, 'o\nthree\n');
      expect(yield* lines.more()).toBe(true);
      expect(lines.value).toBe('two');
      expect((yield* lines.next()).value).toBe('three');
      yield* file.close();
    }),
  );

  it(
    'of a source that gives nothing lets go of the source and the file',
    green(function* () {
      const path = `${folder()}/out`;
      const steps: string[] = [];
      const source = {
        async *[Symbol.asyncIterator]() {
          try {
            yield 'first';
            steps.push('stalled');
            await new Promise(() => {});
          } finally {
            steps.push('left');
          }
        },
      };
      const writing = spawn(() => fs.writeFile(path, source));
      while (steps.length === 0) yield* passes(1);
      expect(readFileSync(path, 'utf8')).toBe('first');
      yield* writing.kill();
      expect(descriptors()).toEqual([]);
      expect(steps).toEqual(['stalled']);
    }),
  );

  it(
    'by a signal of the user is an AbortError, and no listener is left',
    green(function* () {
      const path = yield* large();
      const controller = new AbortController();
      const { signal } = controller;
      const error = yield* thrownBy(function* () {
        yield* all([
          fs.readFile(path, { signal }),
          spawn(function* () {
            while (descriptors().length === 0) yield* passes(1);
            controller.abort(new Error('enough'));
          }),
        ]);
      });
      expect([error.name, error.code, error.cause?.message]).toEqual(['AbortError', 'ABORT_ERR', 'enough']);
      const calm = new AbortController();
      yield* fs.writeFile(`${path}.2`, 'x', { signal: calm.signal });
      yield* fs.readFile(`${path}.2`, { signal: calm.signal });
      expect(getEventListeners(calm.signal, 'abort')).toEqual([]);
    }),
  );
});

describe('an error', () => {
  it(
    'shows where the greenlet stands, and is else what Node made',
    green(function* () {
      const error = yield* thrownBy(function* user() {
        yield* fs.stat('/none');
      });
      expect(error.stack).toMatch(/^Error: ENOENT: no such file or directory, stat '\/none'\n/);
      expect(error.stack).toContain('fs-interrupt.test.ts');
      expect(error.stack).toContain('user');
      expect(Object.keys(error).sort()).toEqual(['code', 'errno', 'path', 'syscall']);
      expect(error.constructor).toBe(Error);
    }),
  );

  it.each<[string, () => unknown]>([
    ['a promise function', () => fs.readdir('/none', { recursive: true })],
    ['open', () => fs.open('/none')],
    ['lines', () => fs.readLines('/none').more()],
    ['all lines', () => fs.readLines('/none').toArray()],
    ['a walk', () => fs.walk('/none').next()],
    ['an operand', () => all([fs.stat('/none')])],
  ])(
    'of %s does so, too',
    green(function* (_name: string, fn: () => unknown) {
      const error = yield* thrownBy(function* user() {
        yield* fn() as Operation<unknown>;
      });
      expect(error.code).toBe('ENOENT');
      expect(error.stack).toMatch(/ at .*user.*fs-interrupt\.test\.ts/);
    }),
  );

  it('that the call makes of wrong arguments is thrown by the run', async () => {
    const operation = fs.readFile(undefined as never);
    await expect(operation.promise()).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    await expect(fs.rename('a', undefined as never).promise()).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
  });
});

describe('a wait', () => {
  it(
    'has a name, with the path',
    green(function* () {
      const path = fifo();
      const opening = spawn(() => fs.open(path));
      yield* sleep(0);
      expect(describeWait(opening)).toBe(`fs.open of '${path}'`);
      const reading = spawn(() => fs.readFile(path));
      yield* sleep(0);
      expect(describeWait(reading)).toBe(`fs.readFile of '${path}'`);
      yield* fs.writeFile(path, 'x', { flag: 'r+' });
      const file = yield* opening.get();
      expect(String(file)).toBe(`<FileHandle ${file.fd} '${path}'>`);
      yield* reading.kill();
      yield* file.close();
      expect(String(file)).toBe(`<FileHandle closed '${path}'>`);
    }),
  );

  it(
    'lets others run, and the operation may be run again',
    green(function* () {
      const path = `${folder()}/a`;
      writeFileSync(path, 'one');
      const reading = fs.readFile(path, 'utf8');
      const order: string[] = [];
      const greenlet = spawn(function* () {
        order.push(yield* reading);
      });
      yield* sleep(0);
      order.push('other');
      yield* greenlet.join();
      writeFileSync(path, 'two');
      expect(yield* reading).toBe('two');
      expect(order).toEqual(['other', 'one']);
    }),
  );

  it(
    'a copy stops before the next file; its filter may block, and ends with it',
    green(function* () {
      const from = folder();
      for (const name of ['a', 'b', 'c']) writeFileSync(`${from}/${name}`, name);
      const asked: string[] = [];
      let ended = false;
      const copy = spawn(() =>
        fs.cp(from, `${from}.copy`, {
          recursive: true,
          *filter(source) {
            asked.push(source.slice(from.length));
            try {
              if (asked.length === 3) yield* sleep(Number.POSITIVE_INFINITY);
            } finally {
              ended = asked.length === 3;
            }
            return asked.length !== 2;
          },
        }),
      );
      while (asked.length < 3) yield* passes(1);
      yield* copy.kill();
      yield* quiet();
      expect(asked[0]).toBe('');
      expect(asked).toHaveLength(3);
      expect(ended).toBe(true);
      expect(readdirSync(`${from}.copy`)).toEqual([]);
      const plain = spawn(() => fs.cp(from, `${from}.second`, { recursive: true }));
      yield* sleep(0);
      yield* plain.kill();
      yield* quiet();
      expect(existsSync(`${from}.second/c`)).toBe(false);
    }),
  );
});
