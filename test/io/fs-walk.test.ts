import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { each, type Green, green, sleep, spawn, until } from 'greenlets';
import { fs } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { descriptors, folder, passes, quiet, thrownBy, unprivileged, watchFiles } from './fs-support.js';

watchHub();
watchFiles();

function tree(): string {
  const root = folder();
  for (const name of ['b/deep/er', 'a', 'c']) mkdirSync(`${root}/${name}`, { recursive: true });
  for (const name of ['b/1', 'b/deep/2', 'b/deep/er/3', 'a/4', 'z']) writeFileSync(`${root}/${name}`, '');
  symlinkSync('../b', `${root}/c/to-b`);
  symlinkSync('..', `${root}/b/up`);
  symlinkSync('nowhere', `${root}/broken`);
  return root;
}

const ALL = [
  'a',
  'a/4',
  'b',
  'b/1',
  'b/deep',
  'b/deep/2',
  'b/deep/er',
  'b/deep/er/3',
  'b/up',
  'broken',
  'c',
  'c/to-b',
  'z',
];

function* paths(root: string, options?: fs.WalkOptions): Green<string[]> {
  const entries = yield* fs.walk(root, options).toArray();
  return entries.map(({ path }) => path.slice(root.length + 1));
}

describe('walk', () => {
  it(
    'gives a folder before what is in it, in the order of names, with kind and depth',
    green(function* () {
      const root = tree();
      expect(yield* paths(root)).toEqual(ALL);
      const entries = yield* fs.walk(pathToFileURL(root)).toArray();
      const told = Object.fromEntries(
        entries.map(({ path, ...rest }) => [path.slice(root.length + 1), rest]),
      );
      expect(told['b/deep']).toEqual({ name: 'deep', depth: 2, kind: 'folder' });
      expect(told['b/deep/er/3']).toEqual({ name: '3', depth: 4, kind: 'file' });
      expect(told.broken).toEqual({ name: 'broken', depth: 1, kind: 'link' });
    }),
  );

  it(
    'goes no deeper than maxDepth',
    green(function* () {
      const root = tree();
      const deepest = (max: number) => ALL.filter((path) => path.split('/').length <= max);
      for (const maxDepth of [0, 1, 2, 3])
        expect(yield* paths(root, { maxDepth })).toEqual(deepest(maxDepth));
      expect(() => fs.walk(root, { maxDepth: -1 })).toThrow('maxDepth must be');
    }),
  );

  it(
    'follows links when told to, but never round in a circle',
    green(function* () {
      const root = tree();
      const found = yield* paths(root, { followSymlinks: true });
      expect(found).toEqual([
        ...ALL.slice(0, ALL.indexOf('z')),
        ...['1', 'deep', 'deep/2', 'deep/er', 'deep/er/3', 'up'].map((name) => `c/to-b/${name}`),
        'z',
      ]);
      const entries = yield* fs.walk(root, { followSymlinks: true }).toArray();
      const kinds = Object.fromEntries(entries.map(({ path, kind }) => [path.slice(root.length + 1), kind]));
      expect([kinds['b/up'], kinds['c/to-b'], kinds.broken]).toEqual(['folder', 'folder', 'link']);
    }),
  );

  it(
    'leaves out a folder that is skipped, and ends when it is closed',
    green(function* () {
      const root = tree();
      const found: string[] = [];
      const walk = fs.walk(root);
      while (yield* walk.more()) {
        found.push(walk.value.path.slice(root.length + 1));
        if (walk.value.name === 'b') walk.skip();
        if (walk.value.name === 'c') walk.close();
      }
      expect(found).toEqual(['a', 'a/4', 'b', 'broken', 'c']);
    }),
  );

  it(
    'throws in the place of what it cannot read, and goes on behind it',
    green(function* () {
      const root = tree();
      const walk = fs.walk(root);
      while ((yield* walk.more()) && walk.value.name !== 'deep');
      rmSync(`${root}/b/deep`, { recursive: true });
      const error = yield* thrownBy(() => walk.more());
      expect([error.code, error.path]).toEqual(['ENOENT', `${root}/b/deep`]);
      expect((yield* walk.toArray()).map(({ name }) => name)).toEqual(['up', 'broken', 'c', 'to-b', 'z']);
    }),
  );

  it(
    'throws for a folder that it may not read, and goes on',
    green(function* () {
      const root = tree();
      chmodSync(`${root}/b`, 0);
      const walk = fs.walk(root);
      while ((yield* walk.more()) && walk.value.name !== 'b');
      yield* unprivileged(function* () {
        expect((yield* thrownBy(() => walk.more())).code).toBe('EACCES');
        expect((yield* walk.next()).value).toMatchObject({ name: 'broken' });
        const error = yield* thrownBy(() => fs.readFile(`${root}/b/1`));
        expect([error.code, error.syscall, error.path]).toEqual(['EACCES', 'open', `${root}/b/1`]);
        expect((yield* thrownBy(() => fs.writeFile(`${root}/new`, 'x'))).code).toBe('EACCES');
      });
      chmodSync(`${root}/b`, 0o700);
    }),
  );

  it(
    'loses nothing when more is killed at any stage',
    green(function* () {
      const root = tree();
      const walk = fs.walk(root, { followSymlinks: true });
      const found: string[] = [];
      for (let count = 0, ended = false; !ended; count++) {
        const greenlet = spawn(function* () {
          ended = !(yield* walk.more());
          if (!ended) found.push(walk.value.path.slice(root.length + 1));
        });
        yield* sleep(0);
        yield* passes(count % 4);
        yield* greenlet.kill();
      }
      expect(found).toEqual(yield* paths(root, { followSymlinks: true }));
    }),
  );
});

