/** The same calls, made of `fs` and of `node:fs/promises` in folders that are alike: they give the same and throw the same. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import * as promises from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { attempt, type Green, green, until } from 'greenlets';
import { fs } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { folder, watchFiles } from './fs-support.js';

watchHub();
watchFiles();

type Api = any;
type Program = (api: Api, at: (name: string) => string) => unknown;

/** Of every kind of thing one. */
function furnish(): string {
  const path = folder();
  writeFileSync(`${path}/a.txt`, 'one\ntwo\n');
  writeFileSync(`${path}/empty`, '');
  mkdirSync(`${path}/sub/deep`, { recursive: true });
  writeFileSync(`${path}/sub/b.txt`, 'b');
  symlinkSync('a.txt', `${path}/link`);
  symlinkSync('nowhere', `${path}/broken`);
  return path;
}

/** What may be compared: no paths, no times, no numbers of inodes. */
function plain(value: any, root: string): unknown {
  if (Buffer.isBuffer(value)) return { bytes: clean(value.toString('latin1'), root) };
  if (typeof value === 'string') return clean(value, root);
  if (Array.isArray(value)) return value.map((each) => plain(each, root)).sort(byText);
  if (typeof value !== 'object' || value === null) return value;
  if (typeof value.isFile === 'function') {
    const { name, size, mode, uid, nlink } = value;
    const [file, dir, link] = [value.isFile(), value.isDirectory(), value.isSymbolicLink()];
    const named =
      name === undefined ? { mode, uid, nlink, size: dir ? undefined : size } : { name: plain(name, root) };
    const parent = value.parentPath === undefined ? undefined : clean(value.parentPath, root);
    return { type: value.constructor.name, ...named, file, dir, link, parent };
  }
  return { type: value.constructor.name, keys: Object.keys(value).sort() };
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

function clean(text: string, root: string): string {
  return text.replaceAll(root, 'ROOT').replace(/made-\w{6}/g, 'made-XXXXXX');
}

function plainError(error: any, root: string): unknown {
  const { name, code, errno, syscall, path, dest, message } = error;
  return {
    name,
    code,
    errno,
    syscall,
    path: plain(path, root),
    dest: plain(dest, root),
    message: clean(message, root),
    native: error instanceof Error,
  };
}

const CALLS: Record<string, Program> = {
  access: (f, at) => f.access(at('a.txt')),
  'access of nothing': (f, at) => f.access(at('none')),
  'access with a mode': (f, at) => f.access(at('a.txt'), fs.constants.R_OK),
  'access with a wrong mode': (f, at) => f.access(at('a.txt'), 1000),
  appendFile: (f, at) => f.appendFile(at('a.txt'), 'three'),
  'appendFile to what is new': (f, at) => f.appendFile(at('new'), Buffer.from('x'), { mode: 0o600 }),
  'appendFile to a folder': (f, at) => f.appendFile(at('sub'), 'x'),
  chmod: (f, at) => f.chmod(at('a.txt'), 0o640),
  'chmod by text': (f, at) => f.chmod(at('a.txt'), '600'),
  'chmod without a mode': (f, at) => f.chmod(at('a.txt')),
  chown: (f, at) => f.chown(at('a.txt'), process.getuid?.(), process.getgid?.()),
  'chown by text': (f, at) => f.chown(at('a.txt'), 'root', 0),
  copyFile: (f, at) => f.copyFile(at('a.txt'), at('copy')),
  'copyFile over what is there': (f, at) => f.copyFile(at('a.txt'), at('empty'), fs.constants.COPYFILE_EXCL),
  'copyFile to nowhere': (f, at) => f.copyFile(at('a.txt'), at('none/copy')),
  cp: (f, at) => f.cp(at('sub'), at('copy'), { recursive: true }),
  'cp with a filter': (f, at) =>
    f.cp(at('sub'), at('copy'), {
      recursive: true,
      filter: async (source: string) => !source.endsWith('.txt'),
    }),
  'cp with a filter that throws': (f, at) =>
    f.cp(at('sub'), at('copy'), {
      recursive: true,
      filter: () => {
        throw new RangeError('no');
      },
    }),
  'cp with a filter that is none': (f, at) => f.cp(at('sub'), at('copy'), { filter: 5 as never }),
  'cp with options that are none': (f, at) => f.cp(at('sub'), at('copy'), 5 as never),
  'cp of a folder without recursive': (f, at) => f.cp(at('sub'), at('copy')),
  lchown: (f, at) => f.lchown(at('link'), process.getuid?.(), process.getgid?.()),
  lchmod: (f, at) => f.lchmod(at('link'), 0o600),
  link: (f, at) => f.link(at('a.txt'), at('second')),
  'link of nothing': (f, at) => f.link(at('none'), at('second')),
  lstat: (f, at) => f.lstat(at('link')),
  lutimes: (f, at) => f.lutimes(at('link'), 1, 2),
  'lutimes of nothing': (f, at) => f.lutimes(at('none'), 1, 2),
  mkdir: (f, at) => f.mkdir(at('new')),
  'mkdir recursive': (f, at) => f.mkdir(at('x/y/z'), { recursive: true }),
  'mkdir recursive of what is there': (f, at) => f.mkdir(at('sub'), { recursive: true }),
  'mkdir of what is there': (f, at) => f.mkdir(at('sub')),
  'mkdir in a file': (f, at) => f.mkdir(at('a.txt/x')),
  mkdtemp: (f, at) => f.mkdtemp(at('made-')),
  'mkdtemp nowhere': (f, at) => f.mkdtemp(at('none/made-')),
  'mkdtemp of a number': (f) => f.mkdtemp(5),
  readdir: (f, at) => f.readdir(at('.')),
  'readdir with kinds': (f, at) => f.readdir(at('.'), { withFileTypes: true }),
  'readdir as bytes': (f, at) => f.readdir(at('.'), 'buffer'),
  'readdir recursive': (f, at) => f.readdir(at('.'), { recursive: true }),
  'readdir recursive with kinds': (f, at) => f.readdir(at('.'), { recursive: true, withFileTypes: true }),
  'readdir of a file': (f, at) => f.readdir(at('a.txt')),
  'readdir in a wrong encoding': (f, at) => f.readdir(at('.'), 'bogus'),
  readFile: (f, at) => f.readFile(at('a.txt')),
  'readFile as text': (f, at) => f.readFile(at('a.txt'), 'utf8'),
  'readFile with options': (f, at) => f.readFile(at('a.txt'), { encoding: 'hex', flag: 'r+' }),
  'readFile with null': (f, at) => f.readFile(at('a.txt'), null),
  'readFile by URL': (f, at) => f.readFile(pathToFileURL(at('a.txt')), 'utf8'),
  'readFile by bytes': (f, at) => f.readFile(Buffer.from(at('a.txt')), 'utf8'),
  'readFile of nothing in it': (f, at) => f.readFile(at('empty')),
  'readFile of nothing': (f, at) => f.readFile(at('none')),
  'readFile of a folder': (f, at) => f.readFile(at('sub')),
  'readFile below a file': (f, at) => f.readFile(at('a.txt/x')),
  'readFile of a link that leads nowhere': (f, at) => f.readFile(at('broken')),
  'readFile of a number': (f) => f.readFile(3),
  'readFile of undefined': (f) => f.readFile(),
  'readFile of a name with a zero': (f) => f.readFile('a\0b'),
  'readFile in a wrong encoding': (f, at) => f.readFile(at('a.txt'), 'bogus'),
  'readFile with a wrong flag': (f, at) => f.readFile(at('a.txt'), { flag: 'bogus' }),
  'readFile with a number for options': (f, at) => f.readFile(at('a.txt'), 5),
  'readFile with a wrong signal': (f, at) => f.readFile(at('a.txt'), { signal: 'stop' }),
  'readFile with an aborted signal': (f, at) => f.readFile(at('a.txt'), { signal: AbortSignal.abort() }),
  'readFile of /proc': (f) => f.readFile('/proc/self/comm', 'utf8'),
  'readFile of what cannot be read': (f) => f.readFile('/proc/self/mem'),
  readlink: (f, at) => f.readlink(at('link')),
  'readlink of no link': (f, at) => f.readlink(at('a.txt')),
  realpath: (f, at) => f.realpath(at('sub/../link')),
  'realpath of nothing': (f, at) => f.realpath(at('none')),
  rename: (f, at) => f.rename(at('a.txt'), at('z.txt')),
  'rename of nothing': (f, at) => f.rename(at('none'), at('z.txt')),
  'rename without a second name': (f, at) => f.rename(at('a.txt')),
  rm: (f, at) => f.rm(at('a.txt')),
  'rm of a folder': (f, at) => f.rm(at('sub')),
  'rm recursive': (f, at) => f.rm(at('sub'), { recursive: true }),
  'rm of nothing': (f, at) => f.rm(at('none')),
  'rm of nothing by force': (f, at) => f.rm(at('none'), { force: true }),
  rmdir: (f, at) => f.rmdir(at('sub/deep')),
  'rmdir of a full folder': (f, at) => f.rmdir(at('sub')),
  'rmdir of a file': (f, at) => f.rmdir(at('a.txt')),
  stat: (f, at) => f.stat(at('a.txt')),
  'stat with bigint': (f, at) => f.stat(at('a.txt'), { bigint: true }),
  'stat of nothing': (f, at) => f.stat(at('none')),
  'stat with a function': (f, at) => f.stat(at('a.txt'), () => {}),
  statfs: (f, at) => f.statfs(at('.')),
  'statfs with bigint': (f, at) => f.statfs(at('.'), { bigint: true }),
  symlink: (f, at) => f.symlink('a.txt', at('link2')),
  'symlink over what is there': (f, at) => f.symlink('a.txt', at('link')),
  truncate: (f, at) => f.truncate(at('a.txt'), 3),
  'truncate to nothing': (f, at) => f.truncate(at('a.txt')),
  'truncate of nothing': (f, at) => f.truncate(at('none')),
  unlink: (f, at) => f.unlink(at('a.txt')),
  'unlink of nothing': (f, at) => f.unlink(at('none')),
  'unlink of a number': (f) => f.unlink(5),
  utimes: (f, at) => f.utimes(at('a.txt'), 1, new Date(2000)),
  'utimes of nothing': (f, at) => f.utimes(at('none'), 1, 2),
  writeFile: (f, at) => f.writeFile(at('a.txt'), 'new'),
  'writeFile of bytes': (f, at) => f.writeFile(at('new'), new Uint8Array([65, 66])),
  'writeFile in an encoding': (f, at) => f.writeFile(at('new'), '6162', 'hex'),
  'writeFile flushed': (f, at) => f.writeFile(at('new'), 'x', { flush: true }),
  'writeFile with wx': (f, at) => f.writeFile(at('a.txt'), 'x', { flag: 'wx' }),
  'writeFile of an array': (f, at) => f.writeFile(at('new'), ['a', Buffer.from('b'), 'c']),
  'writeFile of a stream': (f, at) => f.writeFile(at('new'), Readable.from(['a', 'bc'])),
  'writeFile of a number': (f, at) => f.writeFile(at('new'), 5),
  'writeFile of numbers': (f, at) => f.writeFile(at('new'), [1]),
  'writeFile to a folder': (f, at) => f.writeFile(at('sub'), 'x'),
  'writeFile to a full disk': (f) => f.writeFile('/dev/full', 'x'),
  'writeFile of an array to a full disk': (f) => f.writeFile('/dev/full', ['x']),
  'writeFile with a wrong flush': (f, at) => f.writeFile(at('new'), 'x', { flush: 1 }),
  'writeFile with an aborted signal': (f, at) => f.writeFile(at('new'), 'x', { signal: AbortSignal.abort() }),
  'open of nothing': (f, at) => f.open(at('none')),
  'open with wrong flags': (f, at) => f.open(at('a.txt'), 'bogus'),
  'opendir of a file': (f, at) => f.opendir(at('a.txt')),
};

/** What comes of one program, and the folder after it. */
function* outcome(program: Program, api: Api): Green<unknown> {
  const root = furnish();
  const result = yield* attempt(function* () {
    const given = program(api, (name) => `${root}/${name}`) as any;
    return api === fs ? yield* given : yield* until(given as Promise<unknown>);
  });
  const after = yield* until(promises.readdir(root, { recursive: true }));
  const files = yield* until(
    Promise.all(after.sort().map((name) => promises.readFile(`${root}/${name}`, 'latin1').catch(String))),
  );
  return {
    result: result.ok ? { value: plain(result.value, root) } : { error: plainError(result.error, root) },
    after: after.map((name) => clean(name, root)),
    files: files.map((each) => clean(each, root)),
  };
}

describe('fs and node:fs/promises give and throw the same', () => {
  it.each(Object.keys(CALLS))('%s', async (name) => {
    const program = CALLS[name] as Program;
    await green(function* () {
      expect(yield* outcome(program, fs)).toEqual(yield* outcome(program, promises));
    })();
  });

  it('every function of this Node is there', () => {
    const missing = Object.keys(promises).filter((name) => !(name in fs) && name !== 'default');
    expect(missing).toEqual([]);
    expect(fs.constants).toBe(promises.constants);
  });
});
