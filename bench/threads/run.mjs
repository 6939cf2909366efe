/**
 * The question of the seeds, with figures: N greenlets, N worker threads, N child processes (and gevent and Python's threads, where the
 * machine has them), for a job that waits, one that computes, and one that does both.
 *
 *      npm run bench:threads -- [--quick] [--rounds N] [--write-docs]
 *
 * Every run is a process of its own, and they take turns. Prints the table, and keeps it in results/local with the figures and a picture;
 * with --write-docs in results, docs/images and the README.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { writePlot } from '../lib/plot.mjs';
import { findTools } from '../lib/tools.mjs';
import { JOBS } from './job.mjs';
import { KINDS } from './kinds.mjs';
import { picture } from './picture.mjs';
import { formatAll, writeReadme } from './report.mjs';

/** A run that takes longer than this many ms hangs. */
const LONGEST = 180_000;
const run = promisify(execFile);
const here = (file) => fileURLToPath(new URL(file, import.meta.url));

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds ?? (options.quick ? 1 : 3));
const { tools, versions } = await findTools();

const server = spawn(process.execPath, [here('server.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
const port = Number(String((await once(server.stdout, 'data'))[0]));

const rows = [];
const missing = new Set();
for (const job of JOBS) {
  for (const { id, label, needs, counts, jobs, command } of KINDS) {
    if (!jobs.includes(job)) continue;
    if (command(job, 1, port, undefined, tools) === null) missing.add(needs);
    else
      for (const count of counts) {
        if (!(options.quick && count > 1000 && id === 'gevent'))
          rows.push({ job, kind: id, label, count, runs: [] });
      }
  }
}

for (let round = 0; round < rounds; round++) {
  for (const row of rows) {
    const { command } = KINDS.find(({ id }) => id === row.kind);
    const [file, ...args] = command(row.job, row.count, port, undefined, tools);
    process.stderr.write(`round ${round + 1}: ${row.job}, ${row.count} ${row.label}\n`);
    const { stdout } = await run(file, args, { timeout: LONGEST });
    row.runs.push(JSON.parse(stdout));
  }
}
server.stdin.end();

const report = {
  date: new Date().toISOString(),
  cpu: `${cpus().length} x ${cpus()[0]?.model.trim()}`,
  load: loadavg()[0],
  rounds,
  versions: { Node: process.versions.node, ...versions },
  missing: [...missing],
  rows,
};
const folder = here(options['write-docs'] ? '../results' : '../results/local');
mkdirSync(folder, { recursive: true });
const page = formatAll(report);
writeFileSync(`${folder}/threads.json`, `${JSON.stringify(report, null, 1)}\n`);
writeFileSync(`${folder}/threads.md`, page);
await writePlot(
  options['write-docs'] ? here('../../docs/images/threads.svg') : `${folder}/threads.svg`,
  picture(report),
);
if (options['write-docs']) writeReadme(here('../../README.md'), report);
process.stdout.write(page);
