import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Green, green, until } from 'greenlets';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Crawl } from '../../examples/crawler/crawl.js';
import type { Page } from '../../examples/crawler/page.js';
import { makeReport, type Report } from '../../examples/crawler/report.js';
import { SiteServer } from '../../examples/crawler/server.js';
import { type Kind, makeSite, type Site, type SitePage } from '../../examples/crawler/site.js';
import { serve } from '../io/local-server.js';
import { watchHub } from '../support/hub-watch.js';
import { runExample, startExample } from './run-example.js';

watchHub();

/** So long that only a page that never answers runs into it. */
const PATIENT = 60_000;
const LIMITS = { concurrency: 50, timeout: PATIENT, depth: 100, retries: 3, allHosts: false };

/** The site without its silent pages. */
function answering(site: Site): Site {
  const pages = [...site.pages.values()].map(
    (page): SitePage => (page.kind === 'silent' ? { ...page, kind: 'page' } : page),
  );
  return { pages: new Map(pages.map((page) => [page.path, page])) };
}

/** The site without its links to hosts that do not exist. */
function closed(site: Site): Site {
  const pages = [...site.pages.values()].map((page) => ({
    ...page,
    links: page.links.filter((link) => !link.startsWith('http:')),
  }));
  return { pages: new Map(pages.map((page) => [page.path, page])) };
}

function linksTo(count: number): string {
  return Array.from({ length: count }, (_, i) => `<a href="/never/${i}">never</a>`).join('');
}

/** Crawls `site`, served on loopback. */
function* crawl(
  site: Site,
  limits: Partial<typeof LIMITS> = {},
): Green<{ crawl: Crawl; server: SiteServer }> {
  const server = yield* new SiteServer(site).listen();
  onTestFinished(() => server.close());
  const crawl = new Crawl([server.url], { ...LIMITS, ...limits });
  yield* crawl.run();
  return { crawl, server };
}

