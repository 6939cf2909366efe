/**
 * A crawl over HTTP: pages of about 10 kB that take 5 ms each, a hundred at once, from a server in a process of its own. What counts is
 * the CPU time of the client a page, of all its threads. Each crawl has connections of its own.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import nodeHttp from 'node:http';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import * as undici from 'undici';
import { http } from '../fixtures/greenlets-io.mjs';
import { fetch as greenFetch, Pool, spawn } from '../greenlets.mjs';
import { program } from '../lib/tools.mjs';

const AT_ONCE = 100;

const child = fork(fileURLToPath(new URL('../fixtures/pages.mjs', import.meta.url)), { execArgv: [] });
const [{ port, size }] = await once(child, 'message');
child.unref();
child.channel.unref();

function urlsOf(count) {
  return Array.from({ length: count }, (_, i) => `http://127.0.0.1:${port}/page/${i}`);
}

function* page(url, agent) {
  const response = yield* http.get(url, { agent });
  return (yield* response.text()).length;
}

function* fetchPage(url) {
  const response = yield* greenFetch(url);
  return (yield* response.text()).length;
}

/** Every page by `get`, at most `AT_ONCE` at a time. */
function* crawl(urls, get, ...rest) {
  const pool = new Pool(AT_ONCE);
  const list = [];
  for (const url of urls) list.push(yield* pool.spawn(get, url, ...rest));
  let sum = 0;
  for (const each of list) sum += yield* each.get();
  return sum;
}

function* greenCrawl(urls) {
  const agent = new http.Agent();
  const sum = yield* crawl(urls, page, agent);
  agent.close();
  return sum;
}

async function asyncCrawl(urls, get) {
  const limit = pLimit(AT_ONCE);
  const sizes = await Promise.all(urls.map((url) => limit(get, url)));
  return sizes.reduce((sum, each) => sum + each, 0);
}

async function undiciCrawl(urls) {
  const dispatcher = new undici.Agent();
  const sum = await asyncCrawl(urls, async (url) => {
    const { body } = await undici.request(url, { dispatcher });
    return (await body.text()).length;
  });
  await dispatcher.close();
  return sum;
}

function fetchCrawl(urls) {
  return asyncCrawl(urls, async (url) => (await (await fetch(url)).text()).length);
}

async function nodeCrawl(urls) {
  const agent = new nodeHttp.Agent({ keepAlive: true, maxFreeSockets: AT_ONCE });
  const get = (url) =>
    new Promise((resolve, reject) => {
      nodeHttp
        .get(url, { agent }, (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (piece) => {
            text += piece;
          });
          response.on('end', () => resolve(text.length));
        })
        .on('error', reject);
    });
  const sum = await asyncCrawl(urls, get);
  agent.destroy();
  return sum;
}

const CLIENTS = [
  ['green', 'greenlets: `http.get` in a `Pool`', (urls) => spawn(greenCrawl, urls).get().promise()],
  ['undici', '`request` of undici, by p-limit', undiciCrawl],
  ['node', '`get` of node:http, by p-limit', nodeCrawl],
  [
    'green-fetch',
    'greenlets: `fetch` of the platform in a `Pool`',
    (urls) => spawn(crawl, urls, fetchPage).get().promise(),
  ],
  ['fetch', '`fetch` of the platform, by p-limit', fetchCrawl],
];

const FAMILIES = {
  green: 'greenlets',
  'green-fetch': 'greenlets',
  undici: 'undici',
  node: 'Node, callbacks',
  fetch: 'async/await',
};

const OTHERS = [
  ['go', 'Go', 'Go: `net/http`, a goroutine a page'],
  ['gevent', 'gevent', 'gevent: `http.client`, patched, a connection a worker'],
];

export default ({ size: pages, quick }) => {
  const count = pages ?? (quick ? 400 : 2000);
  const urls = urlsOf(count);
  const walls = new Map();
  const timed = async (id, crawl) => {
    const begun = performance.now();
    const sum = await crawl(urls);
    walls.set(id, performance.now() - begun);
    return sum;
  };
  return {
    title: `crawl over HTTP: ${count.toLocaleString('en')} pages of 10 kB with 5 ms of latency, ${AT_ONCE} at once`,
    short: 'crawl',
    growth: { what: 'pages', sizes: [100, 1000, 10_000] },
    contestants: [
      ...CLIENTS.map(([id, label, crawl]) => ({
        id,
        label,
        family: FAMILIES[id],
        case: 'CPU a page',
        clock: 'cpu',
        run: () => timed(id, crawl),
        ops: count,
        expected: count * size,
        // Of the last of its runs.
        also: [{ id: `${id}-wall`, label, case: 'wall of a crawl', unit: 'ms', take: () => walls.get(id) }],
      })),
      ...OTHERS.map(([tool, family, label]) => ({
        id: tool,
        label,
        family,
        case: 'CPU a page',
        tool,
        take: async () => {
          const { cpu, ms } = await program(tool, 'crawl', port, count, size, AT_ONCE);
          walls.set(tool, ms);
          return cpu;
        },
        also: [
          { id: `${tool}-wall`, label, case: 'wall of a crawl', unit: 'ms', take: () => walls.get(tool) },
        ],
      })),
    ],
    bars: [
      { text: 'CPU a page of io.http, to undici', of: 'green', to: 'undici', most: 1 },
      { text: 'CPU a page of io.http, to half of undici', of: 'green', to: 'undici', most: 0.5 },
      { text: 'wall of io.http, to undici', of: 'green-wall', to: 'undici-wall', most: 1.1 },
      { text: 'CPU a page of a crawl over `fetch`, to p-limit', of: 'green-fetch', to: 'fetch', most: 1.1 },
      {
        text: 'wall of a crawl over `fetch`, to p-limit',
        of: 'green-fetch-wall',
        to: 'fetch-wall',
        most: 1.1,
      },
    ],
  };
};
