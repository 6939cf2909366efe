/**
 * The benchmarks: each workload in a fresh process, one after the other; then the table and the bars.
 *
 *      npm run bench -- [--quick] [--only switch,sleep0] [--node PATH]
 *
 * A missed bar is reported and no more; a wrong result makes the exit code 1.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatReport } from './lib/report.mjs';

/** A child that takes longer than this many ms hangs. */
const LONGEST = 900_000;

/** What is run: a file of workloads/ and its settings. `full`: not with --quick. */
const JOBS = [
  { file: 'switch' },
  { file: 'sleep0' },
  { file: 'spawn-join' },
  { file: 'parked-bytes', count: 100_000 },
  { file: 'parked-bytes', count: 1_000_000, full: true },
  { file: 'parked-wake', count: 100_000 },
  { file: 'parked-wake', count: 1_000_000, full: true },
  { file: 'timers' },
  { file: 'depth' },
  { file: 'kill' },
  { file: 'with-timeout' },
  { file: 'lock-uncontended' },
  { file: 'mutex' },
  { file: 'queue-ready' },
  { file: 'queue-bounded', count: 100_000 },
  { file: 'queue-bounded', count: 1_000_000, full: true },
  { file: 'queue-unbounded', count: 100_000 },
  { file: 'queue-unbounded', count: 1_000_000, full: true },
  { file: 'select' },
  { file: 'pool' },
  { file: 'echo' },
  { file: 'http-hello' },
  { file: 'monkey' },
  { file: 'fs-read' },
  { file: 'crawl-http' },
  { file: 'start-up' },
];

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    node: { type: 'string', default: process.execPath },
  },
});
// npm runs this in bench/; a path is meant from where the user stands.
const node = resolve(process.env.INIT_CWD ?? '.', options.node);
const only = options.only?.split(',');
const unknown = only?.find((name) => !JOBS.some(({ file }) => file === name));
if (unknown !== undefined) {
  process.stderr.write(`--only: there is no workload '${unknown}'\n`);
  process.exit(1);
}
const jobs = JOBS.filter(({ file, full }) => (only?.includes(file) ?? true) && !(full && options.quick));

const report = {
  date: new Date().toISOString(),
  quick: options.quick,
  cpu: `${cpus().length} x ${cpus()[0]?.model.trim()}`,
  load: loadavg()[0],
  workloads: [],
};

for (const { file, count } of jobs) {
  const started = performance.now();
  process.stderr.write(`${file}${count === undefined ? '' : ` ${count.toLocaleString('en')}`} … `);
  const outcome = await inChild({ file, count, quick: options.quick });
  report.workloads.push(outcome);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stderr.write(outcome.error === undefined ? `${seconds} s\n` : `FAILED\n${outcome.error}\n`);
}
report.versions = report.workloads.find(({ versions }) => versions !== undefined)?.versions;

const markdown = formatReport(report);
const results = here('./results/local');
const name = `${report.date.replace(/\..*/, '').replaceAll(':', '-')}-node-${report.versions?.node ?? 'unknown'}`;
mkdirSync(results, { recursive: true });
writeFileSync(`${results}/${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
writeFileSync(`${results}/latest.md`, markdown);
process.stdout.write(markdown);
if (report.workloads.some(({ error }) => error !== undefined)) process.exitCode = 1;

/** Measures one workload in a process of its own; gives what that prints, or the error. */
function inChild(settings) {
  return new Promise((done) => {
    const child = spawn(node, ['--expose-gc', here('./lib/child.mjs'), JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LONGEST,
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.on('error', (error) => done({ title: settings.file, error: String(error) }));
    child.on('close', (code, signal) => {
      if (code === 0) done(JSON.parse(output));
      else done({ title: settings.file, error: errors || `exit code ${code}, signal ${signal}` });
    });
  });
}
