/**
 * The figures of docs/performance.md. They stand between `<!-- figures: NAME -->` and `<!-- /figures -->`, and come from the reports
 * of results/, so that no figure is typed by hand. `node docs.mjs` fails when the page says something else.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formatBars, formatBarsByVersion } from './bars.mjs';
import { figure, median, table } from './figures.mjs';
import { formatGrowth, panelsOf, steepOf } from './growth.mjs';
import { comparisonsOf } from './pictures.mjs';
import { formatCases, howTaken } from './report.mjs';

const RESULTS = fileURLToPath(new URL('../results', import.meta.url));
const PAGE = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
export const IMAGES = fileURLToPath(new URL('../../docs/images', import.meta.url));
const MARKED = /(<!-- figures: (.*) -->\n)[\s\S]*?(<!-- \/figures -->)/g;

/** The columns of the summary. What has two names in a column is one for greenlets switched by hand. */
const COLUMNS = ['bare generators', 'async/await', 'effect', 'effection', 'Go', 'gevent', 'Python threads'];

/** The reports that the docs are made from: { main, growth, all }, `main` being the full one, and `all` one a version of Node. */
export function documented() {
  const read = (name) => JSON.parse(readFileSync(`${RESULTS}/${name}`, 'utf8'));
  const names = existsSync(RESULTS) ? readdirSync(RESULTS).sort() : [];
  const all = names.filter((name) => /^node-\d+\.json$/.test(name)).map(read);
  const growth = names.filter((name) => /^growth-node-\d+\.json$/.test(name)).map(read)[0];
  return { main: all.find(({ quick }) => !quick) ?? all[0], growth, all };
}

/** The page with the figures of the reports. */
export function fill(page, reports) {
  return page.replace(
    MARKED,
    (_, start, name, end) => `${start}\n${section(name, reports).join('\n')}\n\n${end}`,
  );
}

function section(name, { main, growth, all }) {
  if (name.startsWith('cases of ')) return casesOf(main, name.slice('cases of '.length));
  switch (name) {
    case 'how':
      return [howTaken(main)];
    case 'summary':
      return summary(main);
    case 'bars':
      return formatBars(main);
    case 'versions':
      return formatBarsByVersion(all);
    case 'growth':
      return growth === undefined ? ['Not measured.'] : growthSection(growth);
    default:
      throw new Error(`docs/performance.md wants figures '${name}', and there are none of that name`);
  }
}

function summary(report) {
  const rows = comparisonsOf(report).map(({ name, greenlets, best }) => [
    name,
    figure(median(greenlets.values), greenlets.unit),
    ...COLUMNS.map((family) => {
      const peer = best.get(family);
      return peer === undefined ? '' : figure(median(peer.values), peer.unit);
    }),
  ]);
  return table(['', 'greenlets', ...COLUMNS], `-:${':'.repeat(COLUMNS.length)}`, rows);
}

/** All rows of one workload. */
function casesOf({ workloads }, file) {
  const found = workloads.find((each) => each.file === file && each.error === undefined);
  return found === undefined ? ['Not measured.'] : formatCases(found);
}

function growthSection(report) {
  const panels = panelsOf(report);
  const steep = steepOf(panels);
  return [
    ...formatGrowth(panels),
    '',
    steep.length === 0
      ? 'Nothing is worse than linear.'
      : `Worse than linear:\n\n${steep.map((each) => `- ${each}`).join('\n')}`,
  ];
}

/** Writes the figures into the page. */
export function writePage() {
  writeFileSync(PAGE, fill(readFileSync(PAGE, 'utf8'), documented()));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = readFileSync(PAGE, 'utf8');
  if (fill(page, documented()) !== page) {
    process.stderr.write(
      'docs/performance.md has other figures than bench/results: npm run bench -- --docs\n',
    );
    process.exitCode = 1;
  }
}
