/** `node:fs` and `node:fs/promises`. */
import fs from 'node:fs';
import promises, { type FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { type Behaviours, type Kit, type Steps, thrown } from './monkey-behaviours.js';

/** `body` with an open file, which is closed at its end. */
function* withFile(kit: Kit, flags: string, body: (file: FileHandle) => Steps<void>): Steps<void> {
  const file = yield* kit.wait(promises.open(kit.path('file'), flags));
  try {
    yield* body(file);
  } finally {
    yield* kit.wait(file.close());
  }
}

export const callbacks: Behaviours = {
  *'readFile calls back later, with a Buffer, or with text for an encoding'(kit) {
    fs.writeFileSync(kit.path('a'), 'ünïcode');
    let returned = false;
    const reading = kit.called<[Buffer]>((cb) => {
      fs.readFile(kit.path('a'), (...args) => {
        expect(returned).toBe(true);
        cb(...args);
      });
    });
    returned = true;
    const [bytes] = yield* kit.wait(reading);
    expect([Buffer.isBuffer(bytes), bytes.length]).toEqual([true, 9]);
    const [text] = yield* kit.wait(kit.called((cb) => fs.readFile(kit.path('a'), 'utf8', cb)));
    expect(text).toBe('ünïcode');
  },
  *'an error has its code, its number, the call and the path'(kit) {
    const error = yield* kit.fails(kit.called((cb) => fs.readFile(kit.path('none'), cb)));
    expect(error).toMatchObject({ code: 'ENOENT', syscall: 'open', path: kit.path('none') });
    expect(error.errno).toBeLessThan(0);
    expect(error.message).toBe(`ENOENT: no such file or directory, open '${kit.path('none')}'`);
  },
  *'a missing callback, a wrong path and a wrong encoding are thrown'(kit) {
    const read = fs.readFile as unknown as (...args: unknown[]) => void;
    const code = (...args: unknown[]) => (thrown(() => read(...args)) as NodeJS.ErrnoException).code;
    expect(code(kit.path('a'))).toBe('ERR_INVALID_ARG_TYPE');
    expect(code({}, () => {})).toBe('ERR_INVALID_ARG_TYPE');
    expect(code(kit.path('a'), 'no-such', () => {})).toMatch(/^ERR_INVALID_ARG_VALUE$/);
    expect(code('nul\0l', () => {})).toBe('ERR_INVALID_ARG_VALUE');
  },
  *'calls that write, append, rename and unlink leave what they say'(kit) {
    const [from, to] = [kit.path('from'), kit.path('to')];
    yield* kit.wait(kit.called((cb) => fs.writeFile(from, 'one', cb)));
    yield* kit.wait(kit.called((cb) => fs.appendFile(from, ' two', cb)));
    yield* kit.wait(kit.called((cb) => fs.rename(from, to, cb)));
    expect(fs.readFileSync(to, 'utf8')).toBe('one two');
    const [stats] = yield* kit.wait(kit.called<[fs.Stats]>((cb) => fs.stat(to, cb)));
    expect([stats instanceof fs.Stats, stats.isFile(), stats.size]).toEqual([true, true, 7]);
    yield* kit.wait(kit.called((cb) => fs.unlink(to, cb)));
    expect(fs.existsSync(to)).toBe(false);
  },
  *'mkdir with recursive gives the first folder that it made, then nothing'(kit) {
    const deep = kit.path('x/y/z');
    const make = () => kit.called((cb) => fs.mkdir(deep, { recursive: true }, cb));
    expect((yield* kit.wait(make()))[0]).toBe(kit.path('x'));
    expect((yield* kit.wait(make()))[0]).toBe(undefined);
  },
  *'promisify gives what each function says: exists a boolean, read an object'(kit) {
    fs.writeFileSync(kit.path('a'), 'abc');
    expect(yield* kit.wait(promisify(fs.exists)(kit.path('a')))).toBe(true);
    expect(yield* kit.wait(promisify(fs.exists)(kit.path('b')))).toBe(false);
    const fd = yield* kit.wait(promisify(fs.open)(kit.path('a'), 'r'));
    const got = yield* kit.wait(promisify(fs.read)(fd, Buffer.alloc(3), 0, 3, 0));
    expect({ ...got }).toEqual({ bytesRead: 3, buffer: Buffer.from('abc') });
    yield* kit.wait(promisify(fs.close)(fd));
    expect(yield* kit.fails(promisify(fs.fstat)(fd))).toMatchObject({ code: 'EBADF', syscall: 'fstat' });
  },
  *'an aborted readFile calls back with an AbortError'(kit) {
    fs.writeFileSync(kit.path('a'), 'abc');
    const signal = AbortSignal.abort();
    const error = yield* kit.fails(kit.called((cb) => fs.readFile(kit.path('a'), { signal }, cb)));
    expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
  },
};

export const files: Behaviours = {
  *'every call gives a promise, and wrong arguments reject it'(kit) {
    const read = promises.readFile as unknown as (...args: unknown[]) => Promise<unknown>;
    for (const args of [[{}], [kit.path('a'), 'no-such'], []]) {
      const promise = read(...args);
      expect(promise).toBeInstanceOf(Promise);
      const { code } = yield* kit.fails(promise);
      expect(code).toMatch(/^ERR_INVALID_ARG_(TYPE|VALUE)$/);
    }
  },
  *'what was written is read: text, bytes, views, iterables, streams'(kit) {
    const path = kit.path('a');
    const written = [
      'text',
      Buffer.from('text'),
      new Uint8Array(Buffer.from('text')),
      ['te', 'xt'],
      (async function* () {
        yield 'te';
        yield Buffer.from('xt');
      })(),
    ];
    for (const data of written) {
      yield* kit.wait(promises.writeFile(path, data as string));
      expect(yield* kit.wait(promises.readFile(path, 'utf8'))).toBe('text');
    }
    const error = yield* kit.fails(promises.writeFile(path, 5 as never));
    expect(error.code).toBe('ERR_INVALID_ARG_TYPE');
  },
  *'flags are kept to: wx fails on what is there, a appends'(kit) {
    const path = kit.path('a');
    yield* kit.wait(promises.writeFile(path, 'one', { flag: 'wx' }));
    expect(yield* kit.fails(promises.writeFile(path, 'two', { flag: 'wx' }))).toMatchObject({
      code: 'EEXIST',
      syscall: 'open',
      path,
    });
    yield* kit.wait(promises.appendFile(path, ' two'));
    expect(yield* kit.wait(promises.readFile(path, { encoding: 'latin1' }))).toBe('one two');
  },
  *'a file handle reads and writes at a place, is truncated, and knows its size'(kit) {
    yield* withFile(kit, 'w+', function* (file) {
      expect((yield* kit.wait(file.write('hello world', 0))).bytesWritten).toBe(11);
      const { bytesRead, buffer } = yield* kit.wait(file.read(Buffer.alloc(5), 0, 5, 6));
      expect([bytesRead, buffer.toString()]).toEqual([5, 'world']);
      yield* kit.wait(file.truncate(5));
      expect((yield* kit.wait(file.stat())).size).toBe(5);
      expect((yield* kit.wait(file.readFile('utf8'))).length).toBeLessThanOrEqual(5);
      expect(typeof file.fd).toBe('number');
    });
  },
  *'a closed handle has no descriptor, and refuses to be used'(kit) {
    const file = yield* kit.wait(promises.open(kit.path('a'), 'w'));
    yield* kit.wait(file.close());
    expect(file.fd).toBe(-1);
    expect(yield* kit.fails(file.stat())).toMatchObject({ code: 'EBADF' });
  },
  *'a handle is closed by await using, and read by lines'(kit) {
    fs.writeFileSync(kit.path('file'), 'one\ntwo\r\nthree');
    yield* withFile(kit, 'r', function* (file) {
      const lines: string[] = [];
      const reading = (async () => {
        for await (const line of file.readLines({ autoClose: false })) lines.push(line);
      })();
      yield* kit.wait(reading);
      expect(lines).toEqual(['one', 'two', 'three']);
    });
  },
  *'folders are made, listed with their types, walked and removed'(kit) {
    yield* kit.wait(promises.mkdir(kit.path('x/y'), { recursive: true }));
    yield* kit.wait(promises.writeFile(kit.path('x/f'), ''));
    expect((yield* kit.wait(promises.readdir(kit.path('x')))).sort()).toEqual(['f', 'y']);
    const typed = yield* kit.wait(promises.readdir(kit.path('x'), { withFileTypes: true }));
    expect(typed.map((each) => [each.name, each.isDirectory()]).sort()).toEqual([
      ['f', false],
      ['y', true],
    ]);
    const folder = yield* kit.wait(promises.opendir(kit.path('x')));
    const names = [(yield* kit.wait(folder.read()))?.name, (yield* kit.wait(folder.read()))?.name];
    expect([names.sort(), yield* kit.wait(folder.read())]).toEqual([['f', 'y'], null]);
    yield* kit.wait(folder.close());
    expect(yield* kit.fails(promises.rmdir(kit.path('x')))).toMatchObject({ code: 'ENOTEMPTY' });
    yield* kit.wait(promises.rm(kit.path('x'), { recursive: true }));
    expect(yield* kit.fails(promises.rm(kit.path('x')))).toMatchObject({ code: 'ENOENT' });
    yield* kit.wait(promises.rm(kit.path('x'), { force: true }));
  },
  *'links, copies, times, temporary folders'(kit) {
    yield* kit.wait(promises.writeFile(kit.path('a'), 'abc'));
    yield* kit.wait(promises.symlink(kit.path('a'), kit.path('link')));
    expect(yield* kit.wait(promises.readlink(kit.path('link')))).toBe(kit.path('a'));
    expect((yield* kit.wait(promises.lstat(kit.path('link')))).isSymbolicLink()).toBe(true);
    const exclusive = () => promises.copyFile(kit.path('a'), kit.path('b'), fs.constants.COPYFILE_EXCL);
    yield* kit.wait(exclusive());
    expect(yield* kit.fails(exclusive())).toMatchObject({ code: 'EEXIST', dest: kit.path('b') });
    yield* kit.wait(promises.utimes(kit.path('b'), 5, 10));
    expect((yield* kit.wait(promises.stat(kit.path('b')))).mtimeMs).toBe(10_000);
    const made = yield* kit.wait(promises.mkdtemp(kit.path('t-')));
    expect([made.startsWith(kit.path('t-')), made.length]).toEqual([true, kit.path('t-').length + 6]);
    expect(yield* kit.fails(promises.access(kit.path('none')))).toMatchObject({ syscall: 'access' });
    expect(yield* kit.wait(promises.access(kit.path('a')))).toBe(undefined);
  },
  *'an aborted read or write rejects with an AbortError that has the reason'(kit) {
    yield* kit.wait(promises.writeFile(kit.path('a'), 'abc'));
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    const aborted = { name: 'AbortError', code: 'ABORT_ERR', cause: reason };
    expect(yield* kit.fails(promises.readFile(kit.path('a'), { signal }))).toMatchObject(aborted);
    expect(yield* kit.fails(promises.writeFile(kit.path('a'), 'x', { signal }))).toMatchObject(aborted);
    const controller = new AbortController();
    const reading = promises.readFile(kit.path('a'), { signal: controller.signal });
    controller.abort(reason);
    expect(yield* kit.fails(reading)).toMatchObject(aborted);
    expect(yield* kit.fails(promises.readFile(kit.path('a'), { signal: {} as never }))).toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
  },
};
