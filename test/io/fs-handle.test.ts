import { readFileSync, writeFileSync } from 'node:fs';
import * as promises from 'node:fs/promises';
import { attempt, each, type Green, green, until } from 'greenlets';
import { fs } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { descriptors, folder, quiet, thrownBy, watchFiles } from './fs-support.js';

watchHub();
watchFiles();

function file(text = 'hello world'): string {
  const path = `${folder()}/file`;
  writeFileSync(path, text);
  return path;
}

/** Done with a green handle by `yield*`, with Node's by `await`: what it gives, as text. */
const USES: Record<string, (handle: any) => unknown> = {
  read: (h) => h.read(),
  'read into a buffer': (h) => h.read(Buffer.alloc(4)),
  'read with places': (h) => h.read(Buffer.alloc(8), 2, 3, 6),
  'read with null': (h) => h.read(Buffer.alloc(8), null, null, null),
  'read by options': (h) => h.read({ buffer: Buffer.alloc(6), offset: 1, length: 4, position: 2 }),
  'read with a buffer and options': (h) => h.read(Buffer.alloc(6), { length: 2 }),
  'read of nothing': (h) => h.read(Buffer.alloc(4), 0, 0),
  'read into an empty buffer': (h) => h.read(Buffer.alloc(0)),
  'read beyond the buffer': (h) => h.read(Buffer.alloc(4), 3, 9),
  'read into a string': (h) => h.read('text'),
  'read at a bigint': (h) => h.read(Buffer.alloc(4), 0, 4, 6n),
  readv: (h) => h.readv([Buffer.alloc(3), Buffer.alloc(20)]),
  'readv at a place': (h) => h.readv([Buffer.alloc(3)], 6),
  'readv of a number': (h) => h.readv(5),
  readFile: (h) => h.readFile(),
  'readFile as text': (h) => h.readFile('utf8'),
  'readFile in a wrong encoding': (h) => h.readFile('bogus'),
  write: (h) => h.write('HE'),
  'write at a place': (h) => h.write('WORLD', 6),
  'write bytes': (h) => h.write(Buffer.from('abcdef'), 1, 2, 4),
  'write a number': (h) => h.write(5),
  writev: (h) => h.writev([Buffer.from('a'), Buffer.from('bc')], 3),
  writeFile: (h) => h.writeFile('new'),
  'writeFile of bytes': (h) => h.writeFile(Buffer.from('new')),
  appendFile: (h) => h.appendFile('more'),
  truncate: (h) => h.truncate(5),
  'truncate to nothing': (h) => h.truncate(),
  sync: (h) => h.sync(),
  datasync: (h) => h.datasync(),
  chmod: (h) => h.chmod(0o600),
  chown: (h) => h.chown(process.getuid?.() ?? 0, process.getgid?.() ?? 0),
  utimes: (h) => h.utimes(1, 2),
};

function shown(value: any): unknown {
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength)
      .toString('latin1')
      .replace(/\0{9,}/, '…');
  if (Array.isArray(value)) return value.map(shown);
  if (value instanceof Error) return { code: (value as any).code, message: value.message, name: value.name };
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shown(each)]));
}

function* use(
  fn: (handle: any) => unknown,
  open: (path: string) => Green<any>,
  run: (value: any) => Green<unknown>,
) {
  const path = file();
  const handle = yield* open(path);
  const result = yield* attempt(() => run(fn(handle)));
  const size = ((yield* run(handle.stat())) as { size: number }).size;
  yield* run(handle.close());
  const closed = yield* attempt(() => run(fn(handle)));
  return [result, size, readFileSync(path, 'latin1'), handle.fd, shown(closed)].map(shown);
}

function* greenOpen(path: string): Green<fs.FileHandle> {
  return yield* fs.open(path, 'r+');
}
function* greenRun(value: any): Green<unknown> {
  return yield* value;
}
function* hostOpen(path: string): Green<promises.FileHandle> {
  return yield* until(promises.open(path, 'r+'));
}
function* hostRun(value: any): Green<unknown> {
  return yield* until(value as Promise<unknown>);
}

describe('a green file handle and one of Node give and throw the same', () => {
  it.each(Object.keys(USES))('%s', async (name) => {
    const fn = USES[name] as (handle: any) => unknown;
    await green(function* () {
      expect(yield* use(fn, greenOpen, greenRun)).toEqual(yield* use(fn, hostOpen, hostRun));
    })();
  });
});

describe('a file handle', () => {
  it(
    'is closed by using, by await using, and a second close does nothing',
    green(function* () {
      const path = file();
      const first = yield* fs.open(path);
      first[Symbol.dispose]();
      yield* quiet();
      expect(first.fd).toBe(-1);
      const second = yield* fs.open(path);
      yield* until(second[Symbol.asyncDispose]());
      expect(second.fd).toBe(-1);
      yield* second.close();
      expect((yield* thrownBy(() => second.read())).code).toBe('EBADF');
      expect(descriptors()).toEqual([]);
    }),
  );

  it(
    'closes when what is under way has ended',
    green(function* () {
      const handle = yield* fs.open(file());
      const reading = handle.readFile('utf8').promise();
      yield* handle.close();
      expect(yield* until(reading)).toBe('hello world');
    }),
  );

  it(
    'can be given to readFile, writeFile and appendFile, and so can one of Node',
    green(function* () {
      const path = file();
      const handle = yield* fs.open(path, 'r+');
      expect(yield* fs.readFile(handle, 'utf8')).toBe('hello world');
      yield* fs.writeFile(handle, '!');
      yield* fs.appendFile(handle, '?');
      yield* fs.writeFile(handle, ['a', 'b']);
      yield* handle.close();
      expect(readFileSync(path, 'utf8')).toBe('hello world!?ab');
      const host = yield* until(promises.open(path, 'r+'));
      expect(yield* fs.readFile(host, 'utf8')).toBe('hello world!?ab');
      yield* fs.writeFile(host, ['c']);
      yield* until(host.close());
      expect(readFileSync(path, 'utf8')).toBe('hello world!?abc');
    }),
  );

  it(
    "gives Node's streams, which each() reads",
    green(function* () {
      const path = file('abc');
      const reader = yield* fs.open(path);
      expect(Buffer.concat(yield* each<Buffer>(reader.createReadStream()).toArray()).toString()).toBe('abc');
      const web = yield* fs.open(path);
      const chunks = yield* each<ArrayBuffer>(web.readableWebStream() as never).toArray();
      expect(Buffer.concat(chunks.map((each) => Buffer.from(each))).toString()).toBe('abc');
      yield* web.close();
      const writer = yield* fs.open(path, 'w');
      const stream = writer.createWriteStream();
      yield* until(new Promise((resolve) => stream.end('new', () => stream.on('close', resolve as never))));
      expect(readFileSync(path, 'utf8')).toBe('new');
    }),
  );

  it(
    'writes Results as they come',
    green(function* () {
      const path = file('one\ntwo\n');
      yield* fs.writeFile(`${path}.2`, fs.readLines(path));
      expect(readFileSync(`${path}.2`, 'utf8')).toBe('onetwo');
    }),
  );

  it(
    'tells a full disk by its code',
    green(function* () {
      const handle = yield* fs.open('/dev/full', 'w');
      const error = yield* thrownBy(() => handle.write('x'));
      expect([error.code, error.syscall]).toEqual(['ENOSPC', 'write']);
      expect(error.stack).toContain('fs-handle.test.ts');
      yield* handle.close();
    }),
  );
});
