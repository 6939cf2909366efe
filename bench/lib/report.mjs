/** A report (the JSON of a session) as a Markdown page. */
import { formatBars } from './bars.mjs';
import { figure, measuredOf, median, ratios, spread, table } from './figures.mjs';

export function formatReport(report) {
  const { versions, workloads } = report;
  const failed = workloads.filter(({ error }) => error !== undefined);
  const measured = workloads.filter(({ error }) => error === undefined);
  return [
    `# Benchmarks, Node ${versions?.node ?? '?'} (V8 ${versions?.v8 ?? '?'})`,
    '',
    howTaken(report),
    '',
    '`×` is how much the first row costs in units of this one, ratios being taken within a round.',
    '',
    ...measured.flatMap(formatWorkload),
    '## Bars',
    '',
    ...formatBars(report),
    '',
    ...failed.map(({ title, error }) => `**${title} failed**: ${error}\n`),
  ].join('\n');
}

/** When, where and how. */
export function howTaken({ date, quick, clock, cpu, load, tools, workloads }) {
  const rounds = workloads.flatMap(({ contestants = [] }) =>
    contestants.map(({ values }) => measuredOf(values).length),
  );
  const beside = Object.entries(tools).map(([name, version]) => `${name} ${version}`);
  return [
    `${date.slice(0, 10)}, ${cpu}, load ${load.map((each) => each.toFixed(1)).join(' to ')}${quick ? ', `--quick`' : ''}${clock === 'cpu' ? ', `--cpu`: CPU time' : ''}.`,
    `Medians of ${Math.min(...rounds)} to ${Math.max(...rounds)} rounds, each measurement in a process of its own.`,
    ...(beside.length > 0 ? [`Beside Node: ${beside.join(', ')}.`] : []),
  ].join(' ');
}

function formatWorkload({ title, ...workload }) {
  return [`## ${title}`, '', ...formatCases(workload)];
}

/** A table for each case, and what could not be measured. */
export function formatCases({ contestants, missing, failed }) {
  const cases = [...new Set(contestants.map((each) => each.case))];
  const notes = [
    ...missing.map(({ label, needs }) => `Not installed (${needs}), and so not measured: ${label}\n`),
    ...failed.map(({ label, error }) => `**Failed**: ${label}: ${error}\n`),
  ];
  return [...cases.flatMap((name) => formatCase(contestants, name)), ...notes];
}

function formatCase(all, name) {
  const contestants = all.filter((each) => each.case === name && measuredOf(each.values).length > 0);
  const [first] = contestants;
  const rows = contestants.map((contestant) => {
    const { label, unit, values } = contestant;
    const comparable = contestant !== first && unit === first.unit;
    return [
      label,
      figure(median(values), unit),
      spread(values, unit),
      comparable ? ratioText(ratios(first, contestant)) : '',
    ];
  });
  return [...table([name, 'median', 'min – max', '× (min – max)'], '-:::', rows), ''];
}

function ratioText(values) {
  return !measuredOf(values).every(Number.isFinite) || measuredOf(values).length === 0
    ? ''
    : `${figure(median(values), '×')} (${spread(values, '×')})`;
}