/** By the plan of the site: how far each page is from the index. A redirect is no step. */
function distances(site: Site): Map<string, number> {
  const known = new Map<string, number>();
  let level = ['/'];
  for (let depth = 0; level.length > 0; depth++) {
    const next: string[] = [];
    while (level.length > 0) {
      const path = level.pop() as string;
      const page = site.pages.get(path);
      if (known.has(path) || page === undefined) continue;
      known.set(path, depth);
      if (page.kind === 'redirect') level.push(page.to);
      else if (page.kind !== 'missing') next.push(...page.links.map((link) => link.replace(/#.*/, '')));
    }
    level = next;
  }
  return known;
}

function kinds(site: Site): Record<Kind, number> {
  const count = { page: 0, redirect: 0, missing: 0, flaky: 0, silent: 0 };
  for (const { kind } of site.pages.values()) count[kind]++;
  return count;
}

function pathOf({ url }: Page): string {
  return new URL(url).pathname;
}

describe('the site', () => {
  it('is the same for the same seed, and has as many pages as asked for, of every kind', () => {
    const site = makeSite({ pages: 500, seed: 3 });
    expect(site.pages.size).toBe(500);
    expect([...site.pages]).toEqual([...makeSite({ pages: 500, seed: 3 }).pages]);
    expect([...site.pages]).not.toEqual([...makeSite({ pages: 500, seed: 4 }).pages]);
    expect(kinds(site)).toEqual({ page: 443, redirect: 22, missing: 15, flaky: 15, silent: 5 });
    for (const { latency } of site.pages.values()) {
      expect(latency).toBeGreaterThanOrEqual(5);
      expect(latency).toBeLessThanOrEqual(50);
    }
  });

  it('can be reached from its index, all of it', () => {
    for (const seed of [1, 2, 3]) {
      const site = makeSite({ pages: 200, seed });
      expect([...distances(site).keys()].sort()).toEqual([...site.pages.keys()].sort());
    }
  });
});

describe('a crawl', () => {
  it(
    'counts every kind of page right',
    green(function* () {
      const site = answering(makeSite({ pages: 200, seed: 7 }));
      const { crawl: done, server } = yield* crawl(site);
      const report = makeReport(done, {} as never, 1, 1);
      const count = kinds(site);
      expect(report.finished).toBe(true);
      expect(report.pages).toBe(count.page + count.flaky);
      // One of the two redirects that lead to one another is where the loop is noticed.
      expect(report.redirects).toBe(count.redirect - 1);
      expect(report.errors).toEqual({ 'http 404': count.missing, 'redirect loop': 1 });
      expect(report.bytes).toBe(server.bytes);
      expect(report.elsewhere).toBe(1);
      expect([report.interrupted, report.waiting]).toEqual([0, 0]);
    }),
  );

  it(
    'asks for each page once, apart from retries of those that failed',
    green(function* () {
      const site = answering(makeSite({ pages: 200, seed: 8 }));
      const { crawl: done, server } = yield* crawl(site);
      const wanted = [...site.pages.values()].map(({ path, failures }) => [path, 1 + failures]);
      expect(Object.fromEntries(server.asked)).toEqual(Object.fromEntries(wanted));
      for (const page of done.pages.values()) expect(page.attempts).toBe(server.asked.get(pathOf(page)));
      const report = makeReport(done, {} as never, 1, 1);
      expect(report.requests).toBe(wanted.reduce((sum, [, times]) => sum + (times as number), 0));
      expect(report.retries).toBe(report.requests - site.pages.size);
    }),
  );

  it(
    'gives up a page that fails after so many retries',
    green(function* () {
      const site = answering(makeSite({ pages: 60, seed: 9 }));
      const failing = [...site.pages.values()].filter(({ kind }) => kind === 'flaky');
      const { crawl: done } = yield* crawl(site, { retries: 0 });
      expect(makeReport(done, {} as never, 1, 1).errors['http 500']).toBe(failing.length);
    }),
  );

  it(
    'gives up a page that never answers after a timeout for each attempt',
    green(function* () {
      const site = makeSite({ pages: 200, seed: 10 });
      const silent = [...site.pages.values()].filter(({ kind }) => kind === 'silent');
      const server = yield* new SiteServer(site).listen();
      onTestFinished(() => server.close());
      // No other page is asked for: on a busy machine any might take too long.
      const urls = silent.map(({ path }) => new URL(path, server.url).href);
      const work = new Crawl(urls, { ...LIMITS, timeout: 50, retries: 1 });
      yield* work.run();
      expect([...work.pages.keys()]).toEqual(urls);
      for (const page of work.pages.values()) expect([page.outcome, page.attempts]).toEqual(['timeout', 2]);
      expect(makeReport(work, {} as never, 1, 1).errors).toEqual({ timeout: silent.length });
    }),
  );

  it(
    'goes no further than the depth limit, by the shortest way',
    green(function* () {
      const site = answering(makeSite({ pages: 200, seed: 11 }));
      const depth = 2;
      const { crawl: done, server } = yield* crawl(site, { depth });
      const near = [...distances(site)].filter(([, distance]) => distance <= depth);
      expect(near.length).toBeLessThan(site.pages.size);
      expect([...server.asked.keys()].sort()).toEqual(near.map(([path]) => path).sort());
      const found = [...done.pages.values()].map((page) => [pathOf(page), page.depth]);
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(near));
    }),
  );

  it(
    'has never more requests under way than the limit',
    green(function* () {
      for (const concurrency of [1, 7, 50]) {
        const site = answering(makeSite({ pages: 40, seed: 12 }));
        const { server } = yield* crawl(site, { concurrency });
        expect(server.maxInFlight).toBeLessThanOrEqual(concurrency);
        expect(server.inFlight).toBe(0);
      }
    }),
  );

  it(
    'has as many requests under way as the limit allows',
    green(function* () {
      const concurrency = 10;
      const waiting: ServerResponse[] = [];
      // No page answers before so many have been asked for: fewer at once would never end.
      const server = yield* until(
        serve(({ url }, response) => {
          response.setHeader('content-type', 'text/html');
          if (url === '/') response.end(linksTo(3 * concurrency));
          else waiting.push(response);
          if (waiting.length === concurrency) for (const each of waiting.splice(0)) each.end();
        }),
      );
      yield* new Crawl([server.url], { ...LIMITS, concurrency }).run();
      expect(server.exchanges).toHaveLength(1 + 3 * concurrency);
    }),
  );

  it(
    'follows links to other hosts only when told to',
    green(function* () {
      const site = closed(answering(makeSite({ pages: 30, seed: 13 })));
      const otherSite = closed(answering(makeSite({ pages: 20, seed: 14 })));
      const other = yield* new SiteServer(otherSite).listen();
      onTestFinished(() => other.close());
      site.pages.get('/')?.links.push(other.url);
      expect([...(yield* crawl(site)).crawl.elsewhere]).toEqual([other.url]);
      expect(other.asked.size).toBe(0);
      expect((yield* crawl(site, { allHosts: true })).crawl.elsewhere.size).toBe(0);
      expect(other.asked.size).toBe(otherSite.pages.size);
    }),
  );
});

describe('npm start', () => {
  function reportFile(): string {
    const folder = mkdtempSync(join(tmpdir(), 'crawl-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return join(folder, 'report.json');
  }

  function read(file: string): Report {
    return JSON.parse(readFileSync(file, 'utf8'));
  }

  const crawler = 'examples/crawler/main.ts';

  it('crawls its own site, prints a table and writes a report', async () => {
    const file = reportFile();
    const own = [
      '--pages',
      '60',
      '--seed',
      '5',
      // Only a page that never answers runs into it, however busy the machine is.
      '--timeout',
      '8000',
      '--retries',
      '0',
      '--report',
      file,
      '--progress',
    ];
    const { code, stdout, stderr } = await runExample(crawler, ...own);
    expect(code).toBe(0);
    const report = read(file);
    expect(report.finished).toBe(true);
    const count = kinds(makeSite({ pages: 60, seed: 5 }));
    expect(report.pages).toBe(count.page);
    expect(report.errors).toEqual({
      'http 404': count.missing,
      'http 500': count.flaky,
      'redirect loop': 1,
      timeout: count.silent,
    });
    expect(report.results).toHaveLength(60);
    for (const row of [
      'pages',
      'bytes',
      'error: http 404',
      'error: timeout',
      'total time',
      'sum of the latencies',
    ]) {
      expect(stdout).toMatch(new RegExp(`│ ${row} +│ +[\\d,]+( ms)? │`));
    }
    expect(stderr).toContain('60 of 60 pages found');
  });

  it('prints nothing when it is quiet, and shows no progress where nobody looks', async () => {
    const file = reportFile();
    const { code, stdout, stderr } = await runExample(
      crawler,
      ...['--pages', '20', '--retries', '0'],
      '--quiet',
      '--report',
      file,
    );
    expect([code, stdout, stderr]).toEqual([0, '', '']);
    expect(read(file).finished).toBe(true);
  });

  it('explains itself', async () => {
    const help = await runExample(crawler, '--help');
    expect([help.code, help.stderr]).toEqual([0, expect.stringMatching(/^Usage: npm start/)]);
    for (const wrong of [['--depth', 'deep'], ['--unheard-of'], ['ftp://host/']]) {
      const { code, stderr } = await runExample(crawler, ...wrong);
      expect(code).toBe(2);
      expect(stderr).toContain(wrong.at(-1));
    }
  });

  it('ended by Ctrl-C aborts what it fetches, writes what it has, and exits with 130', async () => {
    const server = await serve(({ url }, response) => {
      if (url === '/') response.writeHead(200, { 'content-type': 'text/html' }).end(linksTo(20));
    });
    const file = reportFile();
    const limits = ['--concurrency', '5', '--timeout', String(PATIENT), '--report', file];
    const example = startExample(crawler, ...limits, server.url);
    // The index, and five pages that never answer.
    while (server.exchanges.length < 6) await server.next();
    example.interrupt();
    const { code, signal, stdout } = await example.end;
    expect([code, signal]).toEqual([130, null]);
    const [index, ...pages] = await Promise.all(server.exchanges.map(({ end }) => end));
    expect(index).toBe('sent');
    expect(pages).toEqual(['aborted', 'aborted', 'aborted', 'aborted', 'aborted']);

    const report = read(file);
    expect(report.finished).toBe(false);
    expect([report.pages, report.interrupted, report.waiting]).toEqual([1, 5, 15]);
    // Set by the finally block of each greenlet.
    const outcomes = report.results.map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'interrupted')).toHaveLength(5);
    expect(outcomes).not.toContain('running');
    expect(stdout).toMatch(/│ interrupted +│ +5 │/);
  });
});
