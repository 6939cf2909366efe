/**
 * Undoing several waits that belong together. What falls free by the undoing of one must not go to another that is about to be
 * undone too, and would be lost with it: it is handed out when all of them are gone.
 */

/** Something that others may get when a wait for it is undone. */
export interface HandsOut {
  /** Gives what can be given now to those that wait. @internal */
  _handOut(): void;
}

let depth = 0;
const left = new Set<HandsOut>();

/** A wait for `object` has been undone, and others may go on by that. */
export function waitUndone(object: HandsOut): void {
  if (depth === 0) object._handOut();
  else left.add(object);
}

/** From now on waits are undone together, until `endUndoing`. */
export function beginUndoing(): void {
  depth++;
}

export function endUndoing(): void {
  if (--depth > 0 || left.size === 0) return;
  // One that is handed out may end another combination, and undo what that waited for.
  for (const object of left) {
    left.delete(object);
    object._handOut();
  }
}
