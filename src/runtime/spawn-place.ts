/** Where a greenlet was spawned, for reports. */
import type { Fiber } from './fiber.js';
import { PlaceNotes } from './place-notes.js';

const places = new PlaceNotes('spawned');

/** Notes where the code stands that starts `fiber`. */
export function notePlace(fiber: Fiber): void {
  const place = places.note();
  if (place !== undefined) fiber._more().place = place;
}

/** `function (file:line:column)`, '' when it was not noted. */
export function spawnPlace(fiber: Fiber): string {
  return places.text(fiber._extra?.place);
}