describe('opendir', () => {
  it(
    'reads entries, null at the end, and closes',
    green(function* () {
      const root = tree();
      const dir = yield* fs.opendir(root);
      expect([dir.path, String(dir)]).toEqual([root, `<Dir '${root}'>`]);
      const names: string[] = [];
      for (let entry = yield* dir.read(); entry !== null; entry = yield* dir.read()) names.push(entry.name);
      expect(names.sort()).toEqual(['a', 'b', 'broken', 'c', 'z']);
      expect(yield* dir.read()).toBe(null);
      yield* dir.close();
      yield* dir.close();
      expect(descriptors()).toEqual([]);
      expect((yield* thrownBy(() => dir.read())).code).toBe('ERR_DIR_CLOSED');
    }),
  );

  it(
    'is Results over its entries, closed at the end',
    green(function* () {
      const root = tree();
      const dir = yield* fs.opendir(root, { bufferSize: 1 });
      const names = (yield* each(dir).toArray()).map(({ name }) => name);
      expect(names.sort()).toEqual(['a', 'b', 'broken', 'c', 'z']);
      yield* quiet();
      expect(descriptors()).toEqual([]);
      const again = yield* fs.opendir(root);
      yield* until(again[Symbol.asyncDispose]());
      expect(descriptors()).toEqual([]);
    }),
  );

  it(
    'loses no entry when a read is killed, whether it was answered or not',
    green(function* () {
      const root = folder();
      const expected = Array.from({ length: 50 }, (_, i) => `f${i}`).sort();
      for (const name of expected) writeFileSync(`${root}/${name}`, '');
      const dir = yield* fs.opendir(root, { bufferSize: 3 });
      const names: string[] = [];
      for (let count = 0, ended = false; !ended; count++) {
        const greenlet = spawn(function* () {
          const entry = yield* dir.read();
          if (entry === null) ended = true;
          else names.push(entry.name);
        });
        yield* sleep(0);
        if (count % 3 > 0) yield* passes(count % 3);
        yield* greenlet.kill();
      }
      yield* dir.close();
      expect(names.sort()).toEqual(expected);
    }),
  );
});
