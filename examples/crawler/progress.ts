/** A progress bar on the error stream, so that the output stays clean. */
import { SingleBar } from 'cli-progress';
import type { Crawl } from './crawl.js';

/** Shows how far `crawl` is; gives what ends it. */
export function showProgress(crawl: Crawl): Disposable {
  const bar = new SingleBar({
    format: 'crawling |{bar}| {value} of {total} pages found, {running} at once',
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: 500,
  });
  bar.start(0, 0, { running: 0 });
  crawl.onChange = () => {
    bar.setTotal(crawl.pages.size);
    bar.update(crawl.ended, { running: crawl.running });
  };
  return {
    [Symbol.dispose]() {
      crawl.onChange = () => {};
      bar.stop();
    },
  };
}
