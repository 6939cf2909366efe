/** The crawl: which pages to fetch, in which order, and how often. */
import { type Green, joinall, Pool, rethrowExit, sleep, Timeout, withTimeout } from 'greenlets';
import type { Options } from './options.js';
import { download, HttpError, newPage, type Outcome, type Page } from './page.js';

/** ms before the first retry; each further one waits twice as long. */
const BACK_OFF = 50;

type Limits = Pick<Options, 'concurrency' | 'timeout' | 'depth' | 'retries' | 'allHosts'>;

export class Crawl {
  readonly start: readonly string[];
  /** Every page that was found near enough, by its address. */
  readonly pages = new Map<string, Page>();
  /** Addresses that were found, but lead to other hosts. */
  readonly elsewhere = new Set<string>();
  /** Called when something has changed. */
  onChange = (): void => {};
  /** How many pages were fetched, or given up. */
  ended = 0;
  /** Nothing is left to fetch. */
  finished = false;
  readonly #limits: Limits;
  readonly #pool: Pool;
  readonly #hosts: Set<string>;
  readonly #waiting: Page[] = [];

  constructor(urls: readonly string[], limits: Limits) {
    this.start = urls;
    this.#limits = limits;
    this.#pool = new Pool(limits.concurrency);
    this.#hosts = new Set(urls.map((url) => new URL(url).host));
    for (const url of urls) this.#found(new URL(url).href, 0);
  }

  /** Crawls until nothing is left to fetch. */
  *run(): Green<void> {
    try {
      while (this.#waiting.length > 0 || this.#pool.length > 0) {
        const page = this.#waiting.shift();
        if (page === undefined) yield* joinall(this.#pool, { count: 1 });
        else yield* this.#pool.spawn(() => this.#crawl(page));
      }
      this.finished = true;
    } finally {
      yield* this.#pool.kill();
    }
  }

  /** How many pages are being fetched, or wait to be tried again. */
  get running(): number {
    return this.#pool.length;
  }

  /** Fetches one page, and follows its links. */
  *#crawl(page: Page): Green<void> {
    page.outcome = 'running';
    this.onChange();
    try {
      page.outcome = yield* this.#fetch(page);
      this.#follow(page);
    } finally {
      if (page.outcome === 'running') page.outcome = 'interrupted';
      this.ended++;
      this.onChange();
    }
  }

  /** Tries until it is fetched, or there is no point in trying again; gives the outcome. */
  *#fetch(page: Page): Green<Outcome> {
    for (let pause = BACK_OFF; ; pause *= 2) {
      try {
        return yield* this.#attempt(page);
      } catch (error) {
        rethrowExit(error);
        if (!isTemporary(error) || page.attempts > this.#limits.retries) return kindOf(error);
      }
      yield* sleep(pause);
    }
  }

  *#attempt(page: Page): Green<Outcome> {
    const begin = performance.now();
    page.attempts++;
    try {
      return yield* withTimeout(this.#limits.timeout, download, page);
    } finally {
      page.ms += performance.now() - begin;
    }
  }

  /** Goes where `page` leads. A redirect is no step away from the start, a link is one. */
  #follow(page: Page): void {
    if (this.#leadsBack(page)) page.outcome = 'redirect loop';
    const redirects = page.outcome.startsWith('redirect');
    for (const url of page.links) {
      if (redirects && page.depth === 0) this.#hosts.add(new URL(url).host);
      this.#found(url, redirects ? page.depth : page.depth + 1);
    }
  }

  /** A page has been found. One that is known already counts again only if the way to it is shorter now. */
  #found(url: string, depth: number): void {
    if (depth > this.#limits.depth) return;
    if (!this.#limits.allHosts && !this.#hosts.has(new URL(url).host)) {
      this.elsewhere.add(url);
      return;
    }
    const known = this.pages.get(url);
    if (known === undefined) {
      const page = newPage(url, depth);
      this.pages.set(url, page);
      this.#waiting.push(page);
    } else if (depth < known.depth) {
      known.depth = depth;
      this.#follow(known);
    }
  }

  /** Whether redirects lead from `page` to itself. */
  #leadsBack(page: Page): boolean {
    const passed = new Set<Page>();
    let next: Page | undefined = page;
    while (next?.outcome === 'redirect' && !passed.has(next)) {
      passed.add(next);
      next = this.pages.get(next.links[0] ?? '');
    }
    return next === page && passed.size > 0;
  }
}

/** Another attempt may have more luck. */
function isTemporary(error: unknown): boolean {
  return !(error instanceof HttpError) || error.status >= 500 || error.status === 429;
}

/** Under which name an error is counted. */
function kindOf(error: unknown): string {
  if (error instanceof Timeout) return 'timeout';
  if (error instanceof HttpError) return error.message;
  const { code, name } = error as { code?: string; name?: string };
  return code ?? name ?? String(error);
}
