/** Numbers of rounds, and numbers as text. A round in which something was not measured has null in its place. */

export function median(values) {
  const sorted = measuredOf(values).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const measuredOf = (values) => values.filter((value) => value !== null);
export const least = (values) => Math.min(...measuredOf(values));
export const greatest = (values) => Math.max(...measuredOf(values));

/** Of each round in which both were measured. */
export function ratios(one, other) {
  return one.values.map((value, round) => {
    const against = other.values[round] ?? null;
    return value === null || against === null ? null : value / against;
  });
}

export function figure(value, unit) {
  return unit === '×' ? `${value.toFixed(2)}×` : `${digits(value)} ${unit}`;
}

export function spread(values, unit) {
  const show = unit === '×' ? (value) => value.toFixed(2) : digits;
  return `${show(least(values))} – ${show(greatest(values))}`;
}

function digits(value) {
  const size = Math.abs(value);
  return size < 1000
    ? value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0)
    : Math.round(value).toLocaleString('en');
}

export const bold = (text) => `**${text}**`;
export const cell = (text) => text.replaceAll('|', '\\|');

/** A Markdown table, its numbers to the right; no cell has to be escaped before. `aligned`: '-' to the left, ':' to the right. */
export function table(head, aligned, rows) {
  const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;
  return [
    line(head),
    `|${[...aligned].map((each) => (each === ':' ? '--:' : '---')).join('|')}|`,
    ...rows.map(line),
  ];
}
