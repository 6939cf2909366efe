// Prints `N passed, N failed`, the sum over the vitest JSON reports of one folder. A test file that could not
// be loaded counts as one failure, and so does each failed step that no report shows: `--broken N` steps
// outside vitest; `--runs N` failed vitest runs, which count only where the reports show no failure.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { broken: { type: 'string', default: '0' }, runs: { type: 'string', default: '0' } },
});
const folder = positionals[0] ?? '.cache/vitest';

let passed = 0;
let failed = 0;
for (const name of existsSync(folder) ? readdirSync(folder) : []) {
  if (!name.endsWith('.json')) continue;
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  for (const file of report.testResults) {
    if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')) failed++;
  }
}
if (failed === 0) failed = Number(values.runs);
failed += Number(values.broken);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
