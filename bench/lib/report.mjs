/** The measurements as a Markdown page. */
import { bold, cell, figure, median, spread } from './figures.mjs';

export function formatReport(report) {
  const { date, quick, cpu, load, versions, workloads } = report;
  const failed = workloads.filter(({ error }) => error !== undefined);
  const measured = workloads.filter(({ error }) => error === undefined);
  return [
    `# Benchmarks, Node ${versions?.node ?? '?'} (V8 ${versions?.v8 ?? '?'})`,
    '',
    `${date}, ${cpu}, load ${load.toFixed(1)}${quick ? ', --quick' : ''}. Medians of interleaved rounds, with the least and the`,
    'greatest; ratios are taken within a round. `×` is how much the first row of a workload costs in units of this one.',
    '',
    ...measured.flatMap(formatWorkload),
    ...formatBars(measured),
    ...failed.map(({ title, error }) => `**${title} failed**: ${firstError(error)}\n`),
    '',
  ].join('\n');
}

function formatWorkload({ title, contestants, missing = [] }) {
  const [first] = contestants;
  const rows = contestants.map((contestant) => {
    const { label, unit, values } = contestant;
    const comparable = contestant !== first && unit === first.unit;
    const ratio = comparable ? ratioText(ratios(first, contestant)) : '';
    return `| ${cell(label)} | ${figure(median(values), unit)} | ${spread(values, unit)} | ${ratio} |`;
  });
  const notes = missing.map((label) => `Not installed, and so not measured: ${label}\n`);
  return [
    `## ${title}`,
    '',
    '| | median | min – max | × (min – max) |',
    '|---|--:|--:|--:|',
    ...rows,
    '',
    ...notes,
  ];
}

function formatBars(workloads) {
  const rows = workloads.flatMap(({ contestants, bars }) =>
    bars.map(({ text, of, to, most }) => {
      const one = contestants.find(({ id }) => id === of);
      const other = contestants.find(({ id }) => id === to);
      const values = other === undefined ? one.values : ratios(one, other);
      const unit = other === undefined ? one.unit : '×';
      const holds = median(values) <= most;
      return `| ${cell(text)} | ${figure(most, unit)} | ${figure(median(values), unit)} | ${spread(values, unit)} | ${holds ? 'yes' : bold('no')} |`;
    }),
  );
  if (rows.length === 0) return [];
  return ['## Bars', '', '| | at most | median | min – max | holds |', '|---|--:|--:|--:|---|', ...rows, ''];
}

/** The line that says what it was, out of what Node prints. */
function firstError(text) {
  const lines = text.trim().split('\n');
  return lines.find((line) => /^\S*Error/.test(line)) ?? lines[0];
}

function ratioText(values) {
  return `${figure(median(values), '×')} (${spread(values, '×')})`;
}

/** Of each round. */
function ratios(one, other) {
  return one.values.map((value, round) => value / other.values[round]);
}
