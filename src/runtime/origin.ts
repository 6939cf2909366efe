/** Where greenlets come from: who spawned them, and what all of a spawn tree share. */
import type { Fiber } from './fiber.js';

/** One object for all that the same greenlet spawns; the spawner itself is not kept alive by it. */
export interface Origin {
  readonly by: WeakRef<Descendant> | null;
  readonly tree: { locals: Record<string, unknown> | null };
}

export interface Descendant extends Fiber {
  _origin: Origin | null;
}

/** The origin of what `spawner` spawns. */
export function originOf(spawner: Descendant): Origin {
  const extra = spawner._more();
  extra.origin ??= { by: new WeakRef(spawner), tree: ownOrigin(spawner).tree } satisfies Origin;
  return extra.origin as Origin;
}

/** The object that all of the tree of `greenlet` share. */
export function treeLocalsOf(greenlet: Descendant): Record<string, unknown> {
  const { tree } = ownOrigin(greenlet);
  tree.locals ??= {};
  return tree.locals;
}

/** A greenlet of main's is the root of a tree of its own. */
function ownOrigin(greenlet: Descendant): Origin {
  greenlet._origin ??= { by: null, tree: { locals: null } };
  return greenlet._origin;
}
