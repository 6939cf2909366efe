/** Code outside of greenlets notices nothing: Node's behaviours, compared before, during and after patching, in a process of its own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Told {
  readonly before: Record<string, unknown>;
  readonly during: Record<string, unknown>;
  readonly after: Record<string, unknown>;
  readonly identitiesBefore: unknown;
  readonly identitiesAfter: unknown;
  readonly changed: number;
  readonly of: number;
  readonly restored: boolean;
}

const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', ...args], {
    cwd: ROOT,
    maxBuffer: 1e8,
    env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' },
  });

describe('the table of behaviours outside of greenlets', () => {
  let told: Told;

  beforeAll(async () => {
    told = JSON.parse((await run('test/io/monkey-table-program.ts')).stdout) as Told;
  });

  it('is long, and the patches were there', () => {
    expect(Object.keys(told.before).length).toBeGreaterThan(100);
    expect(told.changed).toBe(told.of);
  });

  it('is the same during as before', () => expect(told.during).toEqual(told.before));

  it('is the same after as before', () => expect(told.after).toEqual(told.before));

  it('every function and property descriptor is the very one from before, by imported names too', () => {
    expect(told.identitiesAfter).toEqual(told.identitiesBefore);
    expect(told.restored).toBe(true);
  });
});

describe('greenlets/monkey/auto', () => {
  const PROGRAM = 'test/io/monkey-auto-program.ts';

  it('patches all by --import, and as the first import, without a warning', async () => {
    const preloaded = await run('--import', './src/io/monkey/auto.ts', PROGRAM);
    expect([preloaded.stdout, preloaded.stderr]).toEqual(['fs true\ncontent true\n', '']);
    const imported = await run(PROGRAM, 'import');
    expect([imported.stdout, imported.stderr]).toEqual(['fs true\ncontent true\n', '']);
  });

  it('without it nothing is patched', async () => {
    expect((await run(PROGRAM)).stdout).toMatch(/^fs false\nTypeError: .*not iterable\n$/);
  });

  it('patching late warns, with the names of what was imported before', async () => {
    const { stdout } = await run(PROGRAM, 'late');
    expect(stdout).toMatch(
      /^PATCHED_LATE these were imported before the patches: .*\bneedle\b.*monkey\/auto/,
    );
    expect(stdout).toContain('monkey-auto-program');
    expect(stdout.match(/PATCHED_LATE/g)).toHaveLength(1);
  });
});
