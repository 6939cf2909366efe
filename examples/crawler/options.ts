/** The command line of the crawler. */
import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm start -- [options] [URL...]

Crawls the given sites, or without URLs a site of some 500 pages that it serves itself.

  --concurrency N   pages that are fetched at once (default 50)
  --timeout MS      time a page has (default 300 for the own site, 10000 for others)
  --depth N         how many links away from the start a page may be (default 12 for the own site, 2 for others)
  --retries N       how often a page is tried again (default 3)
  --report FILE     where the report goes (default crawl-report.json)
  --all-hosts       follow links to other hosts, too
  --progress        show progress even if the output is no terminal
  --quiet           print nothing
  --pages N         size of the own site (default 500)
  --seed N          the random numbers of the own site (default 1)
  --help            print this`;

export interface Options {
  /** Where the crawl begins; empty: the own site. */
  readonly urls: readonly string[];
  readonly concurrency: number;
  readonly timeout: number;
  readonly depth: number;
  readonly retries: number;
  readonly report: string;
  readonly allHosts: boolean;
  readonly progress: boolean;
  readonly quiet: boolean;
  readonly pages: number;
  readonly seed: number;
}

/** What is wrong with the command line, or a request for help. */
export class Usage extends Error {}

export function readOptions(args: string[]): Options {
  const { values, positionals: urls } = parse(args);
  if (values.help) throw new Usage();
  const own = urls.length === 0;
  return {
    urls: urls.map(checkUrl),
    concurrency: number(values, 'concurrency', 50, 1),
    timeout: number(values, 'timeout', own ? 300 : 10_000, 1),
    depth: number(values, 'depth', own ? 12 : 2),
    retries: number(values, 'retries', 3),
    report: values.report ?? 'crawl-report.json',
    allHosts: values['all-hosts'] ?? false,
    progress: !values.quiet && (values.progress ?? process.stderr.isTTY ?? false),
    quiet: values.quiet ?? false,
    pages: number(values, 'pages', 500, 20),
    seed: number(values, 'seed', 1),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        concurrency: { type: 'string' },
        timeout: { type: 'string' },
        depth: { type: 'string' },
        retries: { type: 'string' },
        report: { type: 'string' },
        'all-hosts': { type: 'boolean' },
        progress: { type: 'boolean' },
        quiet: { type: 'boolean' },
        pages: { type: 'string' },
        seed: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new Usage((error as Error).message);
  }
}

function number(values: Record<string, unknown>, name: string, otherwise: number, least = 0): number {
  const text = values[name];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new Usage(`--${name} must be a whole number of at least ${least}, got ${text}`);
  }
  return value;
}

function checkUrl(url: string): string {
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    throw new Usage(`${url} is no http or https URL`);
  }
  return url;
}
