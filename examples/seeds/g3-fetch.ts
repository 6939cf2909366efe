// G3: while one greenlet waits for the network, the others run. Give it URLs, or it fetches three pages of its own.
import { fetch, joinall, spawn } from 'greenlets';
import { localPages } from './local-pages.js';

function* f(url: string) {
  console.log(`FET: ${url}`);
  const resp = yield* fetch(url);
  const data = (yield* resp.text()).length;
  console.log(url, data);
}

const urls = process.argv.slice(2);
if (urls.length === 0) urls.push(...(await localPages()));

await joinall(urls.map((url) => spawn(f, url)));
