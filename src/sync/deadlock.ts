/**
 * Deadlocks, found when they close: whoever begins to wait looks whether those it waits for wait, in the end, for it. Whatever else
 * is alive, these never go on.
 *
 * Everyone who can be reached counts as stuck until something shows that it may go on: that it runs, waits for something
 * else (a timer, io), or that one who is enough to free it may go on. If the one that begins to wait is still stuck then,
 * and is reached again from itself, the cycle has just closed. Whoever waits for a cycle without being part of it is not
 * told again.
 */
import { engine } from '../runtime/engine.js';
import { Deadlock } from '../runtime/errors.js';
import { Fiber } from '../runtime/fiber.js';
import type { greenlet } from '../runtime/greenlet.js';
import { hub, warn } from '../runtime/hub.js';
import { describe } from '../runtime/operation.js';
import { formatFrame, here } from '../runtime/place.js';
import { readStack } from '../runtime/stack.js';
import { hasDeadline } from '../runtime/timeout.js';
import { type Blockers, type Blocking, PARKED, type Waiter } from '../runtime/waiter.js';

/** Larger groups are not searched. */
const MOST = 10_000;

interface Node {
  readonly waiter: Waiter;
  readonly operation: Blocking;
  readonly every: boolean;
  readonly blockers: readonly Waiter[];
}

type Graph = Map<Waiter, Node>;

/**
 * `waiter` is about to wait in `operation`, for ever. If that closes a cycle, `hub.onWarning` is told (code `DEADLOCK`), or with
 * `hub.raiseOnDeadlock` the `Deadlock` is thrown.
 */
export function checkDeadlock(waiter: Waiter, operation: Blocking & { readonly _timeout: number }): void {
  // What is awaited outside, or is one operand of several, holds up nobody for ever.
  if (waiter !== waiter._self || operation._timeout !== Number.POSITIVE_INFINITY) return;
  const blockers = operation._blockers?.(waiter);
  if (blockers == null) return;
  if (mayGoOn(waiter, blockers)) return;
  const root: Node = { waiter, operation, every: blockers.every, blockers: [...blockers.waiters] };
  const graph = graphFrom(root);
  if (graph === null || !keepStuck(graph, root)) return;
  const cycle = cycleOf(root, graph);
  if (cycle === null || cycle.some((node) => hasDeadline(node.waiter))) return;
  const message = messageOf(cycle, here());
  const error = new Deadlock(message);
  if (hub.raiseOnDeadlock) throw error;
  warn({ code: 'DEADLOCK', message, greenlet: waiter as unknown as greenlet, at: here(), error });
}

/** The usual case: somebody runs, and will let go. */
function mayGoOn(waiter: Waiter, { every, waiters }: Blockers): boolean {
  for (const each of waiters) {
    const runs = each !== waiter && each._mode !== PARKED;
    if (runs !== every) return runs;
  }
  return every;
}

/** One of them runs, or waits for something that is no greenlet: seen at once, however many they are. Who asks is about to wait. */
export function someGoesOn(members: Iterable<Waiter>): boolean {
  for (const each of members) {
    if (each === engine.current) continue;
    if (each._mode !== PARKED || each._op?._blockers === undefined) return true;
  }
  return false;
}

function nodeOf(waiter: Waiter): Node | null {
  if (waiter._mode !== PARKED || waiter._timer !== -1 || waiter._self !== waiter) return null;
  const operation = waiter._op;
  const blockers = operation?._blockers?.(waiter);
  if (operation == null || blockers == null) return null;
  return { waiter, operation, every: blockers.every, blockers: [...blockers.waiters] };
}

/** Everyone who can be reached from `root` and waits for others; null when there are too many. */
function graphFrom(root: Node): Graph | null {
  const graph: Graph = new Map([[root.waiter, root]]);
  // A map is iterated to what is added on the way, too.
  for (const node of graph.values()) {
    for (const blocker of node.blockers) {
      if (graph.has(blocker)) continue;
      const next = nodeOf(blocker);
      if (next !== null) graph.set(blocker, next);
    }
    if (graph.size > MOST) return null;
  }
  return graph;
}

/** Removes who may go on; whether `root` stays. */
function keepStuck(graph: Graph, root: Node): boolean {
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of graph.values()) {
      const { blockers } = node;
      const stuck = node.every
        ? blockers.some((each) => graph.has(each))
        : blockers.every((each) => graph.has(each));
      if (stuck) continue;
      if (node === root) return false;
      graph.delete(node.waiter);
      changed = true;
    }
  }
  return true;
}

/** A way from `root` back to itself. */
function cycleOf(root: Node, graph: Graph): Node[] | null {
  const cameFrom = new Map<Node, Node>();
  const queue = [root];
  for (const node of queue) {
    for (const blocker of node.blockers) {
      const next = graph.get(blocker);
      if (next === undefined) continue;
      if (next === root) {
        const path = [node];
        for (let each = node; each !== root; ) {
          each = cameFrom.get(each) as Node;
          path.unshift(each);
        }
        return path;
      }
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  return null;
}

/** `first`: where the first of them waits; '' when that is to be read from its stack. */
function messageOf(cycle: readonly Node[], first = ''): string {
  const lines = cycle.map(({ waiter, operation }, index) => {
    const frame = waiter instanceof Fiber ? readStack(waiter)[0] : undefined;
    const at = index === 0 && first !== '' ? first : frame === undefined ? '' : formatFrame(frame);
    const because = operation._because?.() ?? '';
    return `  ${waiter} in ${describe(operation)}${because}${at === '' ? '' : `, waiting at ${at}`}`;
  });
  const what =
    cycle.length === 1
      ? `${cycle[0]?.waiter} waits for itself`
      : `${cycle.length} greenlets wait for one another`;
  return `${what}, and will for ever:\n${lines.join('\n')}`;
}

/** A cycle of waiters, each of which waits for the next, and what there is to say of it. */
export interface Cycle {
  readonly waiters: readonly Waiter[];
  readonly message: string;
}

/** The cycles among `waiters` and those they wait for that are closed now, each once. */
export function closedCycles(waiters: Iterable<Waiter>): Cycle[] {
  const found: Cycle[] = [];
  const told = new Set<Waiter>();
  for (const waiter of waiters) {
    const root = told.has(waiter) ? null : nodeOf(waiter);
    const graph = root === null ? null : graphFrom(root);
    if (root === null || graph === null || !keepStuck(graph, root)) continue;
    const cycle = cycleOf(root, graph);
    if (cycle === null || cycle.some((node) => hasDeadline(node.waiter))) continue;
    const members = cycle.map((node) => node.waiter);
    for (const member of members) told.add(member);
    found.push({ waiters: members, message: messageOf(cycle) });
  }
  return found;
}
