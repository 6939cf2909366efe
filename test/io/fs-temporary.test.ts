import { existsSync, readdirSync } from 'node:fs';
import { attempt, enter, green, sleep, spawn } from 'greenlets';
import { fs } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { folder, quiet, thrownBy, watchFiles } from './fs-support.js';

watchHub();
watchFiles();

describe('mkdtempDisposable', () => {
  it(
    'makes a folder that is removed with all that is in it, however its use ends; once more does nothing',
    green(function* () {
      const prefix = `${folder()}/work-`;
      const made = yield* fs.mkdtempDisposable(prefix);
      expect(made.path.startsWith(prefix)).toBe(true);
      yield* fs.writeFile(`${made.path}/file`, 'x');
      yield* made.remove();
      expect(existsSync(made.path)).toBe(false);
      yield* made.remove();
      let path = '';
      const failed = yield* attempt(function* () {
        yield* enter(yield* fs.mkdtempDisposable(prefix), function* (each) {
          path = each.path;
          yield* fs.mkdir(`${path}/inside`);
          throw new Error('in the middle');
        });
      });
      expect([failed.ok, path.startsWith(prefix), existsSync(path)]).toEqual([false, true, false]);
      expect((yield* thrownBy(() => fs.mkdtempDisposable(`${folder()}/none/x-`))).code).toBe('ENOENT');
    }),
  );

  it(
    'is removed behind the end of a `using`, too',
    green(function* () {
      const at = folder();
      {
        using made = yield* fs.mkdtempDisposable(`${at}/x-`);
        yield* fs.writeFile(`${made.path}/file`, 'x');
      }
      while (readdirSync(at).length > 0) yield* quiet();
    }),
  );

  it(
    'leaves no folder when it is interrupted',
    green(function* () {
      const at = folder();
      const making = Array.from({ length: 5 }, () => spawn(() => fs.mkdtempDisposable(`${at}/x-`)));
      yield* sleep(0);
      for (const each of making) yield* each.kill();
      while (readdirSync(at).length > 0) yield* quiet();
      for (const each of making) expect(each.killed).toBe(true);
    }),
  );
});
