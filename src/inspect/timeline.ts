/** A trace as a page: rows of slices, to be scrolled, and stretched by a slider. */
import type { TraceEvent } from './trace-event.js';

const STYLE = `
body { font: 13px system-ui, sans-serif; margin: 1rem; }
#rows { overflow-x: auto; border: 1px solid #ccc; }
.row { display: flex; height: 22px; border-bottom: 1px solid #eee; }
.name { position: sticky; left: 0; z-index: 1; flex: none; width: 12rem; padding: 2px 6px; overflow: hidden; background: #fff; white-space: nowrap; }
.line { position: relative; flex: none; }
.line i { position: absolute; top: 3px; height: 16px; min-width: 1px; overflow: hidden; font-style: normal; font-size: 11px; white-space: nowrap; }
.run { background: #3b7dd8; color: #fff; } .wait { background: #e4e4e4; color: #555; } .life { background: #d8533b; width: 2px; }
`;

const SCRIPT = `
const names = new Map(), rows = new Map();
let end = 1;
for (const e of events) {
  if (e.ph === 'M') { names.set(e.tid, e.args.name); continue; }
  if (!rows.has(e.tid)) rows.set(e.tid, []);
  rows.get(e.tid).push(e);
  end = Math.max(end, e.ts + (e.dur || 0));
}
const slider = document.querySelector('input'), box = document.getElementById('rows');
function draw() {
  const width = (box.clientWidth - 220) * 2 ** Number(slider.value);
  box.replaceChildren(...[...rows].map(([tid, list]) => {
    const row = document.createElement('div'), name = document.createElement('div'), line = document.createElement('div');
    row.className = 'row'; name.className = 'name'; line.className = 'line';
    name.textContent = name.title = names.get(tid) || String(tid);
    line.style.width = width + 'px';
    for (const e of list) {
      const slice = document.createElement('i');
      slice.className = e.cat;
      slice.style.left = e.ts / end * width + 'px';
      if (e.dur !== undefined) { slice.style.width = e.dur / end * width + 'px'; slice.textContent = e.name; }
      slice.title = e.name + ' at ' + e.ts / 1000 + ' ms' + (e.dur === undefined ? '' : ', ' + e.dur / 1000 + ' ms');
      line.append(slice);
    }
    row.append(name, line);
    return row;
  }));
}
slider.addEventListener('input', draw);
addEventListener('resize', draw);
draw();
`;

export function timelineOf(events: readonly TraceEvent[]): string {
  // Nothing in the data may end the script: names are the program's.
  const data = JSON.stringify(events)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Greenlets</title>
<style>${STYLE}</style>
<p><label>stretch <input type="range" min="0" max="12" step="0.5" value="0"></label>
blue: runs; grey: waits; red: spawned, killed, ended</p>
<div id="rows"></div>
<script>
const events = ${data};
${SCRIPT}</script>
</html>
`;
}
