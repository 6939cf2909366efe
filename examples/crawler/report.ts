/** What a crawl has found: as data, and as a table. */
import { Table } from 'console-table-printer';
import type { Crawl } from './crawl.js';
import type { Options } from './options.js';
import type { Page } from './page.js';

export interface Report {
  /** False when the crawl was interrupted. */
  readonly finished: boolean;
  /** Where it began. */
  readonly start: readonly string[];
  readonly options: Options;
  /** Pages that were fetched. */
  readonly pages: number;
  readonly bytes: number;
  readonly redirects: number;
  readonly requests: number;
  /** Requests that repeated one that had failed. */
  readonly retries: number;
  /** Pages that were not fetched, by the kind of error. */
  readonly errors: Readonly<Record<string, number>>;
  /** Pages that were being fetched, and ones that were still to be fetched, when the crawl was interrupted. */
  readonly interrupted: number;
  readonly waiting: number;
  /** Links that lead to other hosts and were not followed. */
  readonly elsewhere: number;
  /** ms that the crawl took. */
  readonly total: number;
  /** ms that it would have taken one after the other: the time that all answers took together. */
  readonly latencies: number;
  readonly results: readonly Omit<Page, 'links'>[];
}

/** `latencies`: what the server knows of them; otherwise what the crawler has measured. */
export function makeReport(crawl: Crawl, options: Options, total: number, latencies?: number): Report {
  const pages = [...crawl.pages.values()];
  const count = (outcome: string) => pages.filter((page) => page.outcome === outcome).length;
  const requests = sum(pages, (page) => page.attempts);
  return {
    finished: crawl.finished,
    start: crawl.start,
    options,
    pages: count('done'),
    bytes: sum(pages, (page) => page.bytes),
    redirects: count('redirect'),
    requests,
    retries: requests - pages.filter((page) => page.attempts > 0).length,
    errors: countErrors(pages),
    interrupted: count('interrupted'),
    waiting: count('waiting'),
    elsewhere: crawl.elsewhere.size,
    total: Math.round(total),
    latencies: Math.round(latencies ?? sum(pages, (page) => page.ms)),
    results: pages.map(({ links: _, ms, ...page }) => ({ ...page, ms: Math.round(ms) })),
  };
}

export function printReport(report: Report): void {
  const table = new Table({
    shouldDisableColors: !process.stdout.isTTY,
    columns: [
      { name: 'what', title: `crawl of ${report.start.join(' ')}`, alignment: 'left' },
      { name: 'count', title: report.finished ? 'finished' : 'interrupted', alignment: 'right' },
    ],
  });
  for (const [what, count] of rows(report)) table.addRow({ what, count });
  table.printTable();
}

function rows(report: Report): [string, string][] {
  const { total, latencies } = report;
  const rows: [string, string][] = [
    ['pages', number(report.pages)],
    ['bytes', number(report.bytes)],
    ['redirects', number(report.redirects)],
    ['requests', number(report.requests)],
    ['  of them retries', number(report.retries)],
    ['links to other hosts', number(report.elsewhere)],
  ];
  for (const [kind, count] of Object.entries(report.errors)) rows.push([`error: ${kind}`, number(count)]);
  if (!report.finished) {
    rows.push(['interrupted', number(report.interrupted)], ['not begun', number(report.waiting)]);
  }
  rows.push(
    ['total time', `${number(total)} ms`],
    ['sum of the latencies', `${number(latencies)} ms`],
    ['faster than one by one', `${(latencies / Math.max(1, total)).toFixed(1)} times`],
  );
  return rows;
}

const NO_ERRORS = new Set(['waiting', 'running', 'interrupted', 'done', 'redirect']);

function countErrors(pages: readonly Page[]): Record<string, number> {
  const errors: Record<string, number> = {};
  for (const { outcome } of pages) {
    if (!NO_ERRORS.has(outcome)) errors[outcome] = (errors[outcome] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(errors).sort());
}

function sum(pages: readonly Page[], of: (page: Page) => number): number {
  return pages.reduce((total, page) => total + of(page), 0);
}

function number(value: number): string {
  return value.toLocaleString('en');
}
