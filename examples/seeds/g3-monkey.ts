// G3, as the seed has it: patch first, and what knows nothing of greenlets blocks only the greenlet that waits for it.
import 'greenlets/monkey/types';
import * as monkey from 'greenlets/monkey';

monkey.patchAll();

import * as gevent from 'greenlets';
import { localPages } from './local-pages.js';

function* f(url: string) {
  console.log('FET: %s', url);
  const resp = yield* fetch(url);
  const data = (yield* resp.text()).length;
  console.log(url, data);
}

const urls = process.argv.slice(2);
if (urls.length === 0) urls.push(...(await localPages()));

await gevent.joinall(urls.map((url) => gevent.spawn(f, url)));
