/** A crawler: 50 greenlets fetch the pages of a site side by side. `npm start -- --help` tells what it can do. */
import { writeFile } from 'node:fs/promises';
import { type Green, main, until } from 'greenlets';
import { Crawl } from './crawl.js';
import { type Options, readOptions, USAGE, Usage } from './options.js';
import { showProgress } from './progress.js';
import { makeReport, printReport } from './report.js';
import { SiteServer } from './server.js';
import { makeSite } from './site.js';

/** Crawls the given URLs, or a site of its own. */
function* program(options: Options): Green<void> {
  if (options.urls.length > 0) {
    yield* crawl(options);
    return;
  }
  const server = yield* new SiteServer(makeSite(options)).listen();
  try {
    yield* crawl(options, server);
  } finally {
    server.close();
  }
}

/** Whatever happens, Ctrl-C included, there is a report in the end. */
function* crawl(options: Options, server?: SiteServer): Green<void> {
  const urls = server === undefined ? options.urls : [server.url];
  const crawl = new Crawl(urls, options);
  const progress = options.progress ? showProgress(crawl) : null;
  const begin = performance.now();
  try {
    yield* crawl.run();
  } finally {
    progress?.[Symbol.dispose]();
    const report = makeReport(crawl, options, performance.now() - begin, server?.latencies);
    yield* until(writeFile(options.report, `${JSON.stringify(report, null, 2)}\n`));
    if (!options.quiet) printReport(report);
  }
}

try {
  await main(program, readOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof Usage)) throw error;
  console.error(error.message === '' ? USAGE : `${error.message}\n\n${USAGE}`);
  process.exitCode = error.message === '' ? 0 : 2;
}
