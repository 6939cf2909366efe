/** The tree of greenlets as text. */
import { checkCount, checkOptions } from '../runtime/check.js';
import { formatFrame } from '../runtime/place.js';
import { type GreenletNode, type TreeOptions, tree } from './tree.js';

export interface FormatOptions extends TreeOptions {
  /** How many frames of each stack, the innermost first; all unless given, 0 for none. */
  readonly frames?: number | undefined;
}

/**
 * The tree of greenlets as text: for each a line with its name, state and what it waits in, under it its stack, where it was
 * spawned and what it holds, then those that it spawned, indented (below 50 levels, with the level). Takes what `tree` takes. Never switches. Mirrors
 * `gevent.util.GreenletTree.format`.
 */
export function formatTree(options: FormatOptions = {}): string {
  checkFormat(options, 'formatTree');
  const lines: string[] = [];
  const frames = options.frames ?? Number.POSITIVE_INFINITY;
  const left: Placed[] = [{ node: tree(options), lead: '', indent: '', depth: 0 }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) append(lines, left, next, frames);
  return lines.join('\n');
}

/** Greenlets below this are not indented further, but numbered: the text would grow with the square of a long chain. */
const DEEPEST = 50;

/** Refuses wrong options of `where`. */
export function checkFormat(options: FormatOptions, where: string): void {
  checkOptions(options, where, '{ frames: 3 }');
  if (options.frames !== undefined) checkCount(options.frames, 'frames');
}

/** A node, the text in front of its title, and in front of all below it. */
interface Placed {
  readonly node: GreenletNode;
  readonly lead: string;
  readonly indent: string;
  readonly depth: number;
}

/** The lines of one node; those below it go to `left`, the last of which is next. Without recursion: a chain of spawns may be long. */
function append(
  lines: string[],
  left: Placed[],
  { node, lead, indent, depth }: Placed,
  frames: number,
): void {
  lines.push(lead + titleOf(node));
  const { children } = node;
  const bar = children.length > 0 ? '│  ' : '   ';
  for (const detail of detailsOf(node, frames)) lines.push(indent + bar + detail);
  for (let i = children.length - 1; i >= 0; i--) {
    const [corner, line] = i === children.length - 1 ? ['└─ ', '   '] : ['├─ ', '│  '];
    const deep = depth >= DEEPEST;
    left.push({
      node: children[i] as GreenletNode,
      lead: deep ? `${indent}${corner}[${depth + 1} deep] ` : indent + corner,
      indent: deep ? indent : indent + line,
      depth: depth + 1,
    });
  }
}

/** `worker: parked in Queue.get of <Queue 'jobs'>` */
function titleOf(node: GreenletNode): string {
  const { operation, object } = node;
  const where = operation === null ? '' : ` in ${operation}${object === null ? '' : ` of ${object}`}`;
  return `${node.name}: ${node.state}${where}${node.daemon ? ', daemon' : ''}`;
}

function detailsOf(node: GreenletNode, frames: number): string[] {
  const details = node.frames.slice(0, frames).map((frame) => `at ${formatFrame(frame)}`);
  if (node.frames.length > details.length && frames > 0)
    details.push(`… ${node.frames.length - frames} more`);
  if (node.value !== null && node.value !== 'undefined') details.push(`value ${node.value}`);
  if (node.error !== null) details.push(`error ${node.error}`);
  if (node.spawnedAt !== null) details.push(`spawned at ${node.spawnedAt}`);
  if (node.parent !== null && node.parent !== 'main') details.push(`parent ${node.parent}`);
  if (node.spawnTreeLocals !== null) details.push(`spawn tree locals ${fieldsText(node.spawnTreeLocals)}`);
  for (const fields of node.locals) details.push(`locals ${fieldsText(fields)}`);
  return details;
}

function fieldsText(fields: Readonly<Record<string, string>>): string {
  const parts = Object.entries(fields).map(([name, text]) => `${name}: ${text}`);
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}
