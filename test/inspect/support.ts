import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The line, counted from 1, of the file `url` that holds `text`; there must be one only. */
export function lineOf(url: string, text: string): number {
  const lines = readFileSync(fileURLToPath(url), 'utf8').split('\n');
  const found = lines.flatMap((line, index) => (line.includes(text) ? [index + 1] : []));
  if (found.length !== 1) throw new Error(`${found.length} lines hold ${text}`);
  return found[0] as number;
}
