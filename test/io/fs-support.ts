/** Folders for the tests of files, and what they may not leave behind. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, type Green, until } from 'greenlets';
import { afterEach, beforeEach, expect } from 'vitest';
import { outside } from '../../src/runtime/until.js';

let count = 0;
let top = '';
let before: string[] = [];

/** Call it at the top of a test file: afterwards nothing is waited for, and no descriptor, watch or request is left. */
export function watchFiles(): void {
  beforeEach(async () => {
    await hostQuiet();
    top = realpathSync(mkdtempSync(join(tmpdir(), 'greenlets-fs-')));
    chmodSync(top, 0o755);
    before = descriptors();
  });
  afterEach(async () => {
    await hostQuiet();
    rmSync(top, { recursive: true, force: true });
    expect(outside.waits, 'waits for the world outside that were left').toBe(0);
    expect(
      descriptors().filter((each) => !before.includes(each)),
      'descriptors that were left',
    ).toEqual([]);
    expect(process.getActiveResourcesInfo()).not.toContain('FSEventWrap');
  });
}

/** A folder of its own, gone after the test. */
export function folder(): string {
  const path = join(top, String(count++));
  mkdirSync(path);
  return path;
}

/** The open files of this process, on Linux; without the pipes and sockets of the test runner. */
export function descriptors(): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return `${fd} ${realpathSync(`/proc/self/fd/${fd}`)}`;
      } catch {
        return '';
      }
    })
    .filter((each) => top !== '' && each.includes(top));
}

/** The operating system has answered every call on files. */
export async function hostQuiet(): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while (process.getActiveResourcesInfo().some((name) => /^FSReq|^CloseReq/.test(name)));
  await new Promise((resolve) => setImmediate(resolve));
}

export function* quiet(): Green<void> {
  yield* until(hostQuiet());
}

/** The host has gone round `times`. */
export function* passes(times: number): Green<void> {
  for (let i = 0; i < times; i++) yield* until(new Promise((resolve) => setImmediate(resolve)));
}

/** What `fn` throws. */
export function* thrownBy(fn: () => unknown): Green<any> {
  try {
    yield* call(fn as () => Green<unknown>);
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** Runs `fn` as a user who may not do everything, for root may. */
export function* unprivileged<T>(fn: () => Green<T>): Green<T> {
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.('nobody');
  try {
    return yield* fn();
  } finally {
    if (root) process.seteuid?.(0);
  }
}
