/**
 * Pictures. A plot is a Vega-Lite specification (the data included), and comes out as the text of an SVG file, which shows the
 * same in a light and in a dark page. What a picture of its own says of fonts, sizes or colours stands before what is said here.
 *
 *      await writePlot('docs/images/growth.svg', { data: { values }, mark: 'line', encoding: { … } });
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Error as ERRORS, logger, parse, View } from 'vega';
import { compile } from 'vega-lite';

const CONFIG = {
  background: '#ffffff',
  padding: 12,
  font: 'Helvetica, Arial, sans-serif',
  axis: { labelFontSize: 11, titleFontSize: 12, titleFontWeight: 'normal', gridColor: '#e6e6e6' },
  legend: { labelFontSize: 11, titleFontSize: 12, titleFontWeight: 'normal' },
  header: { labelFontSize: 12, titleFontSize: 12 },
  title: { fontSize: 14, subtitleFontSize: 11, subtitleColor: '#555555', anchor: 'start' },
  view: { stroke: '#d0d0d0' },
};

/** The SVG of a Vega-Lite specification. */
export async function toSvg(spec) {
  const { spec: full } = compile(
    { $schema: 'https://vega.github.io/schema/vega-lite/v6.json', ...spec },
    { config: CONFIG },
  );
  return await new View(parse(full), { renderer: 'none', logger: logger(ERRORS) }).toSVG();
}

/** Draws a Vega-Lite specification into an SVG file, whose folder is made where there is none. */
export async function writePlot(file, spec) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${await toSvg(spec)}\n`);
}
