// Puts dist once more into dist/node, in a few files: a program that imports some hundred modules one by one starts 50 ms later.
// Node takes these (`node` in the exports of package.json), bundlers the single modules, of which they leave out what is not used.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rollup } from 'rollup';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** What is loaded by its name at run time (src/runtime/home.ts), by processes and threads that begin. */
const BY_NAME = [
  'io/workers/entry',
  'io/workers/pool-worker',
  'multiprocessing/child',
  'multiprocessing/pool-child',
];
/** It says by its own URL where the library lies. */
const HOME = 'runtime/home';

const nameOf = (id) => id.slice(DIST.length).replace(/\.js$/, '');
const entries = Object.values(exports)
  .map((target) => target?.default)
  .filter((file) => file !== undefined)
  .map((file) => file.replace('./dist/', '').replace(/\.js$/, ''));
const names = [...entries, ...BY_NAME, HOME];

/** Which file a module goes into; undefined: whichever uses it. */
function chunkOf(id, { getModuleInfo }) {
  const name = nameOf(id);
  if (name === HOME) return HOME;
  if (names.includes(name)) return undefined;
  daily ??= reachable(`${DIST}index.js`, getModuleInfo);
  if (daily.has(id)) return 'chunks/core';
  if (/^io\/workers\//.test(name)) return 'chunks/workers';
  if (/^io\//.test(name)) return 'chunks/io';
  if (/^multiprocessing\//.test(name)) return 'chunks/processes';
  return undefined;
}

/** All that `import 'greenlets'` loads. */
let daily;

function reachable(from, getModuleInfo, found = new Set()) {
  if (found.has(from)) return found;
  found.add(from);
  for (const id of getModuleInfo(from)?.importedIds ?? []) reachable(id, getModuleInfo, found);
  return found;
}

/** Has the source maps of the modules go on into those of the files. */
const sourceMaps = {
  name: 'source-maps',
  load: (id) => ({
    code: readFileSync(id, 'utf8').replace(/\n\/\/# sourceMappingURL=.*/, ''),
    map: JSON.parse(readFileSync(`${id}.map`, 'utf8')),
  }),
};

const bundle = await rollup({
  input: Object.fromEntries(names.map((name) => [name, `${DIST}${name}.js`])),
  external: (id) => !/^[./]/.test(id),
  plugins: [sourceMaps],
  treeshake: false,
  onwarn(warning) {
    throw new Error(warning.message);
  },
});
await bundle.write({
  dir: `${DIST}node`,
  format: 'es',
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
  manualChunks: chunkOf,
  hoistTransitiveImports: false,
  minifyInternalExports: false,
  sourcemap: true,
  // They are shipped.
  sourcemapExcludeSources: true,
});
await bundle.close();
