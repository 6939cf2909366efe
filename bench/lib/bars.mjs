/** The bars of a report: what was asked for, what was measured, and whether it holds. */
import { bold, figure, measuredOf, median, ratios, spread, table } from './figures.mjs';

/** One entry a bar that could be measured: { text, unit, most, goal, values, floor, holds }. */
export function barsOf({ workloads }) {
  return workloads.filter(({ error }) => error === undefined).flatMap(barsOfWorkload);
}

function barsOfWorkload({ contestants, bars }) {
  const find = (id) => contestants.find((each) => each.id === id && measuredOf(each.values).length > 0);
  return bars.flatMap(({ text, of, to, most, goal, floor }) => {
    const one = find(of);
    const other = find(to);
    if (one === undefined || (to !== undefined && other === undefined)) return [];
    const against = (each) => (other === undefined ? each.values : ratios(each, other));
    const values = against(one);
    if (measuredOf(values).length === 0) return [];
    const least = find(floor);
    return {
      text,
      unit: other === undefined ? one.unit : '×',
      most,
      goal,
      values,
      floor: least === undefined ? undefined : median(against(least)),
      holds: median(values) <= most,
    };
  });
}

export function formatBars(report) {
  const rows = barsOf(report).map(({ text, unit, most, goal, values, floor, holds }) => [
    text,
    figure(most, unit),
    goal === undefined ? '' : figure(goal, unit),
    figure(median(values), unit),
    spread(values, unit),
    floor === undefined ? '' : figure(floor, unit),
    holds ? 'yes' : bold('no'),
  ]);
  return table(['', 'at most', 'goal', 'median', 'min – max', 'the floor', 'holds'], '-:::::-', rows);
}

/** The same bars in several reports, one a version of Node: which hold where. */
export function formatBarsByVersion(reports) {
  const byVersion = reports.map((report) => ({
    name: `Node ${report.versions.node}`,
    bars: new Map(barsOf(report).map((bar) => [bar.text, bar])),
  }));
  const texts = [...new Set(byVersion.flatMap(({ bars }) => [...bars.keys()]))];
  const rows = texts.map((text) => {
    const { most, unit } = byVersion.find(({ bars }) => bars.has(text)).bars.get(text);
    const cells = byVersion.map(({ bars }) => {
      const bar = bars.get(text);
      if (bar === undefined) return '–';
      const shown = figure(median(bar.values), unit);
      return bar.holds ? shown : bold(`${shown}, no`);
    });
    return [text, figure(most, unit), ...cells];
  });
  return table(
    ['', 'at most', ...byVersion.map(({ name }) => name)],
    `-:${':'.repeat(reports.length)}`,
    rows,
  );
}
