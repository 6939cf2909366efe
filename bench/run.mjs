/**
 * The benchmarks.
 *
 *      npm run bench -- [--quick] [--only switch,sleep0] [--node PATH] [--rounds N] [--cpu]
 *      npm run bench -- --growth …          how cost grows with the size
 *      npm run bench -- --merge FILE …      which bars hold in which of these results
 *      npm run bench -- --write-docs        all of it: the table, growth, and --quick on each other Node of scripts/node-versions.sh;
 *                                           the figures of docs/performance.md come from that
 *      npm run bench -- --write-docs --quick | --growth | --node PATH …   only that part of it
 *      npm run bench -- --docs              docs/performance.md anew from the results that there are
 *      npm run bench -- --help              this
 *
 * A missed bar is reported and no more; a wrong result makes the exit code 1.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { formatBarsByVersion } from './lib/bars.mjs';
import { documented, IMAGES, writePage } from './lib/docs.mjs';
import { formatGrowth, panelsOf, steepOf } from './lib/growth.mjs';
import { FILES } from './lib/jobs.mjs';
import { otherNodes } from './lib/nodes.mjs';
import { comparisonPicture, growthPicture } from './lib/pictures.mjs';
import { writePlot } from './lib/plot.mjs';
import { formatReport } from './lib/report.mjs';
import { keep, measureAll, measureGrowth, read } from './lib/reports.mjs';
import { findTools } from './lib/tools.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    growth: { type: 'boolean', default: false },
    merge: { type: 'boolean', default: false },
    'write-docs': { type: 'boolean', default: false },
    docs: { type: 'boolean', default: false },
    only: { type: 'string' },
    node: { type: 'string' },
    rounds: { type: 'string' },
    cpu: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  const source = readFileSync(new URL(import.meta.url), 'utf8');
  const usage = source.slice(source.indexOf(' *'), source.indexOf('\n */'));
  process.stdout.write(`${usage.replace(/^ \* ?/gm, '')}\n`);
  process.exit();
}
// npm runs this in bench/; a path is meant from where the user stands.
const path = (name) => resolve(process.env.INIT_CWD ?? '.', name);
const only = options.only?.split(',');
const rounds = options.rounds === undefined ? undefined : Number(options.rounds);
const unknown = only?.find((name) => !FILES.includes(name));
if (unknown !== undefined) refuse(`--only: there is no workload '${unknown}'; there are ${FILES.join(', ')}`);
if (!options.merge && positionals.length > 0)
  refuse(`'${positionals[0]}' is no option; one workload is measured by --only ${positionals[0]}`);
if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1))
  refuse(`--rounds must be a whole number of 1 or more, got '${options.rounds}'`);

function refuse(why) {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}

if (options.merge)
  process.stdout.write(`${formatBarsByVersion(positionals.map(path).map(read)).join('\n')}\n`);
else if (options.docs) await drawDocs();
else await measure();

async function measure() {
  const settings = {
    node: options.node === undefined ? process.execPath : path(options.node),
    quick: options.quick,
    clock: options.cpu ? 'cpu' : undefined,
    only,
    rounds,
    found: await findTools(),
    log: (text) => process.stderr.write(text),
  };
  const documenting = options['write-docs'];
  const whole = documenting && !options.quick && !options.growth && options.node === undefined;
  if (!options.growth) await finish(await measureAll(settings), documenting);
  if (options.growth || whole) await finish(await measureGrowth(settings), documenting);
  if (whole) {
    for (const node of otherNodes()) await finish(await measureAll({ ...settings, node, quick: true }), true);
  }
  if (documenting) await drawDocs();
}

/** Prints a report and keeps it: JSON, Markdown and a picture. */
async function finish(report, documenting) {
  const file = keep(report, { documented: documenting });
  const local = documenting ? keep(report) : file;
  const stem = local.replace(/\.json$/, '');
  if (report.kind === 'growth') {
    const panels = panelsOf(report);
    const page = [
      ...formatGrowth(panels),
      '',
      ...steepOf(panels).map((text) => `Worse than linear: ${text}`),
      '',
    ].join('\n');
    writeFileSync(`${stem}.md`, page);
    await writePlot(`${stem}.svg`, growthPicture(report, panels));
    process.stdout.write(`${page}\n`);
  } else {
    const page = formatReport(report);
    writeFileSync(`${stem}.md`, page);
    await writePlot(`${stem}.svg`, comparisonPicture(report));
    process.stdout.write(`${page}\n`);
  }
  process.stderr.write(`${stem}.{json,md,svg}\n`);
  if (report.workloads.some(({ error, failed = [] }) => error !== undefined || failed.length > 0))
    process.exitCode = 1;
}

/** The page and its pictures, from the results that there are. */
async function drawDocs() {
  const { main, growth } = documented();
  writePage();
  await writePlot(`${IMAGES}/comparison.svg`, comparisonPicture(main));
  if (growth !== undefined) await writePlot(`${IMAGES}/growth.svg`, growthPicture(growth, panelsOf(growth)));
}
