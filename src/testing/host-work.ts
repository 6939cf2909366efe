/** What the host is busy with, as far as it tells. */
import { host } from '../runtime/host.js';

interface Telling {
  getActiveResourcesInfo?(): string[];
}

/** How many things of each kind hold the process; nothing where the host does not tell. */
export function hostWork(): Map<string, number> {
  const counts = new Map<string, number>();
  const kinds = (host.process as Telling | undefined)?.getActiveResourcesInfo?.() ?? [];
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** The host is busy with more than it was at `before`. */
export function isBusierThan(before: ReadonlyMap<string, number>): boolean {
  return [...hostWork()].some(([kind, count]) => count > (before.get(kind) ?? 0));
}
