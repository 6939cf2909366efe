/** Numbers as text. */

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function figure(value, unit) {
  return unit === '×' ? `${value.toFixed(2)}×` : `${digits(value)} ${unit}`;
}

export function spread(values, unit) {
  const show = unit === '×' ? (value) => value.toFixed(2) : digits;
  return `${show(Math.min(...values))} – ${show(Math.max(...values))}`;
}

function digits(value) {
  return value.toFixed(Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0);
}

export const bold = (text) => `**${text}**`;
export const cell = (text) => text.replaceAll('|', '\\|');
