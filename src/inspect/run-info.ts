/** What is going on, for a person who asks: the counts of the hub and the tree of greenlets. */
import { printError } from '../runtime/host.js';
import { hub } from '../runtime/hub.js';
import { type FormatOptions, formatTree } from './format-tree.js';

/** A line of `hub.stats()`, then `formatTree()`. Never switches. Mirrors `gevent.util.format_run_info`. */
export function formatRunInfo(options: FormatOptions = {}): string {
  const { greenlets, ready, timers, turns } = hub.stats();
  return `greenlets: ${greenlets} alive, ${ready} ready, ${timers} timers, ${turns} turns\n${formatTree(options)}`;
}

/** Prints `formatRunInfo()` on the error stream. Never switches. Mirrors `gevent.util.print_run_info`. */
export function printRunInfo(options: FormatOptions = {}): void {
  printError(formatRunInfo(options));
}
