/** How cost grows: what an operation costs at each of several sizes, and how fast that rises. */
import { figure, measuredOf, median, table } from './figures.mjs';
import { shortName } from './pictures.mjs';

/** An operation's cost is taken to be proportional to a power of the size; a greater power than this is worse than linear. */
const STEEP = 0.15;
const SIZES = 3;

export const FAMILIES = ['greenlets', 'bare generators', 'async/await'];

/** One panel a workload and case: { name, unit, what, lines: [{ family, label, points: [{ size, value }], power }] }. */
export function panelsOf({ workloads }) {
  const measured = workloads.filter(({ error }) => error === undefined);
  return [...new Set(measured.map(({ file }) => file))].flatMap((file) => {
    const sizes = measured.filter((each) => each.file === file).sort((a, b) => a.size - b.size);
    const [{ growth, contestants }] = sizes;
    return [...new Set(contestants.map((each) => each.case))].flatMap((which) => {
      const rows = contestants.filter((each) => each.case === which);
      const lines = FAMILIES.flatMap((family) => {
        const row = rows.find((each) => each.family === family);
        return row === undefined ? [] : [lineOf(sizes, row)];
      });
      if (lines[0]?.family !== 'greenlets') return [];
      return [
        {
          name: shortName({ ...sizes[0], size: undefined }, which),
          what: growth.what,
          unit: lines[0].unit,
          lines,
        },
      ];
    });
  });
}

function lineOf(sizes, { id, family, label, unit }) {
  const points = sizes.flatMap(({ size, contestants }) => {
    const values = contestants.find((each) => each.id === id)?.values ?? [];
    return measuredOf(values).length === 0 ? [] : [{ size, value: median(values) }];
  });
  return { family, label, unit, points, power: powerOf(points) };
}

/** The slope of the straight line through the logarithms, by least squares. */
function powerOf(points) {
  if (points.length < 2) return 0;
  const xs = points.map(({ size }) => Math.log(size));
  const ys = points.map(({ value }) => Math.log(value));
  const mean = (list) => list.reduce((sum, each) => sum + each, 0) / list.length;
  const [x, y] = [mean(xs), mean(ys)];
  const over = xs.reduce((sum, each, i) => sum + (each - x) * (ys[i] - y), 0);
  return over / xs.reduce((sum, each) => sum + (each - x) ** 2, 0);
}

export function formatGrowth(panels) {
  const rows = panels.map(({ name, what, unit, lines: [greenlets, ...others] }) => [
    `${name} (${what})`,
    ...Array.from({ length: SIZES }, (_, i) => greenlets.points[i]).map((point) =>
      point === undefined ? '–' : `${figure(point.value, unit)} at ${point.size.toLocaleString('en')}`,
    ),
    greenlets.power.toFixed(2),
    ...FAMILIES.slice(1).map(
      (family) => others.find((each) => each.family === family)?.power.toFixed(2) ?? '',
    ),
  ]);
  const head = ['', 'an operation', 'at ten times', 'at a hundred times', 'power', ...FAMILIES.slice(1)];
  return table(head, '-::::::', rows);
}

/** What is worse than linear, named. */
export function steepOf(panels) {
  return panels
    .filter(({ lines }) => lines[0].power > STEEP)
    .map(({ name, lines: [{ power }, ...others] }) => {
      const beside = others.map((each) => `${each.family} ${each.power.toFixed(2)}`).join(', ');
      return `${name}: an operation costs as the size to the power ${power.toFixed(2)}${beside === '' ? '' : ` (${beside})`}`;
    });
}
