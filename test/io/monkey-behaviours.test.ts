/** What Node and undici promise of their functions, with the patches off and on. */
import { patchAll, unpatchAll } from 'greenlets/monkey';
import { afterAll, beforeAll, describe } from 'vitest';
import { type Mode, testAll } from './monkey-behaviours.js';
import { failures, requests, responses } from './monkey-behaviours-fetch.js';
import { callbacks, files } from './monkey-behaviours-fs.js';
import { connections, names, processes } from './monkey-behaviours-processes.js';
import { emitters, flows, promises, timing } from './monkey-behaviours-promises.js';

const PARTS = {
  'fs with callbacks': callbacks,
  'fs/promises': files,
  'timers/promises': timing,
  'events.once': emitters,
  'stream/promises': flows,
  promises,
  child_process: processes,
  net: connections,
  dns: names,
  'fetch: responses': responses,
  'fetch: requests': requests,
  'fetch: failures': failures,
};

const MODES: [name: string, patched: boolean, mode: Mode][] = [
  ['without patches', false, 'awaited'],
  ['with all patches, outside of greenlets', true, 'awaited'],
  ['with all patches, in a greenlet', true, 'in a greenlet'],
];

// They start processes and servers: on a loaded machine that takes its time.
describe.each(MODES)('%s', (_name, patched, mode) => {
  beforeAll(() => {
    if (patched) patchAll({ warn: false });
  });
  afterAll(() => unpatchAll());
  describe.each(Object.entries(PARTS))('%s', (_part, behaviours) => testAll(behaviours, mode));
});
