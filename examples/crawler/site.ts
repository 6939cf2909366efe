/** The plan of a site to crawl, made from a seed: the same seed gives the same pages, links and latencies. */

/** What a page does when it is asked for. */
export type Kind =
  | 'page' // answers
  | 'redirect' // sends elsewhere
  | 'missing' // answers 404
  | 'flaky' // answers 500 once or twice, then well
  | 'silent'; // never answers

export interface SitePage {
  readonly path: string;
  readonly kind: Kind;
  /** ms until it answers. */
  readonly latency: number;
  /** What its links say, as they stand in the page. */
  readonly links: string[];
  /** Where a redirect leads. */
  readonly to: string;
  /** How often a flaky page fails. */
  readonly failures: number;
  /** How many words of text it has. */
  readonly words: number;
}

export interface Site {
  readonly pages: ReadonlyMap<string, SitePage>;
}

/** An index, a tree of ordinary pages under it, and among their links everything that can happen to a crawler. */
export function makeSite({ pages, seed }: { pages: number; seed: number }): Site {
  const builder = new Builder(random(seed));
  const special = {
    redirect: share(pages, 0.04),
    missing: share(pages, 0.03),
    flaky: share(pages, 0.03),
    silent: share(pages, 0.01),
  };
  const loops = LINK_LOOP.length + REDIRECT_LOOP.length;
  const ordinary = pages - loops - Object.values(special).reduce((sum, count) => sum + count);
  builder.tree(ordinary);
  builder.linkLoop();
  builder.redirectLoop();
  for (const kind of ['redirect', 'missing', 'flaky', 'silent'] as const) {
    for (let i = 1; i <= special[kind]; i++) builder.special(kind, i);
  }
  builder.clutter();
  return builder;
}

const FAN_OUT = 8;
const LINK_LOOP = ['/ring/1', '/ring/2', '/ring/3'] as const;
const REDIRECT_LOOP = ['/round', '/and-round'] as const;

function share(pages: number, part: number): number {
  return Math.max(1, Math.round(pages * part));
}

class Builder implements Site {
  readonly pages = new Map<string, SitePage>();
  readonly #random: () => number;
  readonly #ordinary: SitePage[] = [];

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Page `i` is linked from page `(i - 1) / 8`: no page is far from the index. */
  tree(count: number): void {
    for (let i = 0; i < count; i++) {
      const page = this.#add(i === 0 ? '/' : `/page/${i}`, 'page', {});
      this.#ordinary[Math.floor((i - 1) / FAN_OUT)]?.links.push(page.path);
      this.#ordinary.push(page);
    }
  }

  /** Pages that link to one another in a circle. */
  linkLoop(): void {
    LINK_LOOP.forEach((path, i) => {
      this.#add(path, 'page', { links: [LINK_LOOP[(i + 1) % LINK_LOOP.length] as string] });
    });
    this.#somewhere(LINK_LOOP[0]);
  }

  /** Redirects that lead to one another. */
  redirectLoop(): void {
    REDIRECT_LOOP.forEach((path, i) => {
      this.#add(path, 'redirect', { to: REDIRECT_LOOP[(i + 1) % REDIRECT_LOOP.length] as string });
    });
    this.#somewhere(REDIRECT_LOOP[0]);
  }

  /** One page of a kind that is not ordinary, linked from an ordinary one. */
  special(kind: Kind, i: number): void {
    const path = `/${kind}/${i}`;
    this.#add(path, kind, {
      to: kind === 'redirect' ? this.#any().path : '',
      failures: kind === 'flaky' ? this.#between(1, 2) : 0,
    });
    this.#somewhere(path);
  }

  /** What real pages have too: links up, links to the same page twice, fragments, and links that lead off the site. */
  clutter(): void {
    for (const page of this.#ordinary) {
      const other = this.#any().path;
      page.links.push('/', other, `${other}#part-${this.#between(1, 9)}`);
      if (this.#random() < 0.1)
        page.links.push('http://elsewhere.invalid/', 'mailto:webmaster@elsewhere.invalid');
    }
  }

  #add(path: string, kind: Kind, more: Partial<SitePage>): SitePage {
    const page = {
      path,
      kind,
      latency: this.#between(5, 50),
      words: this.#between(50, 800),
      links: [],
      to: '',
      failures: 0,
      ...more,
    };
    this.pages.set(path, page);
    return page;
  }

  #somewhere(path: string): void {
    this.#any().links.push(path);
  }

  #any(): SitePage {
    return this.#ordinary[this.#between(0, this.#ordinary.length - 1)] as SitePage;
  }

  #between(low: number, high: number): number {
    return low + Math.floor(this.#random() * (high - low + 1));
  }
}

/** A generator of random numbers from 0 to 1 (mulberry32). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
