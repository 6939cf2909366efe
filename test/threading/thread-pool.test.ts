import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { poolContract } from '../multiprocessing/pool-contract.js';

describe('ThreadPool', () => {
  poolContract('thread');

  it('works in a program that was started with options that threads refuse', async () => {
    const options = ['--expose-gc', '--max-old-space-size=500', '--import', 'tsx'];
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...options,
      'test/process/mp-pool.ts',
      'extras',
      'thread',
    ]);
    expect(stdout.split('\n')[1]).toBe('1024 0');
  });
});
