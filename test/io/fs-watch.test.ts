import { getEventListeners } from 'node:events';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { green, sleep, spawn } from 'greenlets';
import { fs } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { describeWait } from '../../src/runtime/operation.js';
import { watchHub } from '../support/hub-watch.js';
import { folder, passes, thrownBy, watchFiles } from './fs-support.js';

watchHub();
watchFiles();

describe('watch', () => {
  it(
    'sees what happens from the call on, before it is asked',
    green(function* () {
      const root = folder();
      using changes = fs.watch(root);
      writeFileSync(`${root}/a`, 'x');
      expect(yield* changes.more()).toBe(true);
      expect(changes.value).toEqual({ eventType: 'rename', filename: 'a' });
      while (changes.value.eventType !== 'change') yield* changes.more();
      renameSync(`${root}/a`, `${root}/b`);
      while (changes.value.filename !== 'b') yield* changes.more();
      expect(changes.value.eventType).toBe('rename');
    }),
  );

  it(
    'loses no event when more is killed',
    green(function* () {
      const root = folder();
      using changes = fs.watch(root, { encoding: 'buffer' });
      const killed = spawn(() => changes.more());
      yield* sleep(0);
      expect(describeWait(killed)).toBe(`fs.watch of <Watch '${root}'>`);
      yield* killed.kill();
      writeFileSync(`${root}/a`, '');
      const late = spawn(() => changes.more());
      yield* late.get();
      expect(changes.value.filename).toEqual(Buffer.from('a'));
    }),
  );

  it(
    'ends by close, for who waits and for who comes',
    green(function* () {
      const changes = fs.watch(folder());
      const waiting = spawn(() => changes.more());
      const all = spawn(() => changes.toArray());
      yield* sleep(0);
      changes.close();
      expect([yield* waiting.get(), yield* all.get()]).toEqual([false, []]);
      expect(yield* changes.more()).toBe(false);
    }),
  );

  it(
    'ends with the AbortError of its signal, which keeps no listener',
    green(function* () {
      const controller = new AbortController();
      const changes = fs.watch(folder(), { signal: controller.signal });
      const waiting = spawn(() => thrownBy(() => changes.more()));
      yield* sleep(0);
      controller.abort('enough');
      const error = yield* waiting.get();
      expect([error.name, error.code, error.cause]).toEqual(['AbortError', 'ABORT_ERR', 'enough']);
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
      expect(yield* changes.more()).toBe(false);
      const late = fs.watch(folder(), { signal: controller.signal });
      expect((yield* thrownBy(() => late.more())).name).toBe('AbortError');
    }),
  );

  it(
    'keeps as many events as it is told, and ignores or throws the rest',
    green(function* () {
      const root = folder();
      const few = fs.watch(root, { maxQueue: 2 });
      const strict = fs.watch(root, { maxQueue: 2, overflow: 'throw' });
      const seen = fs.watch(root);
      for (const name of ['a', 'b', 'c']) appendFileSync(`${root}/${name}`, 'x');
      while ((yield* seen.more()) && seen.value.filename !== 'c');
      yield* passes(2);
      expect(yield* strict.more()).toBe(true);
      yield* strict.more();
      const error = yield* thrownBy(() => strict.more());
      expect([error.name, error.code]).toEqual(['WatchOverflow', 'ERR_FS_WATCH_QUEUE_OVERFLOW']);
      expect(error.stack).toContain('fs-watch.test.ts');
      for (const _ of [1, 2]) yield* few.more();
      const waiting = spawn(() => few.more());
      yield* passes(2);
      expect(waiting.dead).toBe(false);
      yield* waiting.kill();
      for (const each of [few, strict, seen]) each.close();
    }),
  );

  it('throws at the call what cannot be watched, and wrong options', () => {
    expect(() => fs.watch('/none')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(() => fs.watch('.', { maxQueue: 0 })).toThrow('maxQueue must be');
    expect(() => fs.watch(5 as never)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
  });
});

describe('glob', () => {
  const available = Number(process.versions.node.split('.')[0]) >= 22;

  it.runIf(available)(
    'gives the paths that fit',
    green(function* () {
      const root = folder();
      for (const name of ['a.ts', 'b.js']) writeFileSync(`${root}/${name}`, '');
      expect(yield* fs.glob('*.ts', { cwd: root }).toArray()).toEqual(['a.ts']);
    }),
  );

  it.skipIf(available)('says that this Node has none', () => {
    expect(() => fs.glob('*')).toThrow('fs.glob needs Node 22');
  });
});
