/** The overloads of node:fs/promises, kept. */
import type { BigIntStats, Dirent, Stats } from 'node:fs';
import type * as promises from 'node:fs/promises';
import type { Operation, Results } from 'greenlets';
import { fs } from 'greenlets/io';
import { expectType } from '../core/expect.js';

declare const handle: fs.FileHandle;
declare const host: promises.FileHandle;
declare const encoding: BufferEncoding | null;
declare const bigint: boolean;

// Every overload gives what its promise would.
expectType<Operation<string>>()(fs.readFile('a', 'utf8'));
expectType<Operation<string>>()(fs.readFile('a', { encoding: 'hex', flag: 'r' }));
expectType<Operation<Buffer<ArrayBuffer>>>()(fs.readFile('a'));
expectType<Operation<Buffer<ArrayBuffer>>>()(fs.readFile(new URL('file:///a'), null));
expectType<Operation<string | Buffer<ArrayBuffer>>>()(fs.readFile('a', { encoding }));
expectType<Operation<string[]>>()(fs.readdir('a'));
expectType<Operation<Dirent[]>>()(fs.readdir('a', { withFileTypes: true }));
expectType<Operation<Buffer<ArrayBuffer>[]>>()(fs.readdir('a', 'buffer'));
expectType<Operation<Dirent<Buffer<ArrayBuffer>>[]>>()(
  fs.readdir('a', { encoding: 'buffer', withFileTypes: true }),
);
expectType<Operation<Stats>>()(fs.stat('a'));
expectType<Operation<BigIntStats>>()(fs.stat('a', { bigint: true }));
expectType<Operation<Stats | BigIntStats>>()(fs.lstat('a', { bigint }));
expectType<Operation<void>>()(fs.mkdir('a'));
expectType<Operation<string | undefined>>()(fs.mkdir('a', { recursive: true }));
expectType<Operation<string>>()(fs.mkdtemp('a'));
expectType<Operation<void>>()(fs.unlink('a'));
expectType<Operation<void>>()(fs.rm('a', { recursive: true, force: true }));

// Parameters are those of the promise functions; handles may be green.
expectType<Parameters<typeof promises.rename>>()({} as Parameters<typeof fs.rename>);
expectType<Parameters<typeof promises.chown>>()({} as Parameters<typeof fs.chown>);
fs.readFile(handle, 'utf8');
fs.readFile(host, 'utf8');
fs.writeFile(handle, 'x');
fs.writeFile('a', ['x'], { flush: true });
fs.writeFile('a', fs.readLines('b'));
fs.appendFile(handle, 'x');
expectType<Operation<void>>()(fs.cp('a', new URL('file:///b'), { recursive: true }));
fs.cp('a', 'b', { filter: async (source) => source !== '' });
fs.cp('a', 'b', {
  *filter(source, destination) {
    yield* fs.stat(destination);
    return source !== '';
  },
});
// @ts-expect-error: no filter
fs.cp('a', 'b', { filter: 'a' });
// @ts-expect-error: no path
fs.stat(5);
// @ts-expect-error: no encoding
fs.readFile('a', 'bogus');
// @ts-expect-error: the second path is missing
fs.rename('a');
// @ts-expect-error: no data
fs.writeFile('a', 5);

// Handles and folders are green, and keep the types of buffers.
expectType<Operation<fs.FileHandle>>()(fs.open('a', 'r', 0o600));
expectType<Operation<fs.Dir>>()(fs.opendir('a', { recursive: true }));
expectType<Operation<promises.FileReadResult<Uint8Array<ArrayBuffer>>>>()(handle.read(new Uint8Array(1)));
expectType<Operation<promises.FileReadResult<Buffer>>>()(handle.read());
expectType<Operation<string>>()(handle.readFile('utf8'));
expectType<Operation<{ bytesWritten: number; buffer: string }>>()(handle.write('x', 0, 'utf8'));
expectType<Operation<BigIntStats>>()(handle.stat({ bigint: true }));
expectType<Operation<void>>()(handle.close());
expectType<Results<string>>()(handle.readLines({ start: 1 }));

// Results of many.
expectType<Results<string>>()(fs.readLines('a'));
expectType<Results<fs.WatchEvent>>()(fs.watch('a', { recursive: true }));
expectType<Results<fs.WatchEvent<Buffer>>>()(fs.watch('a', 'buffer'));
expectType<'file' | 'folder' | 'link' | 'other'>()(fs.walk('a', { maxDepth: 1 }).value.kind);

function* body() {
  const text = yield* fs.readFile('a', 'utf8');
  expectType<string>()(text);
  const dir = yield* fs.opendir('a');
  while (yield* dir.more()) expectType<Dirent>()(dir.value);
}
void body;
