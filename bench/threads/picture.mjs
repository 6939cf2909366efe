/** The figures as a picture, a Vega-Lite specification (../lib/plot.mjs draws it). */
import { JOBS } from './job.mjs';
import { KINDS } from './kinds.mjs';
import { linesOf, titleOf } from './report.mjs';

const plain = (label) => label.replaceAll('`', '');

const TENS = [0.1, 1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7];
const TIME = "datum.value < 1000 ? datum.value + ' ms' : datum.value / 1000 + ' s'";
const SIZE = "datum.value < 1000 ? datum.value + ' B' : format(datum.value, '~s') + 'B'";

/** One small picture: values by the number of tasks. */
function panel(values, title, labelExpr) {
  return {
    title: { text: title, fontSize: 12, fontWeight: 'normal' },
    width: 210,
    height: 170,
    data: { values },
    mark: { type: 'line', point: { size: 55, filled: true }, strokeWidth: 2 },
    encoding: {
      x: {
        field: 'count',
        type: 'quantitative',
        scale: { type: 'log', domain: [7, 140_000] },
        axis: { values: TENS, format: '~s', title: 'tasks' },
      },
      y: {
        field: 'value',
        type: 'quantitative',
        scale: { type: 'log' },
        axis: { title: null, values: TENS, labelExpr },
      },
      color: {
        field: 'label',
        type: 'nominal',
        title: null,
        scale: {
          domain: KINDS.map(({ label }) => plain(label)),
          range: KINDS.map(({ colour }) => colour),
        },
        legend: { orient: 'top', columns: 3, labelLimit: 300 },
      },
    },
  };
}

export function picture(report) {
  const lines = linesOf(report);
  const points = (pick) =>
    lines.flatMap((line) => {
      const value = pick(line);
      return value === undefined || value <= 0
        ? []
        : [{ label: plain(line.label), count: line.count, value }];
    });
  const perJob = (field, name) =>
    JOBS.map((job) =>
      panel(
        points(({ jobs }) => jobs[job]?.[field]),
        `${titleOf(job)}: ${name}`,
        TIME,
        false,
      ),
    );
  const first = [
    panel(
      points(({ startUp }) => startUp),
      'start-up of all',
      TIME,
      true,
    ),
    panel(
      points(({ memory }) => memory),
      'memory a task',
      SIZE,
      false,
    ),
  ];
  return {
    title: {
      text: 'N greenlets, N threads, N processes',
      subtitle: `Node ${report.versions.Node}, ${report.cpu}; medians of ${report.rounds} rounds. All axes are logarithmic.`,
    },
    vconcat: [
      { hconcat: first },
      { hconcat: perJob('wall', 'wall time') },
      { hconcat: perJob('cpu', 'CPU time') },
    ],
  };
}
