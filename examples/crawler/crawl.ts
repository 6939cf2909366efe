/** The crawl: which pages to fetch, in which order, and how often. */
import { type Green, Pool, Queue, race, rethrowExit, retry, Timeout, withTimeout } from 'greenlets';
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
  readonly #hosts: Set<string>;
  readonly #toVisit = new Queue<Page>();

  constructor(urls: readonly string[], limits: Limits) {
    this.start = urls;
    this.#limits = limits;
    this.#hosts = new Set(urls.map((url) => new URL(url).host));
    for (const url of urls) this.#found(new URL(url).href, 0);
  }

  /** Crawls until nothing is left to fetch. */
  *run(): Green<void> {
    const workers = new Pool(this.#limits.concurrency);
    try {
      while (!workers.full()) workers.spawnNowait(() => this.#work());
      // Every page is done; or no worker is left, and the first error is thrown.
      yield* race([this.#toVisit.join(), workers.join({ raiseError: true })]);
      this.finished = true;
    } finally {
      yield* workers.kill();
    }
  }

  /** How many pages are being fetched, or wait to be tried again. */
  get running(): number {
    return this.#toVisit.unfinishedTasks - this.#toVisit.qsize();
  }

  /** One of the workers: fetches one page after the other. */
  *#work(): Green<void> {
    for (;;) {
      const page = yield* this.#toVisit.get();
      try {
        yield* this.#crawl(page);
      } finally {
        this.#toVisit.taskDone();
      }
    }
  }

  /** Fetches one page, and puts the pages that it leads to into the queue. */
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
    const tries = 1 + this.#limits.retries;
    try {
      return yield* retry(() => this.#attempt(page), { tries, delay: BACK_OFF, when: isTemporary });
    } catch (error) {
      rethrowExit(error);
      return kindOf(error);
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
      this.#toVisit.putNowait(page);
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
