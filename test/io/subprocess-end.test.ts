/** Children whose greenlet is interrupted, or whose process ends. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attempt, enter, type Green, green, select, sleep, spawn, until } from 'greenlets';
import { subprocess } from 'greenlets/io';
import { describe, expect, it } from 'vitest';
import { watchHub } from '../support/hub-watch.js';
import { atEnd, eventually, watchLeftovers } from '../support/leftovers.js';
import { children, gone } from './subprocess-support.js';

watchHub();
watchLeftovers();

const { run, Popen } = subprocess;
const NODE = process.execPath;

describe('interruption', () => {
  it(
    'a killed greenlet leaves no child and no grandchild, when its kill is over; also when the child itself has ended',
    green(function* () {
      const folder = mkdtempSync(join(tmpdir(), 'run-'));
      atEnd(() => rmSync(folder, { recursive: true }));
      for (const end of ['wait', 'exit 0']) {
        const file = join(folder, end);
        const script = `sleep 1000 & echo $$ $! > '${file}.new'; mv '${file}.new' '${file}'; ${end}`;
        const g = spawn(() => run(['sh', '-c', script], { stdout: 'pipe' }));
        const read = () => {
          try {
            return readFileSync(file, 'utf8');
          } catch {
            return '';
          }
        };
        yield* until(eventually('it has started another', () => read() !== ''));
        yield* g.kill();
        yield* gone(...read().split(' ').map(Number));
        expect(children()).toEqual([]);
      }
    }),
  );

  it(
    'disposing a child ends it and what it has started, with its pipes, and waits for that',
    green(function* () {
      const line = 'sleep 1000 & echo $$ $!; exec cat /dev/zero';
      const options = { shell: true, stdin: 'pipe', stdout: 'pipe' } as const;
      const child = new Popen(line, options);
      const pids = yield* enter(child, function* () {
        return ((yield* child.stdout!.readLine()) ?? '').split(' ').map(Number);
      });
      expect(child.returncode).toBe(-9);
      expect(children()).toEqual([]);
      yield* gone(...pids);
      expect([child.raw.stdin?.destroyed, child.raw.stdout?.destroyed]).toEqual([true, true]);
      const other = new Popen(['sleep', '1000'], { stdin: 'pipe' });
      other[Symbol.dispose]();
      other[Symbol.dispose]();
      expect(yield* other.wait()).toBe(-9);
      yield* until(other[Symbol.asyncDispose]());
    }),
  );

  it(
    'disposing a child that could not be started waits for nothing, and the error is not lost',
    green(function* () {
      const child = new Popen(['there-is-no-such-program'], { stdin: 'pipe', stdout: 'pipe' });
      yield* until(child[Symbol.asyncDispose]());
      expect(yield* attempt(child.wait())).toMatchObject({ ok: false, error: { code: 'ENOENT' } });
    }),
  );

  it(
    'the loser of a select is ended, and its sibling gives its value',
    green(function* () {
      const { key } = yield* select({ slow: run(['sleep', '1000']), quick: sleep(5) });
      expect(key).toBe('quick');
      expect(children()).toEqual([]);
    }),
  );
});

describe('the end of the process', () => {
  function* ending(
    how: string,
    signal?: NodeJS.Signals,
  ): Green<{ code: number; pids: number[]; rest: string }> {
    const program = new Popen([NODE, '--import', 'tsx', 'test/process/children.ts', how], {
      stdout: 'pipe',
      stderr: 'ignore',
    });
    const pids = ((yield* program.stdout!.readLine()) ?? '').split(' ').map(Number);
    expect(pids.every((pid) => pid > 0)).toBe(true);
    if (signal !== undefined) program.sendSignal(signal);
    const rest = (yield* program.stdout!.lines().toArray()).join();
    return { code: yield* program.wait(), pids, rest };
  }

  for (const [how, signal, code] of [
    ['exit', undefined, 0],
    ['error', undefined, 1],
    ['main', 'SIGINT', 130],
    ['main', 'SIGTERM', 143],
  ] as const) {
    it(
      `by ${signal ?? how} ends the children and what they started`,
      green(function* () {
        const ended = yield* ending(how, signal);
        expect(ended.code).toBe(code);
        yield* gone(...ended.pids);
        // Under a signal the child had time for its own clean-up.
        if (signal !== undefined) expect(ended.rest).toContain('child cleaned');
      }),
    );
  }

  it(
    'is held by a child that somebody waits for',
    green(function* () {
      const program = new Popen([NODE, '--import', 'tsx', 'test/process/children.ts', 'hold'], {
        stdout: 'pipe',
      });
      expect(yield* program.stdout!.lines().toArray()).toEqual(['ended with 5']);
      expect(yield* program.wait()).toBe(0);
    }),
  );
});
