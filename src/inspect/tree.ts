/** The greenlets by who spawned them, as plain data. */
import { checkOptions, showValue } from '../runtime/check.js';
import { engine } from '../runtime/engine.js';
import { greenlet, main } from '../runtime/greenlet.js';
import { hub } from '../runtime/hub.js';
import { FAILED, KILLED } from '../runtime/observe.js';
import type { StackFrame } from '../runtime/place.js';
import { registered } from '../runtime/registry.js';
import { Greenlet } from '../runtime/scheduled-greenlet.js';
import { spawnPlace } from '../runtime/spawn-place.js';
import {
  DEAD,
  MAIN,
  NEW,
  RUNNING,
  RUNNING_CLOSING,
  RUNNING_PENDING,
  START,
  YIELDED,
} from '../runtime/waiter.js';
import { fieldsOf, show } from './show.js';
import { stack } from './stack.js';

/**
 * `new`: not started; `scheduled`: started, has not run yet; `ready`: goes on when its turn comes; `parked`: waits in an operation
 * (main: for the hub); `running`; dead, by an error: `failed`, by a kill: `killed`, else `finished`.
 */
export type GreenletState =
  | 'new'
  | 'scheduled'
  | 'ready'
  | 'parked'
  | 'running'
  | 'finished'
  | 'failed'
  | 'killed';

/** One greenlet of `tree()`. Values are given as text, so that a tree can be kept, compared and sent. */
export interface GreenletNode {
  readonly name: string;
  readonly ident: number;
  /** The name of its class. */
  readonly type: string;
  readonly state: GreenletState;
  /** The operation that it is parked in, as reports name it: `'Queue.get'`. */
  readonly operation: string | null;
  /** What that is an operation of: `'<Queue 'jobs'>'`; for `sleep` the time. */
  readonly object: string | null;
  /** Where it stands, innermost first; see `stack`. */
  readonly frames: readonly StackFrame[];
  /** Where it was spawned, where that was noted (always with `hub.debug`). */
  readonly spawnedAt: string | null;
  /** Who gets its outcome, when that is not the hub. */
  readonly parent: string | null;
  /** Nothing that it waits for holds the process. */
  readonly daemon: boolean;
  /** What it ended with; null while it lives. Reading it does not observe an error. */
  readonly value: string | null;
  readonly error: string | null;
  /** What its spawn tree shares; told where that tree begins, and not again below. */
  readonly spawnTreeLocals: Readonly<Record<string, string>> | null;
  /** Its own attributes of each `Local`; those without any are left out. */
  readonly locals: readonly Readonly<Record<string, string>>[];
  /** Those that it spawned, oldest first. */
  readonly children: readonly GreenletNode[];
}

export interface TreeOptions {
  /** Only this greenlet and what it spawned; main, with all, unless given. */
  readonly root?: greenlet | undefined;
  /** More greenlets to show: those that have ended, or not been started, are not known otherwise. */
  readonly include?: Iterable<greenlet> | undefined;
}

/**
 * Every scheduled greenlet that has not ended, below the one that spawned it; main's own, and those whose spawner is not shown,
 * are below main. A spawner that has ended is shown as long as something in the program holds it. Raw greenlets are known to
 * nobody: `include` them. The tree is a copy, frozen all through. Never switches, and runs nothing of the greenlets' code.
 * Mirrors `gevent.util.GreenletTree`.
 *
 * @example const waiting = tree().children.filter((each) => each.operation === 'joinall');
 */
export function tree(options: TreeOptions = {}): GreenletNode {
  checkOptions(options, 'tree', '{ include: [g] }');
  const root = options.root ?? main;
  const shown = new Set<greenlet>([main, root]);
  for (const each of [root, ...(registered() as Greenlet[]), ...(options.include ?? [])]) {
    if (!(each instanceof greenlet)) throw new TypeError(`tree() shows greenlets, got ${showValue(each)}`);
    const spawner = spawnerOf(each);
    if (spawner !== null) shown.add(spawner);
    shown.add(each);
  }
  const children = new Map<greenlet, greenlet[]>();
  for (const each of [...shown].sort((one, other) => one.ident - other.ident)) {
    if (each === main) continue;
    const spawner = spawnerOf(each);
    const above = spawner !== null && shown.has(spawner) ? spawner : main;
    const siblings = children.get(above);
    if (siblings === undefined) children.set(above, [each]);
    else siblings.push(each);
  }
  return treeOf(root, children);
}

/** The nodes are made from the last one on, without recursion: a chain of spawns may be long. */
function treeOf(root: greenlet, children: ReadonlyMap<greenlet, readonly greenlet[]>): GreenletNode {
  const below: { readonly each: greenlet; readonly above: object | null }[] = [{ each: root, above: null }];
  // It grows while it is read.
  for (const { each } of below) {
    const above = each instanceof Greenlet ? (each._origin?.tree ?? null) : null;
    for (const child of children.get(each) ?? []) below.push({ each: child, above });
  }
  const nodes = new Map<greenlet, GreenletNode>();
  for (const { each, above } of below.reverse()) {
    const own = (children.get(each) ?? []).map((child) => nodes.get(child) as GreenletNode);
    nodes.set(each, nodeOf(each, own, above));
  }
  return nodes.get(root) as GreenletNode;
}

function spawnerOf(each: greenlet): greenlet | null {
  return each instanceof Greenlet ? each.spawnedBy : null;
}

function nodeOf(each: greenlet, children: readonly GreenletNode[], above: object | null): GreenletNode {
  const operation = each._op;
  const object = operation?._object;
  const ended = each instanceof Greenlet && each._mode === DEAD;
  const failed = ended && (each._flags & FAILED) !== 0;
  const origin = each instanceof Greenlet ? each._origin : null;
  const treeLocals = origin === null || origin.tree === above ? null : origin.tree.locals;
  return Object.freeze({
    name: each.name,
    ident: each.ident,
    type: each.constructor.name,
    state: stateOf(each),
    operation: operation?._name ?? (each._mode === YIELDED ? 'sleep' : null),
    object: object === undefined ? null : String(object),
    frames: stack(each),
    spawnedAt: spawnPlace(each) || null,
    parent: each.parent === hub ? null : (each.parent?.name ?? null),
    daemon: each._extra?.unreferenced ?? false,
    value: ended && !failed ? show(each._value) : null,
    error: failed ? show(each._value) : null,
    spawnTreeLocals: treeLocals !== null && hasFields(treeLocals) ? textOf(treeLocals) : null,
    locals: Object.freeze([...(each._extra?.locals?.values() ?? [])].map(textOf).filter(hasFields)),
    children: Object.freeze(children),
  });
}

function stateOf(each: greenlet): GreenletState {
  if (engine.current === each) return 'running';
  switch (each._mode) {
    case NEW:
      return each.started ? 'scheduled' : 'new';
    case START:
      return 'scheduled';
    case RUNNING:
    case RUNNING_PENDING:
    case RUNNING_CLOSING:
      return 'running';
    case MAIN:
      return 'parked';
    case DEAD:
      return endOf(each);
    default:
      return each._op === null ? 'ready' : 'parked';
  }
}

function endOf(each: greenlet): GreenletState {
  const flags = each instanceof Greenlet ? each._flags : 0;
  if ((flags & FAILED) !== 0) return 'failed';
  return (flags & KILLED) !== 0 ? 'killed' : 'finished';
}

/** The fields of `store`, each as text. */
function textOf(store: unknown): Readonly<Record<string, string>> {
  return Object.freeze(Object.fromEntries(fieldsOf(store as object)));
}

function hasFields(fields: object): boolean {
  return Object.keys(fields).length > 0;
}
