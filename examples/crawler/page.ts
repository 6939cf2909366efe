/** One page: what is known of it, and how it is fetched. */
import { fetch, type Green } from 'greenlets';
import { parse } from 'node-html-parser';

/** 'done', 'redirect', 'interrupted', or the kind of error: 'http 404', 'timeout', 'ECONNREFUSED', … */
export type Outcome = 'waiting' | 'running' | 'done' | 'redirect' | 'interrupted' | (string & {});

export interface Page {
  readonly url: string;
  /** Links from the start, by the shortest way known. */
  depth: number;
  outcome: Outcome;
  status: number;
  bytes: number;
  /** Requests made for it. */
  attempts: number;
  /** The time they took together. */
  ms: number;
  /** Where it leads: the addresses of its links, or of its redirect. */
  links: readonly string[];
}

export function newPage(url: string, depth: number): Page {
  return { url, depth, outcome: 'waiting', status: 0, bytes: 0, attempts: 0, ms: 0, links: [] };
}

/** An answer that is none of the page. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`http ${status}`);
    this.status = status;
  }
}

/** Fetches `page` and notes what came. A redirect is not followed: it is a page whose only link is its target. */
export function* download(page: Page): Green<Outcome> {
  using response = yield* fetch(page.url, { redirect: 'manual' });
  page.status = response.status;
  const location = response.headers.get('location');
  if (response.status >= 300 && response.status < 400 && location !== null) {
    page.links = resolve([location], page.url);
    return 'redirect';
  }
  if (!response.ok) throw new HttpError(response.status);
  const body = yield* response.bytes();
  page.bytes = body.length;
  if (isHtml(response.headers.get('content-type'))) {
    page.links = linksOf(new TextDecoder().decode(body), page.url);
  }
  return 'done';
}

function isHtml(type: string | null): boolean {
  return type?.startsWith('text/html') ?? false;
}

/** Where the links of `html` lead, each address once. */
function linksOf(html: string, base: string): string[] {
  const links = parse(html).querySelectorAll('a[href]');
  return resolve(
    links.map((link) => link.getAttribute('href') ?? ''),
    base,
  );
}

/** Addresses without their fragments, each once, as far as they are ones for a crawler. */
function resolve(links: readonly string[], base: string): string[] {
  const urls = links.filter((link) => URL.canParse(link, base)).map((link) => new URL(link, base));
  for (const url of urls) url.hash = '';
  return [...new Set(urls.filter((url) => /^https?:$/.test(url.protocol)).map((url) => url.href))];
}
