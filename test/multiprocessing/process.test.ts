import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/run-program.js';

const METHODS = ['process', 'worker'] as const;

/** Whether there is a process `pid` that is no zombie. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // It has gone meanwhile, or there is no such folder on this system.
    return process.platform !== 'linux';
  }
}

describe('Process', () => {
  it.each(METHODS)('runs targets, classes and refs, and tells how each has ended (%s)', async (method) => {
    const { out, err, code } = await runProgram('mp-process', ['runs', method]);
    expect(code).toBe(0);
    const named = `hello bob Process-1 MainProcess ${method === 'process'}`;
    expect(out).toContain(named);
    expect(out).toEqual(
      expect.arrayContaining(['alive 7 true null', 'hidden', 'child 11 true', 'hi mine Mine true']),
    );
    expect(out.at(-2)).toBe('codes 0 0 1 3 0 0 0 count 10 0');
    expect(out.at(-1)).toContain("<Process 'Process-1' stopped exitcode=0>");
    expect(err).toMatch(/^Process Process-3:\nTypeError: broken on purpose\n/);
  });

  it.each(METHODS)('may have children of its own (%s)', async (method) => {
    const { out } = await runProgram('mp-process', ['nested', method]);
    expect(out).toEqual([expect.stringMatching(/^hello grandchild Process-1:\d Process-1/), 'code 0']);
  });

  it('refuses closures and what cannot be cloned at the call, and names the path', async () => {
    const { out } = await runProgram('mp-process', ['closure']);
    expect(out[0]).toMatch(/^TypeError: target \(f\) cannot be sent to another process/);
    expect(out[2]).toMatch(/^TypeError: args\[0\]\.a\[1\]\.b \(f\) cannot be sent/);
    expect(out[3]).toMatch(/^DataCloneError: args\[0\]\.a\.get\("k"\) is a promise/);
  });

  it('gives the hint of Python when a child that imports main starts a process', async () => {
    const { out, err } = await runProgram('mp-unguarded');
    expect(out).toEqual(['code 1']);
    expect(err).toMatch(/^Process Process-1:\nProcessError: An attempt has been made to start a new process/);
    expect(err).toContain('if (isMainProcess)');
  });

  it.each(METHODS)('ends by terminate and kill with the negative signal (%s)', async (method) => {
    const { out } = await runProgram('mp-process', ['signals', method, '100']);
    expect(out.filter((line) => /^(terminate|kill)/.test(line))).toEqual(['terminate -15', 'kill -9']);
    expect(out).not.toContain('finally waiting');
  });

  it.each(METHODS)('daemons end with main, others are waited for (%s)', async (method) => {
    const { out, code } = await runProgram('mp-process', ['daemon', method]);
    expect(code).toBe(0);
    expect(out).toEqual(expect.arrayContaining(['main ends', 'child 15 false']));
  });

  it.each(METHODS)('SIGTERM to main ends the children, whose finally blocks run (%s)', async (method) => {
    const { out, code } = await runProgram('mp-process', ['group', method], (line, kill) => {
      if (line === 'child') kill('SIGTERM');
    });
    expect(out).toEqual(['child', 'finally child']);
    expect(code).toBe(143);
  });

  it('leaves no orphan behind a parent that is killed with SIGKILL', async () => {
    let pids: number[] = [];
    let waiting = 0;
    const { signal } = await runProgram('mp-process', ['orphan'], (line, kill) => {
      pids = [...pids, ...(line.match(/\d+/g) ?? []).map(Number)];
      if (['child', 'grandchild', 'busy'].includes(line) && ++waiting === 3) kill('SIGKILL');
    });
    expect(signal).toBe('SIGKILL');
    // Its output has been closed: whoever wrote to it is dead, or about to be.
    expect(pids).toHaveLength(4);
    await expect.poll(() => pids.filter(lives), { timeout: 30_000 }).toEqual([]);
  });
});
