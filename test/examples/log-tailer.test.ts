import { spawn as spawnProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { type Green, type Greenlet, green, Queue, sleep, spawn } from 'greenlets';
import { describe, expect, it } from 'vitest';
import { tail } from '../../examples/log-tailer/tail.js';
import { folder, quiet, watchFiles } from '../io/fs-support.js';
import { watchHub } from '../support/hub-watch.js';
import { runExample } from './run-example.js';

watchHub();
watchFiles();

/** The lines of a tailer, as they come. */
class Tailed {
  readonly lines = new Queue<string>();
  readonly greenlet: Greenlet<never>;

  constructor(path: string, fromStart = false) {
    this.greenlet = spawn(tail, path, (line: string) => this.lines.putNowait(line), fromStart);
  }

  /** The next `count` lines. */
  *next(count: number): Green<string[]> {
    const found: string[] = [];
    while (found.length < count) found.push(yield* this.lines.get());
    return found;
  }
}

describe('the log tailer', () => {
  it(
    'tells what is appended, line by line, and keeps a line until it ends',
    green(function* () {
      const path = `${folder()}/log`;
      writeFileSync(path, 'old\n');
      const tailed = new Tailed(path, true);
      expect(yield* tailed.next(1)).toEqual(['old']);
      appendFileSync(path, 'one\ntw');
      expect(yield* tailed.next(1)).toEqual(['one']);
      appendFileSync(path, 'o\nthree\n');
      expect(yield* tailed.next(2)).toEqual(['two', 'three']);
      yield* tailed.greenlet.kill();
    }),
  );

  it(
    'goes on with the new file when the log is rotated, and loses no line',
    green(function* () {
      const path = `${folder()}/log`;
      writeFileSync(path, '');
      const tailed = new Tailed(path, true);
      const expected: string[] = [];
      for (let i = 0; i < 20; i++) {
        appendFileSync(path, `${i} a\n${i} b\n`);
        expected.push(`${i} a`, `${i} b`);
        if (i % 3 === 1) yield* sleep(0);
        if (i % 5 === 4) {
          const seen = yield* tailed.next(expected.length);
          expect(seen).toEqual(expected.splice(0));
          appendFileSync(path, `${i} last\n`);
          expected.push(`${i} last`);
          renameSync(path, `${path}.${i}`);
          writeFileSync(path, `${i} first\n`);
          expected.push(`${i} first`);
        }
      }
      expect(yield* tailed.next(expected.length)).toEqual(expected);
      yield* tailed.greenlet.kill();
    }),
  );

  it(
    'begins again when the file is cut short, waits for one that is not there, and lets one go that is removed',
    green(function* () {
      const path = `${folder()}/log`;
      const tailed = new Tailed(path);
      yield* sleep(0);
      yield* quiet();
      writeFileSync(path, 'a long first line\n');
      expect(yield* tailed.next(1)).toEqual(['a long first line']);
      truncateSync(path);
      yield* quiet();
      appendFileSync(path, 'short\n');
      expect(yield* tailed.next(1)).toEqual(['short']);
      rmSync(path);
      writeFileSync(path, 'new\n');
      expect(yield* tailed.next(1)).toEqual(['new']);
      yield* tailed.greenlet.kill();
    }),
  );

  it('is a program, which Ctrl-C ends', async () => {
    const root = folder();
    writeFileSync(`${root}/a`, 'one\n');
    writeFileSync(`${root}/b`, 'two\n');
    const args = ['--import', 'tsx', 'examples/log-tailer/main.ts', '--all', `${root}/a`, `${root}/b`];
    const child = spawnProcess(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    const sees = async (line: string) => {
      while (!printed.includes(line)) await once(child.stdout, 'data');
    };
    try {
      await sees(`${root}/a: one\n`);
      await sees(`${root}/b: two\n`);
      appendFileSync(`${root}/a`, 'three\n');
      await sees(`${root}/a: three\n`);
      child.kill('SIGINT');
      await once(child, 'close');
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('tells how it is used', async () => {
    const { code, stderr } = await runExample('examples/log-tailer/main.ts');
    expect([code, stderr.split('\n')[0]?.slice(0, 6)]).toEqual([2, 'Usage:']);
  });
});
