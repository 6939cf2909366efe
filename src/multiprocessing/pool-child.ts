/** What runs in a worker of a pool of processes. */
import process from 'node:process';
import type { Channel } from '../io/workers/channel.js';
import { beforeResult, runJobs } from '../io/workers/pool-worker.js';
import './process.js';
import { setParent } from './router.js';
import './shared.js';
import { settle } from './shared-cells.js';

/** Called by the entry. The worker lives as long as its parent wants it. */
export function serve(channel: Channel): void {
  setParent(channel);
  beforeResult.push(settle);
  // The program that has started it decides: it ends by a signal to that.
  if (channel.kind === 'process') process.on('SIGINT', () => {});
  runJobs(channel);
}
