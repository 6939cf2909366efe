/** The pictures of a report, as Vega-Lite specifications (plot.mjs draws them). */
import { greatest, least, measuredOf, median, ratios } from './figures.mjs';

/** Colour and shape by what a contestant is made of; libraries for one thing share one. */
const FAMILIES = [
  ['bare generators', '#1b1b1b', 'triangle-up'],
  ['async/await', '#d95f02', 'circle'],
  ['Node, callbacks', '#8c510a', 'square'],
  ['effect', '#7570b3', 'diamond'],
  ['effection', '#e7298a', 'diamond'],
  ['other libraries', '#a6761d', 'cross'],
  ['Go', '#1f9fbf', 'square'],
  ['gevent', '#2ca02c', 'circle'],
  ['Python threads', '#98b34a', 'triangle-down'],
];

const COLOURS = {
  color: {
    field: 'family',
    type: 'nominal',
    title: null,
    scale: { domain: FAMILIES.map(([name]) => name), range: FAMILIES.map(([, colour]) => colour) },
    legend: { orient: 'bottom', columns: 5, labelLimit: 200 },
  },
  shape: {
    field: 'family',
    type: 'nominal',
    title: null,
    scale: { domain: FAMILIES.map(([name]) => name), range: FAMILIES.map(([, , shape]) => shape) },
  },
};

const familyOf = ({ family }) => (FAMILIES.some(([name]) => name === family) ? family : 'other libraries');

/** How a workload, and one of its cases, is called in a picture or a summary. */
export function shortName({ short, title, size }, which = '') {
  const name = short ?? title.split(':')[0];
  return [size === undefined ? name : `${name} (${size.toLocaleString('en')})`, which]
    .filter((part) => part !== '')
    .join(': ');
}

/** The first row of greenlets of each case, and the cheapest of each family with the same unit. */
export function comparisonsOf({ workloads }) {
  return workloads
    .filter(({ error }) => error === undefined)
    .flatMap((workload) => {
      const measured = workload.contestants.filter(({ values }) => measuredOf(values).length > 0);
      return [...new Set(measured.map((each) => each.case))].flatMap((which) => {
        const rows = measured.filter((each) => each.case === which);
        const greenlets = rows.find(({ family }) => family === 'greenlets');
        if (greenlets === undefined) return [];
        const best = new Map();
        for (const each of rows) {
          const { family, unit, values } = each;
          if (family === undefined || family === 'greenlets' || family === 'floor' || unit !== greenlets.unit)
            continue;
          const known = best.get(family);
          if (known === undefined || median(values) < median(known.values)) best.set(family, each);
        }
        return [{ name: shortName(workload, which), greenlets, best }];
      });
    });
}

/** How much dearer each peer is than greenlets, workload by workload. */
export function comparisonPicture(report) {
  const comparisons = comparisonsOf(report);
  const values = comparisons.flatMap(({ name, greenlets, best }) =>
    [...best.values()].flatMap((peer) => {
      const against = ratios(peer, greenlets);
      if (measuredOf(against).length === 0) return [];
      const family = familyOf(peer);
      return [
        {
          name,
          family,
          label: peer.label,
          median: median(against),
          least: least(against),
          greatest: greatest(against),
        },
      ];
    }),
  );
  const order = [...new Set(values.map(({ name }) => name))];
  const y = {
    field: 'name',
    type: 'nominal',
    sort: order,
    title: null,
    axis: { labelLimit: 320, grid: true },
  };
  const x = {
    field: 'median',
    type: 'quantitative',
    scale: { type: 'log' },
    title: 'cost in units of greenlets (to the right of 1: greenlets is cheaper)',
    axis: {
      values: [0.001, 0.01, 0.1, 1, 10, 100, 1000, 10_000],
      labelExpr: "datum.value < 1 ? '1/' + format(1 / datum.value, ',') : format(datum.value, ',')",
    },
  };
  return {
    title: {
      text: 'What the same costs with greenlets and with its peers',
      subtitle: `Node ${report.versions.node}. Medians of the rounds' ratios, with the least and the greatest.`,
    },
    width: 560,
    height: { step: 20 },
    data: { values },
    layer: [
      {
        data: { values: [{ one: 1 }] },
        mark: { type: 'rule', color: '#1a7f37', strokeWidth: 2 },
        encoding: { x: { datum: 1 } },
      },
      {
        mark: { type: 'rule', opacity: 0.6 },
        encoding: { y, x: { ...x, field: 'least' }, x2: { field: 'greatest' }, color: COLOURS.color },
      },
      { mark: { type: 'point', filled: true, size: 60, opacity: 0.95 }, encoding: { y, x, ...COLOURS } },
    ],
  };
}

/** What an operation costs at each size, a panel a workload. `panels`: growth.mjs. */
export function growthPicture({ versions }, panels) {
  const values = panels.flatMap(({ name, unit, lines }) =>
    lines.flatMap(({ family, points }) =>
      points.map(({ size, value }) => ({ name: `${name}, ${unit}`, family, size, value })),
    ),
  );
  const names = [...new Set(values.map(({ name }) => name))];
  return {
    title: {
      text: 'What an operation costs, by how many there are',
      subtitle: `Node ${versions.node}. Ten and a hundred times the size; a level line is linear growth.`,
    },
    data: { values },
    facet: { field: 'name', type: 'nominal', sort: names, title: null, header: { labelLimit: 220 } },
    columns: 4,
    spec: {
      width: 190,
      height: 110,
      mark: { type: 'line', point: { size: 30, filled: true } },
      encoding: {
        x: {
          field: 'size',
          type: 'quantitative',
          scale: { type: 'log' },
          title: null,
          axis: { format: '~s', values: values.map(({ size }) => size), grid: false },
        },
        y: {
          field: 'value',
          type: 'quantitative',
          scale: { type: 'log' },
          title: null,
          axis: { tickCount: 4, format: '~s' },
        },
        color: {
          field: 'family',
          type: 'nominal',
          title: null,
          scale: {
            domain: ['greenlets', 'bare generators', 'async/await'],
            range: ['#1a7f37', '#1b1b1b', '#d95f02'],
          },
          legend: { orient: 'bottom' },
        },
      },
    },
    resolve: { scale: { x: 'independent', y: 'independent' } },
  };
}
