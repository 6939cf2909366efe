/** No figure of docs/performance.md is typed by hand: all come from the results in bench/results. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('../../bench/lib/docs.mjs', import.meta.url));

it('the page has the figures of the results', async () => {
  await expect(run(process.execPath, [PROGRAM])).resolves.toMatchObject({ stderr: '' });
});
